"""History says of each change when it was first and last seen, and a struck reading does not confuse it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import rows
from tests.catalog.test_corrections import choice, decided
from tracker import clock
from tracker.alerts import corrections as alert_corrections
from tracker.catalog import service as catalog
from tracker.catalog import spans
from tracker.catalog.models import PriceObservation
from tracker.database import Database

START = datetime(2026, 11, 24, 6, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


async def read(database: Database, travel: time_machine.Traveller, *prices: str | None) -> None:
    """A check each hour from the next hour on."""
    for price in prices:
        travel.shift(HOUR)
        async with database.transaction() as session:
            found = await catalog.by_url(session, rows.URL)
            assert found is not None
            await rows.read(session, found, price)


async def seen(database: Database) -> list[tuple[str | None, int, int]]:
    """Price, and the hours at which it was first and last seen."""
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        return [
            (
                str(span.price.amount) if span.price else None,
                round((span.first_seen - START) / HOUR),
                round((span.last_seen - START) / HOUR),
            )
            for span in await spans.of(session, found)
        ]


async def current(database: Database) -> int:
    """How many observations are what a page says now."""
    async with database.transaction() as session:
        open_ones = select(func.count()).where(PriceObservation.last_seen_at.is_(None))
        return await session.scalar(open_ones) or 0


async def test_a_change_was_last_seen_at_the_last_check_that_saw_it(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await read(database, travel, "1999", "1999", "1499", None, None, "1499")
    assert await seen(database) == [
        ("1999.00", 0, 2),
        ("1499.00", 3, 3),
        (None, 4, 5),
        ("1499.00", 6, 6),
    ]
    assert await current(database) == 1


async def test_after_a_correction_the_right_price_is_what_is_seen(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await read(database, travel, "1999", "1799", "1799")
    travel.shift(HOUR)
    async with database.transaction() as session:
        user, found = await rows.person(session), await catalog.by_url(session, rows.URL)
        assert found is not None
        await decided(session, user, found, choice("2199"))
    assert await seen(database) == [("1999.00", 0, 1), ("2199.00", 4, 4)]
    await read(database, travel, "2199")
    assert await seen(database) == [("1999.00", 0, 1), ("2199.00", 4, 5)]
    assert await current(database) == 1


async def test_when_none_was_right_what_was_before_is_seen_again_and_an_undo_ends_it(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await read(database, travel, "1999", "1499", "1499")
    travel.shift(HOUR)
    async with database.transaction() as session:
        user, found = await rows.person(session), await catalog.by_url(session, rows.URL)
        assert found is not None
        done = await decided(session, user, found, choice("9"), chosen=None)
    assert [price for price, _, _ in await seen(database)] == ["1999.00"]
    assert await current(database) == 1
    await read(database, travel, "1999")
    assert await seen(database) == [("1999.00", 0, 5)]
    async with database.transaction() as session:
        await alert_corrections.undo(session, done.correction.id)
    assert await seen(database) == [("1999.00", 0, 2), ("1499.00", 2, 5)]
    assert await current(database) == 1
    assert clock.now() == START + 5 * HOUR
