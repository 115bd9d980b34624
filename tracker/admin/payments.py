"""Money, as those who run the service see and move it: payments, refunds, days given, coupons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.billing import coupons as couponing
from tracker.billing import fulfilment, refunds, subscriptions
from tracker.billing.models import (
    Coupon,
    CouponUse,
    Invoice,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Term,
    TermSource,
    TermState,
)
from tracker.billing.setup import Billing
from tracker.errors import BadInput, NotYours
from tracker.notices import service as notices
from tracker.users.models import User

MOST_DAYS = 3660


@dataclass(frozen=True, slots=True)
class Refundable:
    """A payment, its person when there is one, and what a refund of `amount` would do.

    `back` has gone back or is on its way.
    """

    payment: Payment
    user: User | None
    back: int
    amount: int
    term: Term | None = None
    """The time that it bought, while that stands: the refund of all that is left ends it."""
    invoice: Invoice | None = None
    """Against which a credit note is written."""

    @property
    def is_rest(self) -> bool:
        return self.amount == self.payment.amount_minor - self.back


async def search(
    session: AsyncSession,
    actor: Actor,
    *,
    user_id: int | None = None,
    only_held: bool = False,
    before: int | None = None,
    limit: int = 10,
) -> Sequence[tuple[Payment, User | None]]:
    """The newest first, from the one before id `before` on, each with its person."""
    actor.must_be_let(Action.SEE_PAYMENTS)
    wanted = (
        select(Payment, User)
        .outerjoin(User, User.id == Payment.user_id)
        .order_by(Payment.id.desc())
        .limit(limit)
    )
    if user_id is not None:
        wanted = wanted.where(Payment.user_id == user_id)
    if only_held:
        wanted = wanted.where(Payment.held_because.is_not(None), Payment.state == PaymentState.CAPTURED)
    if before is not None:
        wanted = wanted.where(Payment.id < before)
    return [(payment, user) for payment, user in await session.execute(wanted)]


async def named(session: AsyncSession, actor: Actor, provider_id: str) -> Payment:
    """By the provider's id. Raises BadInput."""
    actor.must_be_let(Action.SEE_PAYMENTS)
    found = await session.scalar(select(Payment).where(Payment.provider_id == provider_id).limit(1))
    if found is None:
        raise BadInput("payment.unknown")
    return found


async def effect(
    session: AsyncSession, actor: Actor, payment_id: int, amount_minor: int | None
) -> Refundable:
    """What a refund would do; of all that is left without an amount. Raises NotYours and BadInput."""
    actor.must_be_let(Action.REFUND_PAYMENT)
    payment = await _known(session, payment_id)
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
    return Refundable(
        payment=payment,
        user=await session.get(User, payment.user_id) if payment.user_id is not None else None,
        back=back,
        amount=amount,
        term=await session.scalar(
            select(Term).where(Term.payment_id == payment.id, Term.state == TermState.STANDING)
        ),
        invoice=await session.scalar(select(Invoice).where(Invoice.payment_id == payment.id)),
    )


async def refund(
    session: AsyncSession,
    actor: Actor,
    payment_id: int,
    *,
    amount_minor: int | None,
    reason: str,
    seen_back: int | None = None,
) -> Refund:
    """Decide a refund, of all that is left without an amount; a worker tells the provider.

    `seen_back` is what had gone back when the effect was shown: when more has since, it is asked again.
    Raises NotYours and BadInput.
    """
    entry = await audit.allow(
        session,
        actor,
        Action.REFUND_PAYMENT,
        f"payment:{payment_id}",
        amount_minor=amount_minor,
        reason=reason,
    )
    await _lock(session, payment_id)
    asked = await effect(session, actor, payment_id, amount_minor)
    if seen_back is not None and asked.back != seen_back:
        raise BadInput("refund.asked_already")
    entry.details = entry.details | {"amount_minor": asked.amount, "currency": asked.payment.currency}
    return await refunds.ask(
        session, payment_id, amount_minor=asked.amount, reason=reason, by=actor.telegram_id
    )


