"""What a corrected price means for those who watch it: false alerts are taken back and excused, and rules
stand as if the wrong readings had never been.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from tracker import clock
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import CORRECTED, owe
from tracker.catalog import striking
from tracker.catalog.models import Listing, PriceObservation
from tracker.catalog.striking import Struck
from tracker.database import insert
from tracker.users.models import User
from tracker.watches.models import IN_REACH, Watch, WatchState

log = structlog.get_logger()

WRONG_READING = "wrong reading"
"""`Alert.last_error` of one that was cancelled for it."""

_UNSENT = (AlertState.DUE, AlertState.HELD, AlertState.SENDING)
_LIVE = (*_UNSENT, AlertState.SENT)


async def decide(
    session: AsyncSession, user: User, correction_id: int, *, asked: int, chosen: int | None
) -> tuple[Struck, int]:
    """Take a person's word about a price (`striking.decide`), with all that follows for every watcher.

    Returns what was struck, and how many alerts are owed by it. Raises what `striking.decide` raises.
    """
    done = await striking.decide(session, user, correction_id, asked=asked, chosen=chosen)
    misled = await _take_back(session, done)
    await _stand_anew(session, done)
    owed = await owe(session, done.move) if done.move is not None else 0
    excused = await _excuse(session, done, misled)
    log.info(
        "correction.told",
        correction_id=done.correction.id,
        listing_id=done.listing.id,
        misled=sorted(misled),
        owed=owed,
    )
    return done, owed + excused


async def strike(session: AsyncSession, user: User, listing_id: int, observation_id: int) -> Struck:
    """Strike one reading by an admin's word (`striking.strike`), with all that follows for every watcher."""
    done = await striking.strike(session, user, listing_id, observation_id)
    misled = await _take_back(session, done)
    await _stand_anew(session, done)
    await _excuse(session, done, misled)
    return done


async def undo(session: AsyncSession, correction_id: int) -> Listing:
    """Take a correction back; what it said of alerts is forgotten. Raises NotYours."""
    listing = await striking.undo(session, correction_id)
    await session.execute(
        update(Alert)
        .where(Alert.correction_id == correction_id)
        .values(correction_id=None)
        .execution_options(synchronize_session=False)
    )
    for watch in await _watches(session, listing.id):
        await _measure_anew(session, watch)
    await session.flush()
    return listing


async def _take_back(session: AsyncSession, done: Struck) -> set[int]:
    """Mark the alerts of struck readings, cancel those not said yet; returns the watches that were told.

    One that is being said at this moment counts as said, and is not said again.
    """
    struck = [observation.id for observation in done.struck]
    false = (Alert.observation_id.in_(struck), Alert.state.in_(_LIVE))
    misled = await session.scalars(
        select(Alert.watch_id).where(*false, Alert.state.in_((AlertState.SENT, AlertState.SENDING)))
    )
    told = set(misled)
    await session.execute(
        update(Alert)
        .where(*false, Alert.state.in_(_UNSENT))
        .values(state=AlertState.CANCELLED, last_error=WRONG_READING, lease_token=None, lease_until=None)
        .execution_options(synchronize_session=False)
    )
    await session.execute(
        update(Alert)
        .where(Alert.observation_id.in_(struck), Alert.state.in_((AlertState.SENT, AlertState.CANCELLED)))
        .values(correction_id=done.correction.id)
        .execution_options(synchronize_session=False)
    )
    return told


async def _stand_anew(session: AsyncSession, done: Struck) -> None:
    """Arm again what struck readings fired, and measure every watch by what stands."""
    moments = {observation.observed_at for observation in done.struck}
    prices = {observation.price_minor for observation in done.struck}
    for watch in await _watches(session, done.listing.id):
        began_wrong = bool(moments) and watch.created_at >= min(moments) and watch.start_minor in prices
        if began_wrong:
            price = done.listing.price
            watch.start_minor = price.minor if price else None
            watch.start_currency = price.currency if price else None
        for rule in watch.rules:
            # A target that a new watch had met already was spent on the wrong price.
            met_at_start = began_wrong and not rule.is_armed and rule.fired_at is None
            if rule.fired_at in moments or met_at_start:
                rule.is_armed, rule.fired_at, rule.fired_minor = True, None, None
        await _measure_anew(session, watch)
    await session.flush()


