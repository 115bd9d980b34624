"""Telegram's webhook over real HTTP."""

import asyncio
from typing import Any

import httpx
import orjson
import pytest

from tests.webhooks.conftest import TELEGRAM_SECRET, Door, inbox_of
from tracker.database import Database
from tracker.jobs import INBOX_CHANNEL, JobQueue
from webhooks.telegram import chat_of

PRIVATE = {"id": 1001, "type": "private"}
PERSON = {"id": 1001, "is_bot": False, "first_name": "Asha"}


def message(update_id: int = 1, text: str = "/start", chat: int = 1001) -> dict[str, Any]:
    return {
        "update_id": update_id,
        "message": {"message_id": 7, "date": 0, "chat": {"id": chat, "type": "private"}, "text": text},
    }


async def deliver(
    client: httpx.AsyncClient, update: object, token: bytes | None = TELEGRAM_SECRET.encode()
) -> httpx.Response:
    headers = [] if token is None else [(b"X-Telegram-Bot-Api-Secret-Token", token)]
    return await client.post("/telegram/webhook", content=orjson.dumps(update), headers=headers)


async def test_an_update_is_stored_in_the_order_of_its_chat(
    client: httpx.AsyncClient, database: Database
) -> None:
    update = message(update_id=5, chat=-1001234567890123)
    answer = await deliver(client, update)
    assert (answer.status_code, answer.json()) == (200, {})
    (event,) = await inbox_of(database)
    assert (event.provider, event.event_id, event.partition, event.body) == (
        "telegram",
        "5",
        -1001234567890123,
        orjson.dumps(update),
    )


async def test_t02_an_update_delivered_again_is_stored_once(
    client: httpx.AsyncClient, database: Database
) -> None:
    answers = await asyncio.gather(*(deliver(client, message(5)) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len(await inbox_of(database)) == 1


@pytest.mark.parametrize(
    "token",
    [
        pytest.param(None, id="missing"),
        pytest.param(b"", id="empty"),
        pytest.param(b"wrong", id="wrong"),
        pytest.param(TELEGRAM_SECRET.encode() + b"x", id="longer"),
        pytest.param("жетон".encode(), id="utf-8"),
        pytest.param(b"\xff", id="bytes"),
    ],
)
async def test_t01_an_update_without_the_secret_token_is_refused(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database, token: bytes | None
) -> None:
    answer = await deliver(sqlite_client, message(), token)
    assert answer.status_code == 403
    assert answer.headers["content-type"] == "application/problem+json"
    assert await inbox_of(sqlite_database) == []


async def test_without_a_secret_nothing_is_accepted(door: Door, sqlite_database: Database) -> None:
    async with door.open(sqlite_database, telegram_webhook_secret="") as client:
        for token in (None, b""):
            assert (await deliver(client, message(), token)).status_code == 503
    assert await inbox_of(sqlite_database) == []


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"{}", b'{"update_id": "1"}', b'{"update_id": true}', b"\xff"]
)
async def test_a_body_that_is_no_update_is_refused(
    sqlite_client: httpx.AsyncClient, sqlite_database: Database, body: bytes
) -> None:
    answer = await sqlite_client.post(
        "/telegram/webhook",
        content=body,
        headers={"X-Telegram-Bot-Api-Secret-Token": TELEGRAM_SECRET},
    )
    assert answer.status_code == 400
    assert await inbox_of(sqlite_database) == []


async def test_the_bot_process_is_told_that_an_update_waits(
    sqlite_client: httpx.AsyncClient, queue: JobQueue
) -> None:
    async with queue.redis.pubsub() as listener:
        await listener.subscribe(INBOX_CHANNEL)
        await listener.get_message(timeout=5)
        await deliver(sqlite_client, message())
        async with asyncio.timeout(5):
            while await listener.get_message(ignore_subscribe_messages=True, timeout=5) is None:
                pass


@pytest.mark.parametrize(
    ("kind", "value", "chat"),
    [
        ("message", {"chat": {"id": -5}, "from": PERSON}, -5),
        ("edited_message", {"chat": PRIVATE}, 1001),
        ("channel_post", {"chat": {"id": -1009}}, -1009),
        ("callback_query", {"id": "1", "from": PERSON, "message": {"chat": {"id": -5}}}, -5),
        ("callback_query", {"id": "1", "from": PERSON, "inline_message_id": "x"}, 1001),
        ("inline_query", {"id": "1", "from": PERSON, "query": "kettle"}, 1001),
        ("chosen_inline_result", {"result_id": "1", "from": PERSON}, 1001),
        ("pre_checkout_query", {"id": "1", "from": PERSON}, 1001),
        ("my_chat_member", {"chat": PRIVATE, "from": PERSON}, 1001),
        ("message_reaction", {"chat": {"id": -5}, "user": PERSON}, -5),
        ("poll_answer", {"poll_id": "1", "user": PERSON}, 1001),
        ("subscription", {"user": PERSON, "invoice_payload": "x", "state": "active"}, 1001),
        ("business_connection", {"id": "1", "user_chat_id": 77, "user": PERSON}, 77),
        ("poll", {"id": "1", "question": "?"}, None),
        ("a_kind_of_next_year", {"chat": {"id": 3}}, 3),
        ("message", {"chat": {"id": 2**63}}, None),
        ("message", None, None),
    ],
)
def test_the_chat_is_found_in_every_kind_of_update(kind: str, value: object, chat: int | None) -> None:
    assert chat_of({"update_id": 1, kind: value}) == chat


def test_an_update_of_nothing_has_no_chat() -> None:
    assert chat_of({"update_id": 1}) is None
