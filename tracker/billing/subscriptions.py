"""A person's plan: time is added, cut short or taken back, and the plan of now follows from it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Text, cast, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import periods
from tracker.billing.models import (
    Mandate,
    Subscription,
    SubscriptionState,
    Term,
    TermSource,
    TermState,
)
from tracker.billing.periods import Period
from tracker.billing.plans import CURRENCY, FREE, Plans
from tracker.billing.proration import Span, unused
from tracker.billing.standing import GRACE, Standing, standing
from tracker.errors import BadInput
from tracker.notices import service as notices
from tracker.users import service as users
from tracker.users.models import User
from tracker.watches import service as watches

log = structlog.get_logger()

REMIND_BEFORE = (timedelta(days=3), timedelta(days=1))

CHARGING = ("created", "authenticated", "active", "pending")
"""States of a mandate that may still charge."""


async def lock(session: AsyncSession, user_id: int) -> User:
    """Everything about a person's money happens under this lock, taken before any other."""
    return await session.get_one(User, user_id, with_for_update=True, populate_existing=True)


async def of(session: AsyncSession, user: User) -> Subscription:
    """The person's subscription; made when they have none."""
    found = await session.scalar(
        select(Subscription).where(Subscription.user_id == user.id).execution_options(populate_existing=True)
    )
    if found is None:
        found = Subscription(user_id=user.id, plan=FREE, state=SubscriptionState.LAPSED)
        session.add(found)
        await session.flush()
    return found


async def terms_of(session: AsyncSession, user: User) -> Sequence[Term]:
    rows = await session.scalars(
        select(Term).where(Term.user_id == user.id).order_by(Term.starts_at, Term.id)
    )
    return rows.all()


@dataclass(frozen=True, slots=True)
class Credit:
    """What is left of the terms that a change of plan ends."""

    terms: tuple[int, ...]
    parts: tuple[int, ...]


def creditable(terms: Sequence[Term], now: datetime, currency: str) -> Credit:
    """What was paid in one currency; what was paid in another is kept as credit in that."""
    counted = [
        term
        for term in terms
        if term.state == TermState.STANDING
        and term.source == TermSource.PAYMENT
        and term.currency == currency
        and term.ends_at > now
    ]
    return Credit(
        tuple(term.id for term in counted),
        tuple(unused(Span(term.starts_at, term.ends_at, term.value_minor), now) for term in counted),
    )


async def add_paid(
    session: AsyncSession,
    plans: Plans,
    user: User,
    *,
    plan: str,
    period: Period,
    value_minor: int,
    key: str,
    payment_id: int | None,
    begins_now: bool,
    currency: str = CURRENCY,
) -> Term:
    """Add the time that a payment bought, at once or after all that is paid for already."""
    now = clock.now()
    subscription = await of(session, user)
    terms = await terms_of(session, user)
    kept = _cut_short(terms, now) if begins_now else []
    start = now if begins_now else _follows_on(standing(terms, plans, now), now)
    if start == now or not periods.is_anchored(start, subscription.anchor_day, user.time_zone):
        subscription.anchor_day = periods.day_of(start, user.time_zone)
    end = periods.end_of(start, period, zone=user.time_zone, anchor_day=subscription.anchor_day)
    term = Term(
        user_id=user.id,
        plan=plan,
        period=period,
        source=TermSource.PAYMENT,
        payment_id=payment_id,
        key=key,
        starts_at=start,
        ends_at=end,
        value_minor=value_minor,
        price_minor=value_minor,
        currency=currency,
        state=TermState.STANDING,
        created_at=now,
    )
    session.add(term)
    for given, left in kept:
        given.starts_at, given.ends_at, end = end, end + left, end + left
    subscription.period = period
    if begins_now or subscription.next_plan in (plan, FREE):
        subscription.next_plan = subscription.next_period = None
    await session.flush()
    await refresh(session, plans, user)
    return term


async def give(
    session: AsyncSession, plans: Plans, user: User, *, plan: str, days: int, source: TermSource, key: str
) -> bool:
    """Add days that cost nothing, once for each `key`: now, before what is paid for of a lesser plan.

    Returns False when the key was given before.
    """
    if await session.scalar(select(Term.id).where(Term.key == key)):
        return False
    now = clock.now()
    terms = await terms_of(session, user)
    current = standing(terms, plans, now)
    length = timedelta(days=days)
    is_better = plans[plan].rank > plans[current.plan].rank
    start = now if is_better else _follows_on(current, now)
    if is_better:
        for term in terms:
            if term.state == TermState.STANDING and term.ends_at > now:
                _move_behind(term, now, length)
    session.add(
        Term(
            user_id=user.id,
            plan=plan,
            source=source,
            key=key,
            starts_at=start,
            ends_at=start + length,
            value_minor=0,
            state=TermState.STANDING,
            created_at=now,
        )
    )
    await session.flush()
    await refresh(session, plans, user)
    return True


