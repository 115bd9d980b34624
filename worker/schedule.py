"""Cron: claim what is due and hint it to the workers; sweep up what lost hints left."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

import structlog

from tracker.catalog import corrections, previews
from tracker.catalog.claiming import Claimed, claim_due
from worker.workbench import Workbench

log = structlog.get_logger()

BATCH = 200
TOGETHER = 8
"""Checks that one job runs side by side."""

MOST_WAITING = 200
"""Due jobs beyond which nothing more is claimed: a lease must not run out while its hint waits."""


async def schedule(bench: Workbench) -> None:
    """Lease due listings in batches and enqueue their checks."""
    while await bench.queue.depth() < MOST_WAITING:
        async with bench.database.transaction() as session:
            claimed = await claim_due(
                session, limit=BATCH, lease=bench.settings.check_lease, manners=bench.manners
            )
        for claims, after in _hints(claimed):
            await bench.queue.check(claims, after=after)
        if len(claimed) < BATCH:
            return


def _hints(claimed: Sequence[Claimed]) -> Iterator[tuple[list[tuple[int, str]], timedelta]]:
    """A job for a few listings at a time that are to be checked at the same moment."""
    for after, at_once in groupby(sorted(claimed, key=_moment), key=_moment):
        claims = [(each.listing_id, each.lease_token) for each in at_once]
        for start in range(0, len(claims), TOGETHER):
            yield claims[start : start + TOGETHER], after


def _moment(claimed: Claimed) -> timedelta:
    return claimed.after


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
