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
    Refund,
    RefundState,
    Term,
    TermSource,
    TermState,
    Trial,
)
from tracker.billing.plans import Plans
from tracker.billing.setup import Billing
from tracker.billing.standing import Standing, standing
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.telegram.account_cards import Account
from tracker.telegram.payment_cards import Refundable
from tracker.users.models import User

LAST_PAYMENTS = 5
PAYMENTS_FOR_ADMINS = 10

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


async def by_telegram_id(session: AsyncSession, telegram_id: int) -> User | None:
    return await session.scalar(select(User).where(User.telegram_id == telegram_id))


async def payments(
    session: AsyncSession, *, only_held: bool = False
) -> Sequence[tuple[Payment, User | None]]:
    """The last payments, or those that are held, each with its person."""
    wanted = select(Payment, User).outerjoin(User, User.id == Payment.user_id)
    if only_held:
        wanted = wanted.where(Payment.held_because.is_not(None), Payment.state == PaymentState.CAPTURED)
    found = await session.execute(wanted.order_by(Payment.id.desc()).limit(PAYMENTS_FOR_ADMINS))
    return [(payment, user) for payment, user in found]


async def payment_named(session: AsyncSession, provider_id: str) -> Payment:
    """By the provider's id. Raises BadInput."""
    found = await session.scalar(select(Payment).where(Payment.provider_id == provider_id).limit(1))
    if found is None:
        raise BadInput("payment.unknown")
    return found


async def known_payment(session: AsyncSession, payment_id: int) -> Payment:
    """Raises NotYours when there is none."""
    found = await session.get(Payment, payment_id)
    if found is None:
        raise NotYours
    return found


async def lock_payment(session: AsyncSession, payment_id: int) -> None:
    """Nothing else happens to a payment meanwhile. Raises NotYours when there is none."""
    payment = await known_payment(session, payment_id)
    if payment.user_id is not None:
        await subscriptions.lock(session, payment.user_id)
    await session.refresh(payment, with_for_update=True)


async def refundable(session: AsyncSession, payment_id: int, amount_minor: int | None) -> Refundable:
    """What a refund would be; of all that is left without an amount. Raises NotYours and BadInput."""
    payment = await known_payment(session, payment_id)
    on_the_way = await session.scalar(
        select(func.sum(Refund.amount_minor)).where(
            Refund.payment_id == payment.id, Refund.state.in_((RefundState.WANTED, RefundState.PENDING))
        )
    )
    back = payment.refunded_minor + int(on_the_way or 0)
    rest = payment.amount_minor - back
    amount = amount_minor or rest
    if payment.state != PaymentState.CAPTURED:
        raise BadInput("refund.not_captured")
    if not 0 < amount <= rest:
        raise BadInput("refund.too_much")
    user = await session.get(User, payment.user_id) if payment.user_id is not None else None
    return Refundable(payment, user, back, amount)


def _given(terms: Sequence[Term], now: datetime) -> timedelta:
    """What is left of the days that were a present."""
    ahead = [
        term.ends_at - max(term.starts_at, now)
        for term in terms
        if term.state == TermState.STANDING and term.source in _GIVEN and term.ends_at > now
    ]
    return sum(ahead, timedelta(0))
