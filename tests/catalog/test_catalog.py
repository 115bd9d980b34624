"""Listings, their checks and their history, on both databases. Time is moved by the test."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.claiming import claim_due
from tracker.catalog.models import Listing, PriceObservation
from tracker.catalog.move import Check, Move
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.fetching.politeness import Manners
from tracker.money import Money
from tracker.stores.offer import Availability

LEASE = timedelta(seconds=60)
AT_ONCE = Manners(at_once=1000, gap_seconds=0)
INTERVAL = timedelta(minutes=30)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def claim(database: Database, limit: int = 100) -> Sequence[tuple[int, str]]:
    async with database.transaction() as session:
        claimed = await claim_due(session, limit=limit, lease=LEASE, manners=AT_ONCE)
    return [(each.listing_id, each.lease_token) for each in claimed]


async def read(database: Database, price: str | None, **details: object) -> Move | None:
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        # The keywords are those of `rows.read`, which checks them.
        return await rows.read(session, found, price, **details)  # type: ignore[arg-type]


async def fail(database: Database, outcome: str = "timeout") -> Move | None:
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        return await record(session, found.id, Check(clock.now(), outcome), Checking(INTERVAL))


async def the_listing(database: Database) -> Listing:
    async with database.transaction() as session:
        return (await session.scalars(select(Listing))).one()


async def prices(database: Database) -> list[int | None]:
    async with database.transaction() as session:
        seen = await session.scalars(select(PriceObservation.price_minor).order_by(PriceObservation.id))
        return list(seen)


async def test_a_watched_listing_is_due_at_once_and_claimed_once(database: Database) -> None:
    watch = await rows.watch(database)
    ((listing_id, token),) = await claim(database)
    assert listing_id == watch.listing_id
    assert await claim(database) == []
    async with database.transaction() as session:
        ((listing, store),) = await catalog.leased(session, [(listing_id, token)])
        assert (listing.id, store.code) == (listing_id, "shop.example")
        assert await catalog.leased(session, [(listing_id, "another")]) == []


async def test_claimers_side_by_side_never_hold_one_listing_twice(database: Database) -> None:
    for number in range(20):
        await rows.watch(database, url=f"https://shop{number}.example/p/1")
    held = await asyncio.gather(*(claim(database, limit=6) for _ in range(5)))
    ids = [listing_id for batch in held for listing_id, _ in batch]
    assert len(ids) == len(set(ids)) == 20


async def test_a_listing_whose_worker_died_is_due_again_after_its_lease(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await claim(database)
    travel.shift(LEASE - timedelta(seconds=1))
    assert await claim(database) == []
    travel.shift(timedelta(seconds=1))
    assert len(await claim(database)) == 1


async def test_the_longest_overdue_is_claimed_first(
    database: Database, travel: time_machine.Traveller
) -> None:
    first = await rows.watch(database, url="https://shop.example/p/1")
    travel.shift(timedelta(seconds=1))
    await rows.watch(database, url="https://shop.example/p/2")
    assert [listing_id for listing_id, _ in await claim(database, limit=1)] == [first.listing_id]


async def test_a_recorded_check_gives_the_lease_back_and_is_due_within_the_interval(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await claim(database)
    await read(database, "1999")
    listing = await the_listing(database)
    assert listing.lease_token is None
    assert listing.next_check_at is not None
    assert INTERVAL * 0.85 <= listing.next_check_at - clock.now() <= INTERVAL * 0.95
    assert await claim(database) == []
    travel.shift(INTERVAL)
    assert len(await claim(database)) == 1


async def test_a_listing_that_nobody_watches_is_never_due(database: Database) -> None:
    async with database.transaction() as session:
        await rows.listing(session)
    assert await claim(database) == []


async def test_the_first_reading_is_an_observation_and_a_move_from_nothing(database: Database) -> None:
    async with database.transaction() as session:
        found = await catalog.list_offer(session, rows.URL, rows.offer("1999"))
        move = await rows.read(session, found, "1999")
    assert move is not None
    assert (move.before, move.now) == (None, rows.rupees("1999"))
    assert await prices(database) == [199900]


async def test_history_keeps_changes_and_not_every_check(database: Database) -> None:
    await rows.watch(database)
    for price in ("1999", "1499", "1499", "1999"):
        await read(database, price)
    assert await prices(database) == [199900, 149900, 199900]


async def test_a_change_moves_from_the_price_before(database: Database) -> None:
    await rows.watch(database)
    move = await read(database, "1499")
    assert move is not None
    assert (move.before, move.now) == (rows.rupees("1999"), rows.rupees("1499"))


async def test_a_failed_read_is_never_a_price(database: Database) -> None:
    await rows.watch(database)
    assert await fail(database) is None
    listing = await the_listing(database)
    assert (listing.price, listing.outcome, listing.failures) == (rows.rupees("1999"), "timeout", 1)
    assert await prices(database) == [199900]


async def test_failed_checks_come_back_sooner_and_then_less_and_less_often(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    waits = []
    for _ in range(7):
        await fail(database)
        listing = await the_listing(database)
        assert listing.next_check_at is not None
        waits.append((listing.next_check_at - clock.now()).total_seconds() / 60)
        travel.move_to(listing.next_check_at)
    expected = [1, 2, 4, 8, 16, 30, 30]
    assert all(0.85 * most <= wait <= 0.95 * most for wait, most in zip(waits, expected, strict=True))


async def test_one_good_read_ends_the_failures(database: Database) -> None:
    await rows.watch(database)
    await fail(database)
    await read(database, "1999")
    assert (await the_listing(database)).failures == 0


async def test_out_of_stock_without_a_price_keeps_the_last_price_to_compare_with(database: Database) -> None:
    await rows.watch(database)
    gone = await read(database, None)
    assert gone is not None
    assert gone.now is None
    assert (await the_listing(database)).price == rows.rupees("1999")
    back = await read(database, "1499")
    assert back is not None
    assert back.before == rows.rupees("1999")
    assert await prices(database) == [199900, None, 149900]


async def test_stock_that_changes_at_the_same_price_is_an_observation(database: Database) -> None:
    await rows.watch(database)
    await read(database, "1999", availability=Availability.OUT_OF_STOCK)
    assert await prices(database) == [199900, 199900]


async def test_a_price_in_another_currency_is_no_move(database: Database) -> None:
    await rows.watch(database)
    assert await read(database, "19.99", currency="USD") is None
    listing = await the_listing(database)
    assert (listing.price, listing.outcome) == (rows.rupees("1999"), "currency_changed")


async def test_a_check_that_began_before_the_last_recorded_one_changes_nothing(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    slow = clock.now()
    travel.shift(timedelta(seconds=5))
    await read(database, "1499")
    assert await read(database, "1999", began_at=slow) is None
    assert (await the_listing(database)).price == rows.rupees("1499")


async def test_the_range_is_of_all_that_was_seen(database: Database) -> None:
    await rows.watch(database)
    for price in ("1499", "2499", "1999"):
        await read(database, price)
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        assert await catalog.price_range(session, found) == (rows.rupees("1499"), rows.rupees("2499"))


async def test_a_listing_without_a_price_has_no_range(database: Database) -> None:
    async with database.transaction() as session:
        found = await rows.listing(session, price=None)
        assert await catalog.price_range(session, found) is None


async def test_two_people_who_list_one_address_share_one_listing(database: Database) -> None:
    async def list_it() -> int:
        async with database.transaction() as session:
            return (await catalog.list_offer(session, rows.URL, rows.offer("1999"))).id

    assert len(set(await asyncio.gather(*(list_it() for _ in range(5))))) == 1


def test_a_listing_of_unknown_currency_has_no_price() -> None:
    assert Listing(price_minor=100, currency=None, list_price_minor=100).list_price is None
    assert Listing(price_minor=100, currency="INR", list_price_minor=200).list_price == Money(200, "INR")
