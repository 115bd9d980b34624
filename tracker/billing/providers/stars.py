"""What is special about Telegram Stars. Pure.

The person pays Telegram, inside their chat: an invoice message is the offer, a pre-checkout query asks us
whether it still stands, and a message says that it was paid. Telegram Stars have no smaller unit.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.billing.models import Checkout, CheckoutState
from tracker.billing.periods import Period
from tracker.billing.plans import STARS, Plan
from tracker.money import Money

LEAST_CHARGE = 1

RENEWS_EVERY = timedelta(days=30)
"""Source: Bot API, createInvoiceLink: `subscription_period` must be 2592000."""

_LONGEST_TITLE = 32
_LONGEST_DESCRIPTION = 255

_WHY_NOT = {
    CheckoutState.PAID: "stars.paid_already",
    CheckoutState.EXPIRED: "stars.over",
    CheckoutState.CANCELLED: "stars.over",
    CheckoutState.REFUSED: "stars.over",
}


@dataclass(frozen=True, slots=True)
class Bill:
    """What an invoice of Telegram shows. Source of the limits: Bot API, sendInvoice."""

    title: str
    description: str
    payload: str
    """At most 128 bytes; comes back with all that is said of the payment."""
    label: str
    amount: int
    renews: bool


def price(plan: Plan, period: Period) -> Money:
    return Money(plan.stars[period], STARS)


def bill(checkout: Checkout, *, title: str, description: str) -> Bill:
    """The invoice of an offer; its words are cut to what Telegram takes."""
    short = _cut(title, _LONGEST_TITLE)
    return Bill(
        title=short,
        description=_cut(description, _LONGEST_DESCRIPTION),
        payload=checkout.reference,
        label=short,
        amount=checkout.amount_minor,
        renews=checkout.is_auto,
    )


def may_pay(
    checkout: Checkout | None, total_amount: int, currency: str, payer: int, now: datetime
) -> str | None:
    """Why an offer cannot be paid now, as a text key; None when it can. `payer` is the row of who would."""
    if checkout is None or checkout.user_id != payer:
        return "stars.not_yours"
    state = CheckoutState(checkout.state)
    if state in _WHY_NOT:
        return _WHY_NOT[state]
    if checkout.expires_at <= now:
        return "stars.over"
    if (total_amount, currency) != (checkout.amount_minor, checkout.currency):
        return "stars.other_amount"
    return None


def _cut(words: str, longest: int) -> str:
    return words if len(words) <= longest else f"{words[: longest - 1]}…"
