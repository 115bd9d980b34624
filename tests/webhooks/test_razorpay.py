"""Razorpay's webhook over real HTTP. Case ids (W…) are those of the hazard list."""

import asyncio
import hashlib
import hmac
import json
from pathlib import Path

import httpx
import pytest
from structlog.testing import capture_logs

from tests.webhooks.conftest import PREVIOUS_RAZORPAY_SECRET, RAZORPAY_SECRET, Door, inbox_of
from tracker.database import Database

BODY = b'{"entity": "event", "event": "payment_link.paid", "payload": {"x": "\\u20b9 1,999.00"}}'
OFFICIAL = Path(__file__).parents[3] / "shared" / "razorpay"
SAMPLES = {path.stem: path.read_bytes() for path in sorted(OFFICIAL.glob("webhooks/*.json"))}


def sign(body: bytes, secret: str = RAZORPAY_SECRET) -> str:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def deliver(
    client: httpx.AsyncClient,
    body: bytes = BODY,
    signature: str | bytes | None = None,
    event_id: str | None = "evt_1",
) -> httpx.Response:
    headers: list[tuple[bytes, bytes]] = [(b"Content-Type", b"application/json")]
    if signature is not None:
        given = signature.encode() if isinstance(signature, str) else signature
        headers.append((b"X-Razorpay-Signature", given))
    if event_id is not None:
        headers.append((b"x-razorpay-event-id", event_id.encode()))
    return await client.post("/razorpay/webhook", content=body, headers=headers)


async def test_a_signed_event_is_stored_as_it_came(client: httpx.AsyncClient, database: Database) -> None:
    answer = await deliver(client, signature=sign(BODY))
    assert (answer.status_code, answer.json()) == (200, {})
    (event,) = await inbox_of(database)
    assert (event.provider, event.event_id, event.body, event.partition, event.state) == (
        "razorpay",
        "evt_1",
        BODY,
        None,
        "received",
    )


@pytest.mark.parametrize(
    "signature",
    [
        pytest.param(None, id="w01-none"),
        pytest.param("", id="w01-empty"),
        pytest.param("0" * 64, id="w02-wrong"),
        pytest.param(sign(BODY)[:-1], id="w02-cut"),
        pytest.param(sign(BODY).upper(), id="w02-other-case"),
        pytest.param(
            sign(json.dumps(json.loads(BODY), separators=(",", ":")).encode()),
            id="w03-of-the-reserialised-body",
        ),
        pytest.param(sign(BODY, "some other secret"), id="w04-other-secret"),
        pytest.param(sign(BODY, ""), id="w04-empty-secret"),
        pytest.param("é".encode() * 32, id="w05-utf-8"),
        pytest.param(b"\xff\xfe" * 32, id="w05-bytes"),
    ],
)
async def test_a_forged_event_is_refused_and_leaves_no_row(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database, signature: str | bytes | None
) -> None:
    answer = await deliver(sqlite_client, signature=signature)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "The signature does not fit the body."
    assert await inbox_of(sqlite_database) == []


async def test_w21_the_previous_secret_still_counts(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database
) -> None:
    answer = await deliver(sqlite_client, signature=sign(BODY, PREVIOUS_RAZORPAY_SECRET))
    assert answer.status_code == 200
    assert len(await inbox_of(sqlite_database)) == 1


async def test_without_a_secret_nothing_is_accepted(door: Door, sqlite_database: Database) -> None:
    async with door.open(sqlite_database, razorpay_webhook_secret="") as client:
        answer = await deliver(client, signature=sign(BODY, ""))
    assert answer.status_code == 503
    assert await inbox_of(sqlite_database) == []


async def test_w06_an_event_delivered_three_times_at_once_is_one_row_and_three_200s(
    client: httpx.AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(*(deliver(client, signature=sign(BODY)) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await inbox_of(database)) == 1


async def test_w22_one_id_with_two_bodies_keeps_the_first_and_raises_an_alarm(
    client: httpx.AsyncClient, database: Database
) -> None:
    other = BODY.replace(b"1,999", b"1,998")
    await deliver(client, signature=sign(BODY))
    with capture_logs() as logs:
        assert (await deliver(client, other, signature=sign(other))).status_code == 200
    assert [event.body for event in await inbox_of(database)] == [BODY]
    assert "inbox.same_id_other_body" in {entry["event"] for entry in logs if entry["log_level"] == "error"}


@pytest.mark.parametrize("event_id", [None, "", "e" * 129, "two words"])
async def test_a_signed_event_without_a_usable_id_goes_by_the_digest_of_its_body(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database, event_id: str | None
) -> None:
    for _ in range(2):
        assert (await deliver(sqlite_client, signature=sign(BODY), event_id=event_id)).status_code == 200
    (event,) = await inbox_of(sqlite_database)
    assert event.event_id == f"sha256:{hashlib.sha256(BODY).hexdigest()}"


async def test_the_event_is_not_read_before_it_is_answered(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database
) -> None:
    """What is in it is the worker's matter; a body that is no JSON must not make Razorpay repeat it."""
    body = b"\x00 not JSON"
    assert (await deliver(sqlite_client, body, signature=sign(body))).status_code == 200
    assert [event.body for event in await inbox_of(sqlite_database)] == [body]


# The official samples


@pytest.mark.skipif(not SAMPLES, reason="Razorpay's official samples are not on this machine")
async def test_every_official_sample_is_accepted_raw_and_refused_when_changed(
    client: httpx.AsyncClient, database: Database
) -> None:
    assert len(SAMPLES) == 52
    for name, body in SAMPLES.items():
        signature = sign(body)
        assert (await deliver(client, body, signature, event_id=name)).status_code == 200, name
        reserialised = json.dumps(json.loads(body)).encode()
        assert reserialised != body
        altered = bytearray(body)
        altered[len(body) // 2] ^= 1
        for forged in (reserialised, bytes(altered), body + b"\n"):
            answer = await deliver(client, forged, signature, event_id=f"forged-{name}")
            assert answer.status_code == 400, name
    assert {event.event_id: event.body for event in await inbox_of(database)} == SAMPLES


@pytest.mark.skipif(not SAMPLES, reason="published signature vectors are not on this machine")
async def test_the_signature_published_with_razorpays_own_client_is_accepted(
    door: Door, sqlite_database: Database, published_vector: tuple[bytes, str, str]
) -> None:
    body, secret, signature = published_vector
    async with door.open(sqlite_database, razorpay_webhook_secret=secret) as client:
        assert (await deliver(client, body, signature)).status_code == 200


@pytest.fixture
def published_vector() -> tuple[bytes, str, str]:
    vector = json.loads((OFFICIAL / "vectors/signature_vectors.json").read_text())["webhook"]
    body = (OFFICIAL / "vectors" / vector["body_file"]).read_bytes()
    return body, vector["secret"], vector["x_razorpay_signature"]
