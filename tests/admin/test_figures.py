"""The figures of the dashboard, worked out by hand and asked in three ways, on both databases."""

import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from sqlalchemy import bindparam, delete, text

from tests import rows
from tests.admin import history
from tests.admin.history import NOW
from tests.billing.money import BILLING, check_books
from tracker.admin import counts, figures, rollups
from tracker.admin.counts import Said, Share, StoreCount
from tracker.admin.days import begin, day_of, month_of, week_of
from tracker.admin.figures import Checks, Dashboard, Earnings, PeopleFigures, Point, Queue
from tracker.admin.models import DailyFigure, Snapshot
from tracker.admin.roles import Actor, Door, Role
from tracker.alerts.models import Alert, AlertState
from tracker.database import Database, UtcDateTime
from tracker.errors import BadInput
from tracker.fetching.problems import FetchProblem
from tracker.users.models import User
from worker import reading

METRICS = Path(__file__).parent.parent.parent / "docs" / "metrics.md"
VIEWER = Actor(7, Role.VIEWER, Door.CHAT)

PEOPLE = PeopleFigures(
    total=13, active=5, new_today=1, new_this_week=2, new_this_month=8, verified_emails=1, blocked=1
)
RUPEES = Earnings(
    currency="INR",
    monthly_minor=80_184,
    paying=4,
    this_month_minor=53_476,
    total_minor=315_256,
    refunded_this_month_minor=39_800,
    refunded_minor=39_800,
)
_ALERTS = [("sent", 10), ("sent", 2000), ("held", -60), ("dead", 5), ("due", 3), ("sending", 2), ("due", -9)]
"""Each with how many minutes ago its turn came."""
STARS = Earnings(
    currency="XTR",
    monthly_minor=225,
    paying=1,
    this_month_minor=225,
    total_minor=225,
    refunded_this_month_minor=0,
    refunded_minor=0,
)


@pytest.fixture
async def database(database: Database) -> Database:
    await history.happen(database)
    return database


async def take(database: Database, *, closes: bool) -> Dashboard:
    with time_machine.travel(NOW, tick=False):
        if closes:
            for _ in range(20):
                async with database.transaction() as session:
                    await rollups.close_days(session, BILLING, limit=10)
        async with database.transaction() as session:
            assert await rollups.take(session, BILLING) == ["figures", "stores"]
        async with database.transaction() as session:
            return await figures.dashboard(session, VIEWER)


@pytest.mark.parametrize("closes", [True, False], ids=["days-closed", "nothing-closed"])
async def test_what_people_pay_is_what_was_worked_out_by_hand(closes: bool, database: Database) -> None:
    """At noon of Tuesday, 24 November 2026, in India. GST of 18 % is in every price in rupees.

    MRR, each term in force at what it was sold for:
        yearly Pro since 2 October          ₹2,990 / 12   249.1667
        Starter of 5 November, changed to
        Pro on the 15th for ₹299 - ₹66 of credit          299
        Pro of the 10th, ₹99 of it refunded               299
        Starter of the 10th, after a trial                 99
        ----------------------------------------------------------
        ₹946.1667 with GST, / 1.18 = ₹801.84 of four people, ARPU ₹200.46.
    Pro of the 8th was refunded as a whole, Starter of 1 October ran out, one tries, one was given days:
    nothing. Stars: 225 of one person.

    Earned, without GST (99 -> 83.90, 299 -> 253.40, 2,990 -> 2,533.90, 233 -> 197.46; the tax is two equal
    halves in whole paise):
        November: 83.90 + 197.46 (changed), 253.40 - 83.90 (partly back), 253.40 - 253.40 (wholly back),
        83.90 (converted) = ₹534.76; before: 2,533.90 + 83.90; in all ₹3,152.56.
    Refunded in November, with GST: 99 + 299 = ₹398.

    Churn: on 25 October two had paid time, yearly Pro and the Starter that ran out: 1 of 2.
    Conversion: two trials ended (27 October), one has bought since; the trial of the 22nd runs: 1 of 2.
    """
    counted = (await take(database, closes=closes)).counted
    assert counted is not None
    assert counted.taken_at == NOW
    assert counted.earnings == (RUPEES, STARS)
    assert [each.per_person_minor for each in counted.earnings] == [20_046, 225]
    assert counted.churn == counted.conversion == Share(1, 2)
    assert counted.subscriptions == (
        ("free", "lapsed", 3),
        ("pro", "active", 5),
        ("pro", "trial", 1),
        ("starter", "active", 1),
    )
    assert counted.people == PEOPLE
    await check_books(database)


