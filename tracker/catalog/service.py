"""Listings: found or made, claimed for a check, and what a check recorded."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import MAX_URL, Listing, PriceObservation
from tracker.catalog.move import Check, Move
from tracker.database import insert
from tracker.money import Money
from tracker.stores.offer import Offer
from tracker.stores.registry import store_of
from tracker.texts import clean

log = structlog.get_logger()


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


async def record(session: AsyncSession, listing_id: int, check: Check, *, interval: timedelta) -> Move | None:
    """Record what a check read, and set the next due time.

    Returns the move when the reading is the first or a change. Returns None when nothing changed, when there
    is no offer (a failed read is never a price), when the currency is not the listing's, or when a check
    that began later has been recorded already.
    """
    listing = await session.get_one(Listing, listing_id, with_for_update=True, populate_existing=True)
    if listing.checked_at is not None and check.began_at < listing.checked_at:
        return None
    # Asked before anything is set: a query afterwards would first write the half of it.
    last_seen = await _last_seen(session, listing_id) if check.offer else None
    now = clock.now()
    listing.checked_at = check.began_at
    listing.lease_token = listing.lease_until = None
    offer, listing.outcome = check.offer, check.outcome
    if offer is not None and _is_another_currency(listing, offer):
        log.warning("listing.currency_changed", listing_id=listing.id, known=listing.currency)
        offer, listing.outcome = None, "currency_changed"
    listing.failures = 0 if offer else listing.failures + 1
    if listing.next_check_at is not None:
        listing.schedule_next(now, interval)
    return await _observe(session, listing, offer, last_seen, now) if offer else None


async def _last_seen(session: AsyncSession, listing_id: int) -> int | None:
    """The price of the last observation, in minor units."""
    return await session.scalar(
        select(PriceObservation.price_minor)
        .where(PriceObservation.listing_id == listing_id)
        .order_by(PriceObservation.id.desc())
        .limit(1)
    )


async def _observe(
    session: AsyncSession, listing: Listing, offer: Offer, last_seen: int | None, now: datetime
) -> Move | None:
    before = listing.price
    is_first = listing.read_at is None
    price_minor = offer.price.minor if offer.price else None
    list_price_minor = offer.list_price.minor if offer.list_price else None
    changed = is_first or price_minor != last_seen or offer.availability != listing.availability
    listing.read_at = now
    # Cleaned before it is stored: no database takes a NUL or half a surrogate pair, and JSON can hold both.
    listing.title = clean(offer.title, limit=500) or listing.title
    listing.image = offer.image if offer.image and _can_be_kept(offer.image) else listing.image
    listing.variant = clean(offer.variant, limit=255) if offer.variant else listing.variant
    listing.seller = clean(offer.seller, limit=255) if offer.seller else listing.seller
    listing.availability = offer.availability
    if offer.price:
        listing.price_minor, listing.currency = offer.price.minor, offer.price.currency
        listing.list_price_minor = list_price_minor
    if not changed:
        return None
    observation = PriceObservation(
        listing_id=listing.id,
        price_minor=price_minor,
        list_price_minor=list_price_minor,
        currency=offer.price.currency if offer.price else None,
        availability=offer.availability,
        evidence=clean("; ".join(f"{item.source}: {item.text}" for item in offer.evidence), limit=1000),
        observed_at=now,
    )
    session.add(observation)
    await session.flush()
    return Move(listing.id, observation.id, now, before, offer.price)


def _can_be_kept(image: str) -> bool:
    return len(image) <= MAX_URL and image.isprintable()


def _is_another_currency(listing: Listing, offer: Offer) -> bool:
    return bool(offer.price and listing.currency and offer.price.currency != listing.currency)


async def price_range(session: AsyncSession, listing: Listing) -> tuple[Money, Money] | None:
    """The lowest and the highest price since the listing is tracked; None when no price was ever seen."""
    lowest, highest = (
        await session.execute(
            select(func.min(PriceObservation.price_minor), func.max(PriceObservation.price_minor)).where(
                PriceObservation.listing_id == listing.id
            )
        )
    ).one()
    if lowest is None or highest is None or listing.currency is None:
        return None
    return Money(lowest, listing.currency), Money(highest, listing.currency)
