"""Asking for a check at once, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.catalog import stores
from tracker.catalog.claiming import claim_due
from tracker.catalog.models import Listing, StoreState
from tracker.database import Database
from tracker.errors import NotYours
from tracker.fetching.politeness import Manners
from tracker.watches import service as watches
from tracker.watches.check_now import CHECK_NOW_EVERY, Answer, Said, check_now
from tracker.watches.models import Watch, WatchState

LATER = timedelta(hours=6)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 5, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture
async def watch(database: Database) -> Watch:
    """A watch whose listing was checked now and is due in six hours."""
    begun = await rows.watch(database)
    async with database.transaction() as session:
        (await session.scalars(select(Listing))).one().next_check_at = clock.now() + LATER
        (await session.scalars(select(StoreState))).one().due_at = clock.now() + LATER
    return begun


async def ask(database: Database, watch: Watch, *, user: int = 1001) -> Answer:
    async with database.transaction() as session:
        return await check_now(session, await rows.person(session, user), watch.id)


async def due_in(database: Database) -> timedelta | None:
    async with database.transaction() as session:
        due_at = (await session.scalars(select(Listing))).one().next_check_at
        return None if due_at is None else due_at - clock.now()


async def claimed(database: Database) -> int:
    async with database.transaction() as session:
        return len(await claim_due(session, limit=9, lease=timedelta(minutes=2), manners=Manners()))


async def test_a_listing_that_was_not_checked_lately_is_due_now(
    database: Database, watch: Watch, travel: time_machine.Traveller
) -> None:
    travel.shift(CHECK_NOW_EVERY)
    assert await claimed(database) == 0
    assert (await ask(database, watch)).said is Said.ASKED
    assert await claimed(database) == 1


async def test_one_that_was_checked_lately_is_not(
    database: Database, watch: Watch, travel: time_machine.Traveller
) -> None:
    travel.shift(CHECK_NOW_EVERY - timedelta(seconds=1))
    assert (await ask(database, watch)).said is Said.LATELY
    assert await claimed(database) == 0


async def test_many_who_ask_are_answered_by_one_check(
    database: Database, watch: Watch, travel: time_machine.Traveller
) -> None:
    another = await rows.watch(database, 1002)
    travel.shift(CHECK_NOW_EVERY)
    await ask(database, watch)
    assert (await ask(database, another, user=1002)).said is Said.ASKED
    assert await claimed(database) == 1
    before = await due_in(database)
    assert (await ask(database, another, user=1002)).said is Said.UNDER_WAY
    assert await due_in(database) == before


async def test_a_store_that_rests_is_not_asked(
    database: Database, watch: Watch, travel: time_machine.Traveller
) -> None:
    travel.shift(CHECK_NOW_EVERY)
    until = clock.now() + timedelta(hours=1)
    async with database.transaction() as session:
        await stores.rest(session, "shop.example", until)
    answer = await ask(database, watch)
    assert (answer.said, answer.until) == (Said.RESTS, until)
    assert await due_in(database) == LATER - CHECK_NOW_EVERY
    travel.move_to(until)
    assert (await ask(database, watch)).said is Said.ASKED


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.STOPPED, WatchState.BOUGHT])
async def test_a_listing_that_nobody_waits_for_stays_unchecked(
    database: Database, watch: Watch, travel: time_machine.Traveller, state: WatchState
) -> None:
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session), watch.id, state)
    travel.shift(CHECK_NOW_EVERY)
    assert (await ask(database, watch)).said is Said.NOT_CHECKED
    assert await due_in(database) is None


async def test_anothers_watch_is_refused(database: Database, watch: Watch) -> None:
    with pytest.raises(NotYours):
        await ask(database, watch, user=1002)
