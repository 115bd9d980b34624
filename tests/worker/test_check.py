"""A check reads a listing once for all its watchers, and what is no price never becomes one."""

import asyncio
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.worker.house import WEEK, House, offer
from tests.worker.outside import ASHA, RAVI
from tests.worker.waiting import eventually
from tracker import clock
from tracker.catalog import stores, tallies
from tracker.catalog.models import CheckTally, StoreNews, StoreState
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.fetching.client import Fetcher, FetchLimits
from tracker.fetching.ways import Fetchers
from tracker.users.models import UserState
from tracker.watches import service as watches
from tracker.watches.models import WatchState
from worker.approach import Approach
from worker.check import check
from worker.reading import read_for_a_person
from worker.recorder import Finished

KETTLE = "https://bazaar.example/shop/kettle"
PHONE = "https://bazaar.example/shop/phone"
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
    ((listing_id, first, _),) = await house.claims()
    later(house.bench.settings.check_lease - timedelta(seconds=1))
    assert await house.claims() == []
    later(timedelta(seconds=1))
    ((_, second, _),) = await house.claims()
    assert second != first

    await check(house.bench, [(listing_id, first)])
    assert house.outside.fetches(KETTLE) == 0


async def test_every_due_listing_is_checked_and_no_other(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await house.watch(RAVI, PHONE)
    await house.due(KETTLE)
    async with house.checking():
        await eventually(lambda: is_checked(house, KETTLE))
    assert house.outside.fetches(KETTLE) == 1
    assert house.outside.fetches(PHONE) == 0
    assert (await house.listing(KETTLE)).lease_token is None


async def is_checked(house: House, url: str) -> bool:
    listing = await house.listing(url)
    return (
        listing.next_check_at is not None and listing.next_check_at > clock.now() and not listing.lease_token
    )


async def test_what_is_in_hand_at_the_end_is_given_back_at_once(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", mode="slow")
    await house.due(KETTLE)
    async with house.checking():

        async def is_asked() -> bool:
            return bool(house.outside.fetches(KETTLE))

        await eventually(is_asked)
    listing = await house.listing(KETTLE)
    assert (listing.lease_token, listing.outcome, listing.failures) == (None, "offer", 0)
    assert [each.listing_id for each in await house.claims()] == [listing.id]


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.STOPPED])
async def test_what_nobody_watches_any_more_is_not_checked(house: House, state: WatchState) -> None:
    await house.turns(ASHA, await house.watch(ASHA, KETTLE), state)
    assert (await house.listing(KETTLE)).next_check_at is None
    assert await house.claims() == []


async def test_whoever_comes_back_is_checked_for_at_once(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    async with house.database.transaction() as session:
        await watches.reachable(session, ASHA, UserState.BLOCKED)
    assert (await house.listing(KETTLE)).next_check_at is None
    async with house.database.transaction() as session:
        await watches.reachable(session, ASHA, UserState.ACTIVE)
    assert len(await house.claims()) == 1


@pytest.mark.parametrize(
    ("mode", "outcome"),
    [("403", "bot_wall"), ("captcha", "captcha")],
)
async def test_a_store_that_refuses_says_nothing_about_the_listing(
    sqlite_house: House, mode: str, outcome: str
) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", mode=mode)
    listing = await house.checks(KETTLE)
    assert (listing.outcome, listing.failures, listing.price_minor) == (outcome, 0, 199900)
    async with house.database.transaction() as session:
        store = await session.get_one(StoreState, listing.store)
    assert (store.blocks, store.rests_until) == (1, None)


async def test_three_refusals_let_the_store_rest_and_its_listings_wait(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", mode="403")
    for _ in range(3):
        await house.checks(KETTLE)
    await house.due(KETTLE)
    assert await house.claims() == []
    async with house.database.transaction() as session:
        assert (await session.get_one(StoreState, "bazaar.example")).news == StoreNews.REFUSING


async def test_what_was_read_is_tallied_by_store_and_outcome(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", price="1499")
    await house.checks(KETTLE)
    house.outside.shop.set("kettle", mode="404")
    await house.checks(KETTLE)
    for _ in range(2):
        async with house.database.transaction() as session:
            await tallies.add_up(session, house.bench.tally.take())
    async with house.database.transaction() as session:
        rows = (await session.scalars(select(CheckTally).order_by(CheckTally.outcome))).all()
    assert [(row.store, row.outcome, row.checks, row.drops) for row in rows] == [
        ("bazaar.example", "offer", 1, 1),
        ("bazaar.example", "status_404", 1, 0),
    ]


async def test_who_asks_about_a_store_that_rests_leaves_it_alone_and_is_no_check(sqlite_house: House) -> None:
    house = sqlite_house
    await house.watch(ASHA, KETTLE)
    async with house.database.transaction() as session:
        await stores.rest(session, "bazaar.example", clock.now() + WEEK)
    before = await house.listing(KETTLE)
    read = await read_for_a_person(house.bench, KETTLE)
    assert (read.check.outcome, read.is_asked) == ("blocked", False)
    assert house.outside.fetches(KETTLE) == 0
    assert (await house.listing(KETTLE)).checked_at == before.checked_at


async def test_a_check_that_cannot_be_written_costs_the_others_nothing(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    house.outside.shop.set("kettle", price="1499")
    await house.due(KETTLE)
    ((listing_id, token, _),) = await house.claims()
    read = await read_for_a_person(house.bench, KETTLE)
    approach = Approach(house.bench.manners, patience=1)
    of_nothing = Finished(10**9, "bazaar.example", None, read, approach)
    ours = Finished(listing_id, "bazaar.example", token, read, approach)
    lost, kept = await asyncio.gather(
        house.bench.recorder.record(of_nothing),
        house.bench.recorder.record(ours),
        return_exceptions=True,
    )
    assert isinstance(lost, KeyError)
    assert kept is None
    assert (await house.listing(KETTLE)).price_minor == 149900
