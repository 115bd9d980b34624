"""How long a claim takes, and that it takes no longer when there are more listings."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import timedelta
from statistics import median
from time import perf_counter
from typing import NamedTuple

from sqlalchemy import Select, String, case, insert, literal, select, text, update

from benchmarks import ground
from benchmarks.ground import Ground
from benchmarks.report import Row
from tracker import clock
from tracker.catalog.claiming import claim_due
from tracker.catalog.models import Listing, StoreState
from tracker.database import Database
from tracker.fetching.politeness import Manners

AT_A_TIME = 64
CLAIMS = 20
LISTINGS_OF_A_STORE = 100
AT_ONCE = Manners(1000, 0)
POLITE = Manners(2, 1)
SIZES = (10_000, 100_000, 1_000_000)

DATABASES: dict[str, tuple[Callable[[], AbstractContextManager[Ground]], Sequence[int]]] = {
    "SQLite": (ground.sqlite, SIZES),
    "PostgreSQL": (ground.postgresql, (*SIZES, 3_000_000)),
}

_LEASE = timedelta(minutes=5)
_OVERDUE = timedelta(hours=1)
_HOURS = 13  # shares nothing with 10, by which the great store's are counted
GREAT_STORE = "great.example"


class Claims(NamedTuple):
    """`CLAIMS` claims of `AT_A_TIME` listings, and what each took with its transaction."""

    database: str
    listings: int
    manners: Manners
    milliseconds: Sequence[float]


def measure() -> Iterator[Row]:
    """For `make bench`."""
    for asked in claims():
        stores = asked.listings // LISTINGS_OF_A_STORE
        setting = (
            f"{asked.database}, {asked.listings:,} listings of {stores:,} stores, {AT_A_TIME} in a claim, "
            f"{asked.manners.gap_seconds:g} s between two of a store, "
            f"the fastest {min(asked.milliseconds):.1f} ms"
        )
        yield Row("claim_ms", setting, median(asked.milliseconds), "ms", higher_is_better=False)


def claims() -> Iterator[Claims]:
    """Raises Unavailable at the first database that cannot be had."""
    for name, (place, sizes) in DATABASES.items():
        for listings in sizes:
            with place() as here:
                found = asyncio.run(_measured(here, listings))
            for manners, milliseconds in found:
                yield Claims(name, listings, manners, milliseconds)


async def _measured(here: Ground, listings: int) -> list[tuple[Manners, Sequence[float]]]:
    database = Database.at(here.database_url)
    try:
        await seed(database, listings)
        return [(manners, await times_of(database, manners)) for manners in (AT_ONCE, POLITE)]
    finally:
        await database.close()


async def seed(database: Database, listings: int) -> None:
    """A tenth of all at one store, all of them due; of the others' listings a thirteenth is.

    The database makes the rows itself. Those of a store lie scattered, as they do where people add them.
    """
    now = clock.now()
    async with database.transaction() as session:
        await session.execute(
            insert(Listing).from_select(
                ["id", "url", "store", "title", "created_at", "next_check_at"], _listings(listings)
            )
        )
        codes = select(Listing.store, literal(now - _OVERDUE, StoreState.due_at.type)).distinct()
        await session.execute(insert(StoreState).from_select(["code", "due_at"], codes))
        # The first to be claimed, so that every claim meets it.
        await session.execute(
            update(StoreState).where(StoreState.code == GREAT_STORE).values(due_at=now - 2 * _OVERDUE)
        )
    if database.engine.dialect.name == "postgresql":  # as autovacuum does it, but before and not in between
        async with database.engine.connect() as connection:
            await (await connection.execution_options(isolation_level="AUTOCOMMIT")).execute(
                text("VACUUM ANALYZE listings, stores")
            )


def _listings(count: int) -> Select[tuple[int, str, str, str, object, object]]:
    now = clock.now()
    numbers = select(literal(1).label("number")).cte("numbers", recursive=True)
    numbers = numbers.union_all(select(numbers.c.number + 1).where(numbers.c.number < count))
    number = numbers.c.number
    word = number.cast(String)
    others = count // LISTINGS_OF_A_STORE - 1
    other = literal("shop-") + ((number // 10) % others).cast(String) + ".example"
    store = case((number % 10 == 0, GREAT_STORE), else_=other)
    moment = Listing.next_check_at.type
    hours = {hour: literal(now + hour * _OVERDUE, moment) for hour in range(1, _HOURS)}
    overdue = literal(now - _OVERDUE, moment)
    return select(
        number,
        literal("https://") + store + "/a-thing-that-somebody-watches/" + word,
        store,
        literal("A thing that somebody watches, number ") + word,
        literal(now, moment),
        case((number % 10 == 0, overdue), else_=case(hours, value=number % _HOURS, else_=overdue)),
    )


async def times_of(database: Database, manners: Manners) -> Sequence[float]:
    """Of each claim, in milliseconds. What one took is given back, behind the others, before the next.

    Raises RuntimeError when one finds less.
    """
    took: list[float] = []
    for _ in range(CLAIMS):
        began = perf_counter()
        async with database.transaction() as session:
            claimed = await claim_due(session, limit=AT_A_TIME, lease=_LEASE, manners=manners)
        took.append((perf_counter() - began) * 1000)
        if len(claimed) != AT_A_TIME:
            raise RuntimeError(f"a claim took {len(claimed)} listings, not {AT_A_TIME}")
        await _give_back(database, [claim.listing_id for claim in claimed])
    return took


async def _give_back(database: Database, listing_ids: Sequence[int]) -> None:
    overdue = clock.now() - _OVERDUE
    async with database.transaction() as session:
        await session.execute(
            update(Listing)
            .where(Listing.id.in_(listing_ids))
            .values(next_check_at=overdue, lease_token=None, lease_until=None)
        )
        later = StoreState.due_at > overdue
        great = StoreState.code == GREAT_STORE
        due_at = case((great, overdue - _OVERDUE), else_=overdue)
        await session.execute(update(StoreState).where(later | great).values(due_at=due_at))
