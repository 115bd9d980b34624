"""How long the dashboard and a page of each list take, on a PostgreSQL of the size of a great service."""

import asyncio
import os
import random
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping
from datetime import timedelta
from time import perf_counter
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import ground
from benchmarks.report import Row, percentile
from benchmarks.seed_history import HISTORY
from tracker import clock
from tracker.admin import alerts, audit, events, figures, payments, people, products, rollups, subscriptions
from tracker.admin.roles import Actor, Door, Role
from tracker.alerts.models import AlertState
from tracker.billing.setup import Billing
from tracker.config import Settings
from tracker.database import Database
from tracker.users.models import UserState

SHARE = float(os.environ.get("DASHBOARD_SHARE", "1"))
"""Of a million people; a smaller one is for trying the benchmark itself."""

PEOPLE, WATCHES, LISTINGS, PAYMENTS = (
    int(number * SHARE) for number in (1_000_000, 10_000_000, 1_000_000, 5_000_000)
)
LOOKS = 200
PAGES = 60

_OWNER = Actor(1, Role.OWNER, Door.API)

Page = Callable[[AsyncSession], Awaitable[Any]]


def measure() -> Iterator[Row]:
    """For `make bench`. Raises Unavailable."""
    size = f"PostgreSQL, {PEOPLE:,} people, {WATCHES:,} watches, {PAYMENTS:,} payments"
    with ground.postgresql() as here:
        found = asyncio.run(_measured(here.database_url))
    yield Row(
        "dashboard_ms_p95",
        f"{size}, {LOOKS} looks, the slowest {max(found['dashboard']):.0f} ms",
        percentile(found["dashboard"], 95),
        "ms",
        higher_is_better=False,
    )
    for name, milliseconds in found.items():
        if name != "dashboard":
            setting = f"{size}, {name}, the slowest of {len(milliseconds)} {max(milliseconds):.0f} ms"
            row = "dashboard_ms_once" if len(milliseconds) == 1 else "dashboard_list_ms_p95"
            yield Row(row, setting, percentile(milliseconds, 95), "ms", higher_is_better=False)


async def _measured(url: str) -> Mapping[str, list[float]]:
    database = Database.at(url)
    try:
        await seed(database)
        found = {"the first closing of all days": [await _close_all(database)]}
        billing = _billing()
        found["a snapshot"] = [await _time(database, lambda session: rollups.take(session, billing))]
        found["dashboard"] = [
            await _time(database, lambda session: figures.dashboard(session, _OWNER)) for _ in range(LOOKS)
        ]
        for name, page in _pages().items():
            found[name] = [await _time(database, page) for _ in range(PAGES)]
            _say(f"{name}: {percentile(found[name], 95):.1f} ms")
        return found
    finally:
        await database.close()


