"""What holds for every request, whatever it asks for."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI, Request, Response
from pydantic import BaseModel
from starlette.types import Message, Receive, Scope, Send
from structlog.testing import capture_logs

from tests.serving import run_app
from tests.webhooks.conftest import inbox_of
from tests.webhooks.test_razorpay import deliver as deliver_event
from tests.webhooks.test_razorpay import sign
from tracker.database import Database
from webhooks import problems, security
from webhooks.security import MAX_BODY


class Note(BaseModel):
    count: int


async def _cut_off(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("in the middle")


def small_app() -> FastAPI:
    """An app with the protections and with routes that the webhooks do not have."""
    app = FastAPI()

    @app.get("/fails")
    async def fails() -> None:
        raise RuntimeError("the database password is hunter2")

    @app.post("/note")
    async def note(note: Note) -> Note:
        return note

    @app.post("/bytes")
    async def count(request: Request) -> int:
        return len(await request.body())

    @app.get("/page")
    async def page() -> Response:
        return Response("<p>", headers={"Content-Security-Policy": "default-src 'self'"})

    app.mount("/cut-off", _cut_off)
    problems.handle_errors(app)
    security.protect(app)
    return app


@pytest.fixture
async def small() -> AsyncIterator[httpx.AsyncClient]:
    async with run_app(small_app()) as url, httpx.AsyncClient(base_url=url, trust_env=False) as client:
        yield client


# The body


async def test_d15_an_announced_body_above_the_limit_is_refused_before_it_is_read(
    sqlite_client: httpx.AsyncClient,
) -> None:
    """Only the head is sent: an answer means that nobody waited for the 300 MB."""
    host, port = sqlite_client.base_url.host, sqlite_client.base_url.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /razorpay/webhook HTTP/1.1\r\nHost: x\r\nContent-Length: 314572800\r\n\r\n")
    async with asyncio.timeout(5):
        answer = await reader.read()  # to the end: the connection is closed
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"application/problem+json" in answer


async def test_d15_a_stream_is_cut_off_at_the_limit(sqlite_client: httpx.AsyncClient) -> None:
    host, port = sqlite_client.base_url.host, sqlite_client.base_url.port
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(b"POST /razorpay/webhook HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    for _ in range(MAX_BODY // 0x10000 + 1):  # one chunk more than is allowed, and never the last one
        writer.write(chunk)
    async with asyncio.timeout(5):
        answer = await reader.readline()
    writer.close()
    assert answer.startswith(b"HTTP/1.1 413 ")


async def test_a_body_of_exactly_the_limit_is_taken(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database
) -> None:
    body = b"x" * MAX_BODY
    assert (await deliver_event(sqlite_client, body, sign(body))).status_code == 200
    assert [len(event.body) for event in await inbox_of(sqlite_database)] == [MAX_BODY]


async def test_a_framework_cannot_turn_the_limit_into_another_answer(small: httpx.AsyncClient) -> None:
    async def stream() -> AsyncIterator[bytes]:
        for _ in range(17):
            yield b" " * 0x10000

    headers = {"Content-Type": "application/json"}
    assert (await small.post("/note", content=stream(), headers=headers)).status_code == 413


# The headers


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/healthz", 200),
        ("GET", "/nowhere", 404),
        ("GET", "/razorpay/webhook", 405),
        ("POST", "/razorpay/webhook", 400),
    ],
)
async def test_h06_every_answer_has_the_safe_headers(
    sqlite_client: httpx.AsyncClient, method: str, path: str, status: int
) -> None:
    answer = await sqlite_client.request(method, path)
    assert answer.status_code == status
    expected = {
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
        "referrer-policy": "no-referrer",
        "cache-control": "no-store",
        "strict-transport-security": "max-age=31536000; includeSubDomains",
    }
    assert expected.items() <= dict(answer.headers).items()
    assert "server" not in answer.headers
    assert "access-control-allow-origin" not in answer.headers


async def test_a_page_may_set_a_policy_of_its_own(small: httpx.AsyncClient) -> None:
    assert (await small.get("/page")).headers.get_list("content-security-policy") == ["default-src 'self'"]


async def test_h01_there_is_no_documentation_to_browse(sqlite_client: httpx.AsyncClient) -> None:
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert (await sqlite_client.get(path)).status_code == 404


# The reference


async def test_a_sane_request_id_is_kept_and_another_is_replaced(sqlite_client: httpx.AsyncClient) -> None:
    for given, kept in (
        ("a-sane-id.1", True),
        ("short", False),
        ("x" * 65, False),
        ("bad id with spaces", False),
    ):
        answer = await sqlite_client.get("/healthz", headers={"X-Request-Id": given})
        assert (answer.headers["x-request-id"] == given) is kept
        assert 8 <= len(answer.headers["x-request-id"]) <= 64


async def test_each_request_has_a_reference_of_its_own(sqlite_client: httpx.AsyncClient) -> None:
    first, second = [await sqlite_client.get("/healthz") for _ in range(2)]
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_a_request_is_one_line_in_the_log_without_its_query(sqlite_client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await sqlite_client.get("/nowhere?token=abc", headers={"X-Request-Id": "request-1"})
    (line,) = [entry for entry in logs if entry["event"] == "http.request"]
    assert line.pop("ms") >= 0
    assert line == {
        "event": "http.request",
        "log_level": "info",
        "method": "GET",
        "path": "/nowhere",
        "status": 404,
    }


async def test_a_probe_is_no_news(sqlite_client: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        await sqlite_client.get("/healthz")
    assert [entry["log_level"] for entry in logs] == ["debug"]


# Errors


async def test_a_refusal_is_a_problem_document_with_the_reference(sqlite_client: httpx.AsyncClient) -> None:
    answer = await sqlite_client.get("/nowhere", headers={"X-Request-Id": "request-1"})
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Not Found",
        "status": 404,
        "reference": "request-1",
    }


async def test_a_refused_method_names_those_that_are_allowed(sqlite_client: httpx.AsyncClient) -> None:
    assert (await sqlite_client.get("/telegram/webhook")).headers["allow"] == "POST"


async def test_what_nobody_expected_is_in_the_log_and_not_in_the_answer(small: httpx.AsyncClient) -> None:
    with capture_logs() as logs:
        answer = await small.get("/fails", headers={"X-Request-Id": "request-1"})
    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-request-id"] == "request-1"
    assert answer.json() == {
        "type": "about:blank",
        "title": "Internal Server Error",
        "status": 500,
        "detail": "Something went wrong here. It is in the log.",
        "reference": "request-1",
    }
    assert [entry["event"] for entry in logs if entry.get("exc_info")] == ["http.failed"]
    assert [entry["status"] for entry in logs if entry["event"] == "http.request"] == [500]


async def test_an_error_after_the_answer_began_cuts_the_connection(small: httpx.AsyncClient) -> None:
    with pytest.raises(httpx.RemoteProtocolError):
        await small.get("/cut-off/")


async def test_an_invalid_form_is_explained_without_repeating_what_was_sent(small: httpx.AsyncClient) -> None:
    answer = await small.post("/note", json={"count": "my secret"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["errors"][0]["where"] == ["body", "count"]
    assert "my secret" not in answer.text


async def test_other_protocols_pass_through() -> None:
    passed: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        passed.append(scope["type"])

    async def receive() -> Message:
        raise AssertionError("nothing is received")

    async def send(_message: Message) -> None:
        raise AssertionError("nothing is sent")

    wrapped = security.Requests(security.SecureHeaders(security.BodyLimit(app)))
    await wrapped({"type": "lifespan"}, receive, send)
    assert passed == ["lifespan"]


def test_the_webhooks_start_without_aiogram() -> None:
    script = "import json, sys; import webhooks.app; print(json.dumps(sorted(sys.modules)))"
    loaded = json.loads(
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True).stdout
    )
    assert "webhooks.razorpay" in loaded
    assert [name for name in loaded if name.partition(".")[0] in ("aiogram", "aiohttp")] == []
