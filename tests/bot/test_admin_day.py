"""A day of somebody who runs the service, from one question to the next, in their chat."""

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, pays
from tests.bot.test_admin_health import a_failed_alert
from tests.worker.waiting import eventually
from tests.world import MEERA, PATIENCE, Say, World
from tracker.admin.models import AuditEntry
from tracker.alerts.models import Alert, AlertState
from tracker.billing.models import Refund, RefundState
from tracker.catalog.models import Listing
from tracker.telegram.store_cards import store_name
from worker.broadcasts import broadcasts


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


@on_both_databases
async def test_a_whole_day_of_an_owner(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    await a_failed_alert(say, world)
    payment = await pays(world, "pro")

    # Asha asks why she heard nothing: she is found, and so is what Telegram said.
    [card] = await meera("/users asha")
    assert card.startswith("Asha  · 1001 · user:")
    await meera("/health")
    [listed] = await meera.tap("Failed alerts")
    assert "kettle" in listed.lower()
    (alert,) = await world.rows(Alert)
    [why] = await meera.tap(str(alert.id))
    assert "3 attempts; the last one said: Bad Request: <chat> not found" in why
    await meera.tap("Try again")
    await eventually(lambda: world.count(Alert, Alert.state == AlertState.SENT))

    # She wants her money back.
    [effect] = await meera(f"/refund {payment.provider_id}")
    assert effect.startswith("↩ Refund ₹299 of " + payment.provider_id)
    assert "It bought pro until " in effect
    await meera.tap("Refund ₹299")
    (refund,) = await world.rows(Refund)
    assert (refund.state, refund.asked_by, refund.amount_minor) == (RefundState.WANTED, MEERA, 29900)

    # The shop is left alone for a while.
    await meera("/stores")
    (listing,) = await world.rows(Listing)
    await meera.tap(store_name(listing.store))
    [rests] = await meera.tap("Rest 6 h")
    assert rests.startswith("🚧 It is asked for nothing until ")

    # Everybody is told.
    await meera("/broadcast")
    await meera.tap("Everybody")
    await meera("The shop rests until tonight.")
    await meera.tap("Send now…")
    await meera.tap("Yes, send to 2")
    await broadcasts(world.worker.bench)
    await world.telegram.wait_for(lambda: say.messages[-1]["text"].startswith("The shop rests"), PATIENCE)

    # And all of it stands in the log, the newest first.
    [log] = await meera("/audit")
    done = ["send_broadcast", "rest_store", "refund_payment", "retry_alert"]
    assert [log.index(action) for action in done] == sorted(log.index(action) for action in done)
    assert {entry.by for entry in await world.rows(AuditEntry)} == {MEERA}