async def revoke(session: AsyncSession, plans: Plans, user: User, payment_id: int) -> bool:
    """Take back the time that a payment bought; what follows moves up. False when there is none to take."""
    term = await session.scalar(
        select(Term).where(Term.payment_id == payment_id, Term.state == TermState.STANDING)
    )
    if term is None:
        return False
    now = clock.now()
    term.state = TermState.REVOKED
    gap = term.ends_at - max(term.starts_at, now)
    if gap > timedelta(0):
        for each in await terms_of(session, user):
            if each.state == TermState.STANDING and each.starts_at >= term.ends_at:
                each.starts_at -= gap
                each.ends_at -= gap
    await session.flush()
    await refresh(session, plans, user)
    return True


async def end_now(session: AsyncSession, plans: Plans, user: User) -> bool:
    """End all the time that is ahead, and the grace with it; no money goes back by itself.

    Returns False when nothing is ahead.
    """
    now = clock.now()
    terms = [term for term in await terms_of(session, user) if term.state == TermState.STANDING]
    if standing(terms, plans, now).state == SubscriptionState.LAPSED and all(
        term.ends_at <= now for term in terms
    ):
        return False
    for term in terms:
        if term.ends_at + GRACE > now:
            term.state, term.ends_at = TermState.REVOKED, max(term.starts_at, min(term.ends_at, now))
    subscription = await of(session, user)
    subscription.next_plan = subscription.next_period = None
    await session.flush()
    await refresh(session, plans, user)
    return True


async def worth_less(session: AsyncSession, payment_id: int, refunded_minor: int) -> None:
    """A part of what a term cost went back: no later credit counts it."""
    term = await session.scalar(
        select(Term).where(Term.payment_id == payment_id, Term.state == TermState.STANDING)
    )
    if term is not None:
        term.value_minor = max(0, term.value_minor - refunded_minor)
        await session.flush()


async def refresh(session: AsyncSession, plans: Plans, user: User) -> Standing:
    """Put into force what the terms say now, and set when time alone will change it."""
    now = clock.now()
    subscription = await of(session, user)
    current = standing(await terms_of(session, user), plans, now)
    if subscription.paid_until != current.until:
        subscription.step = None
    subscription.plan, subscription.state = current.plan, current.state
    subscription.paid_until = current.until
    if current.period is not None:
        subscription.period = current.period
    await permit(session, plans, user, current.plan)
    is_charged = await charging(session, user) is not None
    subscription.due_at = _due(subscription, current, now, is_charged=is_charged)
    await session.flush()
    return current


async def permit(session: AsyncSession, plans: Plans, user: User, plan: str) -> None:
    """Put what a plan permits into force: how often is checked, and how much is watched."""
    before, allowed = user.allowance, plans[plan].allowance
    if user.plan == plan and before == allowed:
        return
    users.permit(user, plan, allowed)
    await session.flush()
    if allowed.watches < before.watches:
        paused = await watches.pause_beyond(session, user, allowed.watches)
        if paused:
            await notices.owe(
                session,
                user.telegram_id,
                "watches_paused",
                f"paused:{user.id}:{clock.now():%Y%m%d%H%M%S%f}",
                paused=paused,
                kept=allowed.watches,
                plan=plan,
            )
    if allowed.check_every != before.check_every:
        await watches.check_what_they_watch(session, user)
    log.info("plan.in_force", user_id=user.id, plan=plan)


async def charging(session: AsyncSession, user: User, *, before: int | None = None) -> Mandate | None:
    """The mandate by which the person will be charged next, when there is one; of those before an id."""
    wanted = [Mandate.user_id == user.id, Mandate.state.in_(CHARGING[1:]), Mandate.ends_by_us.is_(None)]
    if before is not None:
        wanted.append(Mandate.id < before)
    return await session.scalar(select(Mandate).where(*wanted).order_by(Mandate.id.desc()).limit(1))


async def choose_next(
    session: AsyncSession, plans: Plans, user: User, plan: str, period: Period | None
) -> Subscription:
    """What follows when the paid time ends: a lesser plan, or `free`, which cancels. Nothing ends before.

    Raises BadInput for a plan that is not less, and for somebody without paid time.
    """
    user = await lock(session, user.id)
    subscription = await of(session, user)
    if subscription.state not in (SubscriptionState.ACTIVE, SubscriptionState.GRACE):
        raise BadInput("billing.nothing_to_change")
    if plan not in plans or plans[plan].rank >= plans[subscription.plan].rank:
        raise BadInput("billing.not_less")
    subscription.next_plan, subscription.next_period = plan, period
    await session.flush()
    return subscription


