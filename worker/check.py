"""Check one listing for all its watchers: fetch, read, compare, and owe what follows from it."""

from tracker.alerts import service as alerts
from tracker.catalog import service as catalog
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
        move = await catalog.record(session, listing_id, read.check, interval=bench.settings.check_interval)
        if move is not None:
            owed = await alerts.owe(session, move)
    if owed:
        await bench.queue.deliver()
