"""Processes that are killed, frozen and told to end, and a Redis that goes away: no alert is ever lost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial

import pytest
from arq.connections import ArqRedis

from sandbox.telegram import Fault, FaultKind, Limits
from tests.worker.outside import ASHA, RAVI
from tests.worker.processes import Service
from tests.worker.waiting import eventually
from tracker.alerts.models import AlertState
from tracker.catalog.claiming import claim_due
from tracker.fetching.politeness import Manners
from tracker.jobs import JobQueue, connect

pytestmark = pytest.mark.processes

KETTLE = "https://bazaar.example/shop/kettle"
PHONE = "https://bazaar.example/shop/phone"
SSD = "https://bazaar.example/shop/ssd"


async def all_settled(service: Service) -> list[str]:
    """The states of the alerts, once nothing is due or under way."""
    states = await service.states()
    return [] if {AlertState.DUE, AlertState.SENDING} & set(states) else states


async def test_what_a_killed_worker_had_in_hand_is_done_by_the_next(service: Service) -> None:
    """Killed with an alert between send and settle, a check on a page that hangs, and a link half read."""
    outside = service.outside
    first = await service.worker()
    await service.watch(ASHA, KETTLE)
    await service.watch(RAVI, PHONE, price="149900")
    outside.shop.set("phone", mode="slow")
    outside.shop.set("ssd", mode="slow")
    outside.telegram.faults.add(Fault(FaultKind.HANG_AFTER, chat=ASHA))
    await service.falls(KETTLE, "1499")
    await service.due(PHONE)
    pasted = await service.asks(ASHA, SSD)
    await outside.hears(ASHA, "₹1,499")
    await eventually(lambda: fetched(service, PHONE, SSD))
    await first.kill()
    assert await service.states() == [AlertState.SENDING]

    outside.shop.set("phone", mode="normal", price="139900")
    outside.shop.set("ssd", mode="normal")
    second = await service.worker()
    await outside.hears(ASHA, "₹1,499", times=2)
    await outside.hears(RAVI, "₹1,39,900 instead of ₹1,49,900")
    await outside.hears(ASHA, "₹8,299")
    assert await eventually(partial(all_settled, service)) == [AlertState.SENT, AlertState.SENT]
    assert (await service.preview(pasted)).attempts == 2
    repeats = sum("₹1,499 instead" in text for text in outside.texts(ASHA)) - 1
    assert repeats == 1
    assert len(outside.sends(RAVI)) == 1
    await second.stop()


async def fetched(service: Service, *urls: str) -> bool:
    return all(service.outside.fetches(url) for url in urls)


async def test_two_workers_send_each_alert_once_though_one_is_frozen_and_one_ends(service: Service) -> None:
    outside = service.outside
    people = range(3001, 3201)
    await service.watch(ASHA, PHONE)
    await service.all_watch(people, KETTLE)
    first, second = await asyncio.gather(
        service.worker(TELEGRAM_MESSAGES_PER_SECOND="80"), service.worker(TELEGRAM_MESSAGES_PER_SECOND="80")
    )
    # One is frozen while it waits for an answer: the other takes over, and its waking changes nothing.
    await service.freeze(second)
    outside.telegram.faults.add(Fault(FaultKind.HANG_AFTER, chat=ASHA))
    await service.falls(PHONE, "1299")
    await outside.hears(ASHA, "₹1,299")
    await service.freeze(first)
    second.thaw()
    await outside.hears(ASHA, "₹1,299", times=2)
    assert await eventually(partial(all_settled, service)) == [AlertState.SENT]
    settled = await service.alert()
    first.thaw()

    # Both share two hundred alerts, until one is told to end in the middle of them.
    outside.telegram.limits = Limits().scaled(10)
    assert await service.falls(KETTLE, "1499") == 200
    await outside.telegram.wait_for(lambda: len(outside.sends()) >= 62)
    await first.stop()
    assert await eventually(partial(all_settled, service)) == [AlertState.SENT] * 201
    assert {len(outside.texts(user)) for user in people} == {1}
    shares = [worker.output.count("alert.sent") for worker in (first, second)]
    assert sum(shares) == 201
    assert min(shares) > 20
    assert [call.status for call in outside.sends(ASHA)] == [0, 200]
    assert {call.status for call in outside.sends() if call.chat != ASHA} == {200}
    again = (await service.alerts(ASHA))[0]
    assert (again.message_id, again.attempts) == (settled.message_id, 2)
    await second.stop()


@asynccontextmanager
async def a_client(url: str) -> AsyncIterator[ArqRedis]:
    client = connect(url)
    yield client
    await client.aclose(close_connection_pool=True)


async def test_a_redis_that_is_flushed_and_restarted_loses_nothing(service: Service) -> None:
    outside = service.outside
    bot = await service.bot()
    await outside.telegram.say(ASHA, "/start")
    await outside.hears(ASHA, "Hello")
    await service.watch(ASHA, KETTLE)
    await service.watch(RAVI, PHONE, price="149900")
    # Hints wait, of a link that was pasted and of a check that was claimed; then they are gone.
    await outside.telegram.say(ASHA, SSD)
    await service.due(PHONE)
    async with service.database.transaction() as session:
        claimed = await claim_due(session, limit=10, lease=timedelta(seconds=2), manners=Manners(1000, 0))
    async with a_client(service.redis.url) as client:
        queue = JobQueue(client)
        await eventually(queue.depth)
        assert len(claimed) == 1
        await queue.check()
    outside.shop.set("phone", price="139900")
    service.redis.flush()
    worker = await service.worker()
    await outside.hears(ASHA, "₹8,299")
    await outside.hears(RAVI, "₹1,39,900")

    # Redis dies. People are still answered, and what falls due meanwhile arrives afterwards.
    service.redis.kill()
    await service.falls(KETTLE, "1499")
    await outside.telegram.say(ASHA, "/help")
    await outside.hears(
        ASHA,
        "Send me a link of a product and I watch",
    )
    await outside.telegram.say(ASHA, "https://bazaar.example/shop/book")
    await eventually(lambda: service.asked("book"))
    service.redis.start()
    await outside.hears(ASHA, "₹1,499 instead")
    await outside.hears(ASHA, "₹350")
    assert await eventually(partial(all_settled, service)) == [AlertState.SENT, AlertState.SENT]
    assert sum("₹1,499 instead" in text for text in outside.texts(ASHA)) == 1
    assert worker.is_alive
    assert bot.is_alive
    await worker.stop()
    await bot.stop()
