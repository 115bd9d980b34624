"""Workers that check for real: no page is asked for twice, whoever is killed or told to end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests.rows import GENEROUS_PLANS, arrive
from tests.worker.house import offer
from tests.worker.outside import ASHA
from tests.worker.processes import Service
from tests.worker.shops import Shops, the_shops
from tests.worker.waiting import eventually, patience
from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.watches import service as watches
from worker.checker import READY

pytestmark = pytest.mark.processes

SLOW_SHOP = "slow-bazaar.example"
PLANS = {"PLANS_FILE": GENEROUS_PLANS}
"""By the usual ones a worker pauses what is too much for a free plan, whenever a minute begins."""

TICK_SECONDS = 1.0
"""How often a worker looks by itself for what is due."""


@pytest.fixture
async def shops() -> AsyncIterator[Shops]:
    async with the_shops() as shops:
        yield shops


async def make_due(service: Service, urls: Sequence[str]) -> None:
    """Let somebody watch all of them, so that each is due now."""
    service.outside.arrives(ASHA)
    async with service.database.transaction() as session:
        person = await arrive(session, ASHA, name="Asha")
        for url in urls:
            listing = await catalog.list_offer(session, url, offer("1999"))
            await watches.watch(session, person, listing, chat_id=ASHA)


def at_shops(count: int) -> list[str]:
    return [f"https://bazaar-{number % 30}.example/p/{number}" for number in range(count)]


async def in_hand(service: Service) -> int:
    """How many listings are under a lease."""
    async with service.database.transaction() as session:
        leased = select(func.count()).where(Listing.lease_token.is_not(None))
        return await session.scalar(leased) or 0


async def recorded(service: Service) -> int:
    """How many listings were read, and are in nobody's hands."""
    async with service.database.transaction() as session:
        done = select(func.count()).where(Listing.read_at.is_not(None), Listing.lease_token.is_(None))
        return await session.scalar(done) or 0


async def test_two_workers_ask_for_each_page_once_and_for_all(service: Service, shops: Shops) -> None:
    urls = at_shops(120) + [f"https://{SLOW_SHOP}/p/{number}" for number in range(40)]
    shops.seconds = 0.15
    manners = PLANS | {
        "FETCH_STORE_AT_ONCE": "4",
        "FETCH_STORE_GAP_SECONDS": "0.05",
        "CHECK_LEASE_SECONDS": "120",  # so that what is asked for twice is not a lease that ran out
    }
    workers = [await service.worker(FETCH_REPLAY_ORIGIN=shops.origin, **manners) for _ in range(2)]
    await make_due(service, urls)

    async def both_have_some() -> bool:
        return await in_hand(service) > READY  # more than one of them has room for

    await eventually(both_have_some)
    shops.open.set()

    async def all_are() -> bool:
        return await recorded(service) == len(urls)

    await eventually(all_are)
    assert shops.answers == dict.fromkeys(urls, 1)
    assert len(shops.asked) == len(urls)
    assert shops.overlaps() == []
    assert shops.most_at_once(SLOW_SHOP) <= 4
    assert min(worker.output.count('"listing.read"') for worker in workers) > 0
    await asyncio.gather(*(worker.stop() for worker in workers))


async def test_what_a_killed_worker_was_checking_is_checked_after_its_lease(
    service: Service, shops: Shops
) -> None:
    lease = 8.0
    here = PLANS | {"FETCH_REPLAY_ORIGIN": shops.origin, "CHECK_LEASE_SECONDS": f"{lease:g}"}
    first, second = [await service.worker(**here) for _ in range(2)]
    await service.freeze(second)
    urls = at_shops(24)
    await make_due(service, urls)
    made_due_at = asyncio.get_running_loop().time()

    async def all_wait() -> bool:
        return {asked.url for asked in shops.waiting} == set(urls)

    await eventually(all_wait)
    await first.kill()
    killed_at = asyncio.get_running_loop().time()
    shops.open.set()
    second.thaw()
    within = lease + TICK_SECONDS + 1

    async def all_are() -> bool:
        return await recorded(service) == len(urls)

    await eventually(all_are, within=within)
    again = shops.asked[len(urls) :]
    assert sorted(asked.url for asked in again) == sorted(urls)
    assert shops.overlaps() == []
    assert min(asked.began for asked in again) >= made_due_at + lease - 0.2
    assert max(asked.ended or 0.0 for asked in again) <= killed_at + patience(within)
    await second.stop()


async def test_a_worker_that_is_told_to_end_gives_its_leases_back(service: Service, shops: Shops) -> None:
    here = PLANS | {"FETCH_REPLAY_ORIGIN": shops.origin, "CHECK_LEASE_SECONDS": "60"}
    first = await service.worker(**here)
    urls = at_shops(24)
    await make_due(service, urls)

    async def all_wait() -> bool:
        return {asked.url for asked in shops.waiting} == set(urls)

    await eventually(all_wait)
    assert await in_hand(service) == len(urls)
    leased_at = clock.now()
    await first.stop()
    assert await in_hand(service) == 0
    assert shops.waiting == []

    shops.open.set()
    second = await service.worker(**here)

    async def all_are() -> bool:
        return await recorded(service) == len(urls)

    await eventually(all_are)
    assert clock.now() < leased_at + timedelta(seconds=60)
    assert shops.answers == dict.fromkeys(urls, 1)
    assert shops.overlaps() == []
    await second.stop()
