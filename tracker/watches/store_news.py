"""Telling those who wait for a store that it refuses us, once an episode, and that it answers again.

A store's news is told in batches, by the ids of the people, each in a transaction of its own that holds the
store's row. So it goes on where it stopped, and a store that is refused anew meanwhile begins anew.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog
from sqlalchemy import ColumnElement, Row, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import Listing, StoreNews, StoreState
from tracker.catalog.stores import rest_after
from tracker.notices import service as notices
from tracker.notices.models import Notice
from tracker.users.models import User, UserState
from tracker.watches.models import Watch, WatchState

log = structlog.get_logger()

BATCH = 400
"""Watches looked through by one transaction, which holds the store's row: claims pass it over, and a check
that found the store refusing waits. Bounded by what is looked through, a batch costs the same however many
watch, and whichever store they watch."""

_LONGEST_CODE = 60
"""Of a store's code, in a notice's key of 128 characters; the moment beside it tells such stores apart."""


async def waiting(session: AsyncSession) -> Sequence[str]:
    """The stores whose news is still to be told."""
    codes = await session.scalars(
        select(StoreState.code).where(StoreState.news.is_not(None)).order_by(StoreState.code)
    )
    return codes.all()


async def tell(session: AsyncSession, code: str, admins: Collection[int], *, batch: int = BATCH) -> bool:
    """Tell a store's news to those among the people of the next `batch` watches; returns whether there are
    more. One person's watches are never parted.

    Nothing, when the store is in somebody else's hands: they tell it, or the next run does.
    """
    store = await session.scalar(
        select(StoreState)
        .where(StoreState.code == code, StoreState.news.is_not(None))
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if store is None:
        return False
    if store.refused_since is None:  # an operator has made an end of it
        store.news = None
        await session.flush()
        return False
    if store.news == StoreNews.REFUSING:
        return await _tell_of_refusals(session, store, store.refused_since, admins, batch)
    return await _tell_of_return(session, store, store.refused_since, batch)


async def _tell_of_refusals(
    session: AsyncSession, store: StoreState, since: datetime, admins: Collection[int], batch: int
) -> bool:
    await _warn_admins(session, store, since, admins)
    until = max(clock.now(), store.rests_until or since)
    late = or_(Listing.promise_at.is_(None), Listing.promise_at <= until)
    last, more = await _batch(session, store, batch)
    affected = await _people(session, store, last, late)
    told = await _owed(session, [_key(store, since, "refuses", person.user_id) for person in affected])
    for person in affected:
        key = _key(store, since, "refuses", person.user_id)
        if key not in told:
            await notices.owe(
                session,
                person.telegram_id,
                "store_refuses",
                key,
                store=store.code,
                since=since.isoformat(),
                things=person.things,
            )
    await _go_on(session, store, last, more=more)
    return more


async def _tell_of_return(session: AsyncSession, store: StoreState, since: datetime, batch: int) -> bool:
    """Only to those who were told that it refuses us."""
    now = clock.now()
    last, more = await _batch(session, store, batch)
    people = await _people(session, store, last)
    told = await _owed(session, [_key(store, since, "refuses", person.user_id) for person in people])
    for person in people:
        if _key(store, since, "refuses", person.user_id) in told:
            await notices.owe(
                session,
                person.telegram_id,
                "store_answers_again",
                _key(store, since, "answers", person.user_id),
                store=store.code,
                since=since.isoformat(),
                at=now.isoformat(),
                things=person.things,
            )
    await _go_on(session, store, last, more=more)
    if not more:
        store.refused_since = None
        await session.flush()
    return more


async def _warn_admins(
    session: AsyncSession, store: StoreState, since: datetime, admins: Collection[int]
) -> None:
    """Once for each length of rest in an episode."""
    rest = rest_after(store.blocks)
    if rest is None or store.rests_until is None or store.told_user_id:
        return
    for admin in admins:
        await notices.owe(
            session,
            admin,
            "store_rests",
            _key(store, since, f"rests:{int(rest.total_seconds())}", admin),
            store=store.code,
            since=since.isoformat(),
            until=store.rests_until.isoformat(),
            refusals=store.blocks,
        )


async def _batch(session: AsyncSession, store: StoreState, batch: int) -> tuple[int, bool]:
    """The person with whom the next batch ends, and whether there may be more after them."""
    owners = (
        select(Watch.user_id)
        .where(Watch.user_id > store.told_user_id, Watch.state == WatchState.ACTIVE)
        .order_by(Watch.user_id)
        .limit(batch)
        .subquery()
    )
    found = (
        await session.execute(select(func.max(owners.c.user_id), func.count()).select_from(owners))
    ).one()
    last, count = found
    return last or store.told_user_id, count == batch


async def _people(
    session: AsyncSession, store: StoreState, last: int, *conditions: ColumnElement[bool]
) -> Sequence[Row[int, int, int]]:
    """Those up to `last` who can be written to and actively watch such listings, with how many."""
    found = await session.execute(
        select(Watch.user_id, User.telegram_id, func.count().label("things"))
        .join(Watch.user)
        .join(Watch.listing)
        .where(
            Watch.user_id > store.told_user_id,
            Watch.user_id <= last,
            Watch.state == WatchState.ACTIVE,
            User.state == UserState.ACTIVE,
            Listing.store == store.code,
            Listing.next_check_at.is_not(None),
            *conditions,
        )
        .group_by(Watch.user_id, User.telegram_id)
        .order_by(Watch.user_id)
    )
    return found.all()


async def _owed(session: AsyncSession, keys: Sequence[str]) -> set[str]:
    return set(await session.scalars(select(Notice.key).where(Notice.key.in_(keys))))


async def _go_on(session: AsyncSession, store: StoreState, last: int, *, more: bool) -> None:
    """Note how far it was told."""
    if more:
        store.told_user_id = last
    else:
        log.info("store.news_told", store=store.code, news=store.news)
        store.news, store.told_user_id = None, 0
    await session.flush()


def _key(store: StoreState, since: datetime, what: str, whom: int) -> str:
    return f"store:{store.code[:_LONGEST_CODE]}:{since.timestamp():.6f}:{what}:{whom}"
