"""Listings: found or made, and claimed for a check. What a check recorded is `recording.py`."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import Listing, PriceObservation
from tracker.database import insert
from tracker.money import Money
from tracker.stores.offer import Offer
from tracker.stores.registry import store_of
from tracker.texts import clean


async def by_url(session: AsyncSession, url: str) -> Listing | None:
    """The listing of a canonical URL."""
    return await session.scalar(select(Listing).where(Listing.url == url))


async def list_offer(session: AsyncSession, url: str, offer: Offer) -> Listing:
    """The listing of a canonical URL, made from the offer when nobody has watched it yet."""
    await session.execute(
        insert(session, Listing)
        .values(
            url=url,
            store=store_of(url).code,
            title=clean(offer.title, limit=500),
            availability=offer.availability,
            failures=0,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Listing.url])
    )
    return (await session.scalars(select(Listing).where(Listing.url == url))).one()


async def claim_due(session: AsyncSession, *, limit: int, lease: timedelta) -> Sequence[tuple[int, str]]:
    """Lease up to `limit` due listings, the longest overdue first, and give (id, lease token) of each.

    A listing whose lease ran out (its worker died, or its hint was lost) is due again.
    """
    now, token = clock.now(), uuid4().hex
    due = (
        select(Listing.id)
        .where(
            Listing.next_check_at <= now,
            or_(Listing.lease_until.is_(None), Listing.lease_until <= now),
        )
        .order_by(Listing.next_check_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.scalars(
        update(Listing)
        .where(Listing.id.in_(due))
        .values(lease_token=token, lease_until=now + lease)
        .returning(Listing.id)
        .execution_options(synchronize_session=False)
    )
    return [(listing_id, token) for listing_id in claimed]


async def leased(session: AsyncSession, listing_id: int, lease_token: str) -> Listing | None:
    """The listing, when the lease is still the caller's; None when it ran out and somebody else has it."""
    return await session.scalar(
        select(Listing).where(Listing.id == listing_id, Listing.lease_token == lease_token)
    )


async def price_range(session: AsyncSession, listing: Listing) -> tuple[Money, Money] | None:
    """The lowest and the highest price since the listing is tracked; None when no price was ever seen."""
    lowest, highest = (
        await session.execute(
            select(func.min(PriceObservation.price_minor), func.max(PriceObservation.price_minor)).where(
                PriceObservation.listing_id == listing.id, PriceObservation.correction_id.is_(None)
            )
        )
    ).one()
    if lowest is None or highest is None or listing.currency is None:
        return None
    return Money(lowest, listing.currency), Money(highest, listing.currency)
