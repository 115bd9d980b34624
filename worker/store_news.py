"""Cron: tell those who wait for a store that it refuses us, and that it answers again."""

from tracker.watches import store_news as news
from worker.workbench import Workbench


async def store_news(bench: Workbench) -> None:
    """Owe everybody what the stores' states say, a short transaction for every few people."""
    async with bench.database.transaction() as session:
        stores = await news.waiting(session)
    for code in stores:
        while await _tell(bench, code):
            pass


async def _tell(bench: Workbench, code: str) -> bool:
    async with bench.database.transaction() as session:
        return await news.tell(session, code, bench.billing.admin_ids)
