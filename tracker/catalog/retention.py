"""How long observations are kept, and what becomes of them then: daily lows, which stay for ever.

A listing's observations are kept for the longest history that a plan of its watchers permits. What is older
is retired: the lows of its days are written and the observations go, in one transaction. Doing that again
changes nothing, and what one night leaves the next one finds.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, and_, case, delete, exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from tracker.catalog import daily_lows
from tracker.catalog.daily_lows import Counted
from tracker.catalog.history import MEDIAN_OF
from tracker.catalog.models import DailyLow, Listing, PriceObservation

LEAST_KEPT_DAYS = MEDIAN_OF.days
"""However short a plan's history is: doubts and rules ask for the median of that time."""

UNWATCHED_KEPT_DAYS = 365
"""What nobody watches is read no more, so it costs what it costs; who comes back within a year, from one
yearly sale to the next, finds what was.
"""


@dataclass(frozen=True, slots=True)
class Batch:
    """What one transaction retired. `last_id` is the last listing that was looked at."""

    last_id: int
    observations: int
    lows: int


async def terms(session: AsyncSession) -> Sequence[int]:
    """For how many days observations are kept, of all listings that do not keep them for ever."""
    days = await session.scalars(select(_days_kept()).distinct().where(_days_kept().is_not(None)))
    return sorted(term for term in days if term is not None)


def kept_from(now: datetime, days: int) -> date:
    """The UTC day that a history of so many days begins on: days are retired whole."""
    return (now - timedelta(days=days)).astimezone(UTC).date()


async def retire(session: AsyncSession, days: int, now: datetime, *, after: int, limit: int) -> Batch | None:
    """Retire what is older than `days` of up to `limit` listings that keep so much, by id beyond `after`.

    A listing that is being written at this moment is passed over. None when there is no more.
    """
    until = kept_from(now, days)
    listings = await session.scalars(
        select(Listing)
        .where(Listing.id > after, _days_kept() == days, *_has_older(until))
        .order_by(Listing.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    batch = {listing.id: listing for listing in listings}
    if not batch:
        return None
    observations = await _before(session, batch, until)
    written, gone = 0, 0
    for listing_id, listing in batch.items():
        known = observations[listing_id]
        written += await _write_lows(session, listing, known, until)
        gone += await _forget(session, listing, known, until)
        listing.retired_until = until
    await session.flush()
    return Batch(max(batch), gone, written)


def _days_kept() -> ColumnElement[int | None]:
    """For how many days a listing's observations are kept; null is for ever."""
    return case(
        (Listing.watchers == 0, UNWATCHED_KEPT_DAYS),
        (Listing.history_days < LEAST_KEPT_DAYS, LEAST_KEPT_DAYS),
        else_=Listing.history_days,
    )


def _has_older(until: date) -> tuple[ColumnElement[bool], ...]:
    """Whether something was both seen and followed by something else before a day."""
    begin = _midnight(until)
    return (
        or_(Listing.retired_until.is_(None), Listing.retired_until < until),
        exists().where(
            and_(
                PriceObservation.listing_id == Listing.id,
                PriceObservation.observed_at < begin,
                PriceObservation.last_seen_at < begin,
            )
        ),
    )


async def _before(
    session: AsyncSession, listings: dict[int, Listing], until: date
) -> dict[int, list[PriceObservation]]:
    """The observations of each listing before a day, struck ones too, the oldest first."""
    rows = await session.scalars(
        select(PriceObservation)
        .where(PriceObservation.listing_id.in_(listings), PriceObservation.observed_at < _midnight(until))
        .order_by(PriceObservation.observed_at, PriceObservation.id)
        .options(defer(PriceObservation.evidence, raiseload=True))
    )
    found: dict[int, list[PriceObservation]] = defaultdict(list)
    for row in rows:
        found[row.listing_id].append(row)
    return found


async def _write_lows(
    session: AsyncSession, listing: Listing, known: Sequence[PriceObservation], until: date
) -> int:
    prices = [
        (one.observed_at.date(), one.price)
        for one in known
        if one.correction_id is None and one.price is not None
    ]
    since = listing.retired_until
    counted = None
    if since is not None:
        before = await daily_lows.standing(session, listing.id)
        low = before[-1].price if before else None
        stood = [price for day, price in prices if day < since]
        counted = Counted(since, stood[-1] if stood else low, low)
        prices = [(day, price) for day, price in prices if day >= since]
    found = daily_lows.lows(prices, until, counted)
    session.add_all(
        DailyLow(listing_id=listing.id, day=day, price_minor=low.minor, currency=low.currency)
        for day, low in found
    )
    return len(found)


async def _forget(
    session: AsyncSession, listing: Listing, known: Sequence[PriceObservation], until: date
) -> int:
    """Delete all but what stands into the time that is kept: the last one, and the last price.

    The newest stays although it was struck, since SQLite would give its id to another one.
    """
    standing = [one for one in known if one.correction_id is None]
    priced = [one for one in standing if one.price_minor is not None]
    newest = max(known, key=lambda one: one.id)
    kept = {one.id for one in (newest, *standing[-1:], *priced[-1:])}
    await session.execute(
        delete(PriceObservation)
        .where(
            PriceObservation.listing_id == listing.id,
            PriceObservation.observed_at < _midnight(until),
            PriceObservation.id.not_in(kept),
        )
        .execution_options(synchronize_session=False)
    )
    return len(known) - len(kept)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
