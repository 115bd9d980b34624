"""Answers come in time whatever the database and Redis do, and what was not stored is asked for again."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine
from starlette.exceptions import HTTPException
from structlog.testing import capture_logs

from tests import services
from tests.webhooks.conftest import Door, inbox_of
from tests.webhooks.test_razorpay import BODY, sign
from tests.webhooks.test_razorpay import deliver as deliver_event
from tests.webhooks.test_telegram import deliver, message
from tracker import jobs
from tracker.database import Database, create_engine
from tracker.jobs import JobQueue
from webhooks.app import ANSWER_WITHIN
from webhooks.receiving import Receiver


@asynccontextmanager
async def locked(database_url: str) -> AsyncIterator[None]:
    """Another process keeps the inbox to itself for as long as the block lasts."""
    engine = create_engine(database_url)
    try:
        async with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                await connection.execute(text("LOCK TABLE webhook_events IN ACCESS EXCLUSIVE MODE"))
            yield
    finally:
        await engine.dispose()


def test_w23_the_limit_is_below_the_five_seconds_that_razorpay_waits() -> None:
    assert timedelta(seconds=5) > ANSWER_WITHIN


async def test_w23_a_database_that_is_stuck_does_not_delay_the_answer(
    door: Door, database: Database, database_url: str
) -> None:
    async with door.open(database, answer_within=timedelta(milliseconds=200)) as client:
        async with locked(database_url):
            answer = await deliver_event(client, signature=sign(BODY))
            assert answer.status_code == 503
            assert answer.elapsed < timedelta(seconds=2)
            assert answer.json()["detail"] == "The event could not be stored. Please deliver it again."
        assert (await deliver_event(client, signature=sign(BODY))).status_code == 200
    assert [event.body for event in await inbox_of(database)] == [BODY]


async def test_a_database_that_is_away_is_a_503_and_the_log_says_why(door: Door) -> None:
    # A port that is taken and that nobody listens on: no other process can answer there meanwhile.
    with socket.socket() as taken, capture_logs() as logs:
        taken.bind(("127.0.0.1", 0))
        address = f"app:hidden@127.0.0.1:{taken.getsockname()[1]}"
        absent = Database(create_async_engine(f"postgresql+asyncpg://{address}/x"))
        async with door.open(absent) as client:
            answer = await deliver(client, message())
    await absent.close()
    assert answer.status_code == 503
    assert "hidden" not in answer.text
    assert [entry["error"] for entry in logs if entry["event"] == "webhook.not_stored"] == [
        "ConnectionRefusedError"
    ]


async def test_the_answer_does_not_wait_for_redis(
    door: Door, sqlite_database: Database, redis_server: services.RedisServer
) -> None:
    door.queue = JobQueue(jobs.connect(redis_server.url))
    redis_server.pause()
    async with door.open(sqlite_database) as client:
        answer = await deliver(client, message())
    await door.queue.redis.aclose()
    assert answer.status_code == 200
    assert answer.elapsed < timedelta(seconds=2)
    assert len(await inbox_of(sqlite_database)) == 1


async def test_hints_that_come_while_one_is_under_way_become_one_more(sqlite_database: Database) -> None:
    receiver = Receiver(sqlite_database, ANSWER_WITHIN)
    sent = 0
    go_on = asyncio.Event()
    second = asyncio.Event()

    async def hint() -> None:
        nonlocal sent
        sent += 1
        if sent == 2:
            second.set()
        await go_on.wait()

    for number in range(5):
        await receiver.receive("telegram", str(number), b"{}", hint=hint)
    go_on.set()
    await second.wait()
    await receiver.close()
    assert sent == 2


async def test_a_hint_after_all_were_sent_is_sent_too(sqlite_database: Database) -> None:
    receiver = Receiver(sqlite_database, ANSWER_WITHIN)
    sent: asyncio.Queue[None] = asyncio.Queue()

    async def hint() -> None:
        await sent.put(None)

    for number in range(3):
        await receiver.receive("telegram", str(number), b"{}", hint=hint)
        async with asyncio.timeout(5):
            await sent.get()
    await receiver.close()


async def test_what_comes_at_once_is_stored_together_and_each_is_told_apart(database: Database) -> None:
    receiver = Receiver(database, ANSWER_WITHIN)
    with capture_logs() as logs:
        await asyncio.gather(
            *(receiver.receive("razorpay", f"evt_{number % 40}", b"{}") for number in range(120)),
            receiver.receive("razorpay", "evt_0", b"another body"),
        )
    await receiver.close()
    assert len(await inbox_of(database)) == 40
    told = [entry["new"] for entry in logs if entry["event"] == "webhook.received"]
    assert (told.count(True), told.count(False)) == (40, 81)
    alarms = [entry for entry in logs if entry["event"] == "inbox.same_id_other_body"]
    assert [alarm["event_id"] for alarm in alarms] == ["evt_0"]


async def test_a_transaction_that_hangs_holds_nobody_up_who_comes_later(
    postgresql_database: Database, postgresql_url: str
) -> None:
    receiver = Receiver(postgresql_database, timedelta(milliseconds=300))
    async with locked(postgresql_url):
        with pytest.raises(HTTPException):
            await receiver.receive("razorpay", "evt_1", b"{}")
    await receiver.receive("razorpay", "evt_2", b"{}")
    await receiver.close()
    assert "evt_2" in {event.event_id for event in await inbox_of(postgresql_database)}
