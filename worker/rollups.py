"""Cron: count beforehand what nobody can count at each look."""

from time import monotonic

import structlog

from tracker.admin import rollups as counting
from worker.workbench import Workbench

log = structlog.get_logger()

_AT_A_TIME = 10
_SECONDS = 30
"""So long days are closed in one go: the first time there may be years of them."""


async def rollups(bench: Workbench) -> None:
    """Close the days that are over, and take the snapshots that are too old."""
    ends = monotonic() + _SECONDS
    closed = 0
    while monotonic() < ends:
        async with bench.database.transaction() as session:
            days = await counting.close_days(session, bench.billing, limit=_AT_A_TIME)
        closed += days
        if days < _AT_A_TIME:
            break
    if closed:
        log.info("figures.days_closed", count=closed)
    async with bench.database.transaction() as session:
        taken = await counting.take(session, bench.billing)
    if taken:
        log.info("figures.taken", names=taken)
