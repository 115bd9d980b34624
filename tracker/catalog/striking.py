"""What a correction does to a listing: wrong readings leave its history, the right price takes its place, and
an admin can take that back.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import log as logarithm

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import corrections, daily_lows, spans
from tracker.catalog.belief import evidence_kind
from tracker.catalog.history import Lows, PriceHistory
from tracker.catalog.models import (
    Correction,
    CorrectionState,
    DailyLow,
    Doubt,
    DoubtfulReading,
    Listing,
    PriceObservation,
    ReadingRule,
)
from tracker.catalog.move import Move
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.stores.offer import Availability, Evidence, Outcome
from tracker.users.models import User

log = structlog.get_logger()

_SAME = 0.02
"""Readings so near to the wrong price are it, when nobody knows the right one."""


@dataclass(frozen=True, slots=True)
class Struck:
    """What a decision changed. `said_by` is the observation that messages about it refer to."""

    correction: Correction
    listing: Listing
    wrong: Money
    struck: tuple[PriceObservation, ...]
    """The newest first."""
    said_by: PriceObservation
    move: Move | None
    """From the last price that stands to the right one; None when that is not known."""


async def decide(
    session: AsyncSession, user: User, correction_id: int, *, asked: int, chosen: int | None
) -> Struck:
    """Take a person's word: the offered price `chosen`, counted from 0, is right, or with None none of them.

    Raises NotYours, and BadInput when the question is not open any more or had no such choice.
    """
    correction = await corrections.open_question(session, user, correction_id, asked=asked)
    if chosen is not None and chosen >= len(correction.offered):
        raise BadInput("error.correction_decided")
    listing = await session.get_one(
        Listing, correction.listing_id, with_for_update=True, populate_existing=True
    )
    if correction.wrong_minor is None or listing.currency is None:
        raise BadInput("error.correction_decided")
    now = clock.now()
    offered = correction.offered[chosen] if chosen is not None else None
    correction.state = CorrectionState.NONE_RIGHT if offered is None else CorrectionState.CHOSEN
    correction.chosen, correction.decided_at = chosen, now
    correction.lease_token = correction.lease_until = None
    await corrections.add_rules(session, correction, listing, offered)
    wrong = Money(correction.wrong_minor, listing.currency)
    right = Money(offered["minor"], listing.currency) if offered else None
    standing, seen_at = await _standing(session, listing.id), listing.read_at
    struck = _to_strike(standing, wrong, right)
    for observation in struck:
        observation.correction_id = correction.id
    if all(one.price is None or one in struck for one in standing):
        await _strike_lows(session, correction, wrong, right)
    await _drop_doubts(session, listing.id)
    await session.flush()
    standing = await _standing(session, listing.id)
    evidence = Evidence(offered["source"], offered["text"]) if offered else None
    said_by = _said_by(correction, listing, right, evidence, now)
    session.add(said_by)
    before = _last_price(standing)
    _set_price(listing, right or before, evidence, now)
    await session.flush()
    await spans.follow(session, listing.id, seen_at)
    log.info(
        "correction.decided",
        correction_id=correction.id,
        user_id=user.id,
        listing_id=listing.id,
        state=correction.state,
        wrong_minor=wrong.minor,
        right_minor=right.minor if right else None,
        struck=[observation.id for observation in struck],
    )
    lows = await daily_lows.known(session, listing)
    move = _move(listing, said_by, standing, before, right, lows) if right else None
    return Struck(correction, listing, wrong, tuple(struck), said_by, move)


async def undo(session: AsyncSession, correction_id: int) -> Listing:
    """Take a correction back, with its rules and all that it struck. Raises NotYours for one that is not in
    force.
    """
    correction = await session.scalar(
        select(Correction).where(Correction.id == correction_id).with_for_update()
    )
    now = clock.now()
    rules = await session.scalars(
        update(ReadingRule)
        .where(ReadingRule.correction_id == correction_id, ReadingRule.undone_at.is_(None))
        .values(undone_at=now)
        .returning(ReadingRule.id)
        .execution_options(synchronize_session=False)
    )
    undone = rules.all()
    if correction is None or not undone:
        raise NotYours
    listing = await session.get_one(
        Listing, correction.listing_id, with_for_update=True, populate_existing=True
    )
    await corrections.drop_rules_without_people(session, listing.store)
    await _stand_again(session, correction)
    await spans.follow(session, listing.id, listing.read_at)
    correction.state = CorrectionState.UNDONE
    correction.lease_token = correction.lease_until = None
    before = _last_price(await _standing(session, listing.id))
    listing.price_minor = before.minor if before else None
    await session.flush()
    log.info("correction.undone", correction_id=correction_id, listing_id=listing.id, rules=[*undone])
    return listing


async def strike(session: AsyncSession, user: User, listing_id: int, observation_id: int) -> Struck:
    """Strike one reading by an admin's word: it leaves history, and what stands before it is the price again.

    It is kept as the admin's correction of the listing, without a rule. Raises NotYours for a reading that is
    not this listing's, has no price or is struck already.
    """
    listing = await session.get(Listing, listing_id, with_for_update=True, populate_existing=True)
    observation = await session.scalar(
        select(PriceObservation).where(
            PriceObservation.id == observation_id,
            PriceObservation.listing_id == listing_id,
            PriceObservation.correction_id.is_(None),
        )
    )
    if listing is None or observation is None or observation.price is None:
        raise NotYours("error.no_such_reading")
    now, wrong = clock.now(), observation.price
    correction = await session.scalar(
        select(Correction)
        .where(Correction.user_id == user.id, Correction.listing_id == listing_id)
        .with_for_update()
    )
    if correction is None:
        correction = Correction(
            user_id=user.id,
            listing_id=listing_id,
            chat_id=user.telegram_id,
            state=CorrectionState.NONE_RIGHT,
            wrong_minor=wrong.minor,
            offered=[],
            due_at=now,
            asked_at=now,
            decided_at=now,
        )
        session.add(correction)
        await session.flush()
    observation.correction_id = correction.id
    await _drop_doubts(session, listing_id)
    await session.flush()
    before = _last_price(await _standing(session, listing_id))
    said_by = _said_by(correction, listing, None, None, now)
    session.add(said_by)
    _set_price(listing, before, None, now)
    listing.etag = listing.last_modified = None  # "unchanged" would say nothing about a reading that is gone
    await session.flush()
    await spans.follow(session, listing_id, listing.read_at)
    log.info("reading.struck", listing_id=listing_id, observation_id=observation_id, user_id=user.id)
    return Struck(correction, listing, wrong, (observation,), said_by, None)


async def forget_rules(session: AsyncSession, listing: Listing, *, of_store: bool) -> int:
    """Let a listing's readings, or those of all its store, follow no learnt rule; returns how many fell.

    What was struck by the corrections that made them stays so. The page is read whole at its next check.
    """
    whose = (
        (ReadingRule.store == listing.store, ReadingRule.listing_id.is_(None))
        if of_store
        else (ReadingRule.listing_id == listing.id,)
    )
    rows = await session.scalars(
        update(ReadingRule)
        .where(*whose, ReadingRule.undone_at.is_(None))
        .values(undone_at=clock.now())
        .returning(ReadingRule.id)
        .execution_options(synchronize_session=False)
    )
    forgotten = rows.all()
    if not of_store:
        await corrections.drop_rules_without_people(session, listing.store)
    listing.etag = listing.last_modified = None
    await session.flush()
    log.info("rules.forgotten", listing_id=listing.id, of_store=of_store, rules=[*forgotten])
    return len(forgotten)


async def _stand_again(session: AsyncSession, correction: Correction) -> None:
    """Let what was struck stand, and strike what the decision itself wrote: that was of its moment."""
    rows = await session.scalars(
        select(PriceObservation).where(PriceObservation.listing_id == correction.listing_id)
    )
    for observation in rows:
        if correction.decided_at is not None and observation.observed_at == correction.decided_at:
            observation.correction_id = correction.id
        elif observation.correction_id == correction.id and observation.price_minor is not None:
            observation.correction_id = None
    await session.execute(
        update(DailyLow)
        .where(DailyLow.correction_id == correction.id)
        .values(correction_id=None)
        .execution_options(synchronize_session=False)
    )
    await session.flush()


async def _standing(session: AsyncSession, listing_id: int) -> Sequence[PriceObservation]:
    """The observations that stand, the oldest first."""
    rows = await session.scalars(
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing_id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.observed_at, PriceObservation.id)
    )
    return rows.all()


async def _strike_lows(
    session: AsyncSession, correction: Correction, wrong: Money, right: Money | None
) -> None:
    """Everything that is kept was wrong: so are the days before it, back to the first that was not."""
    for low in reversed(await daily_lows.standing(session, correction.listing_id)):
        if not _is_wrong(low.price, wrong, right):
            return
        low.correction_id = correction.id


def _to_strike(
    standing: Sequence[PriceObservation], wrong: Money, right: Money | None
) -> list[PriceObservation]:
    """Back from the newest, while a price is nearer to the wrong one than to the right one, as a ratio.

    Without the right one, while it is within 2 % of the wrong one. Times without a price end nothing.
    """
    struck = []
    for observation in reversed(standing):
        price = observation.price
        if price is None:
            continue
        if not _is_wrong(price, wrong, right):
            break
        struck.append(observation)
    return struck


def _is_wrong(price: Money, wrong: Money, right: Money | None) -> bool:
    if price.currency != wrong.currency or price.minor <= 0:
        return False
    if right is None:
        return abs(price.minor - wrong.minor) <= _SAME * wrong.minor
    return _distance(price, wrong) < _distance(price, right)


def _distance(one: Money, other: Money) -> float:
    return abs(logarithm(one.minor / other.minor))


def _said_by(
    correction: Correction, listing: Listing, right: Money | None, evidence: Evidence | None, now: datetime
) -> PriceObservation:
    """The right price as an observation. When nobody knows it, a row that belongs to no history: it has no
    price and counts as struck, and is there for messages to refer to.
    """
    return PriceObservation(
        listing_id=listing.id,
        price_minor=right.minor if right else None,
        list_price_minor=None,
        currency=right.currency if right else None,
        availability=listing.availability,
        evidence=f"{evidence.source}: {evidence.text}" if evidence else "corrected: none of the amounts",
        observed_at=now,
        last_seen_at=None if right else now,
        correction_id=None if right else correction.id,
    )


def _set_price(listing: Listing, price: Money | None, evidence: Evidence | None, now: datetime) -> None:
    listing.price_minor, listing.list_price_minor = price.minor if price else None, None
    # A check that is under way began before we knew: what it brings is older than this.
    listing.checked_at = now
    if evidence is not None:
        listing.evidence_kind = evidence_kind([evidence])
        listing.read_at = now
        listing.outcome, listing.failures = Outcome.OFFER, 0


async def _drop_doubts(session: AsyncSession, listing_id: int) -> None:
    """What is held was measured against prices that were wrong."""
    await session.execute(
        update(DoubtfulReading)
        .where(
            DoubtfulReading.listing_id == listing_id,
            DoubtfulReading.state == Doubt.HELD,
        )
        .values(state=Doubt.DROPPED)
        .execution_options(synchronize_session=False)
    )


def _last_price(standing: Sequence[PriceObservation]) -> Money | None:
    return next((one.price for one in reversed(standing) if one.price is not None), None)


def _move(
    listing: Listing,
    said_by: PriceObservation,
    standing: Sequence[PriceObservation],
    before: Money | None,
    right: Money,
    lows: Lows | None,
) -> Move:
    history = [(one.observed_at, one.price_minor) for one in standing if one.price_minor is not None]
    stock = Availability(listing.availability)
    return Move(
        listing_id=listing.id,
        observation_id=said_by.id,
        observed_at=said_by.observed_at,
        before=before,
        now=right,
        was=stock,
        availability=stock,
        history=PriceHistory(history, right.currency, lows),
    )
