"""How each store is asked, and what its answers mean for the next: its turn, its rest, its recovery."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import CheckTally, StoreNews, StoreState
from tracker.catalog.move import Check, Kind
from tracker.config import Settings
from tracker.database import insert
from tracker.fetching.politeness import Manners

log = structlog.get_logger()

FIRST_REST = timedelta(hours=1)
RESTS = ((12, 24), (6, 6), (3, 1))
"""How long a store that has refused us so often in a row is left alone; then it is asked for one page."""

_UNLIMITED = 1000

SALE_HOURS = timedelta(hours=2)
"""So far back drops are counted: tallies are by the hour, so these are between one hour and two."""

SALE_DROPS, SALE_SHARE = 10, 8
"""A sale is at least so many drops, and at least one in so many checks: the first keeps a few prices of a
small store from being one, the second the everyday drops of a large one. A price changes once in five days
(`interval.TYPICAL_RATE`), about every other time downwards: of hourly checks, one in 240 finds a drop, and of
those twice a day one in twenty."""

SALE_LASTS = timedelta(hours=3)
"""After the last sign of it: longer than drops are counted, so that a lull between two waves ends nothing."""

PROBE_FROM = RESTS[-1][0]
"""Refusals in a row from which a store is asked for one page alone, to see whether it answers again."""


def usual_manners(settings: Settings) -> Manners:
    """How a store is asked that has no manners of its own. Replayed pages are nobody's but our own."""
    at_once, gap = settings.fetch_store_at_once, settings.fetch_store_gap_seconds
    if settings.fetch_replay_origin is not None:
        return Manners(at_once=at_once or _UNLIMITED, gap_seconds=gap or 0)
    usual = Manners()
    return Manners(at_once=at_once or usual.at_once, gap_seconds=usual.gap_seconds if gap is None else gap)


def manners_of(store: StoreState, usual: Manners) -> Manners:
    """The store's own manners, where an operator gave it some."""
    return Manners(
        at_once=usual.at_once if store.at_once is None else store.at_once,
        gap_seconds=usual.gap_seconds if store.gap_seconds is None else store.gap_seconds,
    )


def rest_after(blocks: int, first: timedelta = FIRST_REST) -> timedelta | None:
    """How long a store rests after so many refusals in a row; None while they may be a whim."""
    return next((first * times for least, times in RESTS if blocks >= least), None)


async def begin(session: AsyncSession, code: str) -> None:
    """Make the row of a store whose first listing is being made."""
    await session.execute(
        insert(session, StoreState)
        .values(code=code, blocks=0, told_user_id=0)
        .on_conflict_do_nothing(index_elements=[StoreState.code])
    )


async def due(session: AsyncSession, code: str, at: datetime) -> None:
    """One of the store's listings is due at this moment: let it be claimed then, unless the store rests.

    Call it after the listing was written: whoever claims meanwhile holds the row, and then reads the listing.
    """
    store = await _locked(session, code)
    if store.rests_until is not None:
        at = max(at, store.rests_until)
    store.due_at = at if store.due_at is None else min(store.due_at, at)
    await session.flush()


async def answered(
    session: AsyncSession, code: str, check: Check, first_rest: timedelta = FIRST_REST
) -> None:
    """Let a store that refuses us rest, and one that answers again be asked as before.

    A check that failed on its way (no connection, no answer in time) says nothing about that.
    """
    if check.kind is Kind.FAILED:
        return
    store = await _locked(session, code)
    if check.kind is Kind.BLOCKED:
        _refused(store, check.began_at, first_rest)
    elif store.blocks:
        _recovered(store)
    await session.flush()


async def rest(session: AsyncSession, code: str, until: datetime) -> None:
    """Ask this store for nothing before then: it said so, or an operator does."""
    store = await _locked(session, code)
    store.rests_until = until if store.rests_until is None else max(store.rests_until, until)
    if store.due_at is not None:
        store.due_at = max(store.due_at, store.rests_until)
    await session.flush()


async def release(session: AsyncSession, code: str) -> None:
    """Ask this store again, now."""
    store = await _locked(session, code)
    store.rests_until = None
    if store.due_at is not None:
        store.due_at = clock.now()
    await session.flush()


async def refusing(session: AsyncSession) -> Sequence[StoreState]:
    """The stores that refuse us, the longest first."""
    found = await session.scalars(
        select(StoreState).where(StoreState.refused_since.is_not(None)).order_by(StoreState.refused_since)
    )
    return found.all()


async def notice_sales(session: AsyncSession) -> Sequence[str]:
    """Let the stores in which prices fall have a sale, for a while from now; returns those that had none."""
    now = clock.now()
    drops = func.sum(CheckTally.drops)
    falling = (
        select(CheckTally.store)
        .where(CheckTally.hour > now - SALE_HOURS)
        .group_by(CheckTally.store)
        .having(drops >= SALE_DROPS, drops * SALE_SHARE >= func.sum(CheckTally.checks))
    )
    # In the order in which all who lock several stores lock them.
    on_sale = await session.scalars(
        select(StoreState)
        .where(StoreState.code.in_(falling))
        .order_by(StoreState.code)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    begun = []
    for store in on_sale.all():
        if store.sale_until is None or store.sale_until <= now:
            begun.append(store.code)
        store.sale_until = now + SALE_LASTS
    await session.flush()
    return begun


def _refused(store: StoreState, since: datetime, first_rest: timedelta) -> None:
    now = clock.now()
    store.blocks += 1
    store.refused_since = store.refused_since or since
    pause = rest_after(store.blocks, first_rest)
    if pause is None:
        return
    if store.rests_until is None or store.rests_until <= now:
        log.warning("store.rests", store=store.code, blocks=store.blocks, hours=pause / timedelta(hours=1))
    store.rests_until = now + pause
    if store.due_at is not None:
        store.due_at = max(store.due_at, store.rests_until)
    store.news, store.told_user_id = StoreNews.REFUSING, 0


def _recovered(store: StoreState) -> None:
    log.info("store.answers", store=store.code, blocks=store.blocks)
    if store.blocks >= PROBE_FROM:
        store.news, store.told_user_id = StoreNews.RECOVERED, 0
    else:
        store.refused_since = None
    store.blocks, store.rests_until = 0, None
    if store.due_at is not None:
        store.due_at = clock.now()


async def _locked(session: AsyncSession, code: str) -> StoreState:
    store = await session.get(StoreState, code, with_for_update=True, populate_existing=True)
    if store is None:
        await begin(session, code)
        store = await session.get_one(StoreState, code, with_for_update=True, populate_existing=True)
    return store
