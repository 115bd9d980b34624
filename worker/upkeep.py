"""Cron, once a minute: what time alone changes."""

import structlog

from tracker.watches import service as watches
from worker.workbench import Workbench

log = structlog.get_logger()


async def upkeep(bench: Workbench) -> None:
    """End the snoozes whose time has come."""
    async with bench.database.transaction() as session:
        woken = await watches.wake(session)
    if woken:
        log.info("watches.woken", count=woken)
