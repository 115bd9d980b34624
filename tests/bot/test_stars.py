"""A plan for Telegram Stars: the invoice, the question before the payment, what it buys, and the way back."""

from datetime import timedelta
from typing import Any

import pytest
import structlog
from aiogram.types import LabeledPrice
from sqlalchemy import text, update

from sandbox.telegram import Fault, FaultKind
from sandbox.telegram.payments import Outcome
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, has, heard
from tests.world import ASHA, MEERA, RAVI, Say, World
from tracker import clock
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Subscription,
)
from worker.billing import look_after

OVER = "This offer has ended. Please choose your plan again in /plans."


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**(REAL | {"payment_providers": ("stars",)}))


async def asks_for_pro(say: Say) -> dict[str, Any]:
    """The invoice of a month of Pro."""
    await say("/upgrade pro")
    await say.tap("Monthly")
    await say.tap("Pay ")
    assert say.last["invoice"] is not None
    return say.last


async def pay(say: Say, invoice: dict[str, Any] | None = None, **how: Any) -> Outcome:
    """Press Pay, and wait until the bot is quiet."""
    message_id = invoice["message_id"] if invoice else None
    outcome = await say.world.telegram.payments.pay(say.user, message_id, **how)
    await say.world.quiet(outcome.update_id)
    return outcome


async def tend(world: World) -> None:
    await look_after(world.worker.bench)
    await world.quiet()


@on_both_databases
async def test_a_plan_is_paid_in_the_chat(say: Say, world: World) -> None:
    await say("/plans")
    assert "Starter · 75 ⭐ a month" in say.buttons()
    await say.tap("Pro ·")
    [quote] = await say.tap("Monthly 225")
    assert quote.startswith("Pro, one month\n\nPrice: 225\u00a0⭐\nTo pay: 225\u00a0⭐\n")
    assert "GST" not in quote
    assert say.buttons() == ["💳 Pay 225 ⭐", "🔁 Renew automatically", "🎟 I have a coupon", "◀ Back"]
    await say.tap("Pay 225")
    invoice = say.last
    assert invoice["invoice"] == {
        "title": "Pro, one month",
        "description": "It begins at once.",
        "start_parameter": "plans",
        "currency": "XTR",
        "total_amount": 225,
    }
    outcome = await pay(say, invoice)
    assert outcome.refusal is None
    said = await heard(say, "✅ 225\u00a0⭐ arrived, and Pro is yours until ")
    assert said["document"] is None
    [subscription], [payment] = await world.rows(Subscription), await world.rows(Payment)
    assert subscription.plan == "pro"
    assert (payment.provider, payment.provider_id) == ("stars", outcome.charge_id)
    assert await world.count(Invoice) == 0
    [card] = await say("/billing")
    assert card.startswith("Your plan\n\nPro until ")


async def test_nobody_pays_anothers_invoice(say: Say, world: World) -> None:
    await asks_for_pro(say)
    [checkout] = await world.rows(Checkout)
    ravi = say.as_user(RAVI)
    await ravi("/start")
    link = await world.bot.bot.create_invoice_link(
        "Pro", "It begins at once.", checkout.reference, "XTR", [LabeledPrice(label="Pro", amount=225)]
    )
    refused = await pay(ravi, link=link)
    assert refused.refusal == "This invoice is somebody else's, or is not known here."
    assert await world.count(Payment) == 0


async def test_an_offer_that_has_ended_is_not_paid(say: Say, world: World) -> None:
    invoice = await asks_for_pro(say)
    async with world.database.transaction() as session:
        await session.execute(update(Checkout).values(expires_at=clock.now()))
    assert (await pay(say, invoice)).refusal == OVER
    await tend(world)
    [checkout] = await world.rows(Checkout)
    assert checkout.state == CheckoutState.OPEN  # it is asked about in some minutes


async def test_another_choice_ends_the_first_invoice(say: Say, world: World) -> None:
    invoice = await asks_for_pro(say)
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ")
    assert (await pay(say, invoice)).refusal == OVER
    assert (await pay(say, say.last)).refusal is None
    await heard(say, "Starter is yours until ")


@on_both_databases
async def test_the_same_offer_is_paid_once(say: Say, world: World) -> None:
    first = await asks_for_pro(say)
    second = await asks_for_pro(say)
    assert await world.count(Checkout) == 1
    assert (await pay(say, first)).refusal is None
    assert (await pay(say, second)).refusal == "This is paid already. /billing shows your plan."
    assert await world.count(Payment) == 1


