"""A price called wrong: asked once a person and listing, owed one answer, decided by a tap.

What a decision does to prices is `striking.py`.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import structlog
from sqlalchemy import ColumnElement, and_, bindparam, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import Correction, CorrectionState, Listing, ReadingRule
from tracker.database import padded
from tracker.errors import BadInput, NotYours, OverAllowance
from tracker.stores.corrections import Choice, Rule, place_of
from tracker.texts import clean
from tracker.users.models import User

log = structlog.get_logger()

MAX_ATTEMPTS = 3
A_DAY = timedelta(days=1)
MOST_A_DAY = 5
"""Listings that one person may call wrong within a day."""

AGAIN_AFTER = timedelta(minutes=10)
"""How soon the same person may ask about the same listing again."""

USERS_FOR_A_STORE = 3
"""How many different people must show the same place before it holds for the whole store."""


async def ask(session: AsyncSession, user: User, listing: Listing, *, chat_id: int) -> Correction:
    """Owe this person the other prices of a listing's page; while that is owed, asking again changes nothing.

    The caller has made sure that they watch it. Raises BadInput while no price is known, and OverAllowance
    for the sixth listing of a day and the same one within ten minutes.
    """
    now = clock.now()
    if listing.price_minor is None:
        raise BadInput("error.no_price_to_correct")
    # Makes "count, then add" one step for two taps at once.
    await session.scalars(select(User.id).where(User.id == user.id).with_for_update())
    found = await session.scalar(
        select(Correction).where(Correction.user_id == user.id, Correction.listing_id == listing.id)
    )
    if found is not None and found.state == CorrectionState.ASKED:
        return found
    if found is not None and now - found.asked_at < AGAIN_AFTER:
        raise OverAllowance("error.correction_again")
    others = select(func.count()).where(
        Correction.user_id == user.id,
        Correction.listing_id != listing.id,
        Correction.asked_at > now - A_DAY,
    )
    if (await session.scalar(others) or 0) >= MOST_A_DAY:
        raise OverAllowance("error.too_many_corrections", allowed=MOST_A_DAY)
    if found is None:
        found = Correction(user_id=user.id, listing_id=listing.id)
        session.add(found)
    found.state, found.chat_id = CorrectionState.ASKED, chat_id
    found.wrong_minor, found.wrong_source = listing.price_minor, None
    found.offered, found.chosen, found.decided_at = [], None, None
    found.attempts, found.lease_token, found.lease_until = 0, None, None
    found.asked_at = found.due_at = now
    await session.flush()
    log.info(
        "correction.asked",
        correction_id=found.id,
        user_id=user.id,
        listing_id=listing.id,
        wrong_minor=found.wrong_minor,
    )
    return found


async def claim(session: AsyncSession, correction_id: int, *, lease: timedelta) -> Correction | None:
    """Lease one correction; None when it is answered, or in other hands."""
    now = clock.now()
    return await session.scalar(
        update(Correction)
        .where(
            Correction.id == correction_id,
            Correction.state == CorrectionState.ASKED,
            or_(Correction.lease_until.is_(None), Correction.lease_until <= now),
        )
        .values(lease_token=uuid4().hex, lease_until=now + lease, attempts=Correction.attempts + 1)
        .returning(Correction)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


async def overdue(session: AsyncSession, *, limit: int = 100) -> Sequence[tuple[int, datetime, int]]:
    """(id, asked_at, attempts) of corrections in nobody's hands a second after they were due."""
    now = clock.now()
    rows = await session.execute(
        select(Correction.id, Correction.asked_at, Correction.attempts)
        .where(
            Correction.state == CorrectionState.ASKED,
            Correction.due_at <= now - timedelta(seconds=1),
            or_(Correction.lease_until.is_(None), Correction.lease_until <= now),
        )
        .order_by(Correction.due_at)
        .limit(limit)
    )
    return [(correction_id, asked_at, attempts) for correction_id, asked_at, attempts in rows]


