"""What admins do about money: days given, coupons, payments applied and refunded. Nobody else can."""

from datetime import datetime

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, heard, pays
from tests.world import ASHA, MEERA, Say, World
from tracker.billing.models import Coupon, Invoice, Payment, Refund, Subscription, Term
from tracker.telegram.billing_lines import date_of
from tracker.texts import Language


def _day(moment: datetime) -> str:
    return date_of(Language(), moment)


UNKNOWN = ["I do not know that command. Send /help to see what I can do."]
GIFT = "Send /gift 1001 pro 30: a Telegram id, a plan, and up to 3660 days."
COUPON = "Send /coupon CODE 20% or /coupon CODE 100 (rupees)"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


@pytest.fixture
def meera(say: Say) -> Say:
    """An admin."""
    return say.as_user(MEERA)


@pytest.mark.parametrize("command", ["/gift 1001 pro 30", "/coupon X1Y 20%", "/payments", "/refund pay_1"])
async def test_nobody_else_knows_the_commands_of_admins(command: str, say: Say, world: World) -> None:
    assert await say(command) == UNKNOWN
    assert await world.count(Coupon) == await world.count(Term) == 0


@on_both_databases
async def test_days_are_given_and_told(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    assert await meera(f"/gift {ASHA} Pro 30") == ["🎁 Asha (1001) has 30 days more of Pro."]
    await heard(say, "🎁 You are given 30 days of Pro.")
    [subscription] = await world.rows(Subscription)
    assert (subscription.plan, subscription.state) == ("pro", "active")
    [card] = await say("/billing")
    assert "30 days of it are a present." in card


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", GIFT),
        ("1001 pro", GIFT),
        ("asha pro 30", GIFT),
        ("1001 pro -3", GIFT),
        ("1001 pro 3661", GIFT),
        ("1001 pro ३०", GIFT),
        (f"{'9' * 40} pro 30", GIFT),
        ("1001 gold 30", "There is no such plan to buy. /plans shows what there is."),
        ("1001 free 30", "There is no such plan to buy. /plans shows what there is."),
        ("1001 pro 30", "Nobody with the id 1001 has written to me yet."),
    ],
)
async def test_a_gift_that_cannot_be_is_explained(words: str, said: str, meera: Say, world: World) -> None:
    assert await meera(f"/gift {words}") == [said]
    assert await world.count(Term) == 0


@on_both_databases
async def test_a_coupon_says_what_it_is(meera: Say, world: World) -> None:
    [card] = await meera("/coupon diwali-20 20% 100 30")
    assert card.startswith("🎟 Coupon DIWALI-20: 20 % less.\n100 people may use it, each once.\nIt ends on ")
    [card] = await meera("/coupon FIFTY ₹49.50")
    assert card == "🎟 Coupon FIFTY: ₹49.50 less.\nEverybody may use it, once."
    assert await meera("/coupon fifty 10%") == ["There is a coupon FIFTY already."]
    assert await world.count(Coupon) == 2


@pytest.mark.parametrize(
    "words",
    ["", "CODE", "CODE 0%", "CODE 91%", "CODE much", "CODE 10 0", "CODE 10 5 x", "CODE NaN", "A B C D E"],
)
async def test_a_coupon_that_cannot_be_is_explained(words: str, meera: Say, world: World) -> None:
    [said] = await meera(f"/coupon {words}")
    assert said.startswith(COUPON)
    assert await world.count(Coupon) == 0


@pytest.mark.parametrize("code", ["AB", "A_B_C", "दीवाली", "X" * 33])
async def test_a_code_is_plain_letters(code: str, meera: Say) -> None:
    said = ["A code has 3 to 32 letters from A to Z, digits and hyphens."]
    assert await meera(f"/coupon {code} 20%") == said


