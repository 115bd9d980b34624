"""The worker as a whole: arq's loop, cron, heartbeat, and its end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from sqlalchemy import text

from tests.conftest import MakeSettings
from tests.services import RedisServer
from tests.worker.house import House, open_house, settings_of
from tests.worker.outside import ASHA, RAVI, Outside
from tests.worker.waiting import eventually, patience
from tracker.alerts.models import AlertState
from tracker.catalog.models import PreviewState
from tracker.database import Database
from tracker.jobs import is_alive
from tracker.shutdown import end

KETTLE = "https://bazaar.example/shop/kettle"
PHONE = "https://bazaar.example/shop/phone"


@asynccontextmanager
async def at_work(house: House) -> AsyncIterator[None]:
    """Run the worker; at the end it is cancelled, and whatever it raised is raised."""
    running = asyncio.create_task(house.app.run())
    try:
        await eventually(partial(is_alive, house.bench.queue.redis))
        yield
    finally:
        running.cancel()
        await asyncio.wait({running}, timeout=patience(5))
        ended = running.done()
        await end(running)  # whatever else fails: nothing goes on when the house is closed
    assert ended
    assert running.cancelled()


async def test_hints_are_answered_and_what_has_none_is_found(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE, price="149900")
    house.outside.shop.set("phone", price="139900")
    await house.due(PHONE)
    await house.falls(KETTLE, "1499")
    async with at_work(house):
        asked = await house.asks(ASHA, "https://bazaar.example/shop/book")
        await house.bench.queue.preview(asked)
        await house.outside.hears(ASHA, "The Monsoon Ledger")
        await house.outside.hears(ASHA, "₹1,499 instead of ₹1,999")
        await house.outside.hears(RAVI, "₹1,39,900 instead of ₹1,49,900")


async def test_a_job_that_fails_ends_neither_the_worker_nor_the_queue(sqlite_house: House) -> None:
    house = sqlite_house
    await house.arrives(ASHA)
    async with at_work(house):
        await house.bench.queue.redis.enqueue_job("preview", "of nothing")
        asked = await house.asks(ASHA, KETTLE)
        await house.bench.queue.preview(asked)
        await house.outside.hears(ASHA, "Shall I watch this for you?")


async def test_a_link_that_was_being_read_at_the_end_is_given_back(house: House) -> None:
    await house.arrives(ASHA)
    house.outside.shop.set("kettle", mode="slow")
    asked = await house.asks(ASHA, KETTLE)
    async with at_work(house):
        await house.bench.queue.preview(asked)

        async def is_fetched() -> bool:
            return bool(house.outside.fetches(KETTLE))

        await eventually(is_fetched)
        assert house.app.is_answering
    given_back = await house.preview(asked)
    assert (given_back.state, given_back.lease_token, given_back.attempts) == (PreviewState.ASKED, None, 1)
    assert not house.app.is_answering


async def test_what_was_claimed_and_not_yet_loaded_at_the_end_is_given_back(
    outside: Outside, postgresql_database: Database, redis_url: str, settings: MakeSettings
) -> None:
    chosen = settings_of(settings, outside, redis_url)
    async with open_house(outside, postgresql_database, chosen) as house:
        await house.watch(ASHA, KETTLE)
        async with house.database.transaction() as session:
            # A listing is loaded with the rules by which it is read; claiming it asks for none.
            await session.execute(text("LOCK TABLE reading_rules IN ACCESS EXCLUSIVE MODE"))
            await house.due(KETTLE)

            async def is_loading() -> bool:
                return bool(await session.scalar(text("SELECT count(*) FROM pg_locks WHERE NOT granted")))

            async with house.checking():
                await eventually(is_loading)
                assert (await house.listing(KETTLE)).lease_token is not None
            assert (await house.listing(KETTLE)).lease_token is None


async def test_a_worker_outlives_its_redis(
    outside: Outside, sqlite_database: Database, redis_server: RedisServer, settings: MakeSettings
) -> None:
    chosen = settings_of(settings, outside, redis_server.url)
    async with open_house(outside, sqlite_database, chosen) as house:
        await house.watch(ASHA, KETTLE)
        async with at_work(house):
            redis_server.kill()
            await house.falls(KETTLE, "1499")

            async def is_put_back_as_never_tried() -> bool:
                alert = await house.alert()
                is_put_back = alert.state == AlertState.DUE and alert.due_at > alert.observed_at
                return is_put_back and alert.attempts == 0

            await eventually(is_put_back_as_never_tried)
            redis_server.start()
            await outside.hears(ASHA, "₹1,499")
            await eventually(partial(is_alive, house.bench.queue.redis))
    assert len(outside.sends(ASHA)) == 1
