"""What waits is said together, on both databases. Time is moved by the test."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.alerts import preferences
from tracker.alerts import service as alerts
from tracker.alerts.models import Alert, AlertState, HeldFor, Mode
from tracker.alerts.owing import owe
from tracker.alerts.service import MOST_IN_ONE, Parcel
from tracker.catalog import service as catalog
from tracker.database import Database

LEASE = timedelta(seconds=30)
NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
"""In Kolkata."""


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


async def drop(database: Database, price: str, url: str = rows.URL) -> None:
    async with database.transaction() as session:
        found = await catalog.by_url(session, url)
        assert found is not None
        move = await rows.read(session, found, price)
        assert move is not None
        assert await owe(session, move) == 1


async def claim(database: Database, limit: int = 50) -> Sequence[Parcel]:
    async with database.transaction() as session:
        return await alerts.claim(session, limit=limit, lease=LEASE)


async def hold_all(database: Database) -> list[int]:
    """Claim as often as something is due, and let all of it wait as the person wants."""
    held: list[int] = []
    while parcels := await claim(database):
        for parcel in parcels:
            assert all(one.hold for one in parcel.told)
            async with database.transaction() as session:
                await alerts.put_on_hold(session, parcel, parcel.told)
            held += parcel.ids
    return held


async def state_of(database: Database) -> list[tuple[str, str | None, int, int | None]]:
    async with database.transaction() as session:
        found = await session.scalars(select(Alert).order_by(Alert.id))
        return [(alert.state, alert.held_for, alert.attempts, alert.merged_into) for alert in found]


async def hourly(database: Database) -> None:
    async with database.transaction() as session:
        await preferences.set_mode(session, await rows.person(session), Mode.HOURLY)


async def three_wait(database: Database) -> list[int]:
    """Three alerts that wait for the digest at one o'clock."""
    await rows.watch(database)
    await hourly(database)
    for price in ("1899", "1799", "1699"):
        await drop(database, price)
    return await hold_all(database)


async def test_what_has_to_wait_waits_and_costs_no_attempt(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    await three_wait(database)
    assert await state_of(database) == [(AlertState.HELD, HeldFor.HOURLY, 0, None)] * 3
    travel.shift(timedelta(minutes=50))
    assert await claim(database) == []


async def test_what_waited_is_one_message_in_order(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    held = await three_wait(database)
    travel.shift(timedelta(hours=1))
    (parcel,) = await claim(database)
    assert list(parcel.ids) == held
    async with database.transaction() as session:
        await alerts.pack(session, parcel)
        await alerts.sent(session, parcel, 7)
    assert await state_of(database) == [(AlertState.SENT, HeldFor.HOURLY, 1, held[0])] * 3


async def test_a_digest_that_was_interrupted_is_said_again_as_it_was(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    held = await three_wait(database)
    travel.shift(timedelta(hours=1))
    (parcel,) = await claim(database)
    async with database.transaction() as session:
        await alerts.pack(session, parcel)
    assert await claim(database) == []
    travel.shift(LEASE)
    (again,) = await claim(database)
    assert list(again.ids) == held


@pytest.mark.parametrize("how", ["slow down", "try again"])
async def test_a_digest_that_was_put_back_stays_one(
    database: Database, travel: time_machine.Traveller, how: str
) -> None:
    travel.shift(timedelta(minutes=1))
    held = await three_wait(database)
    travel.shift(timedelta(hours=1))
    (parcel,) = await claim(database)
    async with database.transaction() as session:
        await alerts.pack(session, parcel)
        if how == "slow down":
            await alerts.put_back(session, parcel, until=clock.now() + timedelta(seconds=2))
        else:
            await alerts.try_again(session, parcel, after=timedelta(seconds=2), error="lost")
    travel.shift(timedelta(seconds=2))
    (again,) = await claim(database)
    assert list(again.ids) == held
    assert again.attempts == (1 if how == "slow down" else 2)


async def test_what_came_after_the_digest_waits_for_it(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    held = await three_wait(database)
    travel.shift(timedelta(hours=1))
    await drop(database, "1599")
    (parcel,) = await claim(database)
    assert list(parcel.ids) == held
    assert await claim(database) == []


async def test_what_waits_holds_nothing_back_that_may_be_said(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    await three_wait(database)
    async with database.transaction() as session:
        await preferences.set_mode(session, await rows.person(session), Mode.INSTANT)
    (parcel,) = await claim(database)
    assert len(parcel.told) == 3
    assert [one.hold for one in parcel.told] == [None] * 3


async def test_more_than_a_message_holds_follows_in_the_next(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database, price="9000")
    await hourly(database)
    travel.shift(timedelta(minutes=1))
    for step in range(MOST_IN_ONE + 3):
        await drop(database, str(8990 - 10 * step))
    await hold_all(database)
    travel.shift(timedelta(hours=1))
    (first,) = await claim(database)
    assert len(first.told) == MOST_IN_ONE
    async with database.transaction() as session:
        await alerts.pack(session, first)
        await alerts.sent(session, first, 1)
    (second,) = await claim(database)
    assert len(second.told) == 3
    assert set(first.ids).isdisjoint(second.ids)


async def test_the_cap_counts_messages_and_not_alerts(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    await three_wait(database)
    travel.shift(timedelta(hours=1))
    (parcel,) = await claim(database)
    async with database.transaction() as session:
        await alerts.pack(session, parcel)
        await alerts.sent(session, parcel, 7)
        person = await rows.person(session)
        await preferences.set_mode(session, person, Mode.INSTANT)
        await preferences.set_cap(session, person, 3)
    await drop(database, "1599")
    (next_one,) = await claim(database)
    assert len(next_one.told[0].sent_last_hour) == 1
    assert next_one.told[0].hold is None


async def test_what_is_chosen_between_claim_and_hold_counts(
    database: Database, travel: time_machine.Traveller
) -> None:
    travel.shift(timedelta(minutes=1))
    await rows.watch(database)
    await hourly(database)
    await drop(database, "1499")
    (parcel,) = await claim(database)
    async with database.transaction() as session:
        await preferences.set_mode(session, await rows.person(session), Mode.INSTANT)
    async with database.transaction() as session:
        await alerts.put_on_hold(session, parcel, parcel.told)
    (again,) = await claim(database)
    assert again.told[0].hold is None
