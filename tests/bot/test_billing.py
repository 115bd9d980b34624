"""What somebody has and owes: /billing, cancelling and keeping, invoices, help with a payment."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, day, has, heard, pays, user_of
from tests.world import MEERA, RAVI, Say, World
from tracker import clock
from tracker.billing.models import BillingDetails, Checkout, Invoice, Mandate, Subscription
from tracker.notices.models import Notice

GSTIN = "27AAPFU0939F1ZV"
GONE = "I cannot find that any more. Send /list to see what you watch."
NOTHING = "There is nothing to change here by now. /billing shows how your plan stands."


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


async def renews(world: World) -> None:
    """Asha's plan renews by itself in twenty days."""
    async with world.database.transaction() as session:
        user = await user_of(session)
        now = clock.now()
        checkout = Checkout(
            reference="pt-renews",
            user_id=user.id,
            chat_id=user.telegram_id,
            provider="razorpay",
            plan="pro",
            period="month",
            is_change=False,
            amount_minor=29900,
            currency="INR",
            quote={"price": 29900},
            credited=[],
            state="paid",
            created_at=now,
            expires_at=now,
        )
        session.add(checkout)
        await session.flush()
        session.add(
            Mandate(
                user_id=user.id,
                checkout_id=checkout.id,
                provider="razorpay",
                provider_id="sub_1",
                plan="pro",
                period="month",
                amount_minor=29900,
                currency="INR",
                state="active",
                charge_at=now + timedelta(days=20),
                created_at=now,
            )
        )


async def test_whoever_has_no_plan_is_led_to_the_plans(say: Say) -> None:
    assert await say("/billing") == ["Your plan\n\nFree. /plans shows what the others permit."]
    [plans] = await say.tap("Change plan")
    assert plans.startswith("Plans\n")
    [card] = await say.tap("My plan")
    assert card.startswith("Your plan\n")


@on_both_databases
async def test_a_plan_is_cancelled_in_two_steps_and_kept_after_all(say: Say, world: World) -> None:
    await say("/billing")
    await has(world, "pro")
    [card] = await say("/billing")
    assert "It does not renew by itself" in card
    [which] = await say.tap("Smaller plan, or cancel")
    assert which.startswith("Pro is yours until ")
    [sure] = await say.tap("Free: cancel my plan")
    assert "After that you have the free plan, and nothing more is charged." in sure
    assert "Of what you watch, the first 5 go on and the rest is paused. Nothing is deleted." in sure
    [subscription] = await world.rows(Subscription)
    assert subscription.next_plan is None
    [card] = await say.tap("Yes, do that")
    assert card.startswith("✅ Noted. Until then nothing changes.\n\nYour plan\n\nPro until ")
    assert "✖ You cancelled it: Free follows, and nothing more is charged." in card
    [subscription] = await world.rows(Subscription)
    assert (subscription.plan, subscription.next_plan) == ("pro", "free")
    [card] = await say.tap("Keep my plan")
    assert card.startswith("✅ Your plan goes on.")
    assert "You cancelled it" not in card
    [subscription] = await world.rows(Subscription)
    assert subscription.next_plan is None


async def test_a_smaller_plan_follows_with_the_same_period(say: Say, world: World) -> None:
    await say("/billing")
    await has(world, "pro")
    await say("/billing")
    await say.tap("Smaller plan, or cancel")
    await say.tap("Starter")
    [card] = await say.tap("Yes, do that")
    assert "↘ Starter follows: I remind you to pay for it three days before." in card
    [subscription] = await world.rows(Subscription)
    assert (subscription.next_plan, subscription.next_period) == ("starter", "month")


@on_both_databases
async def test_automatic_renewal_is_stopped_in_two_steps_and_taken_up_again(say: Say, world: World) -> None:
    await say("/billing")
    await has(world, "pro")
    await renews(world)
    [card] = await say("/billing")
    assert f"🔁 It renews by itself for ₹299 each month, next on {day(timedelta(days=20))}." in card
    [sure] = await say.tap("Stop automatic renewal")
    assert "and nothing more is charged. I remind you before it ends" in sure
    [card] = await say.tap("Yes, stop renewing")
    assert "It renews no more by itself: nothing more is charged." in card
    [mandate] = await world.rows(Mandate)
    assert mandate.ends_by_us == "cycle"
    [card] = await say.tap("Renew automatically again")
    assert "🔁 It renews by itself for ₹299 each month" in card