@on_both_databases
async def test_a_held_payment_is_applied(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    await meera("/start")
    await pays(world, "pro", amount_minor=29800)
    [listed] = await meera("/payments held")
    assert "1. ₹298, captured, " in listed
    assert "Asha (1001) · pay_of1" in listed
    assert "⚠️ Held: It is another amount than was asked for." in listed
    assert meera.buttons() == ["✅ Apply 1", "↩ Refund 1"]
    [listed] = await meera.tap("Apply 1")
    assert listed.startswith("✅ Payment 1 has bought what it was for.\n\nPayments\n")
    await heard(say, "✅ ₹298 has arrived, and Pro is yours until ")
    assert await meera.tap("y:apply:1:0:0", forced=True) == []
    assert meera.toast is not None
    assert meera.toast.startswith("That payment is not held any more")
    assert await meera("/payments held") == ["There is no such payment."]


@on_both_databases
async def test_a_refund_is_asked_in_two_steps_and_once(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    payment = await pays(world, "pro")
    [asked] = await meera(f"/refund {payment.provider_id} 99")
    [invoice] = await world.rows(Invoice)
    [term] = await world.rows(Term)
    bought = f"It bought pro until {_day(term.ends_at)}.\nInvoice: {invoice.number}"
    assert asked == (
        f"↩ Refund ₹99 of pay_of1 to Asha (1001)?\nThe plan stays, and a credit note is written.\n{bought}"
    )
    assert await world.count(Refund) == 0
    _, sure = meera.button("Refund ₹99")
    [listed] = await meera.tap("Refund ₹99")
    assert listed.startswith("↩ ₹99 goes back: Razorpay is told now")
    [refund] = await world.rows(Refund)
    assert (refund.amount_minor, refund.asked_by, refund.state) == (9900, MEERA, "wanted")
    assert await meera.tap(sure, forced=True) == []
    assert meera.toast == (
        "Something of this payment went back since you asked. Please look at it again: /payments"
    )
    assert await world.count(Refund) == 1
    [rest] = await meera.tap("Refund 1")
    assert rest == (
        "↩ Refund ₹200 of pay_of1 to Asha (1001)?\n"
        "The plan that it bought ends when the money has gone, and a credit note is written.\n"
        f"{bought}\n"
        "₹99 went back before, or is on its way."
    )
    [listed] = await meera.tap("Back")
    assert listed.startswith("Payments\n")
    assert await world.count(Refund) == 1


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Send /refund pay_… for a whole payment, or /refund pay_… 100 for a part of it."),
        ("pay_of1 much", "Send /refund pay_… for a whole payment, or /refund pay_… 100 for a part of it."),
        ("pay_of1 -5", "Send /refund pay_… for a whole payment, or /refund pay_… 100 for a part of it."),
        ("pay_of1 300", "There is not so much left to refund of that payment."),
        ("pay_none", "I know no payment by that id. /payments shows the last ones."),
    ],
)
async def test_a_refund_that_cannot_be_is_explained(
    words: str, said: str, say: Say, meera: Say, world: World
) -> None:
    await say("/start")
    await pays(world, "pro")
    assert await meera(f"/refund {words}") == [said]
    assert await world.count(Refund) == 0


@pytest.mark.parametrize("data", ["y:apply:1:0:0", "y:refund:1:0:0", "y:sure:1:0:0", "y:list:0:0:0"])
async def test_the_buttons_of_admins_are_nobody_elses(data: str, say: Say, world: World) -> None:
    await say("/start")
    await pays(world, "pro", amount_minor=100)
    assert await say.tap(data, forced=True) == []
    assert say.toast == "This button is too old. Send /list to see what you watch."
    [payment] = await world.rows(Payment)
    assert payment.held_because == "amount"
    assert await world.count(Refund) == 0


async def test_a_payment_that_is_nobodys_is_gone_for_the_buttons_too(meera: Say) -> None:
    await meera("/payments")
    for action in ("apply", "refund", "sure"):
        assert await meera.tap(f"y:{action}:7:0:0", forced=True) == []
        assert meera.toast == "I cannot find that any more. Send /list to see what you watch."


async def test_the_list_of_payments_takes_no_other_words(meera: Say) -> None:
    assert await meera("/payments lost") == ["Send /payments for the last ones, or /payments held."]