async def test_every_query_of_the_page_says_what_the_code_counts(database: Database) -> None:
    """Two promises broke; 30 + 100 + 66 checks were answered in 24 hours, so 194 of 196 were kept."""
    watch = await rows.watch(database)
    await history.misses(database, watch.listing_id, 2)
    with time_machine.travel(NOW, tick=False):
        async with database.transaction() as session:
            (await session.get_one(User, watch.user_id)).created_at = NOW - timedelta(days=90)
            (await session.get_one(User, watch.user_id)).last_seen_at = NOW - timedelta(days=90)
            for number, (state, minutes) in enumerate(
                [
                    ("sent", 10),
                    ("sent", 2000),
                    ("held", -60),
                    ("dead", 5),
                    ("due", 3),
                    ("sending", 2),
                    ("due", -9),
                ]
            ):
                session.add(_alert(watch.id, number, AlertState(state), timedelta(minutes=minutes)))
    seen = await take(database, closes=True)
    assert seen.counted is not None
    assert seen.stores is not None
    assert seen.counted.promise == Share(194, 196)
    assert seen.counted.promise.percent == 98.9
    assert seen.counted.alerts == Said(sent=1, held=1, failed=1)
    assert seen.stores.stores == (StoreCount("shop.example", 1, 1),)
    assert seen.checks == (
        Checks(NOW.replace(minute=0) - timedelta(hours=1), (("offer", 100), ("timeout", 4))),
        Checks(NOW.replace(minute=0), (("offer", 30), ("bot_wall", 10))),
    )
    assert seen.queues[0] == Queue("alerts", 2, 180)
    told = {name: await _asked(database, sql) for name, sql in _queries().items()}
    assert told == _as_the_page_has_it(seen)


async def test_a_day_that_is_over_stays_what_it_was(database: Database) -> None:
    first = await take(database, closes=True)
    async with database.transaction() as session:
        await session.execute(delete(User).where(User.telegram_id == history.YESTERDAY))
        await session.execute(delete(Snapshot))
    again = await take(database, closes=True)
    assert first.counted is not None
    assert again.counted is not None
    assert again.counted.people.new_this_week == first.counted.people.new_this_week == 2
    assert again.counted.people.total == first.counted.people.total - 1
    async with database.transaction() as session:
        assert await rollups.open_since(session) == date(2026, 11, 24)
        assert (await session.get_one(DailyFigure, (date(2026, 11, 23), "monthly.INR"))).value == 80_184


async def test_a_snapshot_is_taken_when_the_last_is_too_old(sqlite_database: Database) -> None:
    taken = []
    for minutes in (0, 4, 5, 6, 61):
        with time_machine.travel(NOW + timedelta(minutes=minutes), tick=False):
            async with sqlite_database.transaction() as session:
                taken.append(await rollups.take(session, BILLING))
    assert taken == [["figures", "stores"], [], ["figures"], [], ["figures", "stores"]]


async def test_the_charts_show_closed_days_and_today(database: Database) -> None:
    """Weeks begin on Monday; the refunds were on Monday the 9th and Thursday the 12th."""
    await take(database, closes=True)
    with time_machine.travel(NOW, tick=False):
        async with database.transaction() as session:
            earned, refunded, stars, _ = await figures.revenue(session, VIEWER, "week", date(2026, 11, 2))
            (new,) = await figures.growth(session, VIEWER, "month", date(2026, 9, 1))
            (daily,) = await figures.growth(session, VIEWER, "day", date(2026, 11, 22))
    weeks = [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)]
    assert [point.begins for point in earned.points] == weeks
    # 8,390 + 25,340; then -25,340 + 25,340 - 8,390 + 8,390 + 19,746.
    assert [point.value for point in earned.points] == [33_730, 19_746, 0, 0]
    assert [point.value for point in refunded.points] == [0, 39_800, 0, 0]
    assert (stars.name, stars.currency) == ("earned", "XTR")
    assert [point.value for point in stars.points] == [0, 0, 225, 0]
    assert new.points == (
        Point(date(2026, 9, 1), 0),
        Point(date(2026, 10, 1), 5),
        Point(date(2026, 11, 1), 8),
    )
    assert [point.value for point in daily.points] == [1, 1, 1]


