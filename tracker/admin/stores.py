"""How the stores answer, for an operator."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Case, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import CheckTally, Listing, StoreState
from tracker.catalog.move import REFUSALS, Kind

DAY = timedelta(days=1)
_READ = (Kind.OFFER, Kind.UNCHANGED)


@dataclass(frozen=True, slots=True)
class StoreReport:
    """One store: its listings that are checked, and how the checks of the last 24 hours ended."""

    code: str
    listings: int
    checks: int
    offers: int
    """Checks that gave an offer, or the word that the page is what it was."""
    refusals: int
    rests_until: datetime | None
    """None when it may be asked."""
    sale_until: datetime | None
    """None when it has no sale."""


async def reports(session: AsyncSession, *, limit: int = 20) -> Sequence[StoreReport]:
    """Up to `limit` stores: those that rest, the longest first, then those that are checked most."""
    now = clock.now()

    def checks_that(*outcomes: str) -> Case[int]:
        return case((CheckTally.outcome.in_(outcomes), CheckTally.checks), else_=0)

    tallied = (
        select(
            CheckTally.store,
            func.sum(CheckTally.checks).label("checks"),
            func.sum(checks_that(*_READ)).label("offers"),
            func.sum(checks_that(*REFUSALS)).label("refusals"),
        )
        .where(CheckTally.hour > now - DAY)
        .group_by(CheckTally.store)
        .subquery()
    )
    checks = func.coalesce(tallied.c.checks, 0)
    rest = case((StoreState.rests_until > now, StoreState.rests_until), else_=None)
    rows = await session.execute(
        select(StoreState, checks, func.coalesce(tallied.c.offers, 0), func.coalesce(tallied.c.refusals, 0))
        .outerjoin(tallied, tallied.c.store == StoreState.code)
        .order_by(rest.desc().nulls_last(), checks.desc(), StoreState.code)
        .limit(limit)
    )
    found = rows.all()
    listings = await _listings(session, [store.code for store, *_ in found])
    return [
        StoreReport(
            store.code,
            listings.get(store.code, 0),
            int(made),
            int(offers),
            int(refusals),
            _ahead(store.rests_until, now),
            _ahead(store.sale_until, now),
        )
        for store, made, offers, refusals in found
    ]


async def _listings(session: AsyncSession, codes: Sequence[str]) -> dict[str, int]:
    counted = await session.execute(
        select(Listing.store, func.count().label("listings"))
        .where(Listing.store.in_(codes), Listing.next_check_at.is_not(None))
        .group_by(Listing.store)
    )
    return {row.store: row.listings for row in counted}


def _ahead(moment: datetime | None, now: datetime) -> datetime | None:
    return moment if moment is not None and moment > now else None