async def keep(session: AsyncSession, user: User) -> Subscription:
    """Take back what `choose_next` decided."""
    user = await lock(session, user.id)
    subscription = await of(session, user)
    subscription.next_plan = subscription.next_period = None
    await session.flush()
    return subscription


async def step(session: AsyncSession, plans: Plans, user: User) -> None:
    """What time alone brings: a reminder, the grace, the lapse; each is said once for each end."""
    now = clock.now()
    subscription = await of(session, user)
    had = subscription.state
    current = await refresh(session, plans, user)
    until = current.until
    said = _said(current, now, had=SubscriptionState(had))
    if said is None or until is None or subscription.step == said:
        return
    subscription.step = said
    is_charged = await charging(session, user) is not None
    if is_charged and said.startswith("ends_in"):
        return
    details = {
        "plan": current.plan,
        "until": until.isoformat(),
        "next_plan": subscription.next_plan,
        "next_period": subscription.next_period or subscription.period,
    }
    await notices.owe(
        session, user.telegram_id, f"plan_{said}", f"plan_{said}:{user.id}:{until.isoformat()}", **details
    )


async def due(session: AsyncSession, *, limit: int) -> Sequence[int]:
    """People whose plan time alone has changed, the longest due first."""
    rows = await session.scalars(
        select(Subscription.user_id)
        .where(Subscription.due_at <= clock.now())
        .order_by(Subscription.due_at)
        .limit(limit)
    )
    return rows.all()


async def put_plans_in_force(session: AsyncSession, plans: Plans) -> int:
    """Bring every person's row up to date with the plans as they are now; returns how many were not."""
    changed = 0
    for plan in plans:
        columns = users.columns_of(plan.allowance)
        # A JSON column holds the text that was written: compared as text, on both databases.
        features = cast(User.features, Text) != json.dumps(columns.pop("features"))
        stale = or_(
            features, *(getattr(User, name).is_distinct_from(value) for name, value in columns.items())
        )
        for user in await session.scalars(select(User).where(User.plan == plan.code, stale).limit(500)):
            await permit(session, plans, user, plan.code)
            changed += 1
    return changed


def _cut_short(terms: Sequence[Term], now: datetime) -> list[tuple[Term, timedelta]]:
    """End what is ahead for a change of plan; returns the given days, which follow the new term."""
    kept = []
    for term in terms:
        if term.state != TermState.STANDING or term.ends_at <= now:
            continue
        if term.source in (TermSource.GIFT, TermSource.REFERRAL):
            kept.append((term, term.ends_at - max(term.starts_at, now)))
            continue
        term.state = TermState.CREDITED
        term.ends_at = max(term.starts_at, now)
    return kept


def _move_behind(term: Term, now: datetime, length: timedelta) -> None:
    """Better days come first: what was to come, or is under way, comes after them."""
    if term.starts_at < now:  # what is used of it is no ground of a credit any more
        term.value_minor = unused(Span(term.starts_at, term.ends_at, term.value_minor), now)
    term.starts_at, term.ends_at = max(term.starts_at, now) + length, term.ends_at + length


def _follows_on(current: Standing, now: datetime) -> datetime:
    """Where more time begins: after all that is paid for, and in a grace where that ended."""
    lapsed = current.state == SubscriptionState.LAPSED
    return now if lapsed or current.until is None else current.until


def _due(
    subscription: Subscription, current: Standing, now: datetime, *, is_charged: bool
) -> datetime | None:
    moments = [current.changes_at] if current.changes_at else []
    if (
        current.until
        and current.state in (SubscriptionState.ACTIVE, SubscriptionState.TRIAL)
        and not is_charged
    ):
        moments += [current.until - before for before in REMIND_BEFORE]
    return min((moment for moment in moments if moment > now), default=None)


def _said(current: Standing, now: datetime, *, had: SubscriptionState) -> str | None:
    """Which words about the end of the plan are due, if any."""
    if current.state == SubscriptionState.GRACE:
        return "grace"
    if current.state == SubscriptionState.LAPSED:
        return "lapsed" if had != SubscriptionState.LAPSED else None
    if current.until is None:
        return None
    left = current.until - now
    if left <= REMIND_BEFORE[1]:
        return "ends_in_a_day"
    return "ends_in_days" if left <= REMIND_BEFORE[0] else None