async def test_when_nothing_can_be_looked_up_nothing_is_paid(say: Say, world: World) -> None:
    invoice = await asks_for_pro(say)
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE checkouts RENAME TO away"))
    with structlog.testing.capture_logs():
        refused = await pay(say, invoice)
    assert refused.refusal is not None
    assert refused.refusal.startswith("Something went wrong on our side, and it is noted under ")
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE away RENAME TO checkouts"))
    assert (await pay(say, invoice)).refusal is None


@on_both_databases
async def test_a_payment_of_which_no_message_came_is_found(say: Say, world: World) -> None:
    invoice = await asks_for_pro(say)
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE payments RENAME TO away"))
    with structlog.testing.capture_logs():
        assert (await pay(say, invoice)).charge_id is not None
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE away RENAME TO payments"))
        await session.execute(update(Checkout).values(ask_at=clock.now()))
    assert await world.count(Payment) == 0
    await tend(world)
    await heard(say, "Pro is yours until ")
    assert await world.count(Payment) == 1


@on_both_databases
async def test_what_renews_is_permitted_once_and_ended_by_a_tap(say: Say, world: World) -> None:
    await say("/upgrade pro")
    await say.tap("Monthly")
    await say.tap("Renew automatically")
    card = await heard(say, "Telegram charges 225\u00a0⭐ now and every 30 days")
    [allow] = [each for row in card["buttons"] for each in row if "url" in each]
    first = await pay(say, link=allow["url"])
    assert first.charge_id is not None
    await heard(say, "Pro is yours until ")
    world.telegram.payments.renew(first.charge_id)
    await world.telegram.wait_for(lambda: not world.telegram.api.updates)
    await world.quiet()
    assert await world.count(Payment, Payment.held_because.is_(None)) == 2
    async with world.database.transaction() as session:
        # As if the next charge were near: until then the person can take it back.
        await session.execute(update(Mandate).values(charge_at=clock.now() + timedelta(days=1)))
    await say("/billing")
    await say.tap("renew")
    await say.tap("Yes")
    await tend(world)
    assert world.telegram.state.till.charges[first.charge_id].cancelled
    [mandate] = await world.rows(Mandate)
    assert (mandate.state, mandate.ask_at) == ("cancelled", None)


async def test_whoever_ends_it_in_telegram_is_told_what_stays(say: Say, world: World) -> None:
    await say("/upgrade pro")
    await say.tap("Monthly")
    await say.tap("Renew automatically")
    card = await heard(say, "Telegram charges 225\u00a0⭐ now and every 30 days")
    [allow] = [each for row in card["buttons"] for each in row if "url" in each]
    first = await pay(say, link=allow["url"])
    assert first.charge_id is not None
    await world.quiet(world.telegram.payments.cancel(first.charge_id))
    [mandate] = await world.rows(Mandate)
    assert mandate.state == "cancelled"
    await heard(say, "The automatic renewal of Pro for 225\u00a0⭐ has ended")