def offer_of(choice: Choice) -> dict[str, Any]:
    """A choice as `Correction.offered` keeps it."""
    one = choice.candidate
    return {
        "amount": str(choice.price.amount),
        "minor": choice.price.minor,
        "currency": choice.price.currency,
        "source": one.source[:64],
        "place": clean(place_of(one), limit=255),
        "role": one.role,
        "text": clean(one.text, limit=80),
    }


async def keep_offers(
    session: AsyncSession, claimed: Correction, choices: Sequence[Choice], *, wrong_source: str | None
) -> Correction | None:
    """Keep what will be offered, before it is said; None when the lease has gone to somebody else."""
    return await session.scalar(
        update(Correction)
        .where(Correction.id == claimed.id, Correction.lease_token == claimed.lease_token)
        .values(offered=[offer_of(choice) for choice in choices], wrong_source=wrong_source)
        .returning(Correction)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


async def settle(session: AsyncSession, claimed: Correction, state: CorrectionState) -> None:
    """Close a claimed correction: its prices were offered, or its page could not be read."""
    await _update(session, claimed, state=state)
    log.info("correction.answered", correction_id=claimed.id, state=str(state), offered=len(claimed.offered))


async def try_again(session: AsyncSession, claimed: Correction, *, after: timedelta) -> None:
    """Put a claimed correction back for a while."""
    await _update(session, claimed, due_at=clock.now() + after)


async def _update(session: AsyncSession, claimed: Correction, **values: object) -> None:
    # The token fences: whoever was frozen past the lease changes nothing, nor does a choice that came first.
    await session.execute(
        update(Correction)
        .where(
            Correction.id == claimed.id,
            Correction.lease_token == claimed.lease_token,
            Correction.state == CorrectionState.ASKED,
        )
        .values(lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


async def open_question(session: AsyncSession, user: User, correction_id: int, *, asked: int) -> Correction:
    """The correction behind a button, locked, while its question is open.

    `asked` is the moment of asking in whole seconds, as the button says it. Raises NotYours, and BadInput for
    a question that was answered, or of which a newer one stands in the chat.
    """
    found = await session.scalar(
        select(Correction)
        .where(Correction.id == correction_id, Correction.user_id == user.id)
        .with_for_update()
    )
    if found is None:
        raise NotYours
    is_open = found.state in (CorrectionState.ASKED, CorrectionState.OFFERED)
    if not is_open or int(found.asked_at.timestamp()) != asked:
        raise BadInput("error.correction_decided")
    return found


async def withdraw(session: AsyncSession, user: User, correction_id: int, *, asked: int) -> Correction:
    """The price is right after all: nothing changes. Raises what `open_question` raises."""
    found = await open_question(session, user, correction_id, asked=asked)
    found.state, found.decided_at = CorrectionState.WITHDRAWN, clock.now()
    found.lease_token = found.lease_until = None
    await session.flush()
    log.info("correction.withdrawn", correction_id=found.id, user_id=user.id)
    return found


async def rules_for(session: AsyncSession, urls: Sequence[str], store: str) -> Sequence[Rule]:
    """What people showed us of the listing at any of these addresses and of its store, the newest first."""
    rows = await session.scalars(
        select(ReadingRule)
        .outerjoin(Listing, Listing.id == ReadingRule.listing_id)
        .where(
            ReadingRule.undone_at.is_(None),
            or_(
                and_(ReadingRule.listing_id.is_(None), ReadingRule.store == store),
                Listing.url.in_(urls),
            ),
        )
        .order_by(ReadingRule.id.desc())
    )
    return [_rule(row) for row in rows]


_RULES_OF = (
    select(ReadingRule)
    .where(
        ReadingRule.undone_at.is_(None),
        or_(
            ReadingRule.listing_id.in_(bindparam("ids", expanding=True)),
            and_(
                ReadingRule.listing_id.is_(None),
                ReadingRule.store.in_(bindparam("stores", expanding=True)),
            ),
        ),
    )
    .order_by(ReadingRule.id.desc())
)


async def rules_of(session: AsyncSession, listings: Sequence[Listing]) -> dict[int, list[Rule]]:
    """What people showed us of these listings and of their stores, by the listing's id, the newest first."""
    concerned = {
        "ids": padded([listing.id for listing in listings]),
        "stores": padded({listing.store for listing in listings}),
    }
    rows = (await session.scalars(_RULES_OF, concerned)).all()
    return {
        listing.id: [
            _rule(row)
            for row in rows
            if row.listing_id == listing.id or (row.listing_id is None and row.store == listing.store)
        ]
        for listing in listings
    }


def _rule(row: ReadingRule) -> Rule:
    return Rule(row.source, row.place, row.wrong_source, is_of_store=row.listing_id is None)


async def add_rules(
    session: AsyncSession, correction: Correction, listing: Listing, chosen: dict[str, Any] | None
) -> None:
    """Make a decision the listing's rule in the place of this person's earlier one, and the store's when they
    are the third.
    """
    now = clock.now()
    await session.execute(
        update(ReadingRule)
        .where(
            ReadingRule.correction_id == correction.id,
            ReadingRule.listing_id.is_not(None),
            ReadingRule.undone_at.is_(None),
        )
        .values(undone_at=now)
        .execution_options(synchronize_session=False)
    )
    terms = {
        "store": listing.store,
        "source": chosen["source"] if chosen else None,
        "place": chosen["place"] if chosen else None,
        "wrong_source": correction.wrong_source,
    }
    session.add(ReadingRule(listing_id=listing.id, correction_id=correction.id, created_at=now, **terms))
    await session.flush()
    if chosen and await _is_agreed(session, terms):
        session.add(ReadingRule(listing_id=None, correction_id=correction.id, created_at=now, **terms))
        await session.flush()
        log.info("correction.holds_for_store", correction_id=correction.id, **terms)


async def _is_agreed(session: AsyncSession, terms: dict[str, Any]) -> bool:
    """Whether enough people showed the same, and it is not the store's rule yet."""
    # A store's rule is about what is taken instead; without knowing that it would fit no page.
    if terms["wrong_source"] is None or await session.scalar(
        select(ReadingRule.id).where(*_same(terms), ReadingRule.listing_id.is_(None)).limit(1)
    ):
        return False
    return await _people(session, terms) >= USERS_FOR_A_STORE


async def _people(session: AsyncSession, terms: dict[str, Any]) -> int:
    """How many different people showed the same: each has one vote, on however many listings."""
    people = await session.scalar(
        select(func.count(func.distinct(Correction.user_id)))
        .select_from(ReadingRule)
        .join(Correction, Correction.id == ReadingRule.correction_id)
        .where(*_same(terms), ReadingRule.listing_id.is_not(None))
    )
    return people or 0


def _same(terms: dict[str, Any]) -> Sequence[ColumnElement[bool]]:
    equal = [getattr(ReadingRule, name) == value for name, value in terms.items()]
    return [*equal, ReadingRule.undone_at.is_(None)]


async def drop_rules_without_people(session: AsyncSession, store: str) -> None:
    """Take a store's rules back that fewer people stand behind than it takes, since one was undone."""
    rules = await session.scalars(
        select(ReadingRule).where(
            ReadingRule.store == store,
            ReadingRule.listing_id.is_(None),
            ReadingRule.undone_at.is_(None),
        )
    )
    for rule in rules.all():
        names = ("store", "source", "place", "wrong_source")
        if await _people(session, {name: getattr(rule, name) for name in names}) < USERS_FOR_A_STORE:
            rule.undone_at = clock.now()
            log.info("correction.holds_no_more", rule_id=rule.id, store=store)
    await session.flush()


async def in_force(session: AsyncSession, *, limit: int = 10) -> Sequence[tuple[Correction, Listing]]:
    """The last corrections whose rules stand, the newest first: what an admin may undo."""
    standing = select(ReadingRule.correction_id).where(ReadingRule.undone_at.is_(None))
    rows = await session.execute(
        select(Correction, Listing)
        .join(Listing, Listing.id == Correction.listing_id)
        .where(Correction.id.in_(standing))
        .order_by(Correction.decided_at.desc(), Correction.id.desc())
        .limit(limit)
    )
    return [(correction, listing) for correction, listing in rows]
