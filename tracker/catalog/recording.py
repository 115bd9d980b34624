"""What a check read becomes an observation, a doubt, or nothing but a new due time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import daily_lows, spans, stores
from tracker.catalog.belief import (
    DEFAULT_BANDS,
    Bands,
    Belief,
    Known,
    evidence_kind,
    is_new_normal,
    recheck_after,
    weigh,
)
from tracker.catalog.history import PriceHistory
from tracker.catalog.interval import back_off, interval, spread
from tracker.catalog.models import MAX_URL, Doubt, DoubtfulReading, Listing, PriceObservation
from tracker.catalog.move import Check, Kind, Move
from tracker.config import Settings
from tracker.money import Money
from tracker.stores.offer import Availability, Offer
from tracker.texts import clean

log = structlog.get_logger()

_RANDOM = Random()  # noqa: S311 - spreads load, guards nothing


@dataclass(frozen=True, slots=True)
class Checking:
    """How soon a doubtful reading is read again, and what is doubtful.

    `interval` is how often every listing is checked; None is as often as its own watchers are promised.
    `lease` is how long a check may take, `first_rest` how long a store is left alone that refuses us.
    """

    interval: timedelta | None = None
    recheck: timedelta = timedelta(minutes=2)
    bands: Bands = DEFAULT_BANDS
    lease: timedelta = timedelta(seconds=60)
    first_rest: timedelta = stores.FIRST_REST

    @classmethod
    def by(cls, settings: Settings) -> "Checking":
        bands = Bands(
            hold_below=settings.hold_below,
            hold_above=settings.hold_above,
            reject_below=settings.reject_below,
            reject_above=settings.reject_above,
            reads=settings.hold_reads,
            agree=settings.hold_agree,
        )
        recheck = timedelta(seconds=settings.hold_recheck_seconds)
        first_rest = timedelta(seconds=settings.fetch_rest_seconds)
        return cls(settings.check_interval, recheck, bands, settings.check_lease, first_rest)


async def record(
    session: AsyncSession,
    listing_id: int,
    check: Check,
    checking: Checking,
    *,
    lease_token: str | None = None,
    is_sale: bool = False,
) -> Move | None:
    """Record what a check read, and set the next due time. The listing is locked meanwhile.

    Returns the move when the reading is the first or a change that we believe. Returns None when nothing
    changed, when there is no offer (a failed read is never a price), when the currency is not the listing's,
    when the reading is held or rejected, or when a check that began later has been recorded already.

    A check whose lease has gone to another one leaves the due time to that: it will read the page later.
    `is_sale` is of the listing's store.
    """
    listing = await session.get_one(Listing, listing_id, with_for_update=True, populate_existing=True)
    return await record_on(session, listing, check, checking, lease_token=lease_token, is_sale=is_sale)


async def record_on(
    session: AsyncSession,
    listing: Listing,
    check: Check,
    checking: Checking,
    *,
    lease_token: str | None = None,
    is_sale: bool = False,
) -> Move | None:
    """As `record`, on a listing that the caller has locked."""
    if listing.checked_at is not None and check.began_at < listing.checked_at:
        return None
    # Asked before anything is set: a query afterwards would first write the half of it.
    is_new = check.offer is not None and not _is_as_known(listing, check.offer)
    last = await _last_standing(session, listing.id) if is_new else None
    was_sure, read_before = listing.outcome in (None, "offer"), listing.read_at
    listing.checked_at = check.began_at
    offer, listing.outcome = check.offer, check.outcome
    if offer is not None and _is_another_currency(listing, offer):
        log.warning("listing.currency_changed", listing_id=listing.id, known=listing.currency)
        offer, listing.outcome = None, "currency_changed"
    move = None
    if offer is not None and is_new:
        move = await _observed(session, listing, offer, last, checking)
    elif offer is not None:
        _take_over(listing, offer, clock.now())
    _count(listing, check, has_offer=offer is not None)
    if check.kind is Kind.UNCHANGED:
        listing.outcome, listing.read_at = "offer", clock.now()
    if offer is not None and listing.outcome == check.outcome and not was_sure:
        await _settle_doubts(session, listing, Doubt.HELD, Doubt.DROPPED)
    if read_before is not None and listing.read_at != read_before:
        changed = move is not None and move.now != move.before
        listing.rate = listing.rate.after(clock.now() - read_before, changed=changed)
    _remember_state(listing, check)
    if lease_token is None or listing.lease_token == lease_token:
        listing.lease_token = listing.lease_until = None
        if listing.next_check_at is not None:
            await _schedule(session, listing, check, checking, is_sale=is_sale)
    return move


def _is_as_known(listing: Listing, offer: Offer) -> bool:
    """Whether the page says of price and stock what it said before: most checks end here.

    A thing that is sold out can have lost its price, which the listing keeps to compare with.
    """
    return (
        listing.read_at is not None
        and listing.outcome == "offer"
        and offer.price is not None
        and offer.price == listing.price
        and offer.availability == listing.availability
        and offer.availability != Availability.OUT_OF_STOCK
    )


def _count(listing: Listing, check: Check, *, has_offer: bool) -> None:
    """A store that refuses us says nothing about the listing; a page that is gone counts once a day."""
    if check.kind is Kind.BLOCKED:
        return
    listing.failures = 0 if has_offer or check.kind is Kind.UNCHANGED else listing.failures + 1
    if check.kind is Kind.GONE:
        today = check.began_at.date()
        if listing.gone_on is None or today > listing.gone_on:
            listing.gone_on, listing.gone_days = today, listing.gone_days + 1
    elif check.kind is not Kind.FAILED:
        listing.gone_on, listing.gone_days = None, 0


def _remember_state(listing: Listing, check: Check) -> None:
    """Keep what the store calls this state of its page, while we are sure of what it says."""
    if check.kind is Kind.UNCHANGED:
        return
    if check.offer is not None:
        listing.needs_browser = check.needs_browser
    is_sure = listing.outcome == "offer"
    listing.etag, listing.last_modified = (check.etag, check.last_modified) if is_sure else (None, None)
    listing.fetched_whole_at = check.began_at if is_sure else None


async def _schedule(
    session: AsyncSession, listing: Listing, check: Check, checking: Checking, *, is_sale: bool
) -> None:
    """Set the next due time, and the moment when the promise breaks if nothing comes of that."""
    now = clock.now()
    if check.kind not in (Kind.BLOCKED, Kind.FAILED):
        listing.kept_at, listing.promise_at = check.began_at, check.began_at + listing.check_every
    listing.next_check_at = now + spread(await _wait(session, listing, check, checking, is_sale), _RANDOM)
    if listing.next_check_at < now + checking.lease:
        # While it was in hand its store looked for it at the end of the lease, and no sooner.
        await stores.due(session, listing.store, listing.next_check_at)


async def _wait(
    session: AsyncSession, listing: Listing, check: Check, checking: Checking, is_sale: bool
) -> timedelta:
    """How long until the next check: a reading that is held is read again within minutes."""
    usual = checking.interval or interval(
        listing.check_every, listing.rate, listing.watchers, is_urgent=is_sale or listing.is_near_target
    )
    if listing.failures and check.kind not in (Kind.GONE, Kind.BLOCKED):
        return back_off(usual, listing.failures)
    if listing.outcome != Doubt.HELD:
        return usual
    held = await _doubts(session, listing, Doubt.HELD)
    return recheck_after(len(held), checking.recheck, usual, checking.bands)


async def _last_standing(session: AsyncSession, listing_id: int) -> PriceObservation | None:
    return await session.scalar(
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing_id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.observed_at.desc(), PriceObservation.id.desc())
        .limit(1)
    )


async def _observed(
    session: AsyncSession,
    listing: Listing,
    offer: Offer,
    last: PriceObservation | None,
    checking: Checking,
) -> Move | None:
    now = clock.now()
    before, price = listing.price, offer.price
    changed = (
        last is None
        or listing.read_at is None
        or (price.minor if price else None) != last.price_minor
        or offer.availability != listing.availability
    )
    if not changed:
        _take_over(listing, offer, now)
        return None
    known = await _known(session, listing.id)
    history = PriceHistory(
        [(moment, price_minor) for moment, price_minor, _ in known if price_minor is not None],
        listing.currency or (price.currency if price else "XXX"),
        await daily_lows.known(session, listing),
    )
    is_new_beginning = False
    if price is not None and price != before:
        belief = await _doubt(session, listing, offer, price, history, checking.bands)
        if belief is Belief.HELD:
            listing.outcome = Doubt.HELD
            return None
        if belief is Belief.REJECTED:
            is_new_beginning = await _is_new_normal(session, listing, now, checking.bands)
            if not is_new_beginning:
                listing.outcome = Doubt.REJECTED
                return None
            await _settle_doubts(session, listing, Doubt.REJECTED, Doubt.BELIEVED)
    said = (availability for _, _, availability in reversed(known))
    was = next((stock for stock in said if stock != Availability.UNKNOWN), Availability.UNKNOWN)
    if last is not None:
        await spans.end(session, last, listing.read_at or last.observed_at)
    _take_over(listing, offer, now)
    observation = PriceObservation(
        listing_id=listing.id,
        price_minor=price.minor if price else None,
        list_price_minor=offer.list_price.minor if offer.list_price else None,
        currency=price.currency if price else None,
        availability=offer.availability,
        seller=listing.seller if offer.seller else None,
        is_used=offer.is_used,
        evidence=_said(offer),
        observed_at=now,
    )
    session.add(observation)
    await session.flush()
    return Move(
        listing_id=listing.id,
        observation_id=observation.id,
        observed_at=now,
        before=before,
        now=price,
        was=Availability(was),
        availability=offer.availability,
        seller=observation.seller,
        is_used=offer.is_used,
        history=history,
        is_new_beginning=is_new_beginning,
    )


def _take_over(listing: Listing, offer: Offer, now: datetime) -> None:
    """What the page says now, cleaned: no database takes a NUL or half a surrogate; JSON can hold both."""
    listing.read_at = now
    listing.title = clean(offer.title, limit=500) or listing.title
    listing.image = offer.image if offer.image and _can_be_kept(offer.image) else listing.image
    listing.variant = clean(offer.variant, limit=255) if offer.variant else listing.variant
    listing.seller = clean(offer.seller, limit=255) if offer.seller else listing.seller
    listing.availability = offer.availability
    if offer.price:
        listing.price_minor, listing.currency = offer.price.minor, offer.price.currency
        listing.list_price_minor = offer.list_price.minor if offer.list_price else None
        listing.evidence_kind = evidence_kind(offer.evidence)


async def _known(session: AsyncSession, listing_id: int) -> Sequence[tuple[datetime, int | None, str]]:
    """Moment, price and availability of every observation that stands, the oldest first."""
    rows = await session.execute(
        select(PriceObservation.observed_at, PriceObservation.price_minor, PriceObservation.availability)
        .where(PriceObservation.listing_id == listing_id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.observed_at, PriceObservation.id)
    )
    return [(moment, price_minor, availability) for moment, price_minor, availability in rows]


async def _doubt(
    session: AsyncSession, listing: Listing, offer: Offer, price: Money, history: PriceHistory, bands: Bands
) -> Belief:
    """Judge a price that changed, and keep a record of it unless it is believed."""
    now = clock.now()
    held = await _doubts(session, listing, Doubt.HELD)
    kind = evidence_kind(offer.evidence)
    known = Known(
        before=listing.price,
        median=history.median(now),
        evidence=listing.evidence_kind,
        variant=listing.variant,
        believed=history.points,
        held=[(row.read_at, row.price) for row in held],
    )
    variant = clean(offer.variant, limit=255) if offer.variant else None
    verdict = weigh(price, known, evidence=kind, variant=variant, now=now, bands=bands)
    if verdict.belief is Belief.BELIEVED:
        if held:
            await _settle_doubts(session, listing, Doubt.HELD, Doubt.BELIEVED)
        return verdict.belief
    assert verdict.why is not None
    assert verdict.reference is not None
    session.add(
        DoubtfulReading(
            listing_id=listing.id,
            price_minor=price.minor,
            median_minor=verdict.reference.minor,
            currency=price.currency,
            reason=verdict.why,
            state=Doubt(verdict.belief),
            evidence=_said(offer),
            evidence_kind=kind,
            read_at=now,
        )
    )
    await session.flush()
    log.info("reading.doubted", listing_id=listing.id, belief=str(verdict.belief), why=str(verdict.why))
    return verdict.belief


async def _is_new_normal(session: AsyncSession, listing: Listing, now: datetime, bands: Bands) -> bool:
    rejected = await _doubts(session, listing, Doubt.REJECTED)
    return is_new_normal([(row.read_at, row.price) for row in rejected], now, bands)


async def _doubts(session: AsyncSession, listing: Listing, state: Doubt) -> Sequence[DoubtfulReading]:
    """The run of such readings since a page was last believed, the oldest first."""
    run = select(DoubtfulReading).where(
        DoubtfulReading.listing_id == listing.id, DoubtfulReading.state == state
    )
    if listing.read_at is not None:
        run = run.where(DoubtfulReading.read_at > listing.read_at)
    return (await session.scalars(run.order_by(DoubtfulReading.id))).all()


async def _settle_doubts(session: AsyncSession, listing: Listing, before: Doubt, now: Doubt) -> None:
    """Say what became of the readings that were held, or rejected."""
    await session.execute(
        update(DoubtfulReading)
        .where(DoubtfulReading.listing_id == listing.id, DoubtfulReading.state == before)
        .values(state=now)
        .execution_options(synchronize_session=False)
    )


def _said(offer: Offer) -> str:
    return clean("; ".join(f"{item.source}: {item.text}" for item in offer.evidence), limit=1000)


def _can_be_kept(image: str) -> bool:
    return len(image) <= MAX_URL and image.isprintable()


def _is_another_currency(listing: Listing, offer: Offer) -> bool:
    return bool(offer.price and listing.currency and offer.price.currency != listing.currency)
