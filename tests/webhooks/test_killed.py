"""A process that is killed while events pour in loses nothing that it acknowledged."""

import asyncio
import signal

import httpx
import pytest

from tests.webhooks.conftest import RAZORPAY_SECRET, inbox_of
from tests.webhooks.test_main import address_of, running
from tests.webhooks.test_razorpay import deliver, sign
from tracker.database import Database

pytestmark = pytest.mark.processes

SENDERS = 16
KILLS = 3
BEFORE_A_KILL = 150
"""Events that are acknowledged before the process is killed."""


async def pour(address: str, name: str, acknowledged: set[str], enough: asyncio.Event) -> None:
    """Send one event after another until the connection breaks."""
    async with httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for number in range(10**6):
            event_id = f"evt_{name}_{number}"
            body = f'{{"event": "order.paid", "id": "{event_id}"}}'.encode()
            try:
                answer = await deliver(client, body, sign(body), event_id)
            except httpx.TransportError:
                return
            assert answer.status_code == 200
            acknowledged.add(event_id)
            if number * SENDERS >= BEFORE_A_KILL:
                enough.set()


async def test_what_was_acknowledged_is_stored_whenever_it_is_killed(
    database: Database, database_url: str, redis_url: str
) -> None:
    acknowledged = set[str]()
    environment = {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET,
        "WEB_PORT": "0",
    }
    for kill in range(KILLS):
        async with running(**environment) as process:
            address, enough = await address_of(process), asyncio.Event()
            assert process.stdout is not None
            log = asyncio.create_task(process.stdout.read())  # or it would wait for a reader
            pouring = [
                asyncio.create_task(pour(address, f"{kill}_{sender}", acknowledged, enough))
                for sender in range(SENDERS)
            ]
            await enough.wait()
            process.kill()
            await asyncio.gather(*pouring, log)
            assert await process.wait() == -signal.SIGKILL
    stored = {event.event_id for event in await inbox_of(database)}
    assert len(acknowledged) >= KILLS * BEFORE_A_KILL
    assert acknowledged - stored == set()
