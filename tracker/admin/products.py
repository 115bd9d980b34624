"""Listings, as those who run the service find them, and what they may do about one."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.alerts import corrections as wrong_prices
from tracker.catalog import service as catalog
from tracker.catalog import striking
from tracker.catalog.models import Listing, PriceObservation, ReadingRule, StoreState
from tracker.errors import BadInput, BadLink, NotYours
from tracker.fetching.canonical import canonical
from tracker.users.models import User
from tracker.watches import demand
from tracker.watches import service as watches
from tracker.watches.models import Watch

_READINGS = 8
_MOST_WORDS = 6


class Said(StrEnum):
    """What came of asking for a check."""

    ASKED = "asked"
    UNDER_WAY = "under_way"
    RESTS = "rests"
    """Its store is asked for nothing at the moment."""
    NOT_CHECKED = "not_checked"
    """It is paused, or nobody watches it."""


@dataclass(frozen=True, slots=True)
class Product:
    """A listing with all that its card says."""

    listing: Listing
    store: StoreState | None
    watches: tuple[tuple[str, int], ...]
    """How many watches of each state it has."""
    rules: tuple[ReadingRule, ...]
    """Those in force that its readings follow: its own, and its store's."""
    readings: tuple[PriceObservation, ...]
    """The last ones, the newest first, with those that were struck."""

    @property
    def own_rules(self) -> int:
        return sum(rule.listing_id is not None for rule in self.rules)


async def search(
    session: AsyncSession, actor: Actor, *, words: str = "", before: int | None = None, limit: int = 10
) -> Sequence[Listing]:
    """The newest first, from the one before id `before` on.

    `words` are an address, a number with `#`, the code of a store, or beginnings of words of the title.
    """
    actor.must_be_let(Action.SEE_PRODUCTS)
    wanted = select(Listing).order_by(Listing.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Listing.id < before)
    if words := words.strip():
        wanted = await _matching(session, wanted, words)
    return (await session.scalars(wanted)).all()


async def get(session: AsyncSession, actor: Actor, listing_id: int) -> Product:
    """Raises NotYours."""
    actor.must_be_let(Action.SEE_PRODUCTS)
    listing = await session.get(Listing, listing_id, populate_existing=True)
    if listing is None:
        raise NotYours("error.no_such_listing")
    counted = await session.execute(
        select(Watch.state, func.count())
        .where(Watch.listing_id == listing_id)
        .group_by(Watch.state)
        .order_by(Watch.state)
    )
    rules = await session.scalars(
        select(ReadingRule)
        .where(
            ReadingRule.undone_at.is_(None),
            or_(
                ReadingRule.listing_id == listing_id,
                (ReadingRule.listing_id.is_(None)) & (ReadingRule.store == listing.store),
            ),
        )
        .order_by(ReadingRule.id.desc())
    )
    readings = await session.scalars(
        select(PriceObservation)
        .where(PriceObservation.listing_id == listing_id, PriceObservation.price_minor.is_not(None))
        .order_by(PriceObservation.observed_at.desc(), PriceObservation.id.desc())
        .limit(_READINGS)
    )
    return Product(
        listing=listing,
        store=await session.get(StoreState, listing.store),
        watches=tuple((state, number) for state, number in counted),
        rules=tuple(rules),
        readings=tuple(readings),
    )


async def check_now(session: AsyncSession, actor: Actor, listing_id: int) -> Said:
    """Let a listing be checked now, for all who watch it. Its store's rest is kept. Raises NotYours."""
    await audit.allow(session, actor, Action.CHECK_LISTING, f"listing:{listing_id}")
    listing, now = await _locked(session, listing_id), clock.now()
    if listing.next_check_at is None:
        return Said.NOT_CHECKED
    if listing.lease_until is not None and listing.lease_until > now:
        return Said.UNDER_WAY
    store = await session.get(StoreState, listing.store, populate_existing=True)
    if store is not None and store.rests_until is not None and store.rests_until > now:
        return Said.RESTS
    await catalog.check_at(session, listing, now)
    return Said.ASKED


