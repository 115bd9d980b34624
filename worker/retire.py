"""Cron, each minute of one hour of the night: observations that no plan shows any more become daily lows."""

import asyncio

import structlog

from tracker import clock
from tracker.catalog import partitions, retention
from worker.workbench import Workbench

log = structlog.get_logger()

TURN = 20.0
"""Seconds after which the rest waits for the next minute: a job has 35."""

AT_A_TIME = 50
"""Listings in one transaction."""


async def retire(bench: Workbench) -> None:
    """Retire what is too old, a transaction for each batch, and drop the months that are empty then.

    What a turn leaves the next one finds: a listing that is done is not among those that have something old.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + TURN
    now = clock.now()
    async with bench.database.transaction() as session:
        terms = await retention.terms(session)
    gone = lows = 0
    for days in terms:
        after: int | None = 0
        while after is not None and loop.time() < until:
            async with bench.database.transaction() as session:
                batch = await retention.retire(session, days, now, after=after, limit=AT_A_TIME)
            after = batch.last_id if batch else None
            gone += batch.observations if batch else 0
            lows += batch.lows if batch else 0
    async with bench.database.transaction() as session:
        dropped = await partitions.drop_empty(session, now)
    if gone or dropped:
        log.info("observations.retired", count=gone, lows=lows, dropped=dropped)
