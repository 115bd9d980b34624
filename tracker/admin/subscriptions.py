"""Plans that people have: found, looked at, ended and made longer."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.billing import ledger, mandates
from tracker.billing import subscriptions as billed
from tracker.billing.models import (
    Mandate,
    Payment,
    PaymentState,
    Subscription,
    Term,
    TermSource,
    TermState,
)
from tracker.billing.plans import FREE
from tracker.billing.setup import Billing
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.notices import service as notices
from tracker.users.models import User

MOST_DAYS = 3660
_LAST = 3


@dataclass(frozen=True, slots=True)
class Held:
    """Somebody's subscription and what belongs to it."""

    subscription: Subscription
    user: User
    ahead: Sequence[Term]
    """The terms that stand and are not over."""
    charging: Mandate | None
    """By which they are charged next."""
    payments: Sequence[Payment]
    """The last few that arrived."""
    credit: Money


async def search(
    session: AsyncSession,
    actor: Actor,
    *,
    plan: str | None = None,
    state: str | None = None,
    before: int | None = None,
    limit: int = 10,
) -> Sequence[tuple[Subscription, User]]:
    """The newest first, from the one before id `before` on."""
    actor.must_be_let(Action.SEE_SUBSCRIPTIONS)
    wanted = (
        select(Subscription, User)
        .join(User, User.id == Subscription.user_id)
        .order_by(Subscription.id.desc())
        .limit(limit)
    )
    if plan is not None:
        wanted = wanted.where(Subscription.plan == plan)
    if state is not None:
        wanted = wanted.where(Subscription.state == state)
    if before is not None:
        wanted = wanted.where(Subscription.id < before)
    return [(subscription, user) for subscription, user in await session.execute(wanted)]


async def get(session: AsyncSession, billing: Billing, actor: Actor, subscription_id: int) -> Held:
    """Raises NotYours when there is none."""
    actor.must_be_let(Action.SEE_SUBSCRIPTIONS)
    subscription = await _known(session, subscription_id)
    user = await session.get_one(User, subscription.user_id)
    now, currency = clock.now(), billing.plans.free.currency
    payments = await session.scalars(
        select(Payment)
        .where(Payment.user_id == user.id, Payment.state != PaymentState.FAILED)
        .order_by(Payment.id.desc())
        .limit(_LAST)
    )
    return Held(
        subscription=subscription,
        user=user,
        ahead=[
            term
            for term in await billed.terms_of(session, user)
            if term.state == TermState.STANDING and term.ends_at > now
        ],
        charging=await billed.charging(session, user),
        payments=payments.all(),
        credit=Money(await ledger.credit_of(session, user.id, currency), currency),
    )


async def cancel(
    session: AsyncSession, billing: Billing, actor: Actor, subscription_id: int, *, now: bool
) -> Subscription:
    """End a plan at once, or with what is paid for. No money goes back by itself; the person is told.

    Raises NotYours, and BadInput when there is nothing to end and while a dispute is open.
    """
    entry = await audit.allow(
        session,
        actor,
        Action.CANCEL_SUBSCRIPTION,
        f"subscription:{subscription_id}",
        when="now" if now else "period_end",
    )
    subscription, user = await _changing(session, subscription_id)
    plan = subscription.plan
    if now:
        await session.execute(
            update(Mandate)
            .where(Mandate.user_id == user.id, Mandate.state.in_(billed.CHARGING))
            .values(ends_by_us=mandates.ENDS_NOW, ask_at=clock.now())
            .execution_options(synchronize_session="fetch")
        )
        if not await billed.end_now(session, billing.plans, user):
            raise BadInput("billing.nothing_to_change")
    else:
        await billed.choose_next(session, billing.plans, user, FREE, None)
        await mandates.end_with_cycle(session, user)
        await billed.refresh(session, billing.plans, user)
    until = None if now or subscription.paid_until is None else subscription.paid_until.isoformat()
    await notices.owe(
        session, user.telegram_id, "plan_ended_for_them", f"plan-ended:{entry.id}", plan=plan, until=until
    )
    return subscription


async def extend(
    session: AsyncSession, billing: Billing, actor: Actor, subscription_id: int, *, days: int
) -> Subscription:
    """Give days of the plan that somebody has; they are told.

    Raises NotYours, and BadInput for a number of days that is none, for somebody who has no plan, and while a
    dispute is open.
    """
    entry = await audit.allow(
        session, actor, Action.EXTEND_SUBSCRIPTION, f"subscription:{subscription_id}", days=days
    )
    if not 1 <= days <= MOST_DAYS:
        raise BadInput("subs.how_many_days", most=MOST_DAYS)
    subscription, user = await _changing(session, subscription_id)
    if billing.plans[subscription.plan].is_free:
        raise BadInput("subs.nothing_to_extend")
    key = f"extended:{entry.id}"
    await billed.give(
        session, billing.plans, user, plan=subscription.plan, days=days, source=TermSource.GIFT, key=key
    )
    await notices.owe(session, user.telegram_id, "gift_days", key, days=days, plan=subscription.plan)
    return subscription


async def _known(session: AsyncSession, subscription_id: int) -> Subscription:
    found = await session.get(Subscription, subscription_id)
    if found is None:
        raise NotYours
    return found


async def _changing(session: AsyncSession, subscription_id: int) -> tuple[Subscription, User]:
    known = await _known(session, subscription_id)
    user = await billed.lock(session, known.user_id)
    subscription = await billed.of(session, user)
    if subscription.is_frozen:
        raise BadInput("refund.disputed")
    return subscription, user
