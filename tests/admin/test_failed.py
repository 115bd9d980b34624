"""Alerts and events that were given up: found, read, tried again and dropped, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import rows
from tests.admin.actors import SUPPORT, VIEWER
from tracker.admin import alerts, audit, events
from tracker.admin.roles import Forbidden
from tracker.alerts import service as outbox
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.catalog import service as catalog
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState

LEASE = timedelta(seconds=30)


async def given_up(database: Database, error: str = "chat not found") -> list[int]:
    """Two people are owed an alert, and neither can be told; their alerts."""
    for person in (1, 2):
        await rows.watch(database, person)
    async with database.transaction() as session:
        listing = await catalog.by_url(session, rows.URL)
        assert listing is not None
        move = await rows.read(session, listing, "1499")
        assert move is not None
        await owe(session, move)
    async with database.transaction() as session:
        for parcel in await outbox.claim(session, limit=2, lease=LEASE):
            await outbox.bury(session, parcel, error)
        return list(await session.scalars(select(Alert.id).order_by(Alert.id)))


async def test_a_failed_alert_is_found_with_its_reason_and_said_when_it_is_tried_again(
    database: Database,
) -> None:
    first, second = await given_up(database)
    async with database.transaction() as session:
        found = await alerts.search(session, VIEWER)
        assert [entry.alert.id for entry in found] == [second, first]
        assert [entry.alert.id for entry in await alerts.search(session, VIEWER, before=second)] == [first]
        assert (found[0].alert.last_error, found[0].user.telegram_id) == ("chat not found", 2)
        assert found[0].listing.title == "Kettle"
        await alerts.retry(session, SUPPORT, first)
    async with database.transaction() as session:
        (parcel,) = await outbox.claim(session, limit=5, lease=LEASE)
        assert parcel.ids == (first,)
        assert [entry.alert.id for entry in await alerts.search(session, VIEWER)] == [second]


async def test_a_failed_alert_is_dropped_once_and_both_are_written_down(database: Database) -> None:
    first, _ = await given_up(database)
    async with database.transaction() as session:
        await alerts.drop(session, SUPPORT, first)
        with pytest.raises(BadInput):
            await alerts.retry(session, SUPPORT, first)
    async with database.transaction() as session:
        entry = await alerts.get(session, VIEWER, first)
        assert (entry.alert.state, entry.alert.last_error) == (AlertState.CANCELLED, alerts.DROPPED)
        (_, done) = await audit.entries(session, subject=f"alert:{first}")
        assert (done.action, done.details) == ("drop_alert", {"error": "chat not found"})


async def test_events_are_replayed_and_dropped(database: Database) -> None:
    async with database.transaction() as session:
        for name in ("one", "two", "three"):
            await inbox.receive(session, "razorpay", name, b"{}")
        one, two, three = await inbox.claim(session, "razorpay", 5, LEASE)
        for event in (one, two):
            await inbox.settle(session, event, EventState.DEAD, "no such order")
        await inbox.settle(session, three, EventState.APPLIED)
    async with database.transaction() as session:
        found = await events.search(session, VIEWER)
        assert [(entry.event_id, entry.last_error) for entry in found] == [
            ("two", "no such order"),
            ("one", "no such order"),
        ]
        assert len(await events.search(session, VIEWER, state=None)) == 3
        assert await events.search(session, VIEWER, before=one.id) == []
        await events.replay(session, SUPPORT, one.id)
        await events.drop(session, SUPPORT, two.id)
        with pytest.raises(BadInput):
            await events.replay(session, SUPPORT, three.id)
    async with database.transaction() as session:
        (again,) = await inbox.claim(session, "razorpay", 5, LEASE)
        assert (again.event_id, again.attempts) == ("one", 1)
        assert (await events.get(session, VIEWER, two.id)).state == EventState.IGNORED


async def test_viewers_look_and_change_nothing_and_what_is_not_there_is_said_so(
    sqlite_database: Database,
) -> None:
    async with sqlite_database.transaction() as session:
        for change in (alerts.retry, alerts.drop, events.replay, events.drop):
            with pytest.raises(Forbidden):
                await change(session, VIEWER, 1)
            with pytest.raises(NotYours):
                await change(session, SUPPORT, 1)
        with pytest.raises(NotYours):
            await events.get(session, VIEWER, 1)
