"""The state of the service, for an operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts.models import UNSETTLED, Alert, AlertState
from tracker.catalog import stores
from tracker.catalog.models import Doubt, DoubtfulReading, Listing
from tracker.users.models import User, UserState
from tracker.watches import demand
from tracker.watches.models import Watch, WatchState

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Status:
    users: int
    """People who can be written to."""
    watches: int
    """Active ones."""
    listings: int
    """Those that are checked."""
    overdue_checks: int
    """Listings about which a promise has broken that is not counted yet as missed."""
    waiting_alerts: int
    dead_alerts: int
    missed: tuple[tuple[str, int], ...] = ()
    """How many promises of each plan were missed in the last 24 hours."""
    refusing: tuple[str, ...] = ()
    """The stores that have refused us so often that they rest, the longest first."""


async def status(session: AsyncSession) -> Status:
    async def count(table: Any, *conditions: Any) -> int:
        query: Select[int] = select(func.count()).select_from(table).where(*conditions)
        return await session.scalar(query) or 0

    now, refusing = clock.now(), await stores.refusing(session)
    return Status(
        users=await count(User, User.state == UserState.ACTIVE),
        watches=await count(Watch, Watch.state == WatchState.ACTIVE),
        listings=await count(Listing, Listing.next_check_at.is_not(None)),
        overdue_checks=await count(Listing, Listing.promise_at <= now),
        waiting_alerts=await count(Alert, Alert.state.in_(UNSETTLED)),
        dead_alerts=await count(Alert, Alert.state == AlertState.DEAD),
        missed=tuple((plan, number) for plan, number in await demand.missed_by_plan(session, now - _DAY)),
        refusing=tuple(store.code for store in refusing if store.blocks >= stores.PROBE_FROM),
    )


async def readings(session: AsyncSession, *, limit: int = 20) -> Sequence[tuple[DoubtfulReading, Listing]]:
    """The last readings that are held or were rejected, the newest first."""
    rows = await session.execute(
        select(DoubtfulReading, Listing)
        .join(Listing, Listing.id == DoubtfulReading.listing_id)
        .where(DoubtfulReading.state.in_((Doubt.HELD, Doubt.REJECTED)))
        .order_by(DoubtfulReading.id.desc())
        .limit(limit)
    )
    return [(reading, listing) for reading, listing in rows]