async def pause(session: AsyncSession, actor: Actor, listing_id: int) -> None:
    """Check a listing no more, whoever watches it, until `resume`. Raises NotYours."""
    await audit.allow(session, actor, Action.PAUSE_LISTING, f"listing:{listing_id}", paused=True)
    listing = await _locked(session, listing_id)
    listing.paused_at = listing.paused_at or clock.now()
    await session.flush()
    await demand.check_what_is_wanted(session, [listing_id])


async def resume(session: AsyncSession, actor: Actor, listing_id: int) -> None:
    """Check it again, as often as those who watch it are promised. Raises NotYours."""
    await audit.allow(session, actor, Action.PAUSE_LISTING, f"listing:{listing_id}", paused=False)
    listing = await _locked(session, listing_id)
    listing.paused_at = None
    await session.flush()
    await demand.check_what_is_wanted(session, [listing_id])


async def reset_rules(session: AsyncSession, actor: Actor, listing_id: int, *, of_store: bool = False) -> int:
    """Forget what people taught about a listing, or about all of its store; returns how many rules.

    Raises NotYours, and BadInput when there is none.
    """
    await audit.allow(session, actor, Action.RESET_RULE, f"listing:{listing_id}", of_store=of_store)
    forgotten = await striking.forget_rules(session, await _locked(session, listing_id), of_store=of_store)
    if not forgotten:
        raise BadInput("error.no_rule")
    return forgotten


async def strike(session: AsyncSession, actor: Actor, listing_id: int, observation_id: int) -> None:
    """Strike a reading: false alerts of it are taken back, and who was told is told that it was wrong.

    Raises NotYours, also for an admin who never wrote to the bot.
    """
    await audit.allow(
        session, actor, Action.STRIKE_READING, f"listing:{listing_id}", observation=observation_id
    )
    user = await session.scalar(select(User).where(User.telegram_id == actor.telegram_id))
    if user is None:
        raise NotYours("error.no_such_reading")
    await watches.lock_listing(session, listing_id)
    await wrong_prices.strike(session, user, listing_id, observation_id)


async def _locked(session: AsyncSession, listing_id: int) -> Listing:
    listing = await session.get(Listing, listing_id, with_for_update=True, populate_existing=True)
    if listing is None:
        raise NotYours("error.no_such_listing")
    return listing


async def _matching(session: AsyncSession, wanted: Select[Listing], words: str) -> Select[Listing]:
    if "://" in words:
        return wanted.where(Listing.url.in_({words, _canonical(words)}))
    if words.startswith("#") and words[1:].isascii() and words[1:].isdigit() and len(words) < 20:
        return wanted.where(Listing.id == int(words[1:]))
    if await session.get(StoreState, words.lower()) is not None:
        return wanted.where(Listing.store == words.lower())
    terms = _terms(words)
    if not terms:
        raise BadInput("error.bad_search")
    if session.get_bind().dialect.name == "postgresql":
        return wanted.where(_HAS_WORDS.bindparams(words=" & ".join(f"{term}:*" for term in terms)))
    return wanted.where(*map(_has_word, terms))


# As the index says it: only by the same words does PostgreSQL see that it serves.
_HAS_WORDS = text(
    "to_tsvector('simple'::regconfig, title::text) @@ to_tsquery('simple'::regconfig, :words)"
).bindparams(bindparam("words"))


def _has_word(term: str) -> ColumnElement[bool]:
    """SQLite looks at every row, of which it has few."""
    title = func.lower(Listing.title)
    return or_(title.startswith(term, autoescape=True), title.contains(f" {term}", autoescape=True))


def _terms(words: str) -> list[str]:
    """Letters and digits alone: nothing that a search language of PostgreSQL's could mean."""
    kept = "".join(character if character.isalnum() else " " for character in words.lower())
    return kept.split()[:_MOST_WORDS]


def _canonical(url: str) -> str:
    try:
        return canonical(url)
    except BadLink:
        return url
