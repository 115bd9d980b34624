"""What is owed to a group when it moves or is gone, on both databases."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, text

from tests import rows
from tracker import clock
from tracker.alerts import chats as alert_chats
from tracker.alerts import service as alerts
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.catalog import previews
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing, Preview
from tracker.database import Database
from tracker.users.models import User, UserState
from tracker.watches import chats
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState

GROUP, OTHER, SUPERGROUP = -500, -600, -1000000000500
LAMP = "https://shop.example/p/lamp"


async def drop(database: Database, price: str, url: str = rows.URL) -> int:
    """A check reads this price; returns how many alerts that owes."""
    async with database.transaction() as session:
        found = await catalog.by_url(session, url)
        assert found is not None
        move = await rows.read(session, found, price)
        return await owe(session, move) if move else 0


async def move(database: Database) -> None:
    async with database.transaction() as session:
        await alert_chats.moved(session, GROUP, SUPERGROUP)


async def leave(database: Database) -> Sequence[User]:
    async with database.transaction() as session:
        return await chats.left(session, GROUP)


async def all_alerts(database: Database) -> Sequence[Alert]:
    async with database.transaction() as session:
        return (await session.scalars(select(Alert).order_by(Alert.id))).all()


async def is_checked(database: Database, url: str = rows.URL) -> bool:
    """Whether the listing is checked."""
    async with database.transaction() as session:
        return await session.scalar(select(Listing.next_check_at).where(Listing.url == url)) is not None


async def test_what_is_owed_follows_a_group_in_its_order(database: Database) -> None:
    await rows.watch(database, group=GROUP)
    for price in ("1899", "1799", "1699", "1599"):
        await drop(database, price)
    states = (AlertState.SENT, AlertState.SENDING, AlertState.DUE, AlertState.HELD)
    async with database.transaction() as session:
        for alert, state in zip(await session.scalars(select(Alert).order_by(Alert.id)), states, strict=True):
            alert.state = state
            alert.lease_until = clock.now() if state == AlertState.SENDING else None
    await move(database)
    assert [alert.chat_id for alert in await all_alerts(database)] == [GROUP, *[SUPERGROUP] * 3]
    taken = []
    for _ in range(2):
        async with database.transaction() as session:
            (parcel,) = await alerts.claim(session, limit=9, lease=timedelta(seconds=30))
            await alerts.sent(session, parcel, 1)
        taken.append([alert.alert.now_minor for alert in parcel.told])
    assert taken == [[179900], [169900]]


async def test_what_is_watched_and_asked_follows_a_group(database: Database) -> None:
    for user, group in ((1001, GROUP), (1002, OTHER), (1003, None)):
        await rows.watch(database, user, group=group)
    async with database.transaction() as session:
        asked = await previews.ask(session, await rows.person(session), LAMP, chat_id=GROUP)
    for _ in range(2):
        await move(database)
    async with database.transaction() as session:
        assert list(await session.scalars(select(Watch.chat_id).order_by(Watch.id))) == [
            SUPERGROUP,
            OTHER,
            1003,
        ]
        assert (await session.get_one(Preview, asked.id)).chat_id == SUPERGROUP


async def test_what_a_check_owes_while_a_group_moves_follows_it(postgresql_database: Database) -> None:
    database = postgresql_database
    await rows.watch(database, group=GROUP)
    waiting = (
        select(func.count()).where(text("wait_event_type = 'Lock'")).select_from(text("pg_stat_activity"))
    )
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        seen = await rows.read(session, found, "1499")
        assert seen is not None
        await owe(session, seen)
        moving = asyncio.create_task(move(database))
        async with asyncio.timeout(10):
            while not moving.done():
                async with database.transaction() as other:
                    if await other.scalar(waiting):
                        break
        assert not moving.done()
    await moving
    assert [alert.chat_id for alert in await all_alerts(database)] == [SUPERGROUP]


async def test_a_group_that_is_gone_pauses_what_was_watched_for_it(database: Database) -> None:
    lamp = await rows.watch(database, url=LAMP, group=GROUP)
    await rows.watch(database, 1001, group=GROUP)
    await rows.watch(database, 1002)
    async with database.transaction() as session:
        asha = await rows.person(session)
        await watches.snooze(session, asha, lamp.id, until=clock.now() + timedelta(days=1))
    assert [owner.telegram_id for owner in await leave(database)] == [1001]
    assert not await is_checked(database, LAMP)
    assert await is_checked(database)
    async with database.transaction() as session:
        found = (await session.scalars(select(Watch).order_by(Watch.id))).all()
    assert [watch.state for watch in found] == [WatchState.PAUSED, WatchState.PAUSED, WatchState.ACTIVE]
    assert found[0].snoozed_until is None
    assert list(await leave(database)) == []


@pytest.mark.parametrize("state", [WatchState.BOUGHT, WatchState.STOPPED])
async def test_what_is_over_stays_over_when_its_group_is_gone(database: Database, state: WatchState) -> None:
    begun = await rows.watch(database, group=GROUP)
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session), begun.id, state)
    assert list(await leave(database)) == []
    async with database.transaction() as session:
        assert (await session.get_one(Watch, begun.id)).state == state


@pytest.mark.parametrize(
    ("state", "group", "owed"),
    [
        (UserState.BLOCKED, GROUP, 1),
        (UserState.BLOCKED, None, 0),
        (UserState.DEACTIVATED, GROUP, 0),
    ],
    ids=["blocked-in-a-group", "blocked-in-private", "gone-in-a-group"],
)
async def test_a_block_closes_a_persons_own_chat_and_no_group(
    database: Database, state: UserState, group: int | None, owed: int
) -> None:
    await rows.watch(database, group=group)
    async with database.transaction() as session:
        await watches.reachable(session, 1001, state)
    assert await is_checked(database) == bool(owed)
    assert await drop(database, "1499") == owed
    async with database.transaction() as session:
        parcels = await alerts.claim(session, limit=9, lease=timedelta(seconds=30))
    assert [one.is_wanted for parcel in parcels for one in parcel.told] == [True] * owed
