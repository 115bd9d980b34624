"""How the stores answer, and what is asked of them, for those who run the service."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.counts import UNANSWERED, Share
from tracker.admin.roles import Action, Actor
from tracker.catalog import stores
from tracker.catalog.models import CheckTally, Listing, MissedPromise, StoreState
from tracker.catalog.move import REFUSALS, Kind
from tracker.errors import BadInput, NotYours
from tracker.fetching.ways import Way
from tracker.stores.offer import Reason

DAY = timedelta(days=1)
LONGEST_GAP = 3600.0
MOST_AT_ONCE = 1000
LONGEST_REST = timedelta(days=7)

_READ = (Kind.OFFER, Kind.UNCHANGED)
_UNSURE = (Reason.NOT_SURE, Reason.AMBIGUOUS)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """One store: its listings that are checked, how it is asked, and how the checks of 24 hours ended."""

    code: str
    listings: int = 0
    outcomes: tuple[tuple[str, int], ...] = ()
    """How often checks ended so, the most frequent first."""
    mean_milliseconds: int | None = None
    """Of the checks that read a page, from their beginning to their record. Only sums are kept, so this is
    their mean, and no median can be told.
    """
    missed: int = 0
    """Promises about its listings that broke."""
    refusals_in_a_row: int = 0
    refused_since: datetime | None = None
    rests_until: datetime | None = None
    """None when it may be asked."""
    sale_until: datetime | None = None
    """None when it has no sale."""
    at_once: int | None = None
    gap_seconds: float | None = None
    way: str | None = None
    """An operator's own manners for it; None is the service's."""

    @property
    def checks(self) -> int:
        return self._ended(None)

    @property
    def offers(self) -> int:
        """Checks that gave an offer, or the word that the page is what it was."""
        return self._ended(_READ)

    @property
    def refusals(self) -> int:
        return self._ended(REFUSALS)

    @property
    def unsure(self) -> int:
        """Checks that saw a price, and did not believe it enough to say it."""
        return self._ended(_UNSURE)

    @property
    def promises(self) -> Share:
        """As `counts.promise_kept` has it for all stores."""
        owed = max(self.checks - self._ended(UNANSWERED), self.missed)
        return Share(owed - self.missed, owed)

    @property
    def is_resting(self) -> bool:
        return self.rests_until is not None

    def _ended(self, outcomes: Sequence[str] | None) -> int:
        return sum(checks for outcome, checks in self.outcomes if outcomes is None or outcome in outcomes)


async def reports(session: AsyncSession, actor: Actor, *, limit: int = 20) -> Sequence[StoreReport]:
    """Up to `limit` stores: those that rest, the longest first, then those that are checked most."""
    actor.must_be_let(Action.SEE_STORES)
    now = clock.now()
    tallied = (
        select(CheckTally.store, func.sum(CheckTally.checks).label("checks"))
        .where(CheckTally.hour > now - DAY)
        .group_by(CheckTally.store)
        .subquery()
    )
    rest = case((StoreState.rests_until > now, StoreState.rests_until), else_=None)
    return await _reports(
        session,
        select(StoreState)
        .outerjoin(tallied, tallied.c.store == StoreState.code)
        .order_by(rest.desc().nulls_last(), func.coalesce(tallied.c.checks, 0).desc(), StoreState.code)
        .limit(limit),
    )


async def search(
    session: AsyncSession, actor: Actor, *, words: str = "", after: str | None = None, limit: int = 20
) -> Sequence[StoreReport]:
    """Stores whose code begins with the words, or holds them after a dot, by their code from `after` on."""
    actor.must_be_let(Action.SEE_STORES)
    wanted = select(StoreState).order_by(StoreState.code).limit(limit)
    if words := words.strip().lower():
        code = StoreState.code
        wanted = wanted.where(
            code.startswith(words, autoescape=True) | code.contains(f".{words}", autoescape=True)
        )
    if after is not None:
        wanted = wanted.where(StoreState.code > after)
    return await _reports(session, wanted)


async def get(session: AsyncSession, actor: Actor, code: str) -> StoreReport:
    """Raises NotYours for a store that is not known."""
    actor.must_be_let(Action.SEE_STORES)
    found = await _reports(session, select(StoreState).where(StoreState.code == code))
    if not found:
        raise NotYours("error.no_such_store")
    return found[0]


async def code_of_listing(session: AsyncSession, actor: Actor, listing_id: int) -> str:
    """Which store a listing is of: a button holds its id where the code is too long. Raises NotYours."""
    actor.must_be_let(Action.SEE_STORES)
    code = await session.scalar(select(Listing.store).where(Listing.id == listing_id))
    if code is None:
        raise NotYours("error.no_such_store")
    return code


async def any_listing(session: AsyncSession, code: str) -> int | None:
    """The newest of a store's listings."""
    return await session.scalar(select(func.max(Listing.id)).where(Listing.store == code))


