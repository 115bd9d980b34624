"""Cards of what somebody has and owes, and of what an admin sees of it."""

from datetime import timedelta
from typing import Any

import pytest

from tests.telegram.made import LARGEST_ID, NOW, Html, buttons
from tracker.admin.payments import Refundable
from tracker.billing.models import (
    BillingDetails,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Provider,
    Subscription,
    SubscriptionState,
)
from tracker.billing.plans import DEFAULT
from tracker.billing.standing import Standing
from tracker.money import Money
from tracker.telegram import account_cards, payment_cards
from tracker.telegram.account_cards import Account
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User

_FREE, STARTER, *_LARGER = DEFAULT
MONTH = NOW + timedelta(days=30)
NOTHING = Standing("free", None, SubscriptionState.LAPSED, None, None)
HAS_PRO = Standing("pro", "month", SubscriptionState.ACTIVE, MONTH, MONTH)


def payment(**details: Any) -> Payment:
    known: dict[str, Any] = {
        "id": 12,
        "provider": Provider.RAZORPAY,
        "provider_id": "pay_Abc123",
        "user_id": 1,
        "amount_minor": 29900,
        "refunded_minor": 0,
        "currency": "INR",
        "state": PaymentState.CAPTURED,
        "created_at": NOW,
    }
    return Payment(**(known | details))


def account(standing: Standing = HAS_PRO, **details: Any) -> Account:
    known: dict[str, Any] = {
        "subscription": Subscription(is_frozen=False, next_plan=None),
        "given": timedelta(0),
        "credit": Money(0, "INR"),
        "charging": None,
        "ending": None,
        "payments": [],
        "has_invoices": False,
    }
    return Account(standing=standing, **(known | details))


def mandate(**details: Any) -> Mandate:
    return Mandate(
        **({"amount_minor": 29900, "currency": "INR", "period": "month", "charge_at": MONTH} | details)
    )


def words(card: Card) -> str:
    return Html(card).words


def test_whoever_has_nothing_is_led_to_the_plans() -> None:
    card = account_cards.account(Language(), account(NOTHING), DEFAULT)
    assert words(card) == "Your plan\n\nFree. /plans shows what the others permit."
    assert list(buttons(card)) == ["📋 Change plan", "✏ Invoice details"]


def test_an_account_says_all_about_its_money() -> None:
    mine = account(
        charging=mandate(),
        given=timedelta(days=7, hours=3),
        credit=Money(4550, "INR"),
        payments=[payment(), payment(refunded_minor=100), payment(held_because="amount")],
        has_invoices=True,
    )
    card = account_cards.account(Language(), mine, DEFAULT)
    assert words(card) == (
        "Your plan\n\n"
        "Pro until 24 December 2026.\n"
        "🔁 It renews by itself for ₹299 each month, next on 24 December 2026.\n"
        "7 days of it are a present.\n"
        "Credit for your next payment: ₹45.50\n\n"
        "Last payments\n"
        "24 November 2026 · ₹299 · paid\n"
        "24 November 2026 · ₹299 · paid, a part refunded\n"
        "24 November 2026 · ₹299 · being looked at"
    )
    assert list(buttons(card)) == [
        "📋 Change plan",
        "⏹ Stop automatic renewal",
        "↘ Smaller plan, or cancel",
        "🧾 Invoices",
        "✏ Invoice details",
    ]


@pytest.mark.parametrize(
    ("standing", "details", "said"),
    [
        pytest.param(HAS_PRO, {}, "It does not renew by itself: I remind you", id="not renewed"),
        pytest.param(HAS_PRO, {"ending": mandate()}, "It renews no more by itself", id="renewal stopped"),
        pytest.param(
            HAS_PRO,
            {"subscription": Subscription(is_frozen=False, next_plan="starter")},
            "↘ Starter follows",
            id="goes down",
        ),
        pytest.param(
            HAS_PRO,
            {"subscription": Subscription(is_frozen=False, next_plan="free")},
            "✖ You cancelled it: Free follows",
            id="cancelled",
        ),
        pytest.param(
            HAS_PRO,
            {"subscription": Subscription(is_frozen=True, next_plan=None)},
            "A bank is asking a payment of yours back",
            id="disputed",
        ),
        pytest.param(
            Standing("pro", None, SubscriptionState.TRIAL, MONTH, MONTH),
            {},
            "Pro, for nothing until 24 December 2026.",
            id="trial",
        ),
        pytest.param(
            Standing("pro", "month", SubscriptionState.GRACE, NOW, NOW + timedelta(days=4)),
            {},
            "Pro was paid until 24 November 2026. It stays until 28 November 2026",
            id="grace",
        ),
    ],
)
def test_how_a_plan_goes_on_is_said(standing: Standing, details: dict[str, Any], said: str) -> None:
    assert said in words(account_cards.account(Language(), account(standing, **details), DEFAULT))