async def test_cancelling_ends_the_renewal_too(say: Say, world: World) -> None:
    await say("/billing")
    await has(world, "pro")
    await renews(world)
    await say("/billing")
    await say.tap("Smaller plan, or cancel")
    [sure] = await say.tap("Free: cancel")
    assert sure.endswith("The automatic renewal ends with that.")
    await say.tap("Yes, do that")
    [mandate] = await world.rows(Mandate)
    assert mandate.ends_by_us == "cycle"


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param("m:lesser:0:", NOTHING, id="nothing-to-end"),
        pytest.param("m:next:0:free", NOTHING, id="nothing-to-cancel"),
        pytest.param(
            "m:sure:0:business",
            "That plan is not smaller than yours. /plans shows the larger ones, which begin at once.",
            id="a-larger-plan",
        ),
        pytest.param("m:stop:0:", NOTHING, id="no-renewal"),
        pytest.param("m:stopped:0:", NOTHING, id="no-renewal-to-stop"),
        pytest.param("m:invoice:1:", GONE, id="no-invoice"),
        pytest.param("m:invoice:9223372036854775807:", GONE, id="largest-invoice"),
    ],
)
async def test_forged_bytes_change_nothing(data: str, said: str, say: Say, world: World) -> None:
    await say("/billing")
    assert await say.tap(data, forced=True) == []
    assert say.toast == said


@on_both_databases
async def test_a_payment_is_told_with_its_invoice_and_a_copy_comes_when_asked_for(
    say: Say, world: World
) -> None:
    await say("/billing")
    await pays(world, "pro")
    await say("/billing")
    assert "🧾 Invoices" in say.buttons()
    assert "₹299 · paid" in say.last["text"]
    [which] = await say.tap("Invoices")
    assert which == "Which invoice shall I send you?"
    [invoice] = await world.rows(Invoice)
    await say.tap(invoice.number)
    assert say.toast == "Your invoice comes now"
    told = await heard(say, "✅ ₹299 has arrived, and Pro is yours until ")
    copy = await heard(say, f"🧾 Invoice {invoice.number}")
    assert told["document"] == copy["document"] == f"{invoice.number.replace('/', '-')}.pdf"
    await say.tap(invoice.number)
    assert await world.count(Notice, Notice.kind == "invoice_copy") == 2
    ravi = say.as_user(RAVI)
    await ravi("/billing")
    await ravi.tap(f"m:invoice:{invoice.id}:", forced=True)
    assert ravi.toast == GONE


@on_both_databases
async def test_invoice_details_are_typed_and_a_bad_gstin_is_asked_again(say: Say, world: World) -> None:
    await say("/billing")
    [card] = await say.tap("Invoice details")
    assert card.startswith("Whom your invoices name\nName: Asha\nAddress: –\nState: –\nGSTIN: –\n")
    await say.tap("Name")
    [card] = await say("  Asha   Traders <b> ")
    assert "Name: Asha Traders <b>\n" in card
    await say.tap("GSTIN")
    bad = ["That is no valid GSTIN: its form or its check digit is wrong. Please copy it again, or /cancel."]
    assert await say("27AAPFU0939F1ZW") == bad
    assert await say("x" * 4000) == bad
    [card] = await say("27 aapfu 0939f 1zv")
    assert card.startswith("✅ Noted.\n\n")
    assert f"State: Maharashtra\nGSTIN: {GSTIN}\n" in card
    await say.tap("State")
    assert await say("Karnataka") == [
        "Your GSTIN is of Maharashtra. Send the GSTIN of the other state instead, or /cancel."
    ]
    assert await say("Atlantis") == [
        "I know no state of India called “Atlantis”. Send its name or short form, such as Karnataka or KA, "
        "or /cancel."
    ]
    assert await say("/cancel") == ["All right, forgotten."]
    async with world.database.transaction() as session:
        told = (await session.scalars(select(BillingDetails))).one()
    assert (told.name, told.state, told.gstin) == ("Asha Traders <b>", "27", GSTIN)


async def test_invoice_details_are_forgotten_when_asked(say: Say, world: World) -> None:
    await say("/billing")
    await say.tap("Invoice details")
    await say.tap("Address")
    assert await say("x" * 301) == [
        "That is too long for an invoice. Please send at most 300 characters, or /cancel."
    ]
    [card] = await say("12, MG Road,\nBengaluru")
    assert "Address: 12, MG Road, Bengaluru\n" in card
    await say.tap("State")
    [card] = await say("ka")
    assert "State: Karnataka\n" in card
    [card] = await say.tap("Remove all of it")
    assert "Address: –\nState: –\n" in card
    assert say.toast == "Forgotten"
    assert await world.count(BillingDetails) == 0


@on_both_databases
async def test_words_about_a_payment_reach_the_admins_once_in_a_while(say: Say) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    [how] = await say("/paysupport")
    assert how.startswith("Help with a payment\n")
    told = await say("/paysupport I paid ₹99 <b>twice</b> today")
    assert told == ["✅ I have passed that on to a person, who answers you in Telegram."]
    message = await heard(meera, "Help with a payment, Asha (1001):")
    assert message["text"].endswith("I paid ₹99 <b>twice</b> today")
    again = ["I have just passed on words of yours. Please send the next ones in ten minutes."]
    assert await say("/paysupport hello?") == again


async def test_the_terms_are_short(say: Say) -> None:
    [terms] = await say("/terms")
    assert terms.startswith("Terms in short\n• What is sold: a plan of this bot for a month or a year, by ")
    assert len(terms) < 1500
