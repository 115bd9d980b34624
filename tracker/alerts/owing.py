"""Owe a message in the transaction of its observation: which watchers hear of a move, and why."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from tracker import clock
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.rearm import remember, told
from tracker.alerts.rules import RULES, Reason, Standing, judge
from tracker.alerts.steps import is_below
from tracker.catalog.move import Move
from tracker.database import insert
from tracker.money import Money
from tracker.watches.models import IN_REACH, RuleKind, Watch, WatchState

SNOOZE_OVER = "snooze_over"
CORRECTED = "corrected"
"""Reasons that are no rule's."""

_ORDER = list(RULES)


async def owe(session: AsyncSession, move: Move) -> int:
    """Owe every watcher whose rules the move fires one alert; returns how many are owed."""
    if move.is_new_beginning:
        await _begin_anew(session, move)
        return 0
    owed = []
    for watch in await _watchers(session, move):
        reasons = _reasons(watch, move)
        if reasons:
            owed.append(_alert(watch, move, reasons))
            note_alert(watch, move)
    await session.flush()
    await _raise_marks(session, move)
    if not owed:
        return 0
    new = await session.scalars(insert(session, Alert).on_conflict_do_nothing().returning(Alert.id), owed)
    return len(new.all())


def standing_of(watch: Watch, currency: str | None) -> Standing:
    """Where a watch stands, in the currency of its listing."""

    def money(minor: int | None) -> Money | None:
        return None if minor is None or currency is None else Money(minor, currency)

    return Standing(watch.start_price, money(watch.last_alert_minor), money(watch.high_minor))


async def _watchers(session: AsyncSession, move: Move) -> Sequence[Watch]:
    watches = await session.scalars(
        select(Watch)
        .join(Watch.user)
        .where(
            Watch.listing_id == move.listing_id,
            Watch.state.in_((WatchState.ACTIVE, WatchState.SNOOZED)),
            IN_REACH,
        )
        .options(selectinload(Watch.rules))
        .order_by(Watch.id)
    )
    return watches.all()


def _reasons(watch: Watch, move: Move) -> list[Reason]:
    """Why this watcher hears of the move: not while it is snoozed, nor of an offer that they do not want."""
    if not is_wanted(watch, move):
        return []
    reasons: list[Reason] = []
    if watch.state == WatchState.SNOOZED:
        below = watch.snoozed_below_minor
        if not _wakes(watch, move):
            return []
        watch.state, watch.snoozed_until, watch.snoozed_below_minor = WatchState.ACTIVE, None, None
        if below is not None:
            reasons.append({"kind": SNOOZE_OVER, "below_minor": below})
    now = move.now or move.before
    standing = standing_of(watch, now.currency if now else None)
    for rule in sorted(watch.rules, key=lambda rule: _ORDER.index(RuleKind(rule.kind))):
        reason = judge(move, rule, standing)
        fires, memory = told(rule, reason, move)
        remember(rule, memory)
        if fires and reason is not None:
            reasons.append(reason)
    return reasons


def is_wanted(watch: Watch, move: Move) -> bool:
    """Whether the offer is one that this watch hears of: by its seller, and new or used."""
    if watch.is_only_new and move.is_used:
        return False
    return not (watch.only_seller and move.seller and watch.only_seller != move.seller)


def _wakes(watch: Watch, move: Move) -> bool:
    """Whether a snooze is over: by time, or by a price below the one it waits for."""
    if watch.snoozed_until is not None and watch.snoozed_until <= move.observed_at:
        return True
    below = watch.snoozed_below_minor
    if below is None or move.now is None or not move.is_for_sale:
        return False
    return is_below(move.now, Money(below, move.now.currency))


def _alert(watch: Watch, move: Move, reasons: list[Reason]) -> dict[str, Any]:
    priced = move.now or move.before
    return {
        "watch_id": watch.id,
        "observation_id": move.observation_id,
        "chat_id": watch.chat_id,
        "reasons": reasons,
        "before_minor": move.before.minor if move.before else None,
        "now_minor": move.now.minor if move.now else None,
        "currency": priced.currency if priced else None,
        "observed_at": move.observed_at,
        "state": AlertState.DUE,
        "due_at": clock.now(),
        "attempts": 0,
    }


def note_alert(watch: Watch, move: Move) -> None:
    """The person knows this price now: what comes is measured from here."""
    if move.now is not None:
        watch.last_alert_minor = watch.high_minor = move.now.minor
        watch.last_alert_at = move.observed_at


async def _raise_marks(session: AsyncSession, move: Move) -> None:
    """Keep the highest price of each watch, of paused ones too: a mark says what the price did."""
    if move.now is None or not move.is_for_sale:
        return
    await session.execute(
        update(Watch)
        .where(
            Watch.listing_id == move.listing_id,
            or_(Watch.high_minor.is_(None), Watch.high_minor < move.now.minor),
        )
        .values(high_minor=move.now.minor)
        .execution_options(synchronize_session=False)
    )


async def _begin_anew(session: AsyncSession, move: Move) -> None:
    """What was known was not of this thing: every watch stands where a watch of today would."""
    await session.execute(
        update(Watch)
        .where(Watch.listing_id == move.listing_id)
        .values(
            start_minor=move.now.minor if move.now else None,
            high_minor=move.now.minor if move.now else None,
            last_alert_minor=None,
        )
        .execution_options(synchronize_session=False)
    )