@on_both_databases
async def test_an_admin_gives_stars_back(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    charge = (await pay(say, await asks_for_pro(say))).charge_id
    assert charge is not None
    [payment] = await world.rows(Payment)
    [asked] = await meera(f"/refund {charge}")
    assert asked.startswith("↩ Refund 225\u00a0⭐ of ")
    _, ends, bought = asked.splitlines()
    assert ends == "The plan that they bought ends when they have gone."
    assert bought.startswith("It bought pro until ")
    [listed] = await meera.tap("Refund 225")
    assert listed.startswith("↩ 225\u00a0⭐ go back: Telegram is told now")
    await tend(world)
    said = await heard(say, "↩ 225\u00a0⭐ went back to you.")
    assert said["text"].endswith("The plan that it had bought has ended; you have Free now.")
    assert world.telegram.state.till.charges[charge].refunded
    [payment], [refund] = await world.rows(Payment), await world.rows(Refund)
    assert (payment.state, refund.state) == (PaymentState.REFUNDED, RefundState.PROCESSED)
    [subscription] = await world.rows(Subscription)
    assert subscription.plan == "free"
    assert say.last == said  # Telegram's own word about it is not answered


async def test_a_refund_waits_while_telegram_is_away(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    charge = (await pay(say, await asks_for_pro(say))).charge_id
    away = Fault(FaultKind.ERROR, "refundStarPayment", status=500, description="Internal Server Error")
    world.telegram.faults.add(away)
    await meera(f"/refund {charge}")
    await meera.tap("Refund 225")
    await tend(world)
    [refund] = await world.rows(Refund)
    assert (refund.state, refund.attempts) == (RefundState.WANTED, 1)
    async with world.database.transaction() as session:
        await session.execute(update(Refund).values(due_at=clock.now()))
    await tend(world)
    [refund] = await world.rows(Refund)
    assert refund.state == RefundState.PROCESSED


async def test_a_refund_whose_answer_was_lost_is_one(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    charge = (await pay(say, await asks_for_pro(say))).charge_id
    world.telegram.faults.add(Fault(FaultKind.DROP_AFTER, "refundStarPayment"))
    await meera(f"/refund {charge}")
    await meera.tap("Refund 225")
    await tend(world)
    async with world.database.transaction() as session:
        await session.execute(update(Refund).values(due_at=clock.now()))
    await tend(world)
    [refund], [payment] = await world.rows(Refund), await world.rows(Payment)
    assert (refund.state, payment.refunded_minor) == (RefundState.PROCESSED, 225)
    assert len(world.telegram.state.till.transactions) == 2


async def test_a_refund_that_telegram_will_not_make_is_told_to_the_admins(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    charge = (await pay(say, await asks_for_pro(say))).charge_id
    refused = "Bad Request: CHARGE_NOT_FOUND"
    world.telegram.faults.add(Fault(FaultKind.ERROR, "refundStarPayment", status=400, description=refused))
    await meera(f"/refund {charge}")
    await meera.tap("Refund 225")
    await tend(world)
    [refund], [subscription] = await world.rows(Refund), await world.rows(Subscription)
    assert (refund.state, refund.last_error) == (RefundState.FAILED, f"Telegram server says - {refused}")
    assert subscription.plan == "pro"
    await heard(meera, "A refund failed: 225\u00a0⭐ of ")


async def test_an_end_that_telegram_did_not_hear_is_told_again(say: Say, world: World) -> None:
    await say("/upgrade pro")
    await say.tap("Monthly")
    await say.tap("Renew automatically")
    card = await heard(say, "Telegram charges 225\u00a0⭐ now and every 30 days")
    [allow] = [each for row in card["buttons"] for each in row if "url" in each]
    charge = (await pay(say, link=allow["url"])).charge_id
    assert charge is not None
    away = Fault(FaultKind.ERROR, "editUserStarSubscription", status=500, description="Internal Server Error")
    world.telegram.faults.add(away)
    for is_told in (False, True):
        async with world.database.transaction() as session:
            await session.execute(update(Mandate).values(ends_by_us="now", ask_at=clock.now()))
        await tend(world)
        assert world.telegram.state.till.charges[charge].cancelled is is_told
    [mandate] = await world.rows(Mandate)
    assert mandate.state == "cancelled"


async def test_an_inbox_asks_and_hears_of_payments_too(make_world: MakeWorld) -> None:
    how = {"payment_providers": ("stars",), "by_webhook": True, "telegram_webhook_secret": "the-secret-token"}
    say = Say(await make_world(**(REAL | how)), ASHA)
    assert (await pay(say, await asks_for_pro(say))).refusal is None
    await heard(say, "Pro is yours until ")


async def test_rupees_and_stars_stand_side_by_side(make_world: MakeWorld) -> None:
    world = await make_world(**(REAL | {"payment_providers": ("razorpay", "stars")}))
    say = Say(world, ASHA)
    await say("/plans")
    await has(world, "starter", value_minor=9900)
    await say("/upgrade pro")
    [quote] = await say.tap("Monthly ₹299")
    assert "To pay: ₹200" in quote
    [quote] = await say.tap("Pay with Stars")
    assert "To pay: 225\u00a0⭐" in quote
    await say.tap("Pay 225")
    assert say.last["invoice"]["total_amount"] == 225
    assert say.last["invoice"]["description"] == "It begins at once, instead of your plan of now."
    assert (await pay(say, say.last)).refusal is None
    await heard(say, "Pro is yours until ")
    [card] = await say("/billing")
    assert "Credit for your next payment: ₹9" in card
