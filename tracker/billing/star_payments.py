"""Telegram Stars: what Telegram tells of a payment, of what renews it and of what went back, applied."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import credit, fulfilment, mandates, refunds, subscriptions
from tracker.billing.entities import SubscriptionEntity
from tracker.billing.fulfilment import Paid
from tracker.billing.models import (
    Checkout,
    Mandate,
    Payment,
    PaymentState,
    Provider,
    Refund,
    RefundState,
)
from tracker.billing.providers import stars
from tracker.billing.setup import Billing
from tracker.users.models import User

METHOD = "stars"

OVER_AFTER = timedelta(days=1)
"""A renewal that did not come for so long will not come."""

_STATES = {"active": "active", "canceled": "cancelled", "failed": "halted"}
"""Of Telegram's subscriptions, in the words of our mandates."""


@dataclass(frozen=True, slots=True)
class StarPayment:
    """A payment that Telegram took. `payload` is our reference; `renews_at` is of a subscription."""

    charge_id: str
    payload: str
    amount: int
    currency: str
    paid_at: datetime
    renews_at: datetime | None = None


async def why_not(
    session: AsyncSession, payload: str, total_amount: int, currency: str, payer: User
) -> str | None:
    """Why somebody cannot pay what Telegram asks us about, as a text key; None when they can."""
    payer = await subscriptions.lock(session, payer.id)
    checkout = await _checkout_of(session, payload)
    reason = stars.may_pay(checkout, total_amount, currency, payer.id, clock.now())
    if reason is not None or checkout is None:
        return reason
    if (await subscriptions.of(session, payer)).is_frozen:
        return "billing.frozen"
    return "pay.credit_gone" if await credit.is_gone(session, payer, checkout) else None


async def paid(session: AsyncSession, billing: Billing, told: StarPayment, payer: User) -> Payment | None:
    """Give what was paid for, the first time or again. None when that was done before.

    What is for somebody else's offer, or for none, is held in the payer's name.
    """
    await subscriptions.lock(session, payer.id)
    checkout = await _checkout_of(session, told.payload)
    if checkout is not None and checkout.user_id != payer.id:
        checkout = None
    mandate = None
    if checkout is not None and checkout.is_auto:
        mandate = await _mandate_of(session, checkout)
    payment = await fulfilment.fulfil(
        session,
        billing,
        Paid(Provider.STARS, told.charge_id, told.amount, told.currency, METHOD, told.paid_at),
        checkout=checkout,
        mandate=mandate,
        payer_id=payer.id,
    )
    if payment is not None and mandate is not None:
        renews_at = told.renews_at or told.paid_at + stars.RENEWS_EVERY
        counted = mandate.paid_count + 1
        told_of = _entity(mandate, "active", paid_count=counted, charge_at=renews_at)
        await mandates.record(session, billing, mandate, told_of, told.paid_at)
    return payment


async def subscription_is(
    session: AsyncSession, billing: Billing, payload: str, state: str, payer: User
) -> None:
    """The person ended a renewal in Telegram, or took that back; or a charge failed."""
    await subscriptions.lock(session, payer.id)
    mandate = await session.scalar(
        select(Mandate).where(
            Mandate.provider == Provider.STARS, Mandate.provider_id == payload, Mandate.user_id == payer.id
        )
    )
    if mandate is None or state not in _STATES:
        return
    if state == "active" and mandate.state == "cancelled":
        mandate.state = "halted"  # unlike elsewhere, this end is not final
    await mandates.record(session, billing, mandate, _entity(mandate, _STATES[state]), clock.now())


async def went_back(session: AsyncSession, billing: Billing, charge_id: str) -> Refund | None:
    """Write down that a payment went back. None when that is known, or the payment is not."""
    payment_id = await session.scalar(
        select(Payment.id).where(Payment.provider == Provider.STARS, Payment.provider_id == charge_id)
    )
    return await refunds.went_back(session, billing, payment_id) if payment_id is not None else None


async def told_to_end(session: AsyncSession, billing: Billing, mandate_id: int) -> None:
    """Telegram charges no more."""
    mandate = await session.get_one(Mandate, mandate_id)
    await mandates.record(session, billing, mandate, _entity(mandate, "cancelled"), clock.now())


async def end_if_overdue(session: AsyncSession, billing: Billing, mandate_id: int) -> None:
    """End what was not renewed when its time came, though nothing was said of it; else ask again later."""
    mandate = await session.get_one(Mandate, mandate_id)
    if mandate.charge_at is not None and mandate.charge_at + OVER_AFTER <= clock.now():
        await mandates.record(session, billing, mandate, _entity(mandate, "expired"), clock.now())
    await mandates.asked(session, mandate_id)


async def first_charge(session: AsyncSession, mandate_id: int) -> str | None:
    """The charge by which Telegram knows a subscription."""
    return await session.scalar(
        select(Payment.provider_id)
        .where(Payment.mandate_id == mandate_id, Payment.provider == Provider.STARS)
        .order_by(Payment.id)
        .limit(1)
    )


async def known(session: AsyncSession) -> int:
    """How many of Telegram's transactions are written down here at least: it lists them from the oldest."""
    payments = await session.scalar(
        select(func.count())
        .select_from(Payment)
        .where(
            Payment.provider == Provider.STARS,
            Payment.state.in_((PaymentState.CAPTURED, PaymentState.REFUNDED)),
        )
    )
    back = await session.scalar(
        select(func.count())
        .select_from(Refund)
        .join(Payment, Payment.id == Refund.payment_id)
        .where(Payment.provider == Provider.STARS, Refund.state == RefundState.PROCESSED)
    )
    return int(payments or 0) + int(back or 0)


async def _checkout_of(session: AsyncSession, payload: str) -> Checkout | None:
    return await session.scalar(
        select(Checkout)
        .where(Checkout.reference == payload, Checkout.provider == Provider.STARS)
        .execution_options(populate_existing=True)
    )


async def _mandate_of(session: AsyncSession, checkout: Checkout) -> Mandate:
    """Named by our own reference: Telegram has no name for a subscription but its charges."""
    found = await session.scalar(select(Mandate).where(Mandate.checkout_id == checkout.id))
    if found is not None:
        return found
    told = SubscriptionEntity(
        checkout.reference, "", "created", 0, None, None, None, checkout.url, checkout.reference
    )
    return await mandates.begin(session, checkout.id, told)


def _entity(
    mandate: Mandate, status: str, *, paid_count: int = 0, charge_at: datetime | None = None
) -> SubscriptionEntity:
    return SubscriptionEntity(
        mandate.provider_id, "", status, paid_count, None, charge_at, charge_at, None, None
    )
