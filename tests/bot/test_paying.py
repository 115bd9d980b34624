"""A payment from the quote to the invoice, with a Razorpay that answers."""

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from sandbox.razorpay import RazorpaySandbox
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, heard
from tests.serving import run_app
from tests.world import Say, World
from tracker.billing.models import Checkout, CheckoutState, Subscription


@pytest.fixture
async def razorpay() -> AsyncIterator[RazorpaySandbox]:
    sandbox = RazorpaySandbox()
    async with run_app(Starlette(routes=sandbox.routes())) as sandbox.origin:
        yield sandbox
        await sandbox.close()


@pytest.fixture
async def world(make_world: MakeWorld, razorpay: RazorpaySandbox) -> World:
    keys = {
        "razorpay_api_base": razorpay.api_base,
        "razorpay_key_id": razorpay.key_id,
        "razorpay_key_secret": SecretStr(razorpay.key_secret),
    }
    return await make_world(**(REAL | keys))


async def wanted(world: World) -> Checkout:
    checkouts: list[Checkout] = await world.rows(Checkout)
    return checkouts[-1]


@on_both_databases
async def test_a_link_is_made_paid_and_counted(say: Say, world: World, razorpay: RazorpaySandbox) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    card = await heard(say, "Starter, one month\nTo pay: ₹99\n")
    assert say.buttons(card) == ["💳 Pay ₹99", "✅ I have paid", "✖ Cancel"]
    assert len(say.messages) == 1
    await say.tap("I have paid")
    assert say.toast == "I look for your payment"
    not_yet = await heard(say, "I see no payment yet.")
    assert say.buttons(not_yet) == ["💳 To the payment", "🔄 Look again"]
    checkout = await wanted(world)
    assert checkout.provider_id is not None
    await razorpay.pay(checkout.provider_id, webhook="never")
    await say.tap("Look again")
    applied = await heard(say, "✅ ₹99 has arrived, and Starter is yours until ")
    assert applied["document"].endswith(".pdf")
    [subscription] = await world.rows(Subscription)
    assert subscription.plan == "starter"
    assert await say.tap("I have paid") == ["✅ This is settled."]


async def test_a_link_that_is_given_up_can_be_asked_for_anew(say: Say, world: World) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    await heard(say, "To pay: ₹99\n")
    await say.tap("Cancel")
    assert (await wanted(world)).state == CheckoutState.CANCELLED
    await say.tap("All plans")
    await say.tap("Starter")
    await say.tap("Monthly")
    await say.tap("Pay ₹99")
    await heard(say, "To pay: ₹99\n")
    assert await world.count(Checkout) == 2


@on_both_databases
async def test_a_renewing_plan_is_a_permission_that_is_taken_back(
    say: Say, world: World, razorpay: RazorpaySandbox
) -> None:
    await say("/upgrade starter")
    await say.tap("Monthly")
    await say.tap("Renew automatically")
    card = await heard(say, "After that ₹99 is charged each month")
    assert say.buttons(card) == ["🔁 Allow ₹99", "✅ I have paid", "✖ Cancel"]
    checkout = await wanted(world)
    assert checkout.is_auto
    assert checkout.provider_id is not None
    await razorpay.pay(checkout.provider_id, webhook="never")
    await say.tap("I have paid")
    await heard(say, "✅ ₹99 has arrived, and Starter is yours until ")
    [mine] = await say("/billing")
    assert "🔁 It renews by itself for ₹99 each month" in mine
    await say.tap("Stop automatic renewal")
    [mine] = await say.tap("Yes, stop renewing")
    assert "It renews no more by itself: nothing more is charged." in mine