async def apply_held(session: AsyncSession, billing: Billing, actor: Actor, payment_id: int) -> Payment:
    """Let a payment that was held buy what it was for. Raises NotYours, and BadInput when it is not held."""
    await audit.allow(session, actor, Action.APPLY_PAYMENT, f"payment:{payment_id}")
    await _known(session, payment_id)
    applied = await fulfilment.release(session, billing, payment_id)
    if applied is None:
        raise BadInput("payment.not_held")
    return applied


async def gift(
    session: AsyncSession, billing: Billing, actor: Actor, user_id: int, *, plan: str, days: int, key: str
) -> User:
    """Give a person days of a plan, once for each `key`, and tell them. Raises NotYours and BadInput."""
    entry = await audit.allow(session, actor, Action.GIFT_DAYS, f"user:{user_id}", plan=plan, days=days)
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("gift.how")
    if plan not in billing.plans or billing.plans[plan].is_free:
        raise BadInput("billing.no_such_plan")
    known = await session.get(User, user_id)
    if known is None or known.telegram_id < 0:
        raise NotYours
    user = await subscriptions.lock(session, user_id)
    if await subscriptions.give(
        session, billing.plans, user, plan=plan, days=days, source=TermSource.GIFT, key=key
    ):
        await notices.owe(session, user.telegram_id, "gift_days", key, days=days, plan=plan)
    else:  # the same word came twice: it was written down the first time
        await session.delete(entry)
    return user


async def coupons(
    session: AsyncSession, actor: Actor, *, before: int | None = None, limit: int = 10
) -> Sequence[tuple[Coupon, int]]:
    """The newest first, from the one before id `before` on, each with how often it was used."""
    actor.must_be_let(Action.SEE_PAYMENTS)
    wanted = select(Coupon).order_by(Coupon.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Coupon.id < before)
    found = (await session.scalars(wanted)).all()
    counted = await session.execute(
        select(CouponUse.coupon_id, func.count().label("uses"))
        .where(CouponUse.coupon_id.in_([coupon.id for coupon in found]), CouponUse.is_final)
        .group_by(CouponUse.coupon_id)
    )
    uses = {row.coupon_id: row.uses for row in counted}
    return [(coupon, uses.get(coupon.id, 0)) for coupon in found]


async def make_coupon(
    session: AsyncSession,
    actor: Actor,
    code: str,
    *,
    percent: int | None = None,
    amount_minor: int | None = None,
    most_uses: int | None = None,
    days: int | None = None,
) -> Coupon:
    """Raises BadInput for a code that exists, and for a coupon that takes off nothing or everything."""
    await audit.allow(
        session,
        actor,
        Action.MAKE_COUPON,
        f"coupon:{code.strip().upper()[:32]}",
        percent=percent,
        amount_minor=amount_minor,
        most_uses=most_uses,
        days=days,
    )
    return await couponing.create(
        session,
        code,
        percent=percent,
        amount_minor=amount_minor,
        most_uses=most_uses,
        days=days,
        by=actor.telegram_id,
    )


async def end_coupon(session: AsyncSession, actor: Actor, coupon_id: int) -> Coupon:
    """Nobody can use it from now on; offers that are open keep it.

    Raises NotYours, and BadInput for one that has ended.
    """
    coupon = await session.get(Coupon, coupon_id, with_for_update=True)
    subject = f"coupon:{coupon.code}" if coupon is not None else f"coupon:{coupon_id}"
    await audit.allow(session, actor, Action.END_COUPON, subject)
    if coupon is None:
        raise NotYours
    now = clock.now()
    if is_over(coupon, now):
        raise BadInput("coupon.over_already")
    coupon.expires_at = now
    await session.flush()
    return coupon


def is_over(coupon: Coupon, now: datetime) -> bool:
    return coupon.expires_at is not None and coupon.expires_at <= now


async def _known(session: AsyncSession, payment_id: int) -> Payment:
    found = await session.get(Payment, payment_id)
    if found is None:
        raise NotYours
    return found


async def _lock(session: AsyncSession, payment_id: int) -> None:
    """Nothing else happens to a payment meanwhile."""
    payment = await _known(session, payment_id)
    if payment.user_id is not None:
        await subscriptions.lock(session, payment.user_id)
    await session.refresh(payment, with_for_update=True)
