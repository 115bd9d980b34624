"""Cron: sweep up what lost hints left."""

import structlog

from tracker.catalog import corrections, previews
from worker.workbench import Workbench

log = structlog.get_logger()


async def sweep(bench: Workbench) -> None:
    """Hint again the previews and corrections that nobody is working on."""
    async with bench.database.transaction() as session:
        forgotten = await previews.overdue(session)
        uncorrected = await corrections.overdue(session)
    for preview_id, attempts in forgotten:
        await bench.queue.preview(preview_id, attempt=attempts)
    if forgotten:
        log.info("previews.swept", count=len(forgotten))
    for correction_id, asked_at, attempts in uncorrected:
        await bench.queue.correct(correction_id, asked_at, attempt=attempts)
    if uncorrected:
        log.info("corrections.swept", count=len(uncorrected))
