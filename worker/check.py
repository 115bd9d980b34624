"""Check listings for all who watch them: fetch, read, compare, and owe what follows from it."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta

import structlog

from tracker import clock
from tracker.catalog import corrections
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing, StoreState
from tracker.fetching.politeness import StoreBusy
from tracker.stores.corrections import Rule
from worker.approach import Approach
from worker.reading import read_page
from worker.recorder import Finished
from worker.workbench import Workbench

log = structlog.get_logger()

PATIENCE_SECONDS = 5.0
"""How long a check waits for its store's turn before it lets others work."""


async def check(bench: Workbench, claims: Sequence[tuple[int, str]]) -> None:
    """Check listings side by side, each under its lease: (id, lease token)."""
    async with bench.database.transaction() as session:
        in_hand = await catalog.leased(session, [(listing_id, token) for listing_id, token in claims])
        rules = await corrections.rules_of(session, [listing for listing, _ in in_hand])
    async with asyncio.TaskGroup() as together:
        for listing, store in in_hand:
            together.create_task(_check(bench, listing, store, rules.get(listing.id, ())))


async def _check(bench: Workbench, listing: Listing, store: StoreState, rules: Sequence[Rule]) -> None:
    approach = Approach.to(
        store, bench.manners, patience=PATIENCE_SECONDS, listing=listing, ways=bench.fetcher.ways
    )
    lease_token = listing.lease_token
    assert lease_token is not None
    try:
        async with bench.checks_at_once:
            with bench.recorder.expecting():
                read = await read_page(bench, listing.url, approach, rules)
            await bench.recorder.record(Finished(listing.id, listing.store, lease_token, read, approach))
    except StoreBusy as busy:
        at = clock.now() + timedelta(seconds=float(busy.details["retry_after"]))
        await put_back(bench, listing.id, lease_token, at)
        return
    except Exception:  # a door: one page's trouble is not that of those beside it; its lease brings it back
        log.exception("check.failed", listing_id=listing.id)
        return
    except asyncio.CancelledError:
        # This process ends, or the job took too long: the next one need not wait for the lease.
        with suppress(asyncio.CancelledError):
            await put_back(bench, listing.id, lease_token, clock.now())
        raise


async def put_back(bench: Workbench, listing_id: int, lease_token: str, at: datetime) -> None:
    """Give a lease back without a check: the listing is due again at this moment."""
    async with bench.database.transaction() as session:
        await catalog.put_back(session, listing_id, lease_token, at)
