"""What stays of retired observations for ever: the lowest price of each UTC day, told where it changes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.catalog.history import Lows
from tracker.catalog.models import DailyLow, Listing
from tracker.money import Money

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Counted:
    """Where counting goes on: the first day that is not counted, the price that it begins with, and the low
    of the day before it.
    """

    day: date
    standing: Money | None
    low: Money | None


def lows(
    changes: Iterable[tuple[date, Money]], until: date, counted: Counted | None = None
) -> Sequence[tuple[date, Money]]:
    """The days before `until` whose low is not that of the day before, each with its low.

    `changes` are days and prices, the oldest first. A day's low is the least of the price that it begins with
    and of all changes on it. A currency ends with the first price in another one: such a day tells the lowest
    price in the later.
    """
    by_day: dict[date, list[Money]] = {counted.day: []} if counted else {}
    for day, price in changes:
        by_day.setdefault(day, []).append(price)
    standing, last = (counted.standing, counted.low) if counted else (None, None)
    found: list[tuple[date, Money]] = []
    for day in sorted({*by_day, *(day + _DAY for day in by_day)}):
        seen = [*([standing] if standing is not None else []), *by_day.get(day, ())]
        if day >= until or not seen:
            continue
        standing = seen[-1]
        low = min(price for price in seen if price.currency == standing.currency)
        if low != last:
            found.append((day, low))
            last = low
    return found


async def known(session: AsyncSession, listing: Listing) -> Lows | None:
    """The lows of a listing that stand, in its currency; None while every observation of it is kept."""
    if listing.retired_until is None or listing.currency is None:
        return None
    rows = await session.execute(
        select(DailyLow.day, DailyLow.price_minor)
        .where(
            DailyLow.listing_id == listing.id,
            DailyLow.currency == listing.currency,
            DailyLow.correction_id.is_(None),
        )
        .order_by(DailyLow.day)
    )
    return Lows([(day, price_minor) for day, price_minor in rows], listing.retired_until)


async def standing(session: AsyncSession, listing_id: int) -> Sequence[DailyLow]:
    """The lows of a listing that no correction struck, the oldest first."""
    rows = await session.scalars(
        select(DailyLow)
        .where(DailyLow.listing_id == listing_id, DailyLow.correction_id.is_(None))
        .order_by(DailyLow.day)
    )
    return rows.all()
