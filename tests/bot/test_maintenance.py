"""Maintenance asks people to come back, keeps what is theirs, and leaves the team and money alone."""

from datetime import timedelta

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.worker.waiting import eventually
from tests.world import ASHA, MEERA, RAVI, Say, World
from tracker.admin import maintenance
from tracker.admin.models import AuditEntry, Switch
from tracker.alerts.models import Alert, AlertState
from tracker.billing.models import Referral
from tracker.catalog.models import Preview
from tracker.users.models import User

SENTENCE = "🛠 We are working on the service for a short while."


@pytest.fixture
async def world(make_world: MakeWorld, monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(maintenance, "FRESH", timedelta(0))
    return await make_world(admin_ids=frozenset({MEERA}))


@pytest.fixture
def meera(say: Say) -> Say:
    """An owner."""
    return say.as_user(MEERA)


@on_both_databases
async def test_people_are_told_once_and_alerts_wait(say: Say, meera: Say, world: World) -> None:
    kettle = world.shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    [card] = await meera("/maintenance")
    assert card.startswith("Maintenance is off")
    [effect] = await meera("/maintenance on")
    assert effect.startswith("Begin maintenance?")
    assert await world.count(Switch) == 0
    [card] = await meera.tap("Yes, begin it")
    assert card.startswith("🛠 Maintenance is on")
    [said] = await say(world.shop.lists("lamp", price="500.00").url)
    assert said.startswith(SENTENCE)
    assert await say("/list") == []
    assert await world.count(Preview) == 1
    world.shop.set(kettle, price="1499.00")
    await world.check_everything()
    [answer] = await meera("/status")
    assert answer
    assert await world.count(Alert) == 0
    await meera("/maintenance off")
    await meera.tap("Yes, end it")
    await say.hears("₹1,499", "instead of ₹1,999")
    await eventually(lambda: world.count(Alert, Alert.state == AlertState.SENT))
    assert await world.count(Alert) == 1
    assert [entry.details for entry in await world.rows(AuditEntry)] == [{"is_on": True}, {"is_on": False}]


async def test_a_tap_is_answered_and_a_question_stays_asked(say: Say, meera: Say, world: World) -> None:
    await say("/settings")
    await say.tap("Time zone")
    await say.tap("Another city…")
    await switched(meera, "on", "Yes, begin it")
    [said] = await say("Dubai")
    assert said.startswith(SENTENCE)
    await say.tap("Another city…")
    assert say.toast == ""
    await switched(meera, "off", "Yes, end it")
    [card] = await say("Dubai")
    assert "Asia/Dubai" in card


async def test_an_invitation_is_kept(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    [asha] = [user for user in await world.rows(User) if user.telegram_id == ASHA]
    [invitation] = await say("/invite")
    payload = invitation.partition("?start=")[2].split()[0]
    await switched(meera, "on", "Yes, begin it")
    [said] = await say.as_user(RAVI)(f"/start {payload}")
    assert said.startswith(SENTENCE)
    [referral] = await world.rows(Referral)
    assert referral.invited_by == asha.id


async def test_only_an_owner_switches_it(say: Say, meera: Say, world: World) -> None:
    assert await meera("/maintenance soon") == ["Send /maintenance on or /maintenance off."]
    assert await say("/maintenance on") == ["I do not know that command. Send /help to see what I can do."]
    await say.tap("mt:1", forced=True)
    assert await world.count(Switch) == 0


async def switched(meera: Say, word: str, sure: str) -> None:
    await meera(f"/maintenance {word}")
    await meera.tap(sure)
