"""Cron, once a minute: what time alone changes."""

import structlog

from tracker import clock
from tracker.admin import people
from tracker.catalog import partitions, stores
from tracker.watches import demand
from tracker.watches import service as watches
from worker.workbench import Workbench

log = structlog.get_logger()


_AT_A_TIME = 200


async def upkeep(bench: Workbench) -> None:
    """End the snoozes and suspensions whose time has come, count broken promises, and notice sales."""
    async with bench.database.transaction() as session:
        woken = await watches.wake(session)
    while await _end_a_suspension(bench):
        pass
    while await _count_missed(bench) == _AT_A_TIME:
        pass
    if woken:
        log.info("watches.woken", count=woken)
    async with bench.database.transaction() as session:
        sales = await stores.notice_sales(session)
    if sales:
        log.info("stores.on_sale", stores=sales)
    async with bench.database.transaction() as session:
        made = await partitions.create_ahead(session, clock.now())
    if made:
        log.info("partitions.made", names=made)


async def _end_a_suspension(bench: Workbench) -> bool:
    async with bench.database.transaction() as session:
        ended = await people.end_a_suspension(session)
    if ended:
        log.info("people.suspension_over")
    return ended


async def _count_missed(bench: Workbench) -> int:
    async with bench.database.transaction() as session:
        return await demand.count_all_missed(session, limit=_AT_A_TIME)
