"""Check one listing for all its watchers: fetch, read, compare, and owe what follows from it."""

from tracker.alerts.owing import owe
from tracker.catalog import service as catalog
from tracker.catalog.recording import record
from worker.reading import read_page
from worker.workbench import Workbench


async def check(bench: Workbench, listing_id: int, lease_token: str) -> None:
    """Run a check under a lease. The observation and the alerts that it owes are one transaction."""
    async with bench.database.transaction() as session:
        listing = await catalog.leased(session, listing_id, lease_token)
        if listing is None:
            return
        url = listing.url
    read = await read_page(bench, url)
    owed = 0
    async with bench.database.transaction() as session:
        move = await record(session, listing_id, read.check, bench.checking, lease_token=lease_token)
        if move is not None:
            owed = await owe(session, move)
    if owed:
        await bench.queue.deliver()
