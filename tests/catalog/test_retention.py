"""Observations that no plan shows any more become daily lows, on both databases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from random import Random

import pytest
import time_machine
from sqlalchemy import func, select, update

from tests import rows
from tracker import clock
from tracker.catalog import corrections, retention
from tracker.catalog import service as catalog
from tracker.catalog.models import DailyLow, Listing, PriceObservation
from tracker.catalog.retention import Batch
from tracker.catalog.standing import as_it_stands
from tracker.database import Database

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


async def listed(
    database: Database,
    *prices: tuple[float, int | None],
    days: int | None = 30,
    watchers: int = 1,
    url: str = rows.URL,
) -> int:
    """A listing with a history of (days ago, price), each seen until the next."""
    async with database.transaction() as session:
        found = await catalog.list_offer(session, url, rows.offer("1"))
        moments = [NOW - timedelta(days=ago) for ago, _ in prices]
        for (_, price), at, followed in zip(prices, moments, [*moments[1:], None], strict=True):
            session.add(
                PriceObservation(
                    listing_id=found.id,
                    price_minor=price,
                    currency="INR" if price else None,
                    availability="in_stock" if price else "out_of_stock",
                    evidence="test",
                    observed_at=at,
                    last_seen_at=followed,
                )
            )
            await session.flush()
        found.history_days, found.watchers, found.read_at = days, watchers, NOW
        found.currency, found.price_minor = "INR", prices[-1][1]
    return found.id


async def retire(database: Database, *, days: int = 30, after: int = 0, limit: int = 100) -> Batch | None:
    async with database.transaction() as session:
        return await retention.retire(session, days, clock.now(), after=after, limit=limit)


async def kept(database: Database, listing_id: int) -> list[int | None]:
    async with database.transaction() as session:
        found = await session.scalars(
            select(PriceObservation.price_minor)
            .where(PriceObservation.listing_id == listing_id)
            .order_by(PriceObservation.observed_at)
        )
        return list(found)


async def lows(database: Database, listing_id: int) -> list[tuple[date, int]]:
    async with database.transaction() as session:
        found = await session.execute(
            select(DailyLow.day, DailyLow.price_minor)
            .where(DailyLow.listing_id == listing_id)
            .order_by(DailyLow.day)
        )
        return [(day, price) for day, price in found]


async def test_old_changes_become_lows_and_the_price_that_stands_stays(database: Database) -> None:
    listing_id = await listed(database, (100, 500), (60.5, 300), (60.25, 700), (40, 600), (10, 800))
    done = await retire(database)
    assert done == Batch(listing_id, 3, 4)
    assert await kept(database, listing_id) == [600, 800]
    day = NOW.date() - timedelta(days=60)  # it begins at 300, in the first moment of which it is 700
    assert await lows(database, listing_id) == [
        (NOW.date() - timedelta(days=100), 500),
        (day - timedelta(days=1), 300),
        (day + timedelta(days=1), 700),
        (NOW.date() - timedelta(days=40), 600),
    ]


async def test_doing_it_again_changes_nothing(database: Database) -> None:
    listing_id = await listed(database, (100, 500), (40, 600), (10, 800))
    await retire(database)
    before = await kept(database, listing_id), await lows(database, listing_id)
    assert await retire(database) is None
    async with database.transaction() as session:
        await session.execute(update(Listing).values(retired_until=date(2026, 10, 24)))
    await retire(database)
    assert (await kept(database, listing_id), await lows(database, listing_id)) == before


async def test_a_batch_that_fails_half_way_leaves_everything_as_it_was(database: Database) -> None:
    listing_id = await listed(database, (100, 500), (40, 600), (10, 800))

    async def die() -> None:
        async with database.transaction() as session:
            assert await retention.retire(session, 30, clock.now(), after=0, limit=10) is not None
            raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await die()
    assert await kept(database, listing_id) == [500, 600, 800]
    assert await lows(database, listing_id) == []
    assert await retire(database) is not None
    assert await kept(database, listing_id) == [600, 800]


async def test_a_page_that_asks_nothing_now_keeps_the_last_price_too(database: Database) -> None:
    listing_id = await listed(database, (100, 500), (80, 600), (50, None))
    await retire(database)
    assert await kept(database, listing_id) == [600, None]


@pytest.mark.parametrize(
    ("days", "watchers", "terms"),
    [
        pytest.param(90, 1, [90], id="as long as the longest plan says"),
        pytest.param(7, 1, [retention.LEAST_KEPT_DAYS], id="never shorter than the median looks back"),
        pytest.param(None, 1, [], id="for ever when a plan shows everything"),
        pytest.param(None, 0, [retention.UNWATCHED_KEPT_DAYS], id="a year when nobody watches"),
        pytest.param(30, 0, [retention.UNWATCHED_KEPT_DAYS], id="a year, whatever it was before"),
    ],
)
async def test_how_long_observations_are_kept(
    database: Database, days: int | None, watchers: int, terms: list[int]
) -> None:
    await listed(database, (10, 500), days=days, watchers=watchers)
    async with database.transaction() as session:
        assert await retention.terms(session) == terms


async def test_listings_are_taken_by_id_and_only_those_that_have_something_old(database: Database) -> None:
    first = await listed(database, (100, 500), (40, 600), url=f"{rows.URL}-1")
    await listed(database, (100, 500), url=f"{rows.URL}-2")
    await listed(database, (20, 500), (10, 600), url=f"{rows.URL}-3")
    last = await listed(database, (100, 500), (40, 600), url=f"{rows.URL}-4")
    batches: list[Batch] = []
    while batch := await retire(database, after=batches[-1].last_id if batches else 0, limit=1):
        batches.append(batch)
    assert [batch.last_id for batch in batches] == [first, last]


async def test_a_struck_reading_is_no_low_and_goes_with_its_time(database: Database) -> None:
    listing_id = await listed(database, (100, 500), (60, 1), (40, 600), (10, 800))
    await rows.watch(database)
    async with database.transaction() as session:
        user, found = await rows.person(session), await session.get_one(Listing, listing_id)
        correction = await corrections.ask(session, user, found, chat_id=1)
        wrong = update(PriceObservation).where(PriceObservation.price_minor == 1)
        await session.execute(wrong.values(correction_id=correction.id))
        found.watchers, found.history_days = 1, 30
    await retire(database)
    assert [price for _, price in await lows(database, listing_id)] == [500, 600]
    assert await kept(database, listing_id) == [600, 800]


@pytest.mark.parametrize("seed", range(4))
async def test_what_is_asked_of_a_history_stays_the_same_over_many_nights(
    database: Database, travel: time_machine.Traveller, seed: int
) -> None:
    random = Random(seed)
    ago = sorted({random.randrange(0, 200 * 24) / 24 for _ in range(80)}, reverse=True)
    prices = [(one, random.choice([None, *range(100, 120)])) for one in ago]
    listing_id = await listed(database, (201, 150), *prices)
    windows = [None, *(timedelta(hours=random.randrange(1, 250 * 24)) for _ in range(60))]
    async with database.transaction() as session:
        whole = (await as_it_stands(session, await session.get_one(Listing, listing_id))).history
    for later in (0, 1, 9, 40):
        travel.move_to(NOW + timedelta(days=later, hours=random.randrange(24)))
        now = clock.now()
        await retire(database)
        async with database.transaction() as session:
            found = await session.get_one(Listing, listing_id)
            history = (await as_it_stands(session, found)).history
            range_ = await catalog.price_range(session, found)
        until = found.retired_until
        assert until is not None
        for window in windows:
            expected = window
            if window is not None and (now - window).date() < until:
                expected = now - datetime.combine((now - window).date(), time.min, UTC)
            known, exact = history.lowest(now, window), whole.lowest(now, expected)
            assert known is not None
            assert exact is not None
            assert known.price == exact.price, window
        assert history.median(now) == whole.median(now)
        ever = whole.lowest(now)
        assert range_ is not None
        assert ever is not None
        assert range_[0] == ever.price
    async with database.transaction() as session:
        assert (await session.scalar(select(func.count()).select_from(PriceObservation)) or 0) < 40
