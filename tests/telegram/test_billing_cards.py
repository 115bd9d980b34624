"""Cards about plans and money: amounts that add up, dates in the person's zone, buttons that fit."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.telegram.made import LARGEST_ID, NOW, Html, buttons
from tracker.billing.checkouts import Offer
from tracker.billing.documents import Seller
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Coupon,
    Provider,
    SubscriptionState,
)
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT
from tracker.billing.proration import quote
from tracker.billing.setup import Billing
from tracker.billing.standing import Standing
from tracker.telegram import billing_cards
from tracker.telegram.callbacks import PlanAction, PlanButton
from tracker.telegram.cards import Card
from tracker.texts import Language

FREE, STARTER, PRO, BUSINESS = DEFAULT
MONTH = NOW + timedelta(days=30)
NOTHING = Standing("free", None, SubscriptionState.LAPSED, None, None)
HAS_PRO = Standing("pro", "month", SubscriptionState.ACTIVE, MONTH, MONTH)
HAS_STARTER = Standing("starter", "month", SubscriptionState.ACTIVE, MONTH, MONTH)
RAZORPAY = (Provider.RAZORPAY,)


def offer(
    *,
    period: Period = Period.MONTH,
    coupon: Coupon | None = None,
    begins_at: datetime | None = None,
    is_change: bool = False,
    **amounts: Any,
) -> Offer:
    return Offer(PRO, period, is_change, begins_at, quote(PRO.prices[period], **amounts), (), coupon, "INR")


def quoted(
    made: Offer,
    *,
    providers: tuple[Provider, ...] = RAZORPAY,
    provider: Provider = Provider.RAZORPAY,
    current: Standing = HAS_STARTER,
) -> Card:
    seller = Seller(name="Shop", address="", state="29", gstin=None, email=None, sac="998314")
    billing = Billing(DEFAULT, seller, 18, timedelta(hours=1), (), providers)
    return billing_cards.quote(Language(), made, current, billing, provider=provider)


def checkout(**details: Any) -> Checkout:
    known: dict[str, Any] = {
        "id": LARGEST_ID,
        "reference": "pt-1",
        "provider": Provider.RAZORPAY,
        "is_auto": False,
        "plan": "pro",
        "period": "month",
        "amount_minor": 24900,
        "currency": "INR",
        "quote": {"price": 29900},
        "state": CheckoutState.OPEN,
        "url": "https://rzp.io/i/abc",
        "expires_at": NOW + timedelta(hours=1),
    }
    return Checkout(**(known | details))


def words(card: Card) -> str:
    return Html(card).words


def test_the_plans_say_what_each_permits_and_costs_and_whose_it_is() -> None:
    card = billing_cards.plans(Language(), DEFAULT, HAS_PRO, may_try=False)
    assert words(card) == (
        "Plans\n\n"
        "Free · nothing to pay\n"
        "• 5 things, checked every 12 hours or sooner\n"
        "• 30 days of history\n"
        "• any drop, a drop of your size, a target price, back in stock\n\n"
        "Starter · ₹99 a month, ₹990 a year\n"
        "• 50 things, checked every 4 hours or sooner\n"
        "• 365 days of history\n"
        "• every kind of rule, messages by the hour, day or week\n\n"
        "Pro · ₹299 a month, ₹2,990 a year\n"
        "✅ Yours until 24 December 2026.\n"
        "• 300 things, checked every hour or sooner\n"
        "• the whole history\n"
        "• every kind of rule, messages by the hour, day or week, exports, price forecasts\n\n"
        "Business · ₹999 a month, ₹9,990 a year\n"
        "• 1,000 things, checked every 30 minutes or sooner\n"
        "• the whole history\n"
        "• every kind of rule, messages by the hour, day or week, exports, price forecasts, "
        "an API of your own, checked before others\n\n"
        "What is paused does not count. Prices are in rupees and include all taxes."
    )
    assert list(buttons(card)) == [
        "Starter · ₹99 a month",
        "Pro · ₹299 a month",
        "Business · ₹999 a month",
        "💳 My plan",
    ]


def test_the_trial_is_offered_to_whoever_may_have_it() -> None:
    card = billing_cards.plans(Language(), DEFAULT, NOTHING, may_try=True)
    assert "🎁 Pro for 7 days, for nothing" in buttons(card)
    assert "✅ This is your plan." in words(card)


def test_a_plan_says_what_a_year_saves() -> None:
    card = billing_cards.plan(Language(), PRO, DEFAULT, NOTHING)
    assert "A year saves ₹598 against twelve months." in words(card)
    assert list(buttons(card)) == ["Monthly ₹299", "Yearly ₹2,990", "📋 All plans"]


def test_a_quote_of_nothing_special_is_its_price() -> None:
    card = quoted(offer())
    assert words(card) == (
        "Pro, one month\n\n"
        "Price: ₹299\n"
        "To pay: ₹299\n"
        "This includes 18 % GST.\n\n"
        "It begins at once.\n"
        "“Renew automatically” charges ₹299 each month after that; you end it in /billing whenever you like."
    )
    assert list(buttons(card)) == [
        "💳 Pay ₹299",
        "🔁 Renew automatically",
        "🎟 I have a coupon",
        "◀ Back",
    ]


def test_the_lines_of_a_quote_add_up_to_what_is_to_be_paid() -> None:
    coupon = Coupon(code="DIWALI-20", percent=20)
    card = quoted(offer(coupon=coupon, is_change=True, discount=5980, unused=[5050], balance=2000))
    assert (
        "Price: ₹299\n"
        "Coupon DIWALI-20: −₹59.80\n"
        "Credit for unused days: −₹50.50\n"
        "Left over from before: −₹20\n"
        "To pay: ₹168.70\n"
    ) in words(card)
    assert "It begins at once, instead of Starter." in words(card)
    assert "🎟 I have a coupon" not in buttons(card)
    assert PlanButton.unpack(buttons(card)["💳 Pay ₹168.70"]) == PlanButton(
        action=PlanAction.PAY, plan="pro", period=Period.MONTH, coupon="DIWALI-20"
    )


def test_credit_beyond_the_price_stays() -> None:
    card = quoted(offer(is_change=True, unused=[40000], balance=1000))
    assert "Credit for unused days: −₹299\nTo pay: ₹0\n\n" in words(card)
    assert "₹111 stays with you as credit for your next payment." in words(card)
    assert "✅ Begin" in buttons(card)


def test_what_is_less_than_can_be_charged_is_waived() -> None:
    card = quoted(offer(balance=29850))
    assert "Left over from before: −₹298.50\nWaived: −₹0.50\nTo pay: ₹0\n" in words(card)


def test_what_follows_on_says_when_and_charges_a_renewal_then() -> None:
    card = quoted(offer(begins_at=MONTH))
    assert "It begins on 24 December 2026, when what you have now ends." in words(card)
    assert "charges nothing now, ₹299 on 24 December 2026, and then as much each month" in words(card)


def test_in_a_grace_the_new_time_follows_on_the_old() -> None:
    grace = Standing("pro", "month", SubscriptionState.GRACE, NOW, NOW + timedelta(days=4))
    card = quoted(offer(), current=grace)
    assert "It follows without a gap on what you paid for, which ended on 24 November 2026." in words(card)


def test_a_coupon_is_not_for_a_charge_that_comes_later() -> None:
    card = quoted(offer(begins_at=MONTH, coupon=Coupon(code="DIWALI-20", percent=20), discount=5980))
    assert "🔁 Renew automatically" not in buttons(card)


def test_stars_are_offered_where_they_are_taken() -> None:
    both = quoted(offer(), providers=(Provider.RAZORPAY, Provider.STARS))
    assert "⭐ Pay with Stars" in buttons(both)
    assert "⭐ Pay with Stars" not in buttons(quoted(offer()))


@pytest.mark.parametrize(
    ("period", "labels"),
    [
        (Period.MONTH, ["💳 Pay 225 ⭐", "🔁 Renew automatically", "🎟 I have a coupon", "◀ Back"]),
        (Period.YEAR, ["💳 Pay 2,250 ⭐", "🎟 I have a coupon", "◀ Back"]),
    ],
)
def test_a_quote_in_stars_renews_by_the_month_alone(period: Period, labels: list[str]) -> None:
    made = Offer(PRO, period, False, None, quote(PRO.stars[period], least=1), (), None, "XTR")
    card = quoted(made, provider=Provider.STARS, providers=(Provider.RAZORPAY, Provider.STARS))
    assert list(buttons(card)) == labels
    assert "GST" not in words(card)
    assert PlanButton.unpack(buttons(card)[labels[0]]).action is PlanAction.STARS_PAY


def test_the_card_to_pay_by_names_amount_and_end() -> None:
    card = billing_cards.pay(Language(), checkout(), PRO, NOW)
    assert words(card) == (
        "Pro, one month\nTo pay: ₹249\n\n"
        "The link stands until 24 Nov, 13:00 (in 60 minutes). Nothing is charged before you pay."
    )
    assert buttons(card)["💳 Pay ₹249"] == "https://rzp.io/i/abc"
    assert list(buttons(card)) == ["💳 Pay ₹249", "✅ I have paid", "✖ Cancel"]


def test_a_permission_to_charge_says_what_and_how_often() -> None:
    now = billing_cards.pay(Language(), checkout(is_auto=True), PRO, NOW)
    assert "To pay: ₹249\nAfter that ₹299 is charged each month" in words(now)
    later = billing_cards.pay(
        Language(), checkout(is_auto=True, begins_at=MONTH, amount_minor=29900), PRO, NOW
    )
    assert "Nothing is charged now, ₹299 on 24 December 2026, and then" in words(later)
    assert "🔁 Allow ₹299" in buttons(later)


@pytest.mark.parametrize(
    ("details", "said"),
    [
        pytest.param({"url": None, "state": "wanted"}, "⏳ Making your payment link…", id="no link yet"),
        pytest.param({"state": "cancelled"}, "All right, nothing is charged.", id="cancelled meanwhile"),
        pytest.param({"state": "paid"}, "✅ This is settled.", id="paid meanwhile"),
        pytest.param({"state": "expired"}, "This link has ended.", id="expired"),
        pytest.param({"expires_at": NOW}, "This link has ended.", id="past its end"),
    ],
)
def test_what_cannot_be_paid_is_not_offered(details: dict[str, Any], said: str) -> None:
    card = billing_cards.pay(Language(), checkout(**details), PRO, NOW)
    assert words(card).startswith(said)
    assert "https://rzp.io/i/abc" not in buttons(card).values()


def test_a_provider_that_is_away_took_nothing_unless_a_link_was_out() -> None:
    none = billing_cards.away(Language(), checkout(url=None, state="wanted"))
    assert "Nothing was charged." in words(none)
    assert list(buttons(none)) == ["🔄 Try again", "✖ Cancel"]
    maybe = billing_cards.away(Language(), checkout())
    assert "charged" not in words(maybe)
    assert list(buttons(maybe)) == ["🔄 Look again"]


def test_no_payment_yet_leads_to_the_payment() -> None:
    card = billing_cards.not_yet(Language(), checkout())
    assert buttons(card)["💳 To the payment"] == "https://rzp.io/i/abc"
    over = billing_cards.not_yet(Language(), checkout(state=CheckoutState.CANCELLED))
    assert list(buttons(over)) == ["🔄 Look again"]


def test_a_refused_link_can_be_asked_for_anew() -> None:
    card = billing_cards.refused(Language(), checkout())
    assert PlanButton.unpack(buttons(card)["🔄 Try again"]).action is PlanAction.QUOTE


@pytest.mark.parametrize(
    ("code", "key", "wanted"),
    [
        ("free", "error.too_many_watches", "starter"),
        ("pro", "error.too_many_watches", "business"),
        ("business", "error.too_many_watches", None),
        ("free", "error.rule_not_in_plan", "starter"),
        ("free", "error.digests_not_in_plan", "starter"),
        ("free", "error.too_many_previews", None),
    ],
)
def test_a_limit_is_answered_by_the_least_plan_that_lifts_it(code: str, key: str, wanted: str | None) -> None:
    plan = billing_cards.permitting(DEFAULT, code, key)
    assert (plan.code if plan else None) == wanted
