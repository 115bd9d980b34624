"""Claiming what is due: store by store, each as often as its manners allow, and a listing under a lease.

Stores are claimed first and listings through them. So a store with a million due listings, or one that
rests, costs no more than any other and holds none up, and what is asked of the database does not depend on
how many listings there are.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import uuid4

from sqlalchemy import Select, String, func, literal, literal_column, select, true, union_all, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import Listing, StoreState
from tracker.catalog.stores import PROBE_FROM, manners_of
from tracker.database import padded
from tracker.fetching.politeness import Manners

WINDOW = timedelta(seconds=5)
"""So much of a store's time is claimed at once: its checks of that time are hinted each for its moment."""

# Written out: the selects in which it stands are nested too deep to be correlated by themselves.
_STORE = literal_column("stores.code", String)


class Claimed(NamedTuple):
    """A listing in the caller's hands until the lease ends, to be checked `after` a while."""

    listing_id: int
    lease_token: str
    after: timedelta


async def claim_due(
    session: AsyncSession, *, limit: int, lease: timedelta, manners: Manners
) -> Sequence[Claimed]:
    """Lease up to `limit` due listings: those that a plan promises to check first, then the longest overdue.

    A listing whose lease ran out (its worker died, or its hint was lost) is due again. `manners` are for the
    stores without their own.
    """
    now = clock.now()
    stores = (
        await session.scalars(
            select(StoreState)
            .where(StoreState.due_at <= now)
            .order_by(StoreState.due_at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    ).all()
    if not stores:
        return []
    gaps = {store.code: timedelta(seconds=manners_of(store, manners).gap_seconds) for store in stores}
    due: dict[str, list[int]] = {}
    for turns, codes in _by_turns(stores, gaps, limit).items():
        due |= await _due(session, codes, turns, now)
    in_order = [listing_id for store in stores for listing_id in due.get(store.code, ())][:limit]
    token = uuid4().hex
    leased = await _lease(session, in_order, token, now, now + lease)
    claimed: list[Claimed] = []
    taken: dict[str, timedelta] = {}
    for store in stores:
        for listing_id in due.get(store.code, ()):
            if listing_id not in leased:
                continue
            after = taken.get(store.code, timedelta(0))
            claimed.append(Claimed(listing_id, token, after))
            taken[store.code] = after + gaps[store.code]
    await _set_next_turns(session, stores, taken, now)
    return claimed


def _by_turns(stores: Sequence[StoreState], gaps: dict[str, timedelta], limit: int) -> dict[int, list[str]]:
    """How many listings may be claimed of each store, and the stores of each number."""
    by_turns: dict[int, list[str]] = defaultdict(list)
    for store in stores:
        gap = gaps[store.code]
        turns = limit if gap <= WINDOW / limit else max(1, int(WINDOW / gap))
        by_turns[1 if store.blocks >= PROBE_FROM else turns].append(store.code)
    return by_turns


async def _due(
    session: AsyncSession, codes: Sequence[str], turns: int, now: datetime
) -> dict[str, list[int]]:
    """Up to `turns` due listings of each store, in the order in which they are checked."""
    if session.get_bind().dialect.name == "postgresql":
        first = due_of(_STORE, turns, now).lateral()
        found = select(StoreState.code, first.c.id).join(first, true())
        order: tuple[Any, ...] = first.c.lane, first.c.next_check_at
    else:  # SQLite has no LATERAL, and finds by its row id what a correlated IN names
        first_ids = select(due_of(_STORE, turns, now).subquery().c.id)
        found = select(StoreState.code, Listing.id).join(Listing, Listing.id.in_(first_ids))
        order = Listing.checked_first.desc(), Listing.next_check_at
    due: dict[str, list[int]] = defaultdict(list)
    for code, listing_id in await session.execute(
        found.where(StoreState.code.in_(padded(codes))).order_by(*order)
    ):
        due[code].append(listing_id)
    return due


def due_of(code: Any, turns: int, now: datetime) -> Select[Any]:
    """The first `turns` due listings of a store, by the index `ix_listings_due` alone."""
    lanes = [
        select(
            select(Listing.id, Listing.next_check_at, literal(lane).label("lane"))
            .where(Listing.store == code, Listing.checked_first.is_(lane == 0), Listing.next_check_at <= now)
            .order_by(Listing.next_check_at)
            .limit(turns)
            .subquery()
        )
        for lane in (0, 1)
    ]
    both = union_all(*lanes).subquery()
    return select(both).order_by(both.c.lane, both.c.next_check_at).limit(turns)


async def _lease(
    session: AsyncSession, listing_ids: Sequence[int], token: str, now: datetime, until: datetime
) -> set[int]:
    """Those of the listings that are still due and in nobody's hands.

    One that is being written is left for the next time: whoever writes it may be waiting for the row of its
    store, which is ours.
    """
    free = (
        select(Listing.id)
        .where(Listing.id.in_(padded(listing_ids)), Listing.next_check_at <= now)
        .with_for_update(skip_locked=True)
    )
    leased = await session.scalars(
        update(Listing)
        .where(Listing.id.in_(free))
        .values(lease_token=token, lease_until=until, next_check_at=until)
        .returning(Listing.id)
        .execution_options(synchronize_session=False)
    )
    return set(leased)


async def _set_next_turns(
    session: AsyncSession, stores: Iterable[StoreState], taken: dict[str, timedelta], now: datetime
) -> None:
    """Say when each claimed store is due again: with its next listing, after the time that was claimed."""
    following = await _next_due(session, [store.code for store in stores])
    for store in stores:
        due_at = following[store.code]
        store.due_at = None if due_at is None else max(due_at, now + taken.get(store.code, timedelta(0)))
    await session.flush()


async def _next_due(session: AsyncSession, codes: Sequence[str]) -> dict[str, datetime | None]:
    """When the next listing of each store is due; None for one of which none is checked."""
    lanes = [
        select(func.min(Listing.next_check_at))
        .where(Listing.store == StoreState.code, Listing.checked_first.is_(lane))
        .scalar_subquery()
        for lane in (True, False)
    ]
    rows = await session.execute(select(StoreState.code, *lanes).where(StoreState.code.in_(padded(codes))))
    return {code: min(filter(None, moments), default=None) for code, *moments in rows}
