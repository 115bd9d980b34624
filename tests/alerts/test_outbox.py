"""The outbox, on both databases. Time is moved by the test."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from tests import rows
from tracker import clock
from tracker.alerts import choosing
from tracker.alerts import service as alerts
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.alerts.service import Parcel
from tracker.alerts.terms import Terms
from tracker.catalog import service as catalog
from tracker.database import Database
from tracker.users.models import User, UserState
from tracker.watches import service as watches
from tracker.watches.models import RuleKind, WatchState

LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def drop(database: Database, price: str, url: str = rows.URL) -> int:
    """A check reads this price; returns how many alerts that owes."""
    async with database.transaction() as session:
        found = await catalog.by_url(session, url)
        assert found is not None
        move = await rows.read(session, found, price)
        return await owe(session, move) if move else 0


async def claim(database: Database, limit: int = 50) -> Sequence[Parcel]:
    async with database.transaction() as session:
        return await alerts.claim(session, limit=limit, lease=LEASE)


async def the_alert(database: Database) -> Alert:
    async with database.transaction() as session:
        return (await session.scalars(select(Alert))).one()


async def test_a_drop_owes_every_watcher_one_alert(database: Database) -> None:
    for user in (1001, 1002):
        await rows.watch(database, user)
    assert await drop(database, "1499") == 2


async def test_a_price_that_stays_owes_nothing_more(database: Database) -> None:
    await rows.watch(database)
    assert await drop(database, "1499") == 1
    assert await drop(database, "1499") == 0


async def test_a_move_that_is_owed_twice_is_owed_once(database: Database) -> None:
    await rows.watch(database)
    async with database.transaction() as session:
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        move = await rows.read(session, found, "1499")
        assert move is not None
        assert [await owe(session, move), await owe(session, move)] == [1, 0]


async def test_one_reading_that_fires_two_rules_owes_one_alert_that_names_both(database: Database) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        user = await rows.person(session)
        terms = Terms(RuleKind.TARGET, amount=rows.rupees("1500"))
        await choosing.choose(session, user, watch.id, terms)
    assert await drop(database, "1499") == 1
    kinds = {reason["kind"] for reason in (await the_alert(database)).reasons}
    assert kinds == {RuleKind.ANY_DROP, RuleKind.TARGET}


@pytest.mark.parametrize("state", [WatchState.PAUSED, WatchState.STOPPED])
async def test_who_paused_or_stopped_is_owed_nothing(database: Database, state: WatchState) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session), watch.id, state)
    assert await drop(database, "1499") == 0


async def test_who_blocked_the_bot_is_owed_nothing(database: Database) -> None:
    await rows.watch(database)
    async with database.transaction() as session:
        await watches.reachable(session, 1001, UserState.BLOCKED)
    assert await drop(database, "1499") == 0


async def test_a_claimed_alert_brings_what_its_message_is_made_of(database: Database) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    (claimed,) = await claim(database)
    assert (claimed.told[0].listing.title, claimed.user.telegram_id, claimed.told[0].is_wanted) == (
        "Kettle",
        1001,
        True,
    )
    assert (claimed.told[0].alert.before, claimed.told[0].alert.now) == (
        rows.rupees("1999"),
        rows.rupees("1499"),
    )


async def test_a_claimed_alert_is_nobody_elses(database: Database) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    assert len(await claim(database)) == 1
    assert await claim(database) == []


async def test_claimers_side_by_side_never_hold_one_alert_twice(database: Database) -> None:
    for user in range(1, 21):
        await rows.watch(database, user)
    await drop(database, "1499")
    held = await asyncio.gather(*(claim(database, limit=6) for _ in range(5)))
    ids = [claimed.told[0].alert.id for batch in held for claimed in batch]
    assert len(ids) == len(set(ids)) == 20


async def test_an_alert_whose_lease_ran_out_is_claimed_again(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    await claim(database)
    travel.shift(LEASE)
    (again,) = await claim(database)
    assert again.told[0].alert.attempts == 2


async def test_only_the_oldest_alert_of_a_chat_is_claimed_until_it_is_settled(database: Database) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    await drop(database, "1299")
    (first,) = await claim(database)
    assert first.told[0].alert.now == rows.rupees("1499")
    assert await claim(database) == []
    async with database.transaction() as session:
        await alerts.sent(session, first, message_id=7)
    (second,) = await claim(database)
    assert second.told[0].alert.now == rows.rupees("1299")


async def test_an_older_alert_that_waits_holds_back_the_younger_of_its_chat(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    await drop(database, "1299")
    (first,) = await claim(database)
    async with database.transaction() as session:
        await alerts.try_again(session, first, after=timedelta(seconds=10), error="lost")
    assert await claim(database) == []
    travel.shift(timedelta(seconds=10))
    (again,) = await claim(database)
    assert again.told[0].alert.id == first.told[0].alert.id


async def test_many_alerts_of_one_chat_leave_room_for_the_one_of_another(database: Database) -> None:
    await rows.watch(database, 1)
    for price in range(1900, 1800, -10):
        await drop(database, str(price))
    await rows.watch(database, 2, "https://shop.example/p/lamp", price="500", title="Lamp")
    await drop(database, "400", "https://shop.example/p/lamp")
    assert {claimed.user.telegram_id for claimed in await claim(database, limit=2)} == {1, 2}


async def test_a_worker_that_lost_its_lease_settles_nothing(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    (frozen,) = await claim(database)
    travel.shift(LEASE)
    (other,) = await claim(database)
    async with database.transaction() as session:
        await alerts.bury(session, frozen, "too late")
    assert (await the_alert(database)).state == AlertState.SENDING
    async with database.transaction() as session:
        await alerts.sent(session, other, message_id=9)
    assert (await the_alert(database)).message_id == 9


async def test_waiting_ones_turn_costs_no_attempt(database: Database, travel: time_machine.Traveller) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    for _ in range(3):
        (claimed,) = await claim(database)
        async with database.transaction() as session:
            await alerts.put_back(session, claimed, until=clock.now() + timedelta(seconds=1))
        assert await claim(database) == []
        travel.shift(timedelta(seconds=1))
    assert (await the_alert(database)).attempts == 0


async def test_an_alert_is_tried_for_a_day_and_then_given_up(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await drop(database, "1499")
    (claimed,) = await claim(database)
    travel.shift(timedelta(hours=23))
    async with database.transaction() as session:
        await alerts.try_again(session, claimed, after=timedelta(hours=2), error="lost")
    assert (await the_alert(database)).state == AlertState.DUE
    travel.shift(timedelta(hours=2))
    (claimed,) = await claim(database)
    async with database.transaction() as session:
        await alerts.try_again(session, claimed, after=timedelta(hours=2), error="lost")
    buried = await the_alert(database)
    assert (buried.state, buried.last_error) == (AlertState.DEAD, "lost")


async def test_a_watch_that_was_paused_meanwhile_is_not_wanted(database: Database) -> None:
    watch = await rows.watch(database)
    await drop(database, "1499")
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session), watch.id, WatchState.PAUSED)
    (claimed,) = await claim(database)
    assert not claimed.told[0].is_wanted
    async with database.transaction() as session:
        await alerts.cancel(session, claimed, claimed.told)
    assert (await the_alert(database)).state == AlertState.CANCELLED


async def test_a_rollback_takes_the_observation_and_its_alerts_together(database: Database) -> None:
    await rows.watch(database)

    async def owe_and_fail() -> None:
        async with database.transaction() as session:
            found = await catalog.by_url(session, rows.URL)
            assert found is not None
            move = await rows.read(session, found, "1499")
            assert move is not None
            await owe(session, move)
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        await owe_and_fail()
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Alert)) == 0
        found = await catalog.by_url(session, rows.URL)
        assert found is not None
        assert found.price == rows.rupees("1999")
    assert await drop(database, "1499") == 1


async def test_users_stay_apart(database: Database) -> None:
    await rows.watch(database, 1)
    await rows.watch(database, 2, "https://shop.example/p/lamp", title="Lamp")
    await drop(database, "1499")
    (claimed,) = await claim(database)
    async with database.transaction() as session:
        owner = await session.get_one(User, claimed.told[0].watch.user_id)
    assert owner.telegram_id == claimed.chat_id == 1
