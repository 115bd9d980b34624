"""When a store's falling prices are a sale, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tracker.catalog import stores
from tracker.catalog.models import CheckTally, StoreState
from tracker.database import Database

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)
Hours = list[tuple[int, int, int]]
"""(hours ago, checks, drops)"""


async def notice(database: Database, hours: Hours, *, begun_until: datetime | None = None) -> list[str]:
    async with database.transaction() as session:
        await stores.begin(session, "shop.example")
        await stores.begin(session, "quiet.example")
        (await session.get_one(StoreState, "shop.example")).sale_until = begun_until
        for ago, checks, drops in hours:
            for outcome, part in (("offer", checks - 1), ("captcha", 1)):
                session.add(
                    CheckTally(
                        hour=NOW.replace(minute=0) - ago * HOUR,
                        store="shop.example",
                        outcome=outcome,
                        checks=part,
                        drops=drops if outcome == "offer" else 0,
                        milliseconds=0,
                    )
                )
    with time_machine.travel(NOW, tick=False):
        async with database.transaction() as session:
            return list(await stores.notice_sales(session))


async def sale_until(database: Database, code: str = "shop.example") -> datetime | None:
    async with database.transaction() as session:
        return (await session.get_one(StoreState, code)).sale_until


@pytest.mark.parametrize(
    ("hours", "is_sale"),
    [
        pytest.param([(0, 80, 10)], True, id="ten drops in one check of eight"),
        pytest.param([(0, 72, 9)], False, id="a drop too few"),
        pytest.param([(0, 81, 10)], False, id="a check too many"),
        pytest.param([(0, 40, 5), (1, 40, 5)], True, id="over two hours"),
        pytest.param([(0, 40, 5), (2, 40, 5)], False, id="too long ago"),
        pytest.param([], False, id="no check"),
    ],
)
async def test_prices_that_fall_are_a_sale(database: Database, hours: Hours, is_sale: bool) -> None:
    assert await notice(database, hours) == (["shop.example"] if is_sale else [])
    assert await sale_until(database) == (NOW + 3 * HOUR if is_sale else None)
    assert await sale_until(database, "quiet.example") is None


async def test_a_sale_that_goes_on_is_extended_and_no_news(database: Database) -> None:
    assert await notice(database, [(0, 20, 10)], begun_until=NOW + HOUR) == []
    assert await sale_until(database) == NOW + 3 * HOUR


async def test_a_sale_without_new_drops_ends_when_it_was_to_end(database: Database) -> None:
    assert await notice(database, [(0, 20, 1)], begun_until=NOW + HOUR) == []
    assert await sale_until(database) == NOW + HOUR
