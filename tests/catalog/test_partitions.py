"""On PostgreSQL a month of observations is a partition: there before it begins, gone when it is empty."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, select, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncSession

from tests import rows
from tracker import clock
from tracker.catalog import partitions
from tracker.catalog.models import Listing, PriceObservation
from tracker.database import Database


async def place(session: AsyncSession, observed_at: datetime) -> str:
    """The partition that an observation of this moment is kept in."""
    found = await rows.listing(session, f"{rows.URL}?{observed_at:%s}")
    seen = PriceObservation(
        listing_id=found.id, availability="in_stock", evidence="test", observed_at=observed_at
    )
    session.add(seen)
    await session.flush()
    where = text("SELECT tableoid::regclass::text FROM price_observations WHERE id = :id")
    return str(await session.scalar(where, {"id": seen.id}))


async def test_the_months_to_come_are_there_before_they_begin(postgresql_database: Database) -> None:
    later = datetime(2031, 11, 30, 23, tzinfo=UTC)
    async with postgresql_database.transaction() as session:
        assert await partitions.create_ahead(session, later) == [
            "price_observations_2031_11",
            "price_observations_2031_12",
            "price_observations_2032_01",
        ]
        assert await partitions.create_ahead(session, later) == []
        assert (
            await place(session, datetime(2031, 12, 31, 23, 59, tzinfo=UTC)) == "price_observations_2031_12"
        )
        assert await place(session, datetime(2032, 2, 1, tzinfo=UTC)) == "price_observations_default"


async def test_rows_that_came_before_their_month_stay_in_the_default_one(
    postgresql_database: Database,
) -> None:
    moment = datetime(2031, 11, 5, tzinfo=UTC)
    async with postgresql_database.transaction() as session:
        assert await place(session, moment) == "price_observations_default"
    async with postgresql_database.transaction() as session:
        made = await partitions.create_ahead(session, moment)
        assert made == ["price_observations_2031_12", "price_observations_2032_01"]
        assert await place(session, moment + timedelta(days=1)) == "price_observations_default"


async def test_a_month_goes_when_it_is_past_and_empty(postgresql_database: Database) -> None:
    async with postgresql_database.transaction() as session:
        for month in (1, 4):
            await partitions.create_ahead(session, datetime(2025, month, 1, tzinfo=UTC))
        await place(session, datetime(2025, 2, 5, tzinfo=UTC))
    async with postgresql_database.transaction() as session:
        assert await partitions.drop_empty(session, datetime(2025, 7, 2, tzinfo=UTC)) == [
            "price_observations_2025_01",
            "price_observations_2025_03",
            "price_observations_2025_04",
        ]


async def test_a_table_that_somebody_uses_is_left_for_the_next_time(postgresql_database: Database) -> None:
    later = datetime(2031, 11, 30, tzinfo=UTC)
    async with postgresql_database.transaction() as busy:
        await busy.execute(text("SELECT 1 FROM price_observations"))
        async with postgresql_database.transaction() as session:
            assert await partitions.create_ahead(session, later) == []
    async with postgresql_database.transaction() as session:
        assert len(await partitions.create_ahead(session, later)) == 3


async def test_sqlite_has_one_table(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        assert await partitions.create_ahead(session, clock.now()) == []
        assert await partitions.drop_empty(session, clock.now()) == []


async def test_the_history_of_one_listing_is_read_by_its_index(postgresql_database: Database) -> None:
    async with postgresql_database.transaction() as session:
        await fill(session)
    of_one = select(PriceObservation.price_minor).where(
        PriceObservation.listing_id == 7, PriceObservation.correction_id.is_(None)
    )
    newest_first = (PriceObservation.observed_at.desc(), PriceObservation.id.desc())
    async with postgresql_database.transaction() as session:
        for query in (
            of_one.order_by(PriceObservation.observed_at, PriceObservation.id),
            of_one.order_by(*newest_first).limit(1),
        ):
            used = scans(await plan(session, query))
            by_index = {one["Relation Name"] for one in used if _is_of_the_index(one)}
            assert await months_with(session, 1000) <= by_index


async def months_with(session: AsyncSession, least: int) -> set[str]:
    """The partitions of so many rows: of a smaller one, reading it whole may be the cheapest."""
    counted = await session.execute(
        text("SELECT tableoid::regclass::text, COUNT(*) FROM price_observations GROUP BY 1")
    )
    large = {name for name, count in counted if count >= least}
    assert len(large) >= 5
    return large


async def fill(session: AsyncSession) -> None:
    """Six months of 300 listings, as a busy table has them."""
    now = datetime(2026, 6, 30, tzinfo=UTC)
    for back in (5, 2):
        await partitions.create_ahead(session, now - timedelta(days=30 * back))
    session.add_all(
        Listing(id=number, url=f"https://x/{number}", store="x", title="x", created_at=now)
        for number in range(1, 301)
    )
    await session.flush()
    await session.execute(
        text(
            "INSERT INTO price_observations (listing_id, price_minor, currency, availability, evidence,"
            " observed_at) SELECT 1 + n % 300, n, 'INR', 'in_stock', repeat('x', 200),"
            " CAST(:now AS timestamptz) - make_interval(mins => n * 10) FROM generate_series(1, 24000) AS n"
        ),
        {"now": now},
    )
    await session.execute(text("ANALYZE price_observations"))


async def plan(session: AsyncSession, query: Select[Any]) -> dict[str, Any]:
    compiled = query.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects have no types
    found = await session.scalar(text(f"EXPLAIN (FORMAT JSON) {compiled}"))
    whole = json.loads(found) if isinstance(found, str) else found
    return dict(whole[0]["Plan"])


def _is_of_the_index(node: dict[str, Any]) -> bool:
    return "listing_id_observed_at" in json.dumps(node)


def scans(node: dict[str, Any]) -> list[dict[str, Any]]:
    """The nodes of a plan that read a partition or an index of one."""
    below = [one for child in node.get("Plans", []) for one in scans(child)]
    return [node, *below] if "Relation Name" in node else below