def _pages() -> dict[str, Page]:
    """A page at a random depth of every list, by every filter."""
    now, dice = clock.now(), random.Random(7)

    def deep(most: int) -> int | None:
        return dice.choice((None, dice.randint(1, most)))

    def users(**filters: Any) -> Page:
        return lambda session: people.search(session, _OWNER, before=deep(PEOPLE), **filters)

    def revenue(by: figures.By) -> Page:
        return lambda session: figures.revenue(session, _OWNER, by)

    def subscribed(plan: str | None, state: str | None) -> Page:
        most = PEOPLE * 2 // 5
        return lambda session: subscriptions.search(
            session, _OWNER, plan=plan, state=state, before=deep(most)
        )

    def product(words: str) -> Page:
        return lambda session: products.search(session, _OWNER, words=words)

    def alerted(state: AlertState | None) -> Page:
        return lambda session: alerts.search(session, _OWNER, state=state, before=deep(PEOPLE * 2))

    pages: dict[str, Page] = {f"revenue by {by}": revenue(by) for by in figures.By}
    pages["users, all"] = users()
    for words in ("person 7", "@someone_12345", "zebra", "10012345", "p123@example.com"):
        pages[f"users by {words!r}"] = users(words=words)
    for plan in ("free", "pro", "business"):
        pages[f"users of {plan}"] = users(plan=plan)
    for state in UserState:
        pages[f"users who are {state}"] = users(state=state)
    pages["users active for an hour"] = users(active_since=now - timedelta(hours=1))
    pages["users active for 30 days"] = users(active_since=now - timedelta(days=30))
    pages["users of pro, blocked, active for 30 days"] = users(
        plan="pro", state=UserState.BLOCKED, active_since=now - timedelta(days=30)
    )
    for sold, standing in ((None, None), ("pro", None), (None, "trial"), ("business", "grace")):
        pages[f"subscriptions of {sold or 'all'} in {standing or 'all'}"] = subscribed(sold, standing)
    pages["payments, all"] = lambda session: payments.search(session, _OWNER, before=deep(PAYMENTS))
    pages["payments, held"] = lambda session: payments.search(session, _OWNER, only_held=True)
    pages["payments of one"] = lambda session: payments.search(
        session, _OWNER, user_id=dice.randint(1, PEOPLE)
    )
    pages["products, all"] = lambda session: products.search(session, _OWNER, before=deep(LISTINGS))
    for words in ("kettle", "kettle 976", "store0", "#12345", "https://store/777"):
        pages[f"products by {words!r}"] = product(words)
    for alert_state in (None, *AlertState):
        pages[f"alerts, {alert_state or 'all'}"] = alerted(alert_state)
    pages["events, dead"] = lambda session: events.search(session, _OWNER)
    pages["audit, all"] = lambda session: audit.entries(session, before=deep(PEOPLE // 5))
    pages["audit of one subject"] = lambda session: audit.entries(
        session, subject=f"user:{dice.randint(1, 1000)}"
    )
    pages["audit of one action"] = lambda session: audit.entries(session, action="gift_days")
    return pages


async def seed(database: Database) -> None:
    """Make the history by the database itself; indexes that only serve queries are built after the rows."""
    _say(f"seeding a share of {SHARE:g}")
    sizes = {
        "people": PEOPLE,
        "watches": WATCHES,
        "listings": LISTINGS,
        "payments": PAYMENTS,
        "subscribed": max(1, PEOPLE * 2 // 5),
        "alerts": PEOPLE * 2,
        "now": clock.now().replace(microsecond=0).isoformat(),
    }
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        for setting in (
            "session_replication_role = replica",  # what refers to a row is made with it: nothing to check
            "synchronous_commit = off",
            "maintenance_work_mem = '256MB'",
            "max_parallel_maintenance_workers = 0",
        ):
            await connection.execute(text(f"SET {setting}"))
        for table, statements in HISTORY.items():
            began = perf_counter()
            indexes = await connection.execute(
                text(
                    "SELECT indexname, indexdef FROM pg_indexes "
                    "WHERE tablename = :table AND indexname LIKE 'ix_%'"
                ),
                {"table": table},
            )
            later = indexes.all()
            for name, _ in later:
                await connection.execute(text(f"DROP INDEX {name}"))
            for statement in statements:
                await connection.exec_driver_sql(statement.format(**sizes))
            for _, definition in later:
                await connection.exec_driver_sql(definition)
            await connection.execute(text(f"VACUUM ANALYZE {table}"))
            _say(f"{table}: {perf_counter() - began:.0f} s")


async def _close_all(database: Database) -> float:
    began = perf_counter()
    while True:
        async with database.transaction() as session:
            if not await rollups.close_days(session, _billing(), limit=30):
                break
    _say(f"days closed: {perf_counter() - began:.0f} s")
    return (perf_counter() - began) * 1000


async def _time(database: Database, page: Page) -> float:
    began = perf_counter()
    async with database.transaction() as session:
        await page(session)
    return (perf_counter() - began) * 1000


def _billing() -> Billing:
    return Billing.by(
        Settings(
            _env_file=None, seller_name="A seller", seller_address="1 Road", seller_gstin="29AAAAA0000A1ZY"
        )
    )


def _say(words: str) -> None:
    print(f"         {words}", file=sys.stderr, flush=True)
