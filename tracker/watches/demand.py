"""What those who watch a listing want of it, and what they were promised: how often, and how soon."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import Row, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing, MissedPromise
from tracker.database import insert
from tracker.users.models import User
from tracker.watches.models import FOR_CHECKING, IN_REACH, AlertRule, RuleKind, Watch

log = structlog.get_logger()

NEAR = 0.05
"""A price is near a target that it misses by no more than this part of it."""

UNWATCHED_HISTORY_DAYS = 365
"""How far back the history of a listing is kept that nobody watches now: somebody may come back."""


async def check_what_is_wanted(session: AsyncSession, listing_ids: Sequence[int]) -> None:
    """A listing is checked while somebody reachable actively watches it, and only then; and not while
    somebody who runs the service has paused it.

    It is checked as often as the best plan among them promises, from now on.
    """
    for listing in await session.scalars(
        select(Listing).where(Listing.id.in_(listing_ids)).order_by(Listing.id).with_for_update()
    ):
        wanted = (await session.execute(_wanted(listing.id))).one()
        listing.watchers = wanted.watchers
        if not wanted.watchers or listing.paused_at is not None:
            listing.next_check_at = listing.promise_at = None
            if not wanted.watchers and listing.history_days is not None:
                listing.history_days = max(listing.history_days, UNWATCHED_HISTORY_DAYS)
            continue
        listing.checked_first = bool(wanted.checked_first)
        listing.history_days = None if wanted.whole_histories else wanted.history_days
        await _promise(session, listing, wanted.every)
        await note_targets(session, listing)
    await session.flush()


def _wanted(listing_id: int) -> Select[int, int, int, int | None, int]:
    whole = case((User.history_days.is_(None), 1), else_=0)
    return (
        select(
            func.count().label("watchers"),
            func.min(User.check_every_seconds).label("every"),
            func.max(case((User.checked_first, 1), else_=0)).label("checked_first"),
            func.max(User.history_days).label("history_days"),
            func.max(whole).label("whole_histories"),
        )
        .select_from(Watch)
        .join(Watch.user)
        .where(Watch.listing_id == listing_id, Watch.state.in_(FOR_CHECKING), IN_REACH)
    )


async def _promise(session: AsyncSession, listing: Listing, every: int) -> None:
    """Check it so often from now on, and sooner than it was due when that is what is promised now."""
    now = clock.now()
    sooner, listing.check_every_seconds = every < listing.check_every_seconds, every
    if listing.next_check_at is None:
        listing.kept_at, listing.promise_at = now, now + listing.check_every
        await catalog.check_at(session, listing, now)
        return
    if sooner:
        listing.kept_at, listing.promise_at = now, now + listing.check_every
    if sooner and listing.checked_at is not None:
        promised = max(now, listing.checked_at + listing.check_every)
        if promised < listing.next_check_at:
            await catalog.check_at(session, listing, promised)


async def note_targets(session: AsyncSession, listing: Listing) -> None:
    """Note whether the listing costs about what somebody waits for: then it is checked more often."""
    price = listing.price
    if price is None:
        listing.is_near_target = False
        return
    near = (
        select(AlertRule.id)
        .join(AlertRule.watch)
        .where(
            Watch.listing_id == listing.id,
            Watch.state.in_(FOR_CHECKING),
            AlertRule.kind == RuleKind.TARGET,
            AlertRule.currency == price.currency,
            AlertRule.amount_minor.between(int(price.minor / (1 + NEAR)), int(price.minor / (1 - NEAR)) + 1),
        )
        .limit(1)
    )
    listing.is_near_target = await session.scalar(near) is not None


async def count_missed(session: AsyncSession, listing: Listing, now: datetime) -> int:
    """Count the promises about a listing that broke before `now`, once each; returns how many.

    The listing is the caller's, locked. What is promised next stands on it afterwards.
    """
    broke_at = listing.promise_at
    if broke_at is None or broke_at > now:
        return 0
    kept_at = listing.kept_at or broke_at - listing.check_every
    plans = await session.execute(
        select(User.plan, User.check_every_seconds)
        .select_from(Watch)
        .join(Watch.user)
        .where(Watch.listing_id == listing.id, Watch.state.in_(FOR_CHECKING), IN_REACH)
        .distinct()
    )
    promises = sorted((kept_at + timedelta(seconds=every), plan) for plan, every in plans)
    broken = [(moment, plan) for moment, plan in promises if broke_at <= moment <= now]
    for moment, plan in broken:
        await session.execute(
            insert(session, MissedPromise)
            .values(listing_id=listing.id, store=listing.store, plan=plan, promised_at=moment)
            .on_conflict_do_nothing()
        )
    listing.promise_at = min((moment for moment, _ in promises if moment > now), default=None)
    if broken:
        log.warning("listing.promise_missed", listing_id=listing.id, plans=[plan for _, plan in broken])
    return len(broken)


async def count_all_missed(session: AsyncSession, *, limit: int) -> int:
    """Count the promises that broke about up to `limit` listings; returns of how many listings there were.

    One that is being checked now is left to the record of that check, which knows when it began.
    """
    now = clock.now()
    late = await session.scalars(
        select(Listing)
        .where(Listing.promise_at <= now, or_(Listing.lease_until.is_(None), Listing.lease_until <= now))
        .order_by(Listing.promise_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    count = 0
    for listing in late.all():
        await count_missed(session, listing, now)
        count += 1
    return count


async def missed_by_plan(session: AsyncSession, since: datetime) -> Sequence[Row[str, int]]:
    """How many promises of each plan broke since a moment."""
    counted = await session.execute(
        select(MissedPromise.plan, func.count())
        .where(MissedPromise.promised_at >= since)
        .group_by(MissedPromise.plan)
        .order_by(MissedPromise.plan)
    )
    return counted.all()