def test_a_smaller_plan_is_explained_before_it_is_chosen() -> None:
    which = account_cards.lesser(Language(), account(), DEFAULT)
    assert list(buttons(which)) == ["↘ Starter", "✖ Free: cancel my plan", "◀ Back"]
    sure = account_cards.confirm_next(Language(), account(charging=mandate()), DEFAULT, STARTER)
    assert words(sure) == (
        "Pro stays until 24 December 2026.\n"
        "After that you have Starter (₹99 a month, ₹990 a year), once you have paid for it; "
        "I remind you three days before.\n"
        "• 50 things, checked every 4 hours or sooner\n"
        "• 365 days of history\n"
        "• every kind of rule, messages by the hour, day or week\n"
        "Of what you watch, the first 50 go on and the rest is paused. Nothing is deleted.\n"
        "The automatic renewal ends with that."
    )


def test_in_a_grace_a_plan_stays_until_that_is_over() -> None:
    grace = account(Standing("pro", "month", SubscriptionState.GRACE, NOW, NOW + timedelta(days=4)))
    assert "Pro is yours until 28 November 2026" in words(account_cards.lesser(Language(), grace, DEFAULT))
    sure = account_cards.confirm_next(Language(), grace, DEFAULT, STARTER)
    assert words(sure).startswith("Pro stays until 28 November 2026.\n")


def test_invoices_are_listed_by_number_day_and_amount() -> None:
    one = Invoice(id=LARGEST_ID, number="PT/26-27/000001", issued_at=NOW, total_minor=29900, currency="INR")
    card = account_cards.invoices(Language(), [one])
    assert "PT/26-27/000001 · 24 November 2026 · ₹299" in buttons(card)


def test_details_of_invoices_are_text_whatever_they_hold() -> None:
    told = BillingDetails(name="<b>Asha & Co</b>", address="12, MG Road", state="29", gstin=None)
    card = account_cards.details(Language(), told, "Asha")
    assert "Name: <b>Asha & Co</b>\nAddress: 12, MG Road\nState: Karnataka\nGSTIN: –\n" in words(card)
    assert "✖ Remove all of it" in buttons(card)


def test_payments_have_buttons_for_what_can_be_done() -> None:
    asha = User(telegram_id=1001, first_name="<Asha>")
    held = payment(id=13, held_because="amount")
    gone = payment(id=14, state=PaymentState.REFUNDED)
    card = payment_cards.payments(
        Language(),
        [
            (payment(), asha),
            (held, asha),
            (gone, None),
            (payment(id=15, user_id=None, held_because="x"), None),
        ],
    )
    assert list(buttons(card)) == ["↩ Refund 12", "✅ Apply 13", "↩ Refund 13", "↩ Refund 15"]
    assert "<Asha> (1001) · pay_Abc123" in words(card)
    assert "⚠️ Held: It is another amount than was asked for." in words(card)


@pytest.mark.parametrize(
    ("asked", "effect"),
    [
        pytest.param(Refundable(payment(), None, 0, 29900), "The plan that it bought ends", id="whole"),
        pytest.param(Refundable(payment(), None, 0, 9900), "The plan stays", id="part"),
        pytest.param(Refundable(payment(), None, 9900, 20000), "₹99 went back before", id="the rest"),
        pytest.param(
            Refundable(payment(held_because="amount"), None, 0, 29900), "no plan changes", id="held"
        ),
    ],
)
def test_a_refund_says_what_it_does(asked: Refundable, effect: str) -> None:
    assert effect in words(payment_cards.confirm_refund(Language(), asked))
