"""The months of price_observations on PostgreSQL: made ahead of time, dropped when nothing is left in them.

Each takes a lock on the whole table for a moment. It is waited for two seconds at most, since whoever comes
after us waits behind us; what was not done then is done by the next run.
"""

from datetime import UTC, date, datetime

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncSession

log = structlog.get_logger()

TABLE = "price_observations"
AHEAD = 2
"""How many months beside the current one have their partition already."""

_KEPT = 2
"""Months that stay although nothing is in them."""
_CONFLICTS = "23514"
"""check_violation: rows of that month are in the default partition."""
_BUSY = "55P03"
"""lock_not_available"""


async def create_ahead(session: AsyncSession, now: datetime) -> list[str]:
    """Make the partitions of this month and the coming two that are missing; returns their names.

    Rows that came before their partition did stay in the default one, which serves them as well; their month
    gets none then. Nothing on SQLite.
    """
    if not _is_partitioned(session):
        return []
    there = await _months(session)
    made = []
    for ahead in range(AHEAD + 1):
        month = _month_after(now.astimezone(UTC).date(), ahead)
        if month not in there and await _execute(session, _create(month), month):
            made.append(_name(month))
    return made


async def drop_empty(session: AsyncSession, now: datetime) -> list[str]:
    """Drop the partitions of past months that hold nothing any more; returns their names.

    Nothing is written into a month that is two months old, so what is empty stays so.
    """
    if not _is_partitioned(session):
        return []
    newest = _month_after(now.astimezone(UTC).date(), -_KEPT)
    dropped = []
    for month in sorted(await _months(session)):
        name = _name(month)
        anything = text(f"SELECT EXISTS (SELECT 1 FROM {name})")  # noqa: S608 - a name that we gave it
        if month >= newest or await session.scalar(anything):
            continue
        if await _execute(session, f"DROP TABLE {name}", month):
            dropped.append(name)
    return dropped


def _is_partitioned(session: AsyncSession) -> bool:
    return session.get_bind().dialect.name == "postgresql"


async def _months(session: AsyncSession) -> set[date]:
    names = await session.scalars(
        text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:parent AS regclass)"),
        {"parent": TABLE},
    )
    months = [name.removeprefix(f"{TABLE}_") for name in names if name != f"{TABLE}_default"]
    return {datetime.strptime(month, "%Y_%m").replace(tzinfo=UTC).date() for month in months}


async def _execute(session: AsyncSession, statement: str, month: date) -> bool:
    """Whether it could be done now. Other errors than those that are expected are raised."""
    try:
        async with session.begin_nested():
            await session.execute(text("SET LOCAL lock_timeout = '2s'"))
            await session.execute(text(statement))
    except DBAPIError as error:
        code = getattr(error.orig, "sqlstate", None)
        if code not in (_CONFLICTS, _BUSY):
            raise
        log.warning("partition.left", month=month.isoformat(), why=code)
        return False
    return True


def _create(month: date) -> str:
    begin, end = month.isoformat(), _month_after(month, 1).isoformat()
    return (
        f"CREATE TABLE IF NOT EXISTS {_name(month)} PARTITION OF {TABLE}"
        f" FOR VALUES FROM ('{begin} 00:00+00') TO ('{end} 00:00+00')"
    )


def _name(month: date) -> str:
    return f"{TABLE}_{month:%Y_%m}"


def _month_after(day: date, months: int) -> date:
    """The first day of the month that is so many months after a day's."""
    count = day.year * 12 + day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)
