"""The nginx in front of `webhooks`: a real nginx before a real server, when there is one on this machine."""

import os
import re
import shutil
import subprocess
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from tests.services import free_port
from tests.serving import run_app

_TEMPLATE = (Path(__file__).parents[2] / "deploy/nginx/webhooks.conf.template").read_text("utf-8")


@dataclass
class _Front:
    http: httpx.AsyncClient
    seen: list[str] = field(default_factory=list)
    """The paths that reached the server behind nginx."""


def _nginx() -> str:
    return shutil.which("nginx") or pytest.skip("nginx is not installed")


def _configured(folder: Path, *, port: int, upstream: str) -> Path:
    """The template as the nginx image fills it in, inside a main file that keeps everything in `folder`."""
    site = _TEMPLATE.replace("${SERVER_NAME}", "_").replace("${UPSTREAM}", upstream)
    site = site.replace("listen 80;", f"listen 127.0.0.1:{port};").replace(
        "/dev/stdout", f"{folder}/access.log"
    )
    (folder / "site.conf").write_text(site)
    kinds = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in kinds)
    main = folder / "nginx.conf"
    main.write_text(
        ("user root;\n" if os.geteuid() == 0 else "")
        + f"worker_processes 1;\npid {folder}/pid;\nerror_log {folder}/error.log;\nevents {{}}\n"
        + f"http {{\n{temporary}include {folder}/site.conf;\n}}\n"
    )
    return main


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(words, capture_output=True, text=True, check=False, timeout=30)


@pytest.fixture
async def front(tmp_path: Path) -> AsyncIterator[_Front]:
    nginx = _nginx()
    seen: list[str] = []

    async def echo(request: Request) -> JSONResponse:
        seen.append(request.scope["raw_path"].decode())
        body = await request.body()
        return JSONResponse(
            {"headers": dict(request.headers), "query": request.url.query, "bytes": len(body)}
        )

    app = Starlette(routes=[Route("/{path:path}", echo, methods=["GET", "POST"])])
    port = free_port()
    async with run_app(app) as origin:
        main = str(_configured(tmp_path, port=port, upstream=origin.removeprefix("http://")))
        # It returns once the listening socket stands, and leaves nginx in the background.
        started = _run(nginx, "-c", main, "-e", f"{tmp_path}/error.log")
        assert started.returncode == 0, started.stderr
        try:
            async with httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{port}", trust_env=False, verify=False, timeout=10
            ) as http:
                yield _Front(http, seen)
        finally:
            _run(nginx, "-c", main, "-e", f"{tmp_path}/error.log", "-s", "stop")


def test_the_template_leaves_nothing_to_fill_in_but_what_compose_gives() -> None:
    assert set(re.findall(r"\$\{([A-Z_]+)\}", _TEMPLATE)) == {"SERVER_NAME", "UPSTREAM"}


def test_nginx_accepts_the_configuration(tmp_path: Path) -> None:
    main = _configured(tmp_path, port=free_port(), upstream="webhooks:8080")

    tested = _run(_nginx(), "-t", "-c", str(main), "-e", f"{tmp_path}/error.log")

    assert tested.returncode == 0, tested.stderr
    assert "warn" not in tested.stderr


@pytest.mark.parametrize(
    "path",
    [
        "/metrics",
        "/metrics/",
        "//metrics",
        "/%6detrics",
        "/./metrics",
        "/x/../metrics",
        "/metrics?x=1",
        "/metrics%2f",
    ],
)
async def test_metrics_are_hidden_however_they_are_spelled(front: _Front, path: str) -> None:
    # As the request's target, so that no client tidies the path up on its way.
    answer = await front.http.get("/", extensions={"target": path.encode()})

    assert answer.status_code == 404
    assert front.seen == []


async def test_everything_else_arrives_as_it_was_sent(front: _Front) -> None:
    answer = await front.http.post(
        "/razorpay/webhook?a=%2Fb&a=c", content=b'{"x": 1}', headers={"Host": "t.example"}
    )

    assert answer.json()["bytes"] == 8
    assert answer.json()["query"] == "a=%2Fb&a=c"
    assert answer.json()["headers"]["host"] == "t.example"
    assert answer.json()["headers"]["x-forwarded-for"] == "127.0.0.1"
    assert front.seen == ["/razorpay/webhook"]


async def test_a_request_id_is_passed_on(front: _Front) -> None:
    answer = await front.http.get("/healthz", headers={"X-Request-Id": "from-the-balancer-1"})

    assert answer.json()["headers"]["x-request-id"] == "from-the-balancer-1"


async def test_a_request_without_an_id_gets_one(front: _Front) -> None:
    ids = {(await front.http.get("/healthz")).json()["headers"]["x-request-id"] for _ in range(2)}

    assert len(ids) == 2
    assert all(re.fullmatch("[0-9a-f]{32}", each) for each in ids)


async def test_a_caller_cannot_pretend_to_be_another_address(front: _Front) -> None:
    answer = await front.http.get("/healthz", headers={"X-Forwarded-For": "10.0.0.1"})

    assert answer.json()["headers"]["x-forwarded-for"] == "127.0.0.1"


async def test_a_body_above_a_mebibyte_is_refused_before_it_arrives(front: _Front) -> None:
    fits = await front.http.post("/razorpay/webhook", content=bytes(1 << 20))
    too_large = await front.http.post("/razorpay/webhook", content=bytes((1 << 20) + 1))

    assert (fits.status_code, fits.json()["bytes"]) == (200, 1 << 20)
    assert too_large.status_code == 413
    assert len(front.seen) == 1


async def test_neither_version_nor_query_strings_are_told(front: _Front, tmp_path: Path) -> None:
    answer = await front.http.get("/pay/return?razorpay_signature=abc")

    assert answer.headers["server"] == "nginx"
    log = (tmp_path / "access.log").read_text()
    assert "/pay/return" in log
    assert "razorpay_signature" not in log