async def rest(session: AsyncSession, actor: Actor, code: str, duration: timedelta) -> datetime:
    """Ask a store for nothing for so long; returns until when. Raises NotYours and BadInput."""
    if not timedelta(minutes=1) <= duration <= LONGEST_REST:
        raise BadInput("error.rest_too_long", days=LONGEST_REST.days)
    await audit.allow(
        session, actor, Action.REST_STORE, f"store:{code}", hours=round(duration / timedelta(hours=1), 2)
    )
    await _known(session, code)
    until = clock.now() + duration
    await stores.rest(session, code, until)
    store = await session.get_one(StoreState, code)
    return store.rests_until or until


async def release(session: AsyncSession, actor: Actor, code: str) -> None:
    """Ask a store again, now. Raises NotYours."""
    await audit.allow(session, actor, Action.RELEASE_STORE, f"store:{code}")
    await _known(session, code)
    await stores.release(session, code)


async def set_manners(
    session: AsyncSession,
    actor: Actor,
    code: str,
    *,
    at_once: int | None,
    gap_seconds: float | None,
    way: str | None,
) -> None:
    """How a store is asked from now on; None is as the others are. Raises NotYours and BadInput."""
    await audit.allow(
        session, actor, Action.SET_STORE, f"store:{code}", at_once=at_once, gap_seconds=gap_seconds, way=way
    )
    if at_once is not None and not 1 <= at_once <= MOST_AT_ONCE:
        raise BadInput("error.at_once_out_of_range", most=MOST_AT_ONCE)
    if gap_seconds is not None and not 0 <= gap_seconds <= LONGEST_GAP:
        raise BadInput("error.gap_out_of_range", most=int(LONGEST_GAP))
    if way is not None and way not in set(Way):
        raise BadInput("error.no_such_way", ways=", ".join(Way))
    store = await _known(session, code)
    store.at_once, store.gap_seconds = at_once, gap_seconds
    store.way = None if way == Way.DIRECT else way
    await session.flush()


async def _known(session: AsyncSession, code: str) -> StoreState:
    store = await session.get(StoreState, code, with_for_update=True, populate_existing=True)
    if store is None:
        raise NotYours("error.no_such_store")
    return store


async def _reports(session: AsyncSession, wanted: Select[StoreState]) -> list[StoreReport]:
    found = (await session.scalars(wanted)).all()
    codes, now = [store.code for store in found], clock.now()
    listings = await _listings(session, codes)
    missed = await _missed(session, codes, now - DAY)
    outcomes: dict[str, list[tuple[str, int]]] = defaultdict(list)
    read: dict[str, tuple[int, int]] = {}
    for row in await _tallies(session, codes, now - DAY):
        outcomes[row.store].append((row.outcome, int(row.checks)))
        if row.outcome in _READ:
            checks, milliseconds = read.get(row.store, (0, 0))
            read[row.store] = checks + int(row.checks), milliseconds + int(row.milliseconds)
    return [
        StoreReport(
            code=store.code,
            listings=listings.get(store.code, 0),
            outcomes=tuple(sorted(outcomes[store.code], key=lambda each: (-each[1], each[0]))),
            mean_milliseconds=_mean(*read.get(store.code, (0, 0))),
            missed=missed.get(store.code, 0),
            refusals_in_a_row=store.blocks,
            refused_since=store.refused_since,
            rests_until=_ahead(store.rests_until, now),
            sale_until=_ahead(store.sale_until, now),
            at_once=store.at_once,
            gap_seconds=store.gap_seconds,
            way=store.way,
        )
        for store in found
    ]


def _mean(checks: int, milliseconds: int) -> int | None:
    return round(milliseconds / checks) if checks else None


async def _tallies(session: AsyncSession, codes: Sequence[str], since: datetime) -> Sequence[CheckTally]:
    """As tallies of the whole time."""
    rows = await session.execute(
        select(
            CheckTally.store,
            CheckTally.outcome,
            func.sum(CheckTally.checks).label("checks"),
            func.sum(CheckTally.milliseconds).label("milliseconds"),
        )
        .where(CheckTally.hour > since, CheckTally.store.in_(codes))
        .group_by(CheckTally.store, CheckTally.outcome)
    )
    return [
        CheckTally(
            store=row.store, outcome=row.outcome, checks=int(row.checks), milliseconds=int(row.milliseconds)
        )
        for row in rows
    ]


async def _listings(session: AsyncSession, codes: Sequence[str]) -> dict[str, int]:
    counted = await session.execute(
        select(Listing.store, func.count().label("listings"))
        .where(Listing.store.in_(codes), Listing.next_check_at.is_not(None))
        .group_by(Listing.store)
    )
    return {row.store: row.listings for row in counted}


async def _missed(session: AsyncSession, codes: Sequence[str], since: datetime) -> dict[str, int]:
    counted = await session.execute(
        select(MissedPromise.store, func.count().label("missed"))
        .where(MissedPromise.promised_at >= since, MissedPromise.store.in_(codes))
        .group_by(MissedPromise.store)
    )
    return {row.store: row.missed for row in counted}


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None
