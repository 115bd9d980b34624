"""Pages that are gone: three days of it pause every watch, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.catalog.models import Listing
from tracker.catalog.move import Check, Kind
from tracker.catalog.recording import Checking, record_on
from tracker.database import Database
from tracker.notices.models import Notice
from tracker.watches import gone
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 5, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def check(database: Database, kind: Kind) -> int:
    """A check that ends so, recorded as the worker does; returns how many watches it paused."""
    read = rows.offer("1999") if kind is Kind.OFFER else None
    async with database.transaction() as session:
        found = (await session.scalars(select(Listing).with_for_update())).one()
        await record_on(session, found, Check(clock.now(), kind, read, kind), Checking(timedelta(hours=1)))
        return await gone.give_up(session, found)


async def states(database: Database) -> list[str]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Watch.state).order_by(Watch.id)))


async def told(database: Database) -> list[tuple[int, int]]:
    """The chats that were told, and of which watch."""
    async with database.transaction() as session:
        found = await session.scalars(select(Notice).where(Notice.kind == "listing_gone").order_by(Notice.id))
        return [(notice.chat_id, notice.details["watch_id"]) for notice in found]


async def test_three_checks_on_one_day_count_once(database: Database) -> None:
    await rows.watch(database)
    for _ in range(3):
        assert await check(database, Kind.GONE) == 0
    assert await states(database) == [WatchState.ACTIVE]


async def test_three_days_pause_every_watch_with_a_message_each(
    database: Database, travel: time_machine.Traveller
) -> None:
    first, second = await rows.watch(database, 1001), await rows.watch(database, 1002, group=-100)
    paused = []
    for _ in range(3):
        paused.append(await check(database, Kind.GONE))
        travel.shift(DAY)
    assert paused == [0, 0, 2]
    assert await states(database) == [WatchState.PAUSED] * 2
    assert await told(database) == [(1001, first.id), (-100, second.id)]
    async with database.transaction() as session:
        found = (await session.scalars(select(Listing))).one()
        assert (found.next_check_at, found.watchers) == (None, 0)


@pytest.mark.parametrize("kind", [Kind.OFFER, Kind.UNCHANGED, Kind.NO_OFFER])
async def test_any_other_answer_of_the_page_begins_the_count_anew(
    database: Database, travel: time_machine.Traveller, kind: Kind
) -> None:
    await rows.watch(database)
    for each in (Kind.GONE, Kind.GONE, kind, Kind.GONE, Kind.GONE):
        assert await check(database, each) == 0
        travel.shift(DAY)
    assert await check(database, Kind.GONE) == 1


@pytest.mark.parametrize("kind", [Kind.BLOCKED, Kind.FAILED])
async def test_what_says_nothing_of_the_page_neither_counts_nor_begins_anew(
    database: Database, travel: time_machine.Traveller, kind: Kind
) -> None:
    await rows.watch(database)
    for each in (Kind.GONE, kind, Kind.GONE):
        assert await check(database, each) == 0
        travel.shift(DAY)
    assert await check(database, Kind.GONE) == 1


async def test_whoever_tries_again_has_three_more_days(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    for _ in range(2):
        for paused in (0, 0, 1):
            assert await check(database, Kind.GONE) == paused
            travel.shift(DAY)
        async with database.transaction() as session:
            await watches.set_state(session, await rows.person(session), watch.id, WatchState.ACTIVE)
            found = (await session.scalars(select(Listing))).one()
            assert found.next_check_at is not None
    assert await told(database) == [(1001, watch.id)] * 2
