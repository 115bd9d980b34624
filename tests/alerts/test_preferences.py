"""How a person wants to be told, and what that does to what waits already. On both databases."""

from collections.abc import Callable, Coroutine, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from tests import rows
from tracker import clock
from tracker.alerts import history, preferences
from tracker.alerts import service as alerts
from tracker.alerts.models import Alert, AlertPreferences, AlertState, HeldFor, Mode
from tracker.alerts.service import Parcel
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.errors import BadInput
from tracker.watches.models import Watch

ASHA, RAVI = 1001, 1002
LEASE = timedelta(seconds=30)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def owe(
    database: Database,
    watch: Watch,
    prices: list[str],
    *,
    state: AlertState = AlertState.HELD,
    held_for: HeldFor | None = HeldFor.DAILY,
    wait: timedelta = timedelta(hours=20),
) -> None:
    """Alerts of a watch as delivery left them, one for each price."""
    async with database.transaction() as session:
        found = await session.get_one(Listing, watch.listing_id)
        for price in prices:
            move = await rows.read(session, found, price)
            assert move is not None
            session.add(
                Alert(
                    watch_id=watch.id,
                    observation_id=move.observation_id,
                    chat_id=watch.chat_id,
                    reasons=[{"kind": "any_drop"}],
                    before_minor=199900,
                    now_minor=rows.rupees(price).minor,
                    currency="INR",
                    observed_at=clock.now(),
                    state=state,
                    held_for=held_for,
                    due_at=clock.now() + wait,
                    attempts=0,
                )
            )


async def claim(database: Database) -> list[Parcel]:
    async with database.transaction() as session:
        return list(await alerts.claim(session, limit=50, lease=LEASE))


async def chosen(database: Database, telegram_id: int = ASHA) -> AlertPreferences:
    async with database.transaction() as session:
        return await preferences.of(session, await rows.person(session, telegram_id))


Change = Callable[..., Coroutine[Any, Any, AlertPreferences]]


async def change(database: Database, how: Change, *values: object, telegram_id: int = ASHA) -> None:
    async with database.transaction() as session:
        await how(session, await rows.person(session, telegram_id), *values)


async def test_who_chose_nothing_has_the_defaults_and_no_row(database: Database) -> None:
    found = await chosen(database)
    assert (found.mode, found.hourly_cap, found.quiet_from) == (Mode.INSTANT, None, None)
    assert (found.is_silent, found.has_photos) == (False, True)
    async with database.transaction() as session:
        assert (await session.scalars(select(AlertPreferences))).all() == []


@pytest.mark.parametrize(
    ("how", "value", "column", "stored"),
    [
        pytest.param(preferences.set_mode, Mode.WEEKLY, "mode", "weekly", id="mode"),
        pytest.param(preferences.set_digest_hour, 23, "digest_hour", 23, id="hour"),
        pytest.param(preferences.set_digest_weekday, 6, "digest_weekday", 6, id="weekday"),
        pytest.param(preferences.set_quiet_hours, (1350, 375), "quiet_from", 1350, id="quiet-from"),
        pytest.param(preferences.set_quiet_hours, (1350, 375), "quiet_until", 375, id="quiet-until"),
        pytest.param(preferences.set_cap, 5, "hourly_cap", 5, id="cap"),
        pytest.param(preferences.set_silent, True, "is_silent", True, id="silent"),
        pytest.param(preferences.set_photos, False, "has_photos", False, id="photos"),
    ],
)
async def test_a_choice_is_kept_and_is_nobody_elses(
    how: Change, value: object, column: str, stored: object, database: Database
) -> None:
    await change(database, how, value)
    await change(database, how, value)
    assert getattr(await chosen(database), column) == stored
    assert getattr(await chosen(database, RAVI), column) != stored


async def test_no_quiet_hours_and_no_cap_can_be_chosen_again(database: Database) -> None:
    await change(database, preferences.set_quiet_hours, (1320, 420))
    await change(database, preferences.set_cap, 3)
    await change(database, preferences.set_quiet_hours, None)
    await change(database, preferences.set_cap, None)
    found = await chosen(database)
    assert (found.quiet_from, found.quiet_until, found.hourly_cap) == (None, None, None)


@pytest.mark.parametrize(
    ("how", "value"),
    [
        pytest.param(preferences.set_digest_hour, 24, id="no-such-hour"),
        pytest.param(preferences.set_digest_weekday, 7, id="no-such-day"),
        pytest.param(preferences.set_quiet_hours, (0, 1440), id="beyond-a-day"),
        pytest.param(preferences.set_quiet_hours, (60, 60), id="no-hours-at-all"),
        pytest.param(preferences.set_cap, 0, id="a-cap-of-nothing"),
        pytest.param(preferences.set_cap, 4, id="a-cap-that-is-not-offered"),
    ],
)
async def test_what_is_no_choice_is_refused(how: Change, value: object, database: Database) -> None:
    with pytest.raises(BadInput):
        await change(database, how, value)
    async with database.transaction() as session:
        assert (await session.scalars(select(AlertPreferences))).all() == []


@pytest.mark.parametrize(
    ("typed", "hours"),
    [
        ("22:30-06:15", (1350, 375)),
        ("22-7", (1320, 420)),
        (" 22 – 7 ", (1320, 420)),
        ("from 22.30 until 6", (1350, 360)),
        ("10 pm to 6:30 am", (1320, 390)),
        ("12am-12pm", (0, 720)),
        ("18:00-24:00", (1080, 0)),
        ("२२-७", (1320, 420)),
    ],
)
def test_typed_hours_are_understood(typed: str, hours: tuple[int, int]) -> None:
    assert preferences.read_hours(typed) == hours


