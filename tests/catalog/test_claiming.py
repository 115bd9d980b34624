"""Who is checked next: store by store, each within its manners. Time is moved by the test."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import event, insert, text, update

from tests import rows
from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog import stores
from tracker.catalog.claiming import WINDOW, Claimed, claim_due
from tracker.catalog.models import Listing, StoreState
from tracker.catalog.move import Check, Kind
from tracker.database import Database
from tracker.fetching.politeness import Manners
from tracker.stores.offer import Availability

LEASE = timedelta(seconds=60)
POLITE = Manners(at_once=2, gap_seconds=1)
AT_ONCE = Manners(at_once=1000, gap_seconds=0)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def claim(database: Database, manners: Manners = POLITE, limit: int = 100) -> list[Claimed]:
    async with database.transaction() as session:
        return list(await claim_due(session, limit=limit, lease=LEASE, manners=manners))


async def due(database: Database, url: str, *, overdue: timedelta = timedelta(0)) -> int:
    """A listing that is due, or has been for a while; returns its id."""
    async with database.transaction() as session:
        listing = await catalog.list_offer(session, url, rows.offer("1"))
        await catalog.check_at(session, listing, clock.now() - overdue)
        return listing.id


async def many_due(database: Database, store: str, count: int) -> list[int]:
    return [
        await due(database, f"https://{store}/p/{number}", overdue=timedelta(seconds=count - number))
        for number in range(count)
    ]


async def state_of(database: Database, store: str) -> StoreState:
    async with database.transaction() as session:
        return await session.get_one(StoreState, store)


async def answers(database: Database, store: str, kind: Kind) -> StoreState:
    async with database.transaction() as session:
        await stores.answered(session, store, Check(clock.now(), kind, kind=kind))
    return await state_of(database, store)


async def test_of_one_store_no_more_is_claimed_than_it_may_be_asked(
    database: Database, travel: time_machine.Traveller
) -> None:
    ids = await many_due(database, "slow.example", 12)
    taken = []
    for _ in range(3):
        claimed = await claim(database)
        taken.append([each.listing_id for each in claimed])
        assert [each.after for each in claimed] == [timedelta(seconds=n) for n in range(len(claimed))]
        assert await claim(database) == []
        travel.shift(WINDOW)
    assert taken == [ids[:5], ids[5:10], ids[10:]]


async def test_a_store_with_much_to_do_holds_up_no_other(database: Database) -> None:
    await many_due(database, "big.example", 30)
    small = await due(database, "https://small.example/p/1")
    assert small in [each.listing_id for each in await claim(database)]


async def test_without_a_gap_all_are_claimed_within_the_limit(database: Database) -> None:
    ids = await many_due(database, "ours.example", 12)
    assert [each.listing_id for each in await claim(database, AT_ONCE, limit=10)] == ids[:10]
    assert [each.listing_id for each in await claim(database, AT_ONCE, limit=10)] == ids[10:]


async def test_an_operators_gap_counts_for_its_store_alone(database: Database) -> None:
    await many_due(database, "gentle.example", 3)
    await many_due(database, "usual.example", 3)
    async with database.transaction() as session:
        (await session.get_one(StoreState, "gentle.example")).gap_seconds = 30
    assert len(await claim(database)) == 1 + 3


async def test_what_a_plan_promises_to_check_first_comes_before_what_is_longer_overdue(
    database: Database,
) -> None:
    await many_due(database, "shop.example", 8)
    first = await due(database, "https://shop.example/first")
    async with database.transaction() as session:
        await session.execute(update(Listing).where(Listing.id == first).values(checked_first=True))
    assert (await claim(database))[0].listing_id == first


async def test_a_listing_becomes_due_by_itself_when_its_time_has_come(
    database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await due(database, "https://shop.example/p/1", overdue=-timedelta(hours=1))
    assert await claim(database) == []
    travel.shift(timedelta(hours=1))
    assert [each.listing_id for each in await claim(database)] == [listing_id]


async def test_one_that_was_given_back_is_claimed_again_at_its_moment(
    database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await due(database, "https://shop.example/p/1")
    ((_, token, _),) = await claim(database)
    async with database.transaction() as session:
        await catalog.put_back(session, listing_id, token, clock.now() + timedelta(seconds=7))
        await catalog.put_back(session, listing_id, "another's", clock.now())
    assert await claim(database) == []
    travel.shift(timedelta(seconds=7))
    assert [each.listing_id for each in await claim(database)] == [listing_id]


async def test_what_is_in_hand_is_not_due_again_for_a_hurry(database: Database) -> None:
    listing_id = await due(database, "https://shop.example/p/1")
    await claim(database)
    async with database.transaction() as session:
        listing = await session.get_one(Listing, listing_id)
        await catalog.check_at(session, listing, clock.now())
    assert await claim(database) == []


async def test_a_short_interval_is_kept_although_the_lease_was_longer(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    ((_, token, _),) = await claim(database)
    async with database.transaction() as session:
        listing = await session.get_one(Listing, watch.listing_id, with_for_update=True)
        listing.lease_token = listing.lease_until = None
        await catalog.check_at(session, listing, clock.now() + timedelta(seconds=3))
    travel.shift(timedelta(seconds=6))
    assert len(await claim(database)) == 1
    assert token


@pytest.mark.parametrize(
    ("refusals", "hours"), [(1, 0), (2, 0), (3, 1), (5, 1), (6, 6), (11, 6), (12, 24), (40, 24)]
)
async def test_a_store_rests_the_longer_the_more_often_it_refused(
    refusals: int, hours: int, database: Database
) -> None:
    await due(database, "https://shop.example/p/1")
    for _ in range(refusals):
        store = await answers(database, "shop.example", Kind.BLOCKED)
    rest = timedelta(0) if store.rests_until is None else store.rests_until - clock.now()
    assert rest == timedelta(hours=hours)
    assert store.blocks == refusals


async def test_after_its_rest_a_store_is_asked_for_one_page_and_then_as_before(
    database: Database, travel: time_machine.Traveller
) -> None:
    ids = await many_due(database, "shop.example", 4)
    for _ in range(3):
        await answers(database, "shop.example", Kind.BLOCKED)
    assert await claim(database) == []
    travel.shift(timedelta(hours=1) - timedelta(seconds=1))
    assert await claim(database) == []
    travel.shift(timedelta(seconds=1))
    assert len(await claim(database)) == 1
    travel.shift(timedelta(seconds=1))
    store = await answers(database, "shop.example", Kind.OFFER)
    assert (store.blocks, store.rests_until) == (0, None)
    assert [each.listing_id for each in await claim(database)] == ids[1:]


async def test_a_probe_that_is_refused_lets_the_store_rest_again(
    database: Database, travel: time_machine.Traveller
) -> None:
    await many_due(database, "shop.example", 4)
    for _ in range(3):
        await answers(database, "shop.example", Kind.BLOCKED)
    travel.shift(timedelta(hours=1))
    await claim(database)
    store = await answers(database, "shop.example", Kind.BLOCKED)
    assert store.rests_until == clock.now() + timedelta(hours=1)
    assert await claim(database) == []


async def test_a_check_that_got_nowhere_says_nothing_about_refusals(database: Database) -> None:
    await due(database, "https://shop.example/p/1")
    await answers(database, "shop.example", Kind.BLOCKED)
    assert (await answers(database, "shop.example", Kind.FAILED)).blocks == 1


@pytest.mark.parametrize("kind", [Kind.OFFER, Kind.UNCHANGED, Kind.NO_OFFER, Kind.GONE])
async def test_any_answer_ends_a_row_of_refusals(kind: Kind, database: Database) -> None:
    await due(database, "https://shop.example/p/1")
    await answers(database, "shop.example", Kind.BLOCKED)
    store = await answers(database, "shop.example", kind)
    assert (store.blocks, store.refused_since) == (0, None)


async def test_a_new_watch_wakes_no_store_that_rests(database: Database) -> None:
    await due(database, "https://shop.example/p/1")
    for _ in range(3):
        await answers(database, "shop.example", Kind.BLOCKED)
    await due(database, "https://shop.example/p/2")
    assert await claim(database) == []


async def test_an_operator_lets_a_store_rest_and_releases_it(database: Database) -> None:
    await many_due(database, "shop.example", 2)
    async with database.transaction() as session:
        await stores.rest(session, "shop.example", clock.now() + timedelta(days=3))
    assert await claim(database) == []
    async with database.transaction() as session:
        await stores.release(session, "shop.example")
    assert len(await claim(database)) == 2


async def fill(database: Database, listings: int, shops: int) -> None:
    """Listings at so many stores; those of one store are due, and no others."""
    now = clock.now()
    usual = {"title": "Thing", "availability": Availability.IN_STOCK, "created_at": now}
    listed = [
        usual
        | {
            "url": f"https://s{number % shops}.example/{number}",
            "store": f"s{number % shops}.example",
            "next_check_at": now + timedelta(hours=5 if number % shops else 0),
        }
        for number in range(listings)
    ]
    asked = [
        {"code": f"s{number}.example", "due_at": now + timedelta(hours=5 if number else 0)}
        for number in range(shops)
    ]
    async with database.transaction() as session:
        await session.execute(insert(Listing), listed)
        await session.execute(insert(StoreState), asked)


@contextmanager
def selects(database: Database) -> Iterator[list[tuple[str, tuple[Any, ...]]]]:
    """The queries about listings that are made meanwhile, with their parameters."""
    said: list[tuple[str, tuple[Any, ...]]] = []

    def hear(_c: object, _cursor: object, statement: str, parameters: tuple[Any, ...], *_: object) -> None:
        if statement.startswith("SELECT") and "listings" in statement:
            said.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", hear)
    yield said
    event.remove(database.engine.sync_engine, "before_cursor_execute", hear)


async def test_a_claim_reads_the_index_alone_and_no_more_of_it_than_it_takes(
    postgresql_database: Database,
) -> None:
    """So it costs the same at ten thousand listings and at three million."""
    await fill(postgresql_database, listings=20_000, shops=100)
    async with postgresql_database.engine.connect() as connection:
        # An index alone answers about pages that are known to be visible to everybody.
        by_itself = await connection.execution_options(isolation_level="AUTOCOMMIT")
        await by_itself.execute(text("VACUUM ANALYZE listings"))
        await by_itself.execute(text("ANALYZE stores"))
    with selects(postgresql_database) as said:
        assert len(await claim(postgresql_database)) == 5
    plans = []
    async with postgresql_database.engine.connect() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        for statement, parameters in said:
            lines = await driver.fetch(f"EXPLAIN {statement}", *parameters)
            plans.append("\n".join(line[0] for line in lines))
    due_of, next_of = plans
    for plan in (due_of, next_of):
        assert plan.count("Index Only Scan using ix_listings_due") == 2, plan
        assert "Seq Scan on listings" not in plan, plan
        assert plan.count("Limit") >= 2, plan


async def test_sqlite_claims_by_the_same_index(sqlite_database: Database) -> None:
    await fill(sqlite_database, listings=3_000, shops=30)
    with selects(sqlite_database) as said:
        assert len(await claim(sqlite_database)) == 5
    assert len(said) == 2
    async with sqlite_database.engine.connect() as connection:
        for statement, parameters in said:
            rows_of = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            steps = [step for *_, step in rows_of]
            assert any("COVERING INDEX ix_listings_due" in step for step in steps), steps
            assert not any(step.startswith("SCAN listings") for step in steps), steps
