"""The figures of the service, as `docs/metrics.md` defines them: plain numbers for a card, a chart, the API.

What costs more than a look may is read from the last snapshot (`rollups`), which says when it was taken; what
is only worth knowing at the moment is counted at the moment, up to a bound.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, func, select, union_all
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from tracker import clock
from tracker.admin import rollups
from tracker.admin.counts import Said, Share, StoreCount
from tracker.admin.days import DAY, day_of, month_of, week_of
from tracker.admin.models import Alarm, Snapshot
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import UNSETTLED, Alert
from tracker.catalog.models import CheckTally, Listing
from tracker.errors import BadInput
from tracker.inbox.models import EventState, WebhookEvent
from tracker.notices.models import Notice, NoticeState

MOST = 10_000
"""So many of what waits are counted; more is shown as this."""

_HOUR = timedelta(hours=1)
_EARLIEST = date(2000, 1, 1)
"""Nothing was sold before it, and there are days enough before it to count back from."""
_MOST_POINTS = 400
_LIVE_DAYS = 7
"""So many of the days that no worker has closed yet are counted at the look; older ones are 0 until then."""


_Waiting = tuple[InstrumentedAttribute[Any], tuple[ColumnElement[bool], ...], bool]
"""What waits of one kind: when it is due, which rows, and whether an index has them in that order."""


class By(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class PeopleFigures:
    total: int
    active: int
    """Within 7 days."""
    new_today: int
    new_this_week: int
    new_this_month: int
    verified_emails: int
    blocked: int


@dataclass(frozen=True, slots=True)
class Earnings:
    """Of one currency; `monthly_minor` is MRR."""

    currency: str
    monthly_minor: int
    paying: int
    this_month_minor: int
    total_minor: int
    refunded_this_month_minor: int
    refunded_minor: int

    @property
    def per_person_minor(self) -> int:
        """ARPU: MRR by those who pay it, cut."""
        return self.monthly_minor // self.paying if self.paying else 0


@dataclass(frozen=True, slots=True)
class Counted:
    """What the last snapshot says."""

    taken_at: datetime
    people: PeopleFigures
    earnings: tuple[Earnings, ...]
    churn: Share
    conversion: Share
    subscriptions: tuple[tuple[str, str, int], ...]
    """(plan, state, how many)."""
    alerts: Said
    promise: Share


@dataclass(frozen=True, slots=True)
class Stores:
    taken_at: datetime
    stores: tuple[StoreCount, ...]


@dataclass(frozen=True, slots=True)
class Checks:
    """How the checks of one clock hour ended, the most frequent first."""

    hour: datetime
    outcomes: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.outcomes)


@dataclass(frozen=True, slots=True)
class Queue:
    """What is due and not done: how much (`MOST` is that or more), and how long the oldest has been due."""

    name: str
    depth: int
    age_seconds: int


@dataclass(frozen=True, slots=True)
class Dashboard:
    """`counted` and `stores` are None until a worker has taken the first snapshot."""

    at: datetime
    counted: Counted | None
    stores: Stores | None
    checks: tuple[Checks, ...]
    """Of the last whole hour, and of this one so far."""
    queues: tuple[Queue, ...]
    alarms: int


@dataclass(frozen=True, slots=True)
class Point:
    """A day, or the week or month that begins with it."""

    begins: date
    value: int


@dataclass(frozen=True, slots=True)
class Series:
    """One figure over time, the oldest first."""

    name: str
    currency: str | None
    points: tuple[Point, ...]


async def dashboard(session: AsyncSession, actor: Actor) -> Dashboard:
    """Raises Forbidden."""
    actor.must_be_let(Action.SEE_DASHBOARD)
    now = clock.now()
    snapshots = {each.name: each for each in await session.scalars(select(Snapshot))}
    figures, stores = snapshots.get(rollups.FIGURES), snapshots.get(rollups.STORES)
    return Dashboard(
        at=now,
        counted=_counted(figures) if figures is not None else None,
        stores=_stores(stores) if stores is not None else None,
        checks=await _checks(session, now),
        queues=await queues(session, now),
        alarms=await session.scalar(select(func.count()).select_from(Alarm).where(Alarm.ended_at.is_(None)))
        or 0,
    )


async def queues(session: AsyncSession, now: datetime) -> tuple[Queue, ...]:
    """What waits for a worker or the bot though its time has come."""
    alerts = [(Alert.due_at, (Alert.state == state, Alert.due_at <= now), True) for state in UNSETTLED]
    notices = (Notice.due_at, (Notice.state == NoticeState.DUE, Notice.due_at <= now), False)
    events = (
        WebhookEvent.due_at,
        (WebhookEvent.state == EventState.RECEIVED, WebhookEvent.due_at <= now),
        False,
    )
    checks = (Listing.promise_at, (Listing.promise_at <= now,), True)
    return (
        await _queue(session, now, "alerts", *alerts),
        await _queue(session, now, "notices", notices),
        await _queue(session, now, "events", events),
        await _queue(session, now, "checks", checks),
    )


async def revenue(
    session: AsyncSession,
    actor: Actor,
    by: str = By.DAY,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Series, ...]:
    """What was earned and what went back, in each currency apart; `until` is the last day.

    Raises Forbidden, and BadInput for days that are none or too many.
    """
    actor.must_be_let(Action.SEE_DASHBOARD)
    wanted = [
        (figure, currency) for currency in rollups.CURRENCIES for figure in (rollups.EARNED, rollups.REFUNDED)
    ]
    return await _series(session, wanted, by, since, until)


async def growth(
    session: AsyncSession,
    actor: Actor,
    by: str = By.DAY,
    since: date | None = None,
    until: date | None = None,
) -> tuple[Series, ...]:
    """How many people were new. Raises as `revenue`."""
    actor.must_be_let(Action.SEE_DASHBOARD)
    return await _series(session, [(rollups.NEW_PEOPLE, None)], by, since, until)


async def _series(
    session: AsyncSession,
    wanted: Sequence[tuple[str, str | None]],
    by: str,
    since: date | None,
    until: date | None,
) -> tuple[Series, ...]:
    if by not in tuple(By):
        raise BadInput("dashboard.no_such_period")
    today = day_of(clock.now())
    until = min(until or today, today)
    if until < _EARLIEST:
        raise BadInput("dashboard.no_such_days", most=_MOST_POINTS)
    since = _start(since or _usual_start(until, By(by)), By(by))
    starts = _starts(since, until, By(by))
    if not 0 < len(starts) <= _MOST_POINTS:
        raise BadInput("dashboard.no_such_days", most=_MOST_POINTS)
    names = [figure if currency is None else rollups.name_of(figure, currency) for figure, currency in wanted]
    totals = dict.fromkeys(((start, name) for start in starts for name in names), 0)
    found = await rollups.closed(session, names, since, until + DAY)
    open_day = await rollups.open_since(session) or today
    for number in range(_LIVE_DAYS):
        day = today - number * DAY
        if open_day <= day and since <= day <= until:
            of_day = await rollups.of_day(session, day)
            found |= {(day, name): of_day[name] for name in names}
    for (day, name), value in found.items():
        totals[_start(day, By(by)), name] += value
    return tuple(
        Series(figure, currency, tuple(Point(start, totals[start, name]) for start in starts))
        for (figure, currency), name in zip(wanted, names, strict=True)
    )


def _usual_start(until: date, by: By) -> date:
    """A month of days, half a year of weeks, a year of months."""
    return until - {By.DAY: 29, By.WEEK: 25 * 7, By.MONTH: 335}[by] * DAY


def _start(day: date, by: By) -> date:
    return {By.DAY: day, By.WEEK: week_of(day), By.MONTH: month_of(day)}[by]


def _starts(since: date, until: date, by: By) -> list[date]:
    starts: list[date] = []
    while since <= until and len(starts) <= _MOST_POINTS:
        starts.append(since)
        since = {By.DAY: since + DAY, By.WEEK: since + 7 * DAY, By.MONTH: month_of(since + 31 * DAY)}[by]
    return starts


async def _checks(session: AsyncSession, now: datetime) -> tuple[Checks, ...]:
    this = now.replace(minute=0, second=0, microsecond=0)
    rows = await session.execute(
        select(CheckTally.hour, CheckTally.outcome, func.sum(CheckTally.checks).label("checks"))
        .where(CheckTally.hour >= this - _HOUR, CheckTally.hour <= this)
        .group_by(CheckTally.hour, CheckTally.outcome)
        .order_by(func.sum(CheckTally.checks).desc(), CheckTally.outcome)
    )
    outcomes = [(hour, outcome, int(count)) for hour, outcome, count in rows]
    return tuple(
        Checks(hour, tuple((outcome, count) for at, outcome, count in outcomes if at == hour))
        for hour in (this - _HOUR, this)
    )


async def _queue(session: AsyncSession, now: datetime, name: str, *parts: _Waiting) -> Queue:
    """Of each part up to `MOST` are read, the oldest first where an index has them in that order."""
    waiting = []
    for due, conditions, is_in_order in parts:
        part = select(due.label("due")).where(*conditions).limit(MOST)
        waiting.append(select((part.order_by(due) if is_in_order else part).subquery().c.due))
    all_of_it = union_all(*waiting).subquery()
    depth, oldest = (await session.execute(select(func.count(), func.min(all_of_it.c.due)))).one()
    age = int((now - oldest).total_seconds()) if oldest is not None else 0
    return Queue(name, min(depth, MOST), age)


def _counted(taken: Snapshot) -> Counted:
    told = taken.figures
    return Counted(
        taken_at=taken.taken_at,
        people=PeopleFigures(**told["people"]),
        earnings=tuple(Earnings(**each) for each in told["earnings"]),
        churn=Share(**told["churn"]),
        conversion=Share(**told["conversion"]),
        subscriptions=tuple((plan, state, count) for plan, state, count in told["subscriptions"]),
        alerts=Said(**told["alerts"]),
        promise=Share(**told["promise"]),
    )


def _stores(taken: Snapshot) -> Stores:
    return Stores(taken.taken_at, tuple(StoreCount(**each) for each in taken.figures["stores"]))
