"""Figures that are counted beforehand: what a day that is over was, and how things stood a moment ago.

A worker closes each day once and takes snapshots every few minutes, so that a look reads a few rows whatever
the size of the tables.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import counts
from tracker.admin.days import DAY, begin, day_of, month_of, week_of
from tracker.admin.models import DailyFigure, Snapshot
from tracker.billing.models import LedgerEntry
from tracker.billing.plans import CURRENCY, STARS
from tracker.billing.setup import Billing
from tracker.database import insert
from tracker.users.models import User

CURRENCIES = (CURRENCY, STARS)
"""What is sold for."""

NEW_PEOPLE = "people.new"
EARNED, REFUNDED, MONTHLY = "earned", "refunded", "monthly"
"""With a currency behind it: `earned.INR`."""

FIGURES, STORES = "figures", "stores"
"""The snapshots, and how old each may be before the next is taken."""
EVERY = {FIGURES: timedelta(minutes=5), STORES: timedelta(hours=1)}

_SETTLES = timedelta(minutes=10)
"""So long after midnight whatever began the day before has been committed."""


def name_of(figure: str, currency: str) -> str:
    return f"{figure}.{currency}"


async def close_days(session: AsyncSession, billing: Billing, *, limit: int) -> int:
    """Count days that are over and not counted yet, the oldest first; returns how many were.

    Each is counted once: what a day was stays, whoever leaves later. MRR is noted with the day that ended
    last alone, for it is known only while it is so.
    """
    now = clock.now()
    first, end = await open_since(session), day_of(now - _SETTLES)
    if first is None:
        return 0
    days = [first + number * DAY for number in range(min(limit, (end - first).days))]
    for day in days:
        found = await of_day(session, day)
        if day == end - DAY:
            found |= await _monthly(session, begin(end), billing)
        for name, value in found.items():
            await session.execute(
                insert(session, DailyFigure).values(day=day, name=name, value=value).on_conflict_do_nothing()
            )
    return len(days)


async def of_day(session: AsyncSession, day: date) -> dict[str, int]:
    """What a day was, by the names of its figures; of today, so far."""
    return await _between(session, begin(day), begin(day + DAY))


async def open_since(session: AsyncSession) -> date | None:
    """The first day that is not closed yet; None when nothing has ever happened."""
    last = await session.scalar(select(func.max(DailyFigure.day)).where(DailyFigure.name == NEW_PEOPLE))
    if last is not None:
        return last + DAY
    beginnings = [
        await session.scalar(select(func.min(column))) for column in (User.created_at, LedgerEntry.created_at)
    ]
    return min((day_of(moment) for moment in beginnings if moment is not None), default=None)


async def closed(
    session: AsyncSession, names: Sequence[str], since: date, until: date
) -> dict[tuple[date, str], int]:
    """Figures of the days from `since` until before `until` that are closed, by day and name."""
    rows = await session.execute(
        select(DailyFigure.day, DailyFigure.name, DailyFigure.value).where(
            DailyFigure.day >= since, DailyFigure.day < until, DailyFigure.name.in_(names)
        )
    )
    return {(day, name): value for day, name, value in rows}


async def take(session: AsyncSession, billing: Billing) -> list[str]:
    """Take the snapshots that are too old; returns their names."""
    now, taken = clock.now(), []
    for name, every in EVERY.items():
        last = await session.scalar(select(Snapshot.taken_at).where(Snapshot.name == name))
        if last is not None and last <= now < last + every:
            continue
        found = await (_figures(session, now, billing) if name == FIGURES else _stores(session))
        new = insert(session, Snapshot).values(name=name, taken_at=now, figures=found)
        await session.execute(
            new.on_conflict_do_update(
                index_elements=["name"],
                set_={"taken_at": new.excluded.taken_at, "figures": new.excluded.figures},
            )
        )
        taken.append(name)
    return taken


async def _figures(session: AsyncSession, now: datetime, billing: Billing) -> dict[str, Any]:
    today = day_of(now)
    since_ever, since_month, since_week, since_today = [
        await _since(session, day, now) for day in (date.min, month_of(today), week_of(today), today)
    ]
    recurring = await counts.recurring(session, now, gst_percent=_gst_percent(billing))
    none = counts.Recurring(0, 0)
    return {
        "people": asdict(await counts.people(session, now))
        | {
            "new_today": since_today[NEW_PEOPLE],
            "new_this_week": since_week[NEW_PEOPLE],
            "new_this_month": since_month[NEW_PEOPLE],
        },
        "earnings": [
            {
                "currency": currency,
                **asdict(recurring.get(currency, none)),
                "this_month_minor": since_month[name_of(EARNED, currency)],
                "total_minor": since_ever[name_of(EARNED, currency)],
                "refunded_this_month_minor": since_month[name_of(REFUNDED, currency)],
                "refunded_minor": since_ever[name_of(REFUNDED, currency)],
            }
            for currency in CURRENCIES
        ],
        "churn": asdict(await counts.churned(session, now)),
        "conversion": asdict(await counts.converted(session, now)),
        "subscriptions": await counts.subscriptions(session),
        "alerts": asdict(await counts.said(session, now)),
        "promise": asdict(await counts.promise_kept(session, now)),
    }


async def _stores(session: AsyncSession) -> dict[str, Any]:
    return {"stores": [asdict(store) for store in await counts.by_store(session)]}


async def _since(session: AsyncSession, since: date, now: datetime) -> dict[str, int]:
    """The sums of figures from a day on: of closed days as they were noted, of the others by counting."""
    open_day = await open_since(session)
    rows = await session.execute(
        select(DailyFigure.name, func.sum(DailyFigure.value))
        .where(DailyFigure.day >= since)
        .group_by(DailyFigure.name)
    )
    noted = {name: int(total) for name, total in rows}
    after = now + DAY  # nothing is later than now
    counting = max(since, open_day) if open_day is not None else max(since, day_of(now))
    return counts.add(noted, await _between(session, begin(counting), after))


async def _between(session: AsyncSession, since: datetime, until: datetime) -> dict[str, int]:
    earned = await counts.earned(session, since, until)
    refunded = await counts.refunded(session, since, until)
    found = {NEW_PEOPLE: await counts.new_people(session, since, until)}
    for currency in CURRENCIES:
        found[name_of(EARNED, currency)] = earned.get(currency, 0)
        found[name_of(REFUNDED, currency)] = refunded.get(currency, 0)
    return found


async def _monthly(session: AsyncSession, at: datetime, billing: Billing) -> dict[str, int]:
    found = await counts.recurring(session, at, gst_percent=_gst_percent(billing))
    return {name_of(MONTHLY, currency): each.monthly_minor for currency, each in found.items()}


def _gst_percent(billing: Billing) -> int:
    return billing.gst_percent if billing.seller.gstin else 0
