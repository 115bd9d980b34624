"""Cron: claim what is due and hint it to the workers; sweep up what lost hints left."""

import structlog

from tracker.catalog import corrections, previews
from tracker.catalog import service as catalog
from worker.workbench import Workbench

log = structlog.get_logger()

BATCH = 200
MOST_WAITING = 1000
"""Jobs in the queue beyond which nothing more is claimed: a lease must not run out while its hint waits."""


async def schedule(bench: Workbench) -> None:
    """Lease due listings in batches and enqueue their checks."""
    while await bench.queue.depth() < MOST_WAITING:
        async with bench.database.transaction() as session:
            claimed = await catalog.claim_due(session, limit=BATCH, lease=bench.settings.check_lease)
        for listing_id, lease_token in claimed:
            await bench.queue.check(listing_id, lease_token)
        if len(claimed) < BATCH:
            return


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
