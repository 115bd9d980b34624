"""A broadcast reaches everybody whom it is for, once, after everything else, and while it is wanted."""

import asyncio
import random
from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from sqlalchemy import event, select, update

from tests.rows import arrive
from tests.worker.house import House
from tests.worker.outside import ASHA, MEERA, RAVI
from tracker import clock
from tracker.admin import broadcasts as service
from tracker.admin.broadcasts import Segment
from tracker.admin.models import Broadcast, BroadcastState
from tracker.admin.roles import Actor, Door, Role
from tracker.errors import BadInput
from tracker.notices import service as notices
from tracker.notices.models import Notice, NoticeState
from tracker.users.models import User, UserState
from worker.broadcasts import LEASE, PERHAPS, WAITING, broadcasts

Later = Callable[[timedelta], None]
OWNER = Actor(MEERA, Role.OWNER, Door.CHAT)
WORDS = "We have news <b>for you</b> & yours"
URL = "https://bazaar.example/kettle"


async def started(house: House, segment: Segment | None = None) -> int:
    async with house.database.transaction() as session:
        written = await service.draft(session, OWNER, segment or Segment(), WORDS)
        await service.start(session, OWNER, written.id)
        return written.id


async def all_arrive(house: House, people: Iterable[int]) -> None:
    async with house.database.transaction() as session:
        for user in people:
            house.outside.arrives(user)
            await arrive(session, user)


async def change(house: House, user: int, **values: object) -> None:
    async with house.database.transaction() as session:
        await session.execute(update(User).where(User.telegram_id == user).values(**values))


async def state_of(house: House, id: int) -> str:
    async with house.database.transaction() as session:
        return (await session.get_one(Broadcast, id)).state


async def said_to(house: House, *people: int) -> list[int]:
    return [len(house.outside.texts(user)) for user in people]


async def test_everybody_who_wants_to_hear_it_hears_it_once_as_it_was_typed(house: House) -> None:
    strangers: dict[int, dict[str, object]] = {
        2101: {"hears_broadcasts": False},
        2102: {"state": UserState.SUSPENDED},
    }
    for user in (ASHA, RAVI, *strangers):
        await house.arrives(user)
    for user, values in strangers.items():
        await change(house, user, **values)
    id = await started(house)
    for _ in range(3):
        await broadcasts(house.bench)
    assert house.outside.texts(ASHA) == house.outside.texts(RAVI) == [WORDS]
    assert await said_to(house, *strangers) == [0, 0]
    async with house.database.transaction() as session:
        told = await service.get(session, OWNER, id)
    assert (told.owed, told.sent, told.failed, told.broadcast.owed) == (0, 2, 0, 2)
    assert told.broadcast.state == BroadcastState.DONE


async def test_an_alert_that_is_due_comes_first(house: House) -> None:
    await house.watch(ASHA, URL)
    await house.falls(URL, "1499")
    await started(house)
    await broadcasts(house.bench)
    assert house.outside.sends() == []
    async with house.delivering():
        await house.outside.hears(ASHA, "₹1,499")
    await broadcasts(house.bench)
    assert house.outside.texts(ASHA)[-1] == WORDS


async def test_whoever_is_owed_something_else_hears_that_first(house: House, later: Later) -> None:
    for user in (ASHA, RAVI):
        await house.arrives(user)
    async with house.database.transaction() as session:
        await notices.owe(session, ASHA, "gift_days", "gift:1", days=3, plan="pro")
    id = await started(house)
    await broadcasts(house.bench)
    assert await said_to(house, ASHA, RAVI) == [0, 1]
    assert await state_of(house, id) == BroadcastState.SENDING
    async with house.database.transaction() as session:
        [taken] = await notices.claim(session, limit=5, lease=LEASE)
        assert taken.kind == "gift_days"
        await notices.sent(session, taken, 1)
    await broadcasts(house.bench)
    assert await said_to(house, ASHA, RAVI) == [1, 1]


