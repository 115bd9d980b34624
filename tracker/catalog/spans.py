"""From when to when each price of a listing was seen: kept with changes, not with checks.

Of each listing one observation has no `last_seen_at`: the last one that stands, which its page says now.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.catalog.models import Listing, PriceObservation
from tracker.money import Money


@dataclass(frozen=True, slots=True)
class Span:
    """A price, or None for a page that asked none, with its stock, and when it was first and last seen."""

    first_seen: datetime
    last_seen: datetime
    price: Money | None
    availability: str


async def of(session: AsyncSession, listing: Listing) -> Sequence[Span]:
    """What stands of a listing's kept history, the oldest first. Between two spans nothing else was seen."""
    rows = await session.scalars(
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing.id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.observed_at, PriceObservation.id)
    )
    return [
        Span(
            row.observed_at,
            max(row.observed_at, row.last_seen_at or listing.read_at or row.observed_at),
            row.price,
            row.availability,
        )
        for row in rows
    ]


async def end(session: AsyncSession, last: PriceObservation, seen_at: datetime) -> None:
    """Note when the page last said what it says no longer."""
    await session.execute(
        update(PriceObservation)
        .where(
            PriceObservation.id == last.id,
            PriceObservation.observed_at == last.observed_at,  # names the one partition to look into
        )
        .values(last_seen_at=seen_at)
        .execution_options(synchronize_session=False)
    )


async def follow(session: AsyncSession, listing_id: int, seen_at: datetime | None) -> None:
    """Say anew which one follows which, when other observations stand than before.

    `seen_at` is when the page was last read until then. What stands again between two others was followed by
    the later one.
    """
    rows = await session.scalars(
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing_id)
        .order_by(PriceObservation.observed_at.desc(), PriceObservation.id.desc())
    )
    following: PriceObservation | None = None
    for row in rows:
        is_current = row.correction_id is None and following is None
        if is_current:
            row.last_seen_at = None
        elif row.last_seen_at is None:
            until = min(filter(None, (seen_at, following.observed_at if following else None)), default=None)
            row.last_seen_at = max(row.observed_at, until or row.observed_at)
        if row.correction_id is None:
            following = row
    await session.flush()
