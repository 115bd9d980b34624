"""What the conversations about money show, read in one place."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import checkouts, ledger, mandates, subscriptions
from tracker.billing.models import (
    Checkout,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Referral,
    Term,
    TermSource,
    TermState,
    Trial,
)
from tracker.billing.plans import Plans
from tracker.billing.setup import Billing
from tracker.billing.standing import Standing, standing
from tracker.money import Money
from tracker.telegram.account_cards import Account
from tracker.users.models import User

LAST_PAYMENTS = 5

_GIVEN = (TermSource.GIFT, TermSource.REFERRAL)


async def current(session: AsyncSession, plans: Plans, user: User) -> Standing:
    """The person's plan now."""
    return standing(await subscriptions.terms_of(session, user), plans, clock.now())


async def may_try(session: AsyncSession, plans: Plans, user: User) -> bool:
    """Whether a trial is worth offering; the service decides."""
    return plans[user.plan].is_free and await session.get(Trial, user.telegram_id) is None


async def account(session: AsyncSession, billing: Billing, user: User) -> Account:
    now = clock.now()
    terms = await subscriptions.terms_of(session, user)
    ending = await session.scalar(
        select(Mandate)
        .where(
            Mandate.user_id == user.id,
            Mandate.state.in_(subscriptions.CHARGING[1:]),
            Mandate.ends_by_us == mandates.ENDS_WITH_CYCLE,
        )
        .order_by(Mandate.id.desc())
        .limit(1)
    )
    payments = await session.scalars(
        select(Payment)
        .where(Payment.user_id == user.id, Payment.state != PaymentState.FAILED)
        .order_by(Payment.id.desc())
        .limit(LAST_PAYMENTS)
    )
    currency = billing.plans.free.currency
    invoice = await session.scalar(select(Invoice.id).where(Invoice.user_id == user.id).limit(1))
    return Account(
        subscription=await subscriptions.of(session, user),
        standing=standing(terms, billing.plans, now),
        given=_given(terms, now),
        credit=Money(await ledger.credit_of(session, user.id, currency), currency),
        charging=await subscriptions.charging(session, user),
        ending=ending,
        payments=payments.all(),
        has_invoices=invoice is not None,
    )


async def locked_checkout(session: AsyncSession, user: User, checkout_id: int) -> Checkout:
    """A person's own, as nobody changes it meanwhile. Raises NotYours."""
    await subscriptions.lock(session, user.id)
    checkout = await checkouts.owned(session, user, checkout_id)
    await session.refresh(checkout, with_for_update=True)
    return checkout


async def came_by(session: AsyncSession, user: User) -> tuple[int, int]:
    """How many came by a person's invitation, and how many of them have paid."""
    row = await session.execute(
        select(func.count(), func.count(Referral.rewarded_at)).where(Referral.invited_by == user.id)
    )
    came, paid = row.one()
    return came, paid


def _given(terms: Sequence[Term], now: datetime) -> timedelta:
    """What is left of the days that were a present."""
    ahead = [
        term.ends_at - max(term.starts_at, now)
        for term in terms
        if term.state == TermState.STANDING and term.source in _GIVEN and term.ends_at > now
    ]
    return sum(ahead, timedelta(0))