async def test_what_is_paused_or_cancelled_is_taken_back_and_goes_on_where_it_was(house: House) -> None:
    people = range(2200, 2200 + WAITING + 10)
    await all_arrive(house, people)
    id = await started(house)
    async with house.database.transaction() as session:
        await service.owe_more(session, id, at_once=WAITING)
        [under_way, *_] = await notices.claim_of_broadcasts(session, [id], limit=1, lease=LEASE)
        assert await notices.begin(session, under_way)
    async with house.database.transaction() as session:
        await service.pause(session, OWNER, id)
    await broadcasts(house.bench)
    assert house.outside.sends() == []
    async with house.database.transaction() as session:
        assert [one.id for one in await session.scalars(select(Notice))] == [under_way.id]
        await notices.sent(session, under_way, 1)
        await service.resume(session, OWNER, id)
    await broadcasts(house.bench)
    assert await said_to(house, *people) == [0] + [1] * (len(people) - 1)
    with pytest.raises(BadInput):
        async with house.database.transaction() as session:
            await service.cancel(session, OWNER, id)


async def test_a_cancelled_one_is_said_to_nobody_else(house: House, later: Later) -> None:
    for user in (ASHA, RAVI):
        await house.arrives(user)
    id = await started(house)
    async with house.database.transaction() as session:
        await service.owe_more(session, id, at_once=WAITING)
        await notices.claim_of_broadcasts(session, [id], limit=1, lease=LEASE)  # by a worker that dies
        await service.cancel(session, OWNER, id)
    later(LEASE)
    await broadcasts(house.bench)
    assert house.outside.sends() == []
    async with house.database.transaction() as session:
        assert list(await session.scalars(select(Notice))) == []


async def test_whoever_wants_no_more_meanwhile_gets_none(house: House) -> None:
    await house.arrives(ASHA)
    id = await started(house)
    async with house.database.transaction() as session:
        await service.owe_more(session, id, at_once=WAITING)
    await change(house, ASHA, hears_broadcasts=False)
    await broadcasts(house.bench)
    assert house.outside.sends() == []
    assert await state_of(house, id) == BroadcastState.DONE


async def test_it_begins_at_its_time(house: House, later: Later) -> None:
    await house.arrives(ASHA)
    async with house.database.transaction() as session:
        written = await service.draft(session, OWNER, Segment(), WORDS)
        await service.plan_for(session, OWNER, written.id, clock.now() + timedelta(hours=2))
        await service.start(session, OWNER, written.id)
    await broadcasts(house.bench)
    assert house.outside.texts(ASHA) == []
    later(timedelta(hours=2, seconds=1))
    await broadcasts(house.bench)
    assert house.outside.texts(ASHA) == [WORDS]


async def test_a_segment_is_who_fulfils_all_of_it(house: House) -> None:
    await house.watch(ASHA, URL)
    await house.arrives(RAVI)
    await change(house, RAVI, plan="pro", last_seen_at=clock.now() - timedelta(days=8))
    async with house.database.transaction() as session:
        found = [
            await service.recipients(session, OWNER, segment)
            for segment in (
                Segment(),
                Segment(plan="pro"),
                Segment(locale="en"),
                Segment(store="bazaar.example"),
                Segment(active_days=7),
                Segment(plan="pro", active_days=7),
                Segment(plan="pro", active_days=9),
            )
        ]
    assert found == [2, 1, 2, 1, 1, 0, 1]


@pytest.mark.parametrize("seed", range(2))
async def test_whatever_is_killed_at_whatever_moment_everybody_gets_it_once(
    seed: int, house: House, later: Later
) -> None:
    """Workers are cancelled at random moments of their work with the database, and are not heard of again."""
    chance = random.Random(seed)
    people = range(2300, 2300 + WAITING + 15)
    await all_arrive(house, people)
    id = await started(house)
    for _ in range(8):
        await killed_after(house, chance.randint(1, 25))
        later(LEASE + timedelta(seconds=1))
    await broadcasts(house.bench)
    await broadcasts(house.bench)
    assert await state_of(house, id) == BroadcastState.DONE
    async with house.database.transaction() as session:
        rows = list(await session.scalars(select(Notice)))
    unsure = {row.chat_id for row in rows if row.state == NoticeState.DEAD and row.last_error == PERHAPS}
    assert {row.chat_id for row in rows if row.state == NoticeState.SENT} | unsure == set(people)
    for user in people:
        assert len(house.outside.texts(user)) == 1 or (user in unsure and not house.outside.texts(user))


async def killed_after(house: House, steps: int) -> None:
    """Run a worker's job and cut it when it has given back a connection so many times."""
    job = asyncio.create_task(broadcasts(house.bench))
    left = steps

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            job.cancel()

    pool = house.database.engine.sync_engine.pool
    event.listen(pool, "checkin", count)
    try:
        await asyncio.gather(job, return_exceptions=True)
    finally:
        event.remove(pool, "checkin", count)
