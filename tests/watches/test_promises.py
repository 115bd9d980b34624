"""Promises that are kept, and those that are counted. Time is moved by the test."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.billing.plans import DEFAULT
from tracker.catalog.claiming import claim_due
from tracker.catalog.models import Listing, MissedPromise
from tracker.catalog.move import Check, Kind
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.fetching.politeness import Manners
from tracker.users import service as users
from tracker.watches import demand
from tracker.watches import service as watches
from tracker.watches.models import AlertRule, RuleKind, WatchState

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def watched(database: Database, *plans: str) -> int:
    """A listing that somebody of each plan watches from now on; its id."""
    for number, plan in enumerate(plans, 1001):
        await rows.watch(database, number)
        async with database.transaction() as session:
            user = await rows.person(session, number)
            users.permit(user, plan, DEFAULT[plan].allowance)
            await session.flush()
            await watches.check_what_they_watch(session, user)
    async with database.transaction() as session:
        return (await session.scalars(select(Listing.id))).one()


async def count(database: Database) -> list[tuple[str, timedelta]]:
    """Count what broke; all that was counted so far, by plan and the moment that was promised."""
    async with database.transaction() as session:
        await demand.count_all_missed(session, limit=100)
    async with database.transaction() as session:
        missed = await session.scalars(select(MissedPromise).order_by(MissedPromise.promised_at))
        begin = datetime(2026, 11, 24, 6, tzinfo=UTC)
        return [(each.plan, each.promised_at - begin) for each in missed]


async def answers(database: Database, listing_id: int, kind: Kind = Kind.NO_OFFER) -> None:
    """A check that began now."""
    async with database.transaction() as session:
        listing = await session.get_one(Listing, listing_id, with_for_update=True)
        await demand.count_missed(session, listing, clock.now())
        await record(session, listing_id, Check(clock.now(), kind, kind=kind), Checking())


async def test_a_promise_that_is_kept_is_not_counted(
    database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await watched(database, "pro")
    for _ in range(3):
        travel.shift(HOUR - SECOND)
        await answers(database, listing_id)
    assert await count(database) == []


async def test_a_broken_promise_is_counted_once_and_the_next_is_another(
    database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await watched(database, "pro")
    travel.shift(HOUR + SECOND)
    for _ in range(2):
        assert await count(database) == [("pro", HOUR)]
    travel.shift(HOUR)
    await answers(database, listing_id)
    travel.shift(2 * HOUR)
    assert await count(database) == [("pro", HOUR), ("pro", 3 * HOUR + SECOND)]


async def test_each_plan_is_counted_when_its_own_time_is_over(
    database: Database, travel: time_machine.Traveller
) -> None:
    await watched(database, "free", "starter", "pro")
    told = []
    for hours in (1, 3, 8, 30):
        travel.shift(HOUR * hours + SECOND)
        told.append([plan for plan, _ in await count(database)])
    assert told == [["pro"], ["pro", "starter"], ["pro", "starter", "free"], ["pro", "starter", "free"]]


@pytest.mark.parametrize("kind", [Kind.BLOCKED, Kind.FAILED])
async def test_a_check_without_an_answer_keeps_no_promise(
    kind: Kind, database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await watched(database, "pro")
    travel.shift(HOUR - SECOND)
    await answers(database, listing_id, kind)
    travel.shift(2 * SECOND)
    assert await count(database) == [("pro", HOUR)]


async def test_a_check_that_began_in_time_keeps_it_though_it_ends_later(
    database: Database, travel: time_machine.Traveller
) -> None:
    listing_id = await watched(database, "pro")
    travel.shift(HOUR - SECOND)
    async with database.transaction() as session:
        listing = await session.get_one(Listing, listing_id, with_for_update=True)
        listing.next_check_at = clock.now()
        await claim_due(session, limit=1, lease=HOUR, manners=Manners())
    began = clock.now()
    travel.shift(5 * SECOND)
    assert await count(database) == []
    async with database.transaction() as session:
        listing = await session.get_one(Listing, listing_id, with_for_update=True)
        await demand.count_missed(session, listing, began)
        await record(
            session, listing_id, Check(began, "no_price"), Checking(), lease_token=listing.lease_token
        )
    assert await count(database) == []


async def test_nobody_is_promised_what_nobody_watches(
    database: Database, travel: time_machine.Traveller
) -> None:
    await watched(database, "pro")
    async with database.transaction() as session:
        user = await rows.person(session, 1001)
        (watch,) = await watches.matching(session, user, "1")
        await watches.set_state(session, user, watch.id, WatchState.PAUSED)
    travel.shift(5 * HOUR)
    assert await count(database) == []


async def test_what_is_promised_is_counted_by_plan(
    database: Database, travel: time_machine.Traveller
) -> None:
    await watched(database, "pro", "business")
    travel.shift(2 * HOUR)
    await count(database)
    async with database.transaction() as session:
        by_plan = await demand.missed_by_plan(session, clock.now() - 24 * HOUR)
        assert [tuple(row) for row in by_plan] == [("business", 1), ("pro", 1)]
        assert await demand.missed_by_plan(session, clock.now()) == []


@pytest.mark.parametrize(
    ("target", "price", "is_near"),
    [("1000", "1049", True), ("1000", "1056", False), ("1000", "960", True), ("1000", "940", False)],
)
async def test_a_price_near_a_target_is_looked_at_more_often(
    target: str, price: str, is_near: bool, database: Database
) -> None:
    watch = await rows.watch(database, price=price)
    async with database.transaction() as session:
        owned = await watches.owned(session, await rows.person(session), watch.id)
        owned.rules.append(
            AlertRule(
                kind=RuleKind.TARGET,
                amount_minor=rows.rupees(target).minor,
                currency="INR",
                created_at=clock.now(),
            )
        )
        await session.flush()
        await demand.note_targets(session, owned.listing)
        assert owned.listing.is_near_target is is_near