async def _watches(session: AsyncSession, listing_id: int) -> Sequence[Watch]:
    rows = await session.scalars(
        select(Watch)
        .where(Watch.listing_id == listing_id)
        .options(selectinload(Watch.rules))
        .order_by(Watch.id)
        .execution_options(populate_existing=True)
    )
    return rows.all()


async def _measure_anew(session: AsyncSession, watch: Watch) -> None:
    """The last alert and the highest price since, or since the watch began, by what stands."""
    last = (
        await session.execute(
            select(Alert.now_minor, Alert.observed_at)
            .outerjoin(PriceObservation, PriceObservation.id == Alert.observation_id)  # it may be retired
            .where(
                Alert.watch_id == watch.id,
                Alert.correction_id.is_(None),
                Alert.state.in_(_LIVE),
                Alert.now_minor.is_not(None),
                PriceObservation.correction_id.is_(None),
                Alert.observed_at >= watch.created_at,
            )
            .order_by(Alert.id.desc())
            .limit(1)
        )
    ).first()
    watch.last_alert_minor, watch.last_alert_at = (last[0], last[1]) if last else (None, None)
    watch.high_minor = await _highest(session, watch.listing_id, last[1] if last else watch.created_at)


async def _highest(session: AsyncSession, listing_id: int, since: datetime) -> int | None:
    """The highest price that stood at a moment or after it."""
    standing = (
        PriceObservation.listing_id == listing_id,
        PriceObservation.correction_id.is_(None),
        PriceObservation.price_minor.is_not(None),
    )
    at_first = (
        select(PriceObservation.id)
        .where(*standing, PriceObservation.observed_at <= since)
        .order_by(PriceObservation.id.desc())
        .limit(1)
    )
    first = await session.scalar(at_first)
    of_time = select(func.max(PriceObservation.price_minor)).where(*standing)
    return await session.scalar(of_time.where(PriceObservation.id >= (first or 0)))


async def _excuse(session: AsyncSession, done: Struck, misled: Collection[int]) -> int:
    """Owe everybody who was told a wrong price one message that says so, in one with what else is owed now;
    returns how many are owed beside those.
    """
    if not misled:
        return 0
    reason = {"kind": CORRECTED, "wrong_minor": done.wrong.minor}
    owed = await session.scalars(
        select(Alert).where(Alert.observation_id == done.said_by.id, Alert.watch_id.in_(misled))
    )
    already = set()
    for alert in owed:
        already.add(alert.watch_id)
        alert.reasons = [reason, *alert.reasons]
        alert.before_minor = None
    await session.flush()
    watches = await session.scalars(
        select(Watch)
        .join(Watch.user)
        .where(
            Watch.id.in_(set(misled) - already),
            Watch.state != WatchState.STOPPED,
            IN_REACH,
        )
    )
    price, now = done.listing.price, clock.now()
    excused = watches.all()
    rows = [
        {
            "watch_id": watch.id,
            "observation_id": done.said_by.id,
            "chat_id": watch.chat_id,
            "reasons": [reason],
            "before_minor": None,
            "now_minor": price.minor if price else None,
            "currency": done.wrong.currency,
            "observed_at": done.said_by.observed_at,
            "state": AlertState.DUE,
            "due_at": now,
            "attempts": 0,
        }
        for watch in excused
    ]
    for watch in excused:
        if price is not None:  # from now on it is what this person was told last
            watch.last_alert_minor = watch.high_minor = price.minor
            watch.last_alert_at = done.said_by.observed_at
    await session.flush()
    if rows:
        await session.execute(insert(session, Alert).on_conflict_do_nothing(), rows)
    return len(rows)