@pytest.mark.parametrize(
    ("by", "since", "until"),
    [
        ("year", None, None),
        ("day", date(2020, 1, 1), None),
        ("day", date(2026, 11, 2), date(2026, 11, 1)),
        ("day", date.max, None),
        ("month", date.min, None),
        ("week", None, date.min),
    ],
    ids=["no-such-period", "too-many", "none", "never-yet", "too-many-months", "before-everything"],
)
async def test_days_that_cannot_be_drawn_are_refused(
    by: str, since: date | None, until: date | None, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        with pytest.raises(BadInput):
            await figures.revenue(session, VIEWER, by, since, until)


def test_what_keeps_no_promise_is_what_the_checks_take_for_a_failure() -> None:
    failures = {str(reason) for reason in reading._PASSING_REASONS}
    failures |= {str(problem) for problem in FetchProblem if problem not in reading._LASTING_PROBLEMS}
    assert set(counts.UNANSWERED) == failures | {"fetch_failed", "blocked", "captcha", "bot_wall"}


@pytest.mark.parametrize(
    ("part", "whole", "percent"),
    [(0, 0, None), (0, 7, 0.0), (2, 3, 66.6), (9999, 10_000, 99.9), (3, 3, 100.0)],
)
def test_a_share_is_cut(part: int, whole: int, percent: float | None) -> None:
    assert Share(part, whole).percent == percent


def _alert(watch_id: int, number: int, state: AlertState, ago: timedelta) -> Alert:
    return Alert(
        watch_id=watch_id,
        observation_id=1000 + number,
        chat_id=1,
        reasons=[],
        observed_at=NOW,
        state=state,
        due_at=NOW - ago,
    )


def _queries() -> dict[str, str]:
    found = re.findall(r"^### ([a-z_.]+)\n[^#]*?```sql\n(.*?)```", METRICS.read_text(), re.M | re.S)
    return {
        f"{name} {currency}".strip(): sql.replace(":currency", f"'{currency}'")
        for name, sql in found
        for currency in (("INR", "XTR") if ":currency" in sql else ("",))
    }


async def _asked(database: Database, sql: str) -> list[tuple[Any, ...]]:
    moments = {
        "now": NOW,
        "today": begin(day_of(NOW)),
        "week": begin(week_of(day_of(NOW))),
        "month": begin(month_of(day_of(NOW))),
        "hour": NOW.replace(minute=0),
        "last_hour": NOW.replace(minute=0) - timedelta(hours=1),
        "day_ago": NOW - timedelta(days=1),
        "active_since": NOW - timedelta(days=7),
        "paid_before": NOW - timedelta(days=30),
        "trials_since": NOW - timedelta(days=90),
        "grace_since": NOW - timedelta(days=4),
    }
    used = [name for name in moments if re.search(rf":{name}\b", sql)]
    question = text(sql.replace(":gst", "18")).bindparams(
        *(bindparam(name, moments[name], type_=UtcDateTime()) for name in used)
    )
    async with database.transaction() as session:
        return [tuple(_plain(value) for value in row) for row in await session.execute(question)]


def _plain(value: Any) -> Any:
    """SQLite knows moments as texts, PostgreSQL counts in decimals."""
    if isinstance(value, str):
        try:
            return datetime.fromisoformat(value).replace(tzinfo=UTC)
        except ValueError:
            return value
    return value if value is None or isinstance(value, datetime) else int(value)


def _as_the_page_has_it(seen: Dashboard) -> dict[str, list[tuple[Any, ...]]]:
    counted, stores = seen.counted, seen.stores
    assert counted is not None
    assert stores is not None
    told: dict[str, Any] = {
        f"people.{name}": getattr(counted.people, name) for name in PeopleFigures.__slots__
    }
    for each in counted.earnings:
        told |= {
            f"money.{name} {each.currency}": getattr(each, name)
            for name in Earnings.__slots__
            if name != "currency"
        }
    told |= {f"alerts.{name}": getattr(counted.alerts, name) for name in Said.__slots__}
    for name in ("churn", "conversion"):
        told |= {f"{name}.part": getattr(counted, name).part, f"{name}.whole": getattr(counted, name).whole}
    told |= {
        "promise.whole": counted.promise.whole,
        "promise.broken": counted.promise.whole - counted.promise.part,
        "alarms": seen.alarms,
    }
    listed: dict[str, list[tuple[Any, ...]]] = {name: [(value,)] for name, value in told.items()}
    listed["subscriptions"] = list(counted.subscriptions)
    listed["stores"] = [(each.code, each.listings, each.watches) for each in stores.stores]
    listed["checks"] = [
        (hour.hour, outcome, count) for hour in seen.checks for outcome, count in hour.outcomes
    ]
    for queue in seen.queues:
        oldest = NOW - timedelta(seconds=queue.age_seconds) if queue.depth else None
        listed[f"queues.{queue.name}"] = [(queue.depth, oldest)]
    return listed
