"""Readings that are not believed at once, on both databases. Time is moved by the test."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import rows
from tracker import clock
from tracker.catalog.models import Doubt, DoubtfulReading, Listing, PriceObservation
from tracker.catalog.move import Check, Move
from tracker.catalog.recording import Checking, record
from tracker.database import Database

CHECKING = Checking(timedelta(hours=1), timedelta(minutes=2))


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 9, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
async def kettle(database: Database) -> int:
    """A listing that cost ₹1,999 when it was read first, and is watched."""
    watch = await rows.watch(database)
    return watch.listing_id


@pytest.fixture
def read(database: Database, kettle: int, travel: time_machine.Traveller) -> "Reader":
    return Reader(database, kettle, travel)


class Reader:
    """Reads the kettle's page, a minute after the last time."""

    def __init__(self, database: Database, listing_id: int, travel: time_machine.Traveller) -> None:
        self.database = database
        self.listing_id = listing_id
        self.travel = travel

    async def __call__(self, price: str, *, after: timedelta = timedelta(minutes=1)) -> Move | None:
        self.travel.shift(after)
        async with self.database.transaction() as session:
            check = Check(clock.now(), "offer", rows.offer(price))
            return await record(session, self.listing_id, check, CHECKING)

    async def fails(self) -> None:
        self.travel.shift(timedelta(minutes=1))
        async with self.database.transaction() as session:
            await record(session, self.listing_id, Check(clock.now(), "captcha"), CHECKING)

    async def listing(self) -> Listing:
        async with self.database.transaction() as session:
            return await session.get_one(Listing, self.listing_id)

    async def doubts(self) -> list[tuple[str, str]]:
        async with self.database.transaction() as session:
            found = await session.scalars(select(DoubtfulReading).order_by(DoubtfulReading.id))
            return [(str(one.state), str(one.price.amount)) for one in found]

    async def observations(self) -> int:
        async with self.database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(PriceObservation)) or 0


async def test_a_deep_sale_is_believed_when_two_more_reads_agree(read: Reader) -> None:
    assert await read("699") is None
    listing = await read.listing()
    assert (listing.price, listing.outcome) == (rows.rupees("1999"), Doubt.HELD)
    assert listing.next_check_at is not None
    assert listing.next_check_at - clock.now() <= timedelta(minutes=2)
    assert await read("699") is None
    move = await read("705")
    assert move is not None
    assert (move.before, move.now) == (rows.rupees("1999"), rows.rupees("705"))
    assert await read.doubts() == [(Doubt.BELIEVED, "699.00"), (Doubt.BELIEVED, "699.00")]
    listing = await read.listing()
    assert (listing.outcome, listing.price) == ("offer", rows.rupees("705"))
    assert listing.next_check_at is not None
    assert listing.next_check_at - clock.now() > timedelta(minutes=50)


async def test_a_slip_is_dropped_by_the_next_read(read: Reader) -> None:
    assert await read("699") is None
    assert await read("1999") is None
    assert await read.doubts() == [(Doubt.DROPPED, "699.00")]
    assert await read("699") is None
    assert await read("699") is None
    assert await read.observations() == 1


async def test_a_page_that_fails_between_does_not_end_the_doubt(read: Reader) -> None:
    await read("699")
    await read.fails()
    await read("699")
    await read.fails()
    assert await read("699") is not None


async def test_reads_that_do_not_agree_are_not_believed(read: Reader) -> None:
    for price in ("699", "799", "699", "799", "699"):
        assert await read(price) is None
    assert await read.observations() == 1


async def test_what_is_beyond_all_sales_is_rejected_however_often(read: Reader) -> None:
    for _ in range(5):
        assert await read("19.99") is None
    listing = await read.listing()
    assert (listing.price, listing.outcome) == (rows.rupees("1999"), Doubt.REJECTED)
    assert await read.doubts() == [(Doubt.REJECTED, "19.99")] * 5
    assert await read.observations() == 1


async def test_what_stays_beyond_all_sales_for_a_day_begins_a_new_history(read: Reader) -> None:
    move = None
    for _ in range(9):
        move = await read("19.99", after=timedelta(hours=3, minutes=10))
    assert move is not None
    assert move.is_new_beginning
    assert (await read.listing()).price == rows.rupees("19.99")
    assert {state for state, _ in await read.doubts()} == {Doubt.BELIEVED}


async def test_a_small_change_is_believed_at_once(read: Reader) -> None:
    assert await read("1899") is not None
    assert await read.doubts() == []


async def test_a_price_near_the_last_one_is_believed_although_the_median_is_far(read: Reader) -> None:
    for _ in range(3):
        await read("799")
    assert await read("749") is not None
    assert await read("1999") is not None
