"""What a person was told, what waits, and what became of the rest."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts.models import Alert, AlertState
from tracker.catalog.models import Listing
from tracker.users.models import User
from tracker.watches.models import Watch

PAGE_SIZE = 8
MOST_PENDING = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """An alert and the thing that it is about."""

    alert: Alert
    watch: Watch
    listing: Listing


@dataclass(frozen=True, slots=True)
class Pending:
    """What is held, in the order in which it is to be said; `total` counts those beyond `entries`, too."""

    entries: Sequence[Entry]
    total: int


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """One page of a person's alerts, the newest first. `older` are kept, but beyond what the plan shows."""

    entries: Sequence[Entry]
    page: int
    pages: int
    total: int
    older: int = 0
    days: int | None = None
    """How far back the plan shows them; None is everything."""


async def pending(session: AsyncSession, user: User) -> Pending:
    """The alerts of a person that wait for a digest, for the end of quiet hours, or for room under a cap."""
    held = (Watch.user_id == user.id, Alert.state == AlertState.HELD)
    total = await _count(session, held)
    return Pending(await _entries(session, held, (Alert.due_at, Alert.id), limit=MOST_PENDING), total)


async def page(
    session: AsyncSession, user: User, *, watch_id: int | None = None, page: int = 0
) -> HistoryPage:
    """A page of the person's alerts, or of one watch's of theirs; too large a page is the last.

    Anybody else's watch has none, and what is older than the plan shows is counted alone.
    """
    theirs: tuple[ColumnElement[bool], ...] = (Watch.user_id == user.id,)
    if watch_id is not None:
        theirs = (*theirs, Watch.id == watch_id)
    days, older = user.allowance.history_days, 0
    if days is not None:
        since = clock.now() - timedelta(days=days)
        older = await _count(session, (*theirs, Alert.observed_at < since))
        theirs = (*theirs, Alert.observed_at >= since)
    total = await _count(session, theirs)
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 0), pages - 1)
    newest = (Alert.id.desc(),)
    entries = await _entries(session, theirs, newest, limit=PAGE_SIZE, offset=page * PAGE_SIZE)
    return HistoryPage(entries, page, pages, total, older, days)


async def newest(
    session: AsyncSession,
    user: User,
    *,
    watch_id: int | None = None,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[Entry]:
    """The person's alerts as far back as the plan shows them, the newest first, before id `before`."""
    wanted: tuple[ColumnElement[bool], ...] = (Watch.user_id == user.id,)
    if watch_id is not None:
        wanted = (*wanted, Watch.id == watch_id)
    if before is not None:
        wanted = (*wanted, Alert.id < before)
    days = user.allowance.history_days
    if days is not None:
        wanted = (*wanted, Alert.observed_at >= clock.now() - timedelta(days=days))
    return await _entries(session, wanted, (Alert.id.desc(),), limit=limit)


async def _count(session: AsyncSession, wanted: tuple[ColumnElement[bool], ...]) -> int:
    alerts = select(func.count()).select_from(Alert).join(Watch, Watch.id == Alert.watch_id)
    return await session.scalar(alerts.where(*wanted)) or 0


async def _entries(
    session: AsyncSession,
    wanted: tuple[ColumnElement[bool], ...],
    order: tuple[Any, ...],
    *,
    limit: int,
    offset: int = 0,
) -> Sequence[Entry]:
    found = await session.execute(
        select(Alert, Watch, Listing)
        .join(Watch, Watch.id == Alert.watch_id)
        .join(Listing, Listing.id == Watch.listing_id)
        .where(*wanted)
        .order_by(*order)
        .limit(limit)
        .offset(offset)
    )
    return [Entry(alert, watch, listing) for alert, watch, listing in found]
