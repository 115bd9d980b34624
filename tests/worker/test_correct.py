"""A price called wrong is answered once, by the same choices however often it takes."""

from collections.abc import Callable
from datetime import timedelta

from sandbox.telegram import Fault, FaultKind
from tests.worker.house import House
from tests.worker.outside import ASHA
from tracker.catalog import corrections
from tracker.catalog.models import Correction, CorrectionState
from worker.correct import correct
from worker.sweep import sweep

KETTLE = "https://bazaar.example/shop/kettle"
Later = Callable[[timedelta], None]


async def asks(house: House) -> int:
    """Asha watches a kettle and calls its price wrong."""
    await house.watch(ASHA, KETTLE)
    user, listing = await house.person(ASHA), await house.listing(KETTLE)
    async with house.database.transaction() as session:
        return (await corrections.ask(session, user, listing, chat_id=ASHA)).id


async def now_of(house: House, correction_id: int) -> Correction:
    async with house.database.transaction() as session:
        return await session.get_one(Correction, correction_id)


async def test_an_answer_that_was_not_sent_is_tried_again_with_the_same_choices(
    house: House, later: Later
) -> None:
    asked = await asks(house)
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, status=500))
    await correct(house.bench, asked)
    first = await now_of(house, asked)
    assert (first.state, house.outside.texts(ASHA)) == (CorrectionState.ASKED, [])
    house.outside.shop.set("kettle", price="77", list_price="88")
    later(timedelta(seconds=4))
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 1
    await correct(house.bench, asked)
    again = await now_of(house, asked)
    assert (again.state, again.lease_token) == (CorrectionState.OFFERED, None)
    assert again.offered == first.offered
    [question] = house.outside.texts(ASHA)
    assert "₹77" not in question
    await correct(house.bench, asked)
    assert len(house.outside.texts(ASHA)) == 1


async def test_a_question_is_given_up_when_every_attempt_failed(house: House, later: Later) -> None:
    asked = await asks(house)
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, status=500, times=20))
    for _ in range(corrections.MAX_ATTEMPTS + 1):
        await correct(house.bench, asked)
    assert (await now_of(house, asked)).state != CorrectionState.ASKED
    later(timedelta(hours=1))
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 0


async def test_a_lost_hint_is_found_a_second_later_and_hinted_once(house: House, later: Later) -> None:
    await asks(house)
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 0
    later(timedelta(seconds=1))
    await sweep(house.bench)
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 1
    assert house.outside.sends() == []
