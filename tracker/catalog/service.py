"""Listings: found, made, and made due. Who checks them is `claiming.py`, what a check says `recording.py`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import daily_lows, stores
from tracker.catalog.models import Listing, PriceObservation, StoreState
from tracker.database import insert, padded
from tracker.money import Money
from tracker.stores.offer import Offer
from tracker.stores.registry import store_of
from tracker.texts import clean

_WITH_STORES = (
    select(Listing, StoreState)
    .join(StoreState, StoreState.code == Listing.store)
    .where(Listing.id.in_(bindparam("ids", expanding=True)))
)


async def by_url(session: AsyncSession, url: str) -> Listing | None:
    """The listing of a canonical URL."""
    return await session.scalar(select(Listing).where(Listing.url == url))


async def list_offer(session: AsyncSession, url: str, offer: Offer) -> Listing:
    """The listing of a canonical URL, made from the offer when nobody has watched it yet."""
    store = store_of(url).code
    await stores.begin(session, store)
    await session.execute(
        insert(session, Listing)
        .values(
            url=url,
            store=store,
            title=clean(offer.title, limit=500),
            availability=offer.availability,
            created_at=clock.now(),
        )
        .on_conflict_do_nothing(index_elements=[Listing.url])
    )
    return (await session.scalars(select(Listing).where(Listing.url == url))).one()


async def check_at(session: AsyncSession, listing: Listing, at: datetime) -> None:
    """Let the listing be checked at this moment instead of when it was due; not while it is being checked."""
    if listing.lease_until is not None:
        at = max(at, listing.lease_until)
    listing.next_check_at = at
    await session.flush()
    await stores.due(session, listing.store, at)


async def leased(
    session: AsyncSession, claims: Sequence[tuple[int, str]]
) -> Sequence[tuple[Listing, StoreState]]:
    """The listings of these (id, lease token), each with its store; without those whose lease went to another
    one meanwhile.
    """
    tokens = dict(claims)
    rows = await session.execute(_WITH_STORES, {"ids": padded(tokens)})
    return [(listing, store) for listing, store in rows if listing.lease_token == tokens[listing.id]]


async def put_back(session: AsyncSession, listing_id: int, lease_token: str, at: datetime) -> None:
    """Give a lease back without a check: the listing is due again at this moment."""
    listing = await session.scalar(
        select(Listing).where(Listing.id == listing_id, Listing.lease_token == lease_token).with_for_update()
    )
    if listing is None:
        return
    listing.lease_token = listing.lease_until = None
    if listing.next_check_at is not None:
        await check_at(session, listing, at)


async def price_range(session: AsyncSession, listing: Listing) -> tuple[Money, Money] | None:
    """The lowest and the highest price since the listing is tracked; None when no price was ever seen.

    Of the time whose observations are retired, the highest is known only by the lows of its days: a price
    that stood for less than a day is forgotten as the highest, and never as the lowest.
    """
    observed = await session.execute(
        select(func.min(PriceObservation.price_minor), func.max(PriceObservation.price_minor)).where(
            PriceObservation.listing_id == listing.id, PriceObservation.correction_id.is_(None)
        )
    )
    prices = [price for price in observed.one() if price is not None]
    if (retired := await daily_lows.known(session, listing)) is not None:
        prices += [price for _, price in retired.days]
    if not prices or listing.currency is None:
        return None
    return Money(min(prices), listing.currency), Money(max(prices), listing.currency)
