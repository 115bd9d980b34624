"""/health, and what was given up, as those who run the service come by it."""

from datetime import timedelta

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.worker.waiting import eventually
from tests.world import MEERA, RAVI, Say, World
from tracker import clock
from tracker.admin.models import Alarm, AuditEntry, Staff
from tracker.admin.roles import Role
from tracker.alerts.models import Alert, AlertState
from tracker.catalog.models import PriceObservation
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState, WebhookEvent
from tracker.watches.models import Watch


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """Meera owns the service, and Ravi helps people."""
    world = await make_world(admin_ids=frozenset({MEERA}))
    async with world.database.transaction() as session:
        session.add(Staff(telegram_id=RAVI, role=Role.SUPPORT, given_by=MEERA, given_at=clock.now()))
    return world


async def a_failed_alert(say: Say, world: World) -> None:
    """Of a kettle that fell, as a worker left it whom Telegram told nothing good."""
    await say(world.shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    (watch,), (seen,) = await world.rows(Watch), await world.rows(PriceObservation)
    now = clock.now()
    async with world.database.transaction() as session:
        session.add(
            Alert(
                watch_id=watch.id,
                observation_id=seen.id,
                chat_id=watch.chat_id,
                reasons=[{"kind": "any_drop"}],
                before_minor=249900,
                now_minor=199900,
                currency="INR",
                observed_at=now,
                due_at=now,
                state=AlertState.DEAD,
                attempts=3,
                last_error="Bad Request: <chat> not found",
            )
        )


@on_both_databases
async def test_why_an_alert_failed_is_read_and_it_is_tried_again(say: Say, world: World) -> None:
    await a_failed_alert(say, world)
    ravi = say.as_user(RAVI)
    [health] = await ravi("/health")
    assert "Given up: 1 alerts, 0 events" in health
    assert "1 worker" in health
    assert "Backup: not known, BACKUP_PATH is not set" in health
    [listed] = await ravi.tap("Failed alerts")
    assert "kettle" in listed.lower()
    (alert,) = await world.rows(Alert)
    [card] = await ravi.tap(str(alert.id))
    assert "3 attempts; the last one said: Bad Request: <chat> not found" in card
    await ravi.tap("Try again")
    assert ravi.last["text"].startswith("✅ It is tried again now.")
    await eventually(lambda: world.count(Alert, Alert.state == AlertState.SENT))
    assert [entry.action for entry in await world.rows(AuditEntry)] == ["retry_alert"]


async def test_an_event_is_dropped_once(say: Say, world: World) -> None:
    async with world.database.transaction() as session:
        await inbox.receive(session, "razorpay", "evt_1", b"{}")
        (event,) = await inbox.claim(session, "razorpay", 1, timedelta(seconds=30))
        await inbox.settle(session, event, EventState.DEAD, "no such order")
    ravi = say.as_user(RAVI)
    await ravi("/health")
    await ravi.tap("Failed events")
    [card] = await ravi.tap(str(event.id))
    assert "1 attempt; the last one said: no such order" in card
    await ravi.tap("Drop")
    assert (await world.rows(WebhookEvent))[0].state == EventState.IGNORED
    await ravi.tap(f"av:drop:{event.id}", forced=True)
    assert ravi.toast == "It was not given up, or somebody has seen to it."


async def test_an_alarm_is_shown_and_silenced(say: Say, world: World) -> None:
    details = {"kind": "disk", "host": "here", "free": 1024**3, "total": 20 * 1024**3}
    async with world.database.transaction() as session:
        session.add(Alarm(key="disk:here", since=clock.now(), told_at=clock.now(), details=details))
    meera = say.as_user(MEERA)
    [health] = await meera("/health")
    assert "1. The disk of here is nearly full: 1.0 GB of 20.0 GB are free." in health
    [quiet] = await meera.tap("1. for 24 h")
    assert quiet.startswith("🔕 Nothing is said of it until ")
    async with world.database.transaction() as session:
        silenced = (await session.get_one(Alarm, "disk:here")).silenced_until
    assert silenced is not None


async def test_nobody_else_comes_by_it(say: Say, world: World) -> None:
    await a_failed_alert(say, world)
    assert await say("/health") == ["I do not know that command. Send /help to see what I can do."]
    (alert,) = await world.rows(Alert)
    for data in (f"ae:retry:{alert.id}", f"ae:drop:{alert.id}", "ae:failed:0", "ah:show::0"):
        await say.tap(data, forced=True)
    assert (await world.rows(Alert))[0].state == AlertState.DEAD
    assert await world.count(AuditEntry) == 0
