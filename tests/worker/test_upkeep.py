"""What the worker does once a minute."""

from tests.worker.house import House
from tracker import clock
from tracker.catalog import stores
from tracker.catalog.models import CheckTally, StoreState
from worker.upkeep import upkeep


async def test_a_store_whose_prices_fall_has_a_sale(house: House) -> None:
    hour = clock.now().replace(minute=0, second=0, microsecond=0)
    async with house.database.transaction() as session:
        await stores.begin(session, "shop.example")
        session.add(
            CheckTally(hour=hour, store="shop.example", outcome="offer", checks=20, drops=10, milliseconds=0)
        )
    await upkeep(house.bench)
    async with house.database.transaction() as session:
        store = await session.get_one(StoreState, "shop.example")
        assert store.sale_until is not None
        assert store.sale_until > clock.now()
