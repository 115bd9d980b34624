"""What people read in their chats when a store refuses us and answers again."""

from collections.abc import Callable
from datetime import timedelta

from tests.worker.house import House
from tests.worker.outside import ASHA, RAVI
from tracker import clock
from tracker.catalog import stores
from tracker.catalog.move import Check, Kind
from worker.notices import say_notices
from worker.store_news import store_news

URL = "https://www.flipkart.com/kettle/p/itm1"
Later = Callable[[timedelta], None]


async def answers(house: House, kind: Kind, *, times: int) -> None:
    for _ in range(times):
        async with house.database.transaction() as session:
            await stores.answered(session, "flipkart.com", Check(clock.now(), kind, kind=kind))


async def tell(house: House) -> None:
    await store_news(house.bench)
    await say_notices(house.bench)


async def test_a_refusal_and_its_end_are_said_once_to_whoever_waits(house: House, later: Later) -> None:
    await house.watch(ASHA, URL)
    await house.arrives(RAVI)
    later(timedelta(days=8))
    await answers(house, Kind.BLOCKED, times=3)
    for _ in range(2):
        await tell(house)
    assert [text.partition(" since ")[0] for text in house.outside.texts(ASHA)] == [
        "🚧 Flipkart has been refusing us"
    ]
    later(timedelta(hours=2, minutes=10))
    await answers(house, Kind.NO_OFFER, times=1)
    for _ in range(2):
        await tell(house)
    assert house.outside.texts(ASHA)[1:] == [
        "✅ Flipkart answers again, after 2 h 10 min: your thing there is being checked."
    ]
    assert house.outside.texts(RAVI) == []
