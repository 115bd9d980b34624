"""Where a listing stands between two readings, as a move that goes nowhere: what a new rule is judged by."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import daily_lows
from tracker.catalog.history import PriceHistory
from tracker.catalog.models import Listing, PriceObservation
from tracker.catalog.move import Move
from tracker.stores.offer import Availability


async def as_it_stands(session: AsyncSession, listing: Listing) -> Move:
    """The last observation that was not struck, as if it were made now; its price is in `history` too."""
    known = (
        await session.execute(
            select(
                PriceObservation.id,
                PriceObservation.observed_at,
                PriceObservation.price_minor,
                PriceObservation.availability,
                PriceObservation.seller,
                PriceObservation.is_used,
            )
            .where(PriceObservation.listing_id == listing.id, PriceObservation.correction_id.is_(None))
            .order_by(PriceObservation.observed_at, PriceObservation.id)
        )
    ).all()
    last = known[-1] if known else None
    price = listing.money(last.price_minor) if last else None
    stock = Availability(last.availability) if last else Availability.UNKNOWN
    points = [(row.observed_at, row.price_minor) for row in known if row.price_minor is not None]
    return Move(
        listing_id=listing.id,
        observation_id=last.id if last else 0,
        observed_at=clock.now(),
        before=price,
        now=price,
        was=stock,
        availability=stock,
        seller=last.seller if last else None,
        is_used=bool(last and last.is_used),
        history=PriceHistory(points, listing.currency or "XXX", await daily_lows.known(session, listing)),
    )
