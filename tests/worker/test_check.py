"""A check reads a listing once for all its watchers, and what is no price never becomes one."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.worker.house import WEEK, House, offer
from tests.worker.outside import ASHA, RAVI
from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.fetching.client import Fetcher, FetchLimits
from tracker.fetching.ways import Fetchers
from tracker.users.models import UserState
from tracker.watches import service as watches
from tracker.watches.models import WatchState
from worker.check import check
from worker.schedule import BATCH, MOST_WAITING, schedule

KETTLE = "https://bazaar.example/shop/kettle"
Later = Callable[[timedelta], None]


async def test_a_drop_is_fetched_once_and_told_to_both_who_watch(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, KETTLE)
    house.outside.shop.set("kettle", price="1499")
    listing = await house.checks(KETTLE)

    assert house.outside.fetches(KETTLE) == 1
    assert (listing.price_minor, listing.outcome, listing.failures) == (149900, "offer", 0)
    assert listing.lease_token is None
    assert [(a.chat_id, a.before_minor, a.now_minor) for a in await house.alerts()] == [
        (ASHA, 199900, 149900),
        (RAVI, 199900, 149900),
    ]
    assert await house.bench.queue.depth() == 1  # the hint to deliver
    async with house.delivering():
        for user in (ASHA, RAVI):
            assert "₹1,499 instead of ₹1,999" in await house.outside.hears(user, "₹1,499")


async def test_an_unchanged_price_is_not_observed_again_and_owes_nothing(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.checks(KETTLE)
    await house.checks(KETTLE)
    assert await house.prices() == [199900]
    assert await house.alerts() == []
    assert house.outside.fetches(KETTLE) == 2


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [
        ("404", "status_404"),
        ("error500", "server_error"),
        ("huge", "too_large"),
        ("truncated", "not_a_product"),
        ("redirect_loop", "redirect_loop"),
        ("slow", "timeout"),
        ("needs_script", "empty_shell"),
    ],
)
async def test_a_page_that_cannot_be_read_is_no_price(sqlite_house: House, mode: str, outcome: str) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", price="99", mode=mode)
    await house.bench.fetcher.close()
    house.bench.fetcher = Fetchers(Fetcher(house.bench.settings, limits=FetchLimits(total_seconds=2)))
    before = await house.listing(KETTLE)
    after = await house.checks(KETTLE)

    assert after.outcome == outcome
    assert (after.failures, after.price_minor, after.read_at) == (1, 199900, before.read_at)
    assert await house.prices() == [199900]
    assert await house.alerts() == []


async def test_after_failures_a_check_comes_sooner_and_then_rarer_until_it_succeeds(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", mode="error500", price="1499")
    waits = []
    for failures in range(1, 8):
        began = clock.now()
        listing = await house.checks(KETTLE)
        assert listing.failures == failures
        assert listing.next_check_at is not None
        waits.append((listing.next_check_at - began).total_seconds() / 60)
    for wait, most in zip(waits, [1, 2, 4, 8, 16, 30, 30], strict=True):
        assert 0.84 * most <= wait <= 0.95 * most + 0.1

    house.outside.shop.set("kettle", mode="normal")
    listing = await house.checks(KETTLE)
    assert (listing.failures, listing.outcome) == (0, "offer")
    (alert,) = await house.alerts()
    assert (alert.before_minor, alert.now_minor) == (199900, 149900)


async def test_of_two_checks_at_once_the_one_that_began_later_counts(
    house: House,
) -> None:
    await house.watch(ASHA, KETTLE)
    listing = await house.listing(KETTLE)
    earlier, afterwards = (Check(clock.now(), "offer", offer(price)) for price in ("1999", "1499"))
    moves = []
    for read in (earlier, afterwards, earlier):
        async with house.database.transaction() as session:
            moves.append(await record(session, listing.id, read, Checking(WEEK)))
    assert [move is not None for move in moves] == [False, True, False]
    assert (await house.listing(KETTLE)).price_minor == 149900


async def test_out_of_stock_is_noted_and_is_no_drop(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", availability="out_of_stock")
    listing = await house.checks(KETTLE)
    assert listing.availability == "out_of_stock"
    assert await house.alerts() == []

    house.outside.shop.set("kettle", availability="in_stock", price="1499")
    await house.checks(KETTLE)
    assert [alert.before_minor for alert in await house.alerts()] == [199900]


async def test_without_the_lease_nothing_is_fetched(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    listing = await house.listing(KETTLE)
    await check(house.bench, [(listing.id, "somebody else's")])
    assert house.outside.fetches(KETTLE) == 0


async def test_a_listing_whose_worker_vanished_is_claimed_again_after_its_lease(
    house: House, later: Later
) -> None:
    await house.watch(ASHA, KETTLE)
    await house.due(KETTLE)
    await schedule(house.bench)
    first = (await house.listing(KETTLE)).lease_token
    assert first is not None
    later(house.bench.settings.check_lease - timedelta(seconds=1))
    await schedule(house.bench)
    assert (await house.listing(KETTLE)).lease_token == first
    later(timedelta(seconds=1))
    await schedule(house.bench)
    second = (await house.listing(KETTLE)).lease_token
    assert second not in (None, first)

    await check(house.bench, [((await house.listing(KETTLE)).id, first)])
    assert house.outside.fetches(KETTLE) == 0
    assert await house.bench.queue.depth() == 2


async def test_every_due_listing_is_hinted_and_no_other(house: House) -> None:
    due = [f"https://bazaar.example/shop/{number}" for number in range(BATCH + 1)]
    async with house.database.transaction() as session:
        for url in [*due, KETTLE]:
            listing = await catalog.list_offer(session, url, offer("1"))
            await catalog.check_at(session, listing, clock.now() + (WEEK if url == KETTLE else timedelta(0)))
    await schedule(house.bench)
    assert await hinted(house) == BATCH + 1
    assert (await house.listing(KETTLE)).lease_token is None


async def test_while_the_queue_is_long_nothing_more_is_leased(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.due(KETTLE)
    waiting = {f"job {number}": number for number in range(MOST_WAITING)}
    await house.bench.queue.redis.zadd(house.bench.queue.name, waiting)
    await schedule(house.bench)
    assert (await house.listing(KETTLE)).lease_token is None


async def hinted(house: House) -> int:
    """Listings that the jobs in the queue are to check."""
    return sum([len(job.args[0]) for job in await house.bench.queue.redis.queued_jobs()])


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.STOPPED])
async def test_what_nobody_watches_any_more_is_not_checked(house: House, state: WatchState) -> None:
    await house.turns(ASHA, await house.watch(ASHA, KETTLE), state)
    assert (await house.listing(KETTLE)).next_check_at is None
    await schedule(house.bench)
    assert await house.bench.queue.depth() == 0


async def test_whoever_comes_back_is_checked_for_at_once(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    async with house.database.transaction() as session:
        await watches.reachable(session, ASHA, UserState.BLOCKED)
    assert (await house.listing(KETTLE)).next_check_at is None
    async with house.database.transaction() as session:
        await watches.reachable(session, ASHA, UserState.ACTIVE)
    await schedule(house.bench)
    assert await house.bench.queue.depth() == 1