@pytest.mark.parametrize(
    "typed", ["", "22", "night", "25-7", "22:60-7", "24:01-7", "13pm-6am", "0am-6am", "22-7-8", "-1-7", "²-7"]
)
def test_what_is_no_two_times_is_refused(typed: str) -> None:
    with pytest.raises(BadInput) as refused:
        preferences.read_hours(typed)
    assert refused.value.text_key == "error.not_hours"


async def test_a_change_lets_what_waits_be_judged_by_it_and_said_together(database: Database) -> None:
    watch = await rows.watch(database)
    await change(database, preferences.set_mode, Mode.DAILY)
    await owe(database, watch, ["1500", "1400"])
    assert await claim(database) == []
    await change(database, preferences.set_mode, Mode.INSTANT)
    [parcel] = await claim(database)
    assert [one.hold for one in parcel.told] == [None, None]


async def test_what_still_has_to_wait_after_a_change_is_held_anew(database: Database) -> None:
    watch = await rows.watch(database)
    await owe(database, watch, ["1500"])
    await change(database, preferences.set_mode, Mode.WEEKLY)
    [parcel] = await claim(database)
    [told] = parcel.told
    assert told.hold is not None
    assert told.hold.why == HeldFor.WEEKLY


async def test_a_change_moves_nobody_elses_alerts(database: Database) -> None:
    await owe(database, await rows.watch(database, RAVI), ["1500"])
    await change(database, preferences.set_mode, Mode.HOURLY)
    assert await claim(database) == []


async def test_a_change_touches_only_what_is_held(database: Database) -> None:
    watch = await rows.watch(database)
    for number, state in enumerate(AlertState):
        await owe(database, watch, [f"{1500 - 20 * number}"], state=state)
    await change(database, preferences.set_mode, Mode.HOURLY)
    async with database.transaction() as session:
        now_due = await session.scalars(select(Alert.state).where(Alert.due_at == clock.now()))
        assert now_due.all() == [AlertState.HELD]


async def test_what_the_person_asks_for_is_said_in_quiet_hours_too(database: Database) -> None:
    watch = await rows.watch(database)
    await change(database, preferences.set_quiet_hours, (0, 1439))
    await owe(database, watch, ["1500", "1400"], held_for=HeldFor.QUIET)
    async with database.transaction() as session:
        assert await preferences.release(session, await rows.person(session)) == 2
    [parcel] = await claim(database)
    assert [one.hold for one in parcel.told] == [None, None]


async def test_what_the_person_asks_for_is_nobody_elses(database: Database) -> None:
    await owe(database, await rows.watch(database, RAVI), ["1500"])
    async with database.transaction() as session:
        assert await preferences.release(session, await rows.person(session)) == 0
    assert await claim(database) == []


async def test_what_is_held_is_listed_in_the_order_of_its_saying(database: Database) -> None:
    watch = await rows.watch(database)
    await owe(database, watch, ["1500"], wait=timedelta(hours=2))
    await owe(database, watch, ["1400"], wait=timedelta(hours=1))
    await owe(database, watch, ["1300"], state=AlertState.SENT)
    await owe(database, await rows.watch(database, RAVI), ["1200"])
    async with database.transaction() as session:
        found = await history.pending(session, await rows.person(session))
    assert [entry.alert.now_minor for entry in found.entries] == [140000, 150000]
    assert found.total == 2


async def test_no_more_is_listed_than_a_message_holds_and_the_rest_is_counted(database: Database) -> None:
    watch = await rows.watch(database)
    await owe(database, watch, [f"{1500 - 20 * number}" for number in range(history.MOST_PENDING + 3)])
    async with database.transaction() as session:
        found = await history.pending(session, await rows.person(session))
    assert (len(found.entries), found.total) == (history.MOST_PENDING, history.MOST_PENDING + 3)


async def test_history_comes_in_pages_the_newest_first(database: Database) -> None:
    watch = await rows.watch(database)
    await owe(database, watch, [f"{1500 - 20 * number}" for number in range(10)], state=AlertState.SENT)
    async with database.transaction() as session:
        user = await rows.person(session)
        pages = [await history.page(session, user, page=number) for number in (0, 1, 99, -1)]
    assert [found.page for found in pages] == [0, 1, 1, 0]
    assert [len(found.entries) for found in pages] == [8, 2, 2, 8]
    assert pages[0].entries[0].alert.now_minor == 132000
    assert pages[0].total == 10


async def test_history_of_one_watch_holds_no_other_and_nobody_elses(database: Database) -> None:
    kettle = await rows.watch(database)
    lamp = await rows.watch(database, url="https://shop.example/p/lamp", title="Lamp")
    await owe(database, kettle, ["1500"])
    await owe(database, lamp, ["1400"])
    async with database.transaction() as session:
        asha, ravi = await rows.person(session), await rows.person(session, RAVI, name="Ravi")
        theirs = await history.page(session, asha, watch_id=lamp.id)
        foreign = await history.page(session, ravi, watch_id=lamp.id)
    assert [entry.watch.id for entry in theirs.entries] == [lamp.id]
    assert (foreign.total, foreign.entries) == (0, [])


async def test_history_keeps_what_was_said_of_a_watch_that_was_stopped(database: Database) -> None:
    watch = await rows.watch(database)
    await owe(database, watch, ["1500"], state=AlertState.SENT)
    async with database.transaction() as session:
        await session.execute(update(Watch).values(state="stopped"))
        assert (await history.page(session, await rows.person(session))).total == 1
