"""Who hears that a store refuses us, and that it answers again, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.catalog import stores
from tracker.catalog.models import Listing, StoreState
from tracker.catalog.move import Check, Kind
from tracker.database import Database
from tracker.notices.models import Notice
from tracker.users.models import UserState
from tracker.watches import service as watches
from tracker.watches import store_news
from tracker.watches.models import Watch, WatchState

CODE = "shop.example"
LAMP, MUG, ELSEWHERE = (
    "https://shop.example/p/lamp",
    "https://shop.example/p/mug",
    "https://other.example/p/mug",
)
ADMIN = 7
HOUR = timedelta(hours=1)


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 5, 10, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.fixture(autouse=True)
def begun(travel: time_machine.Traveller) -> None:
    """Every test is on the clock."""


async def promised(database: Database, url: str, within: timedelta | None) -> None:
    """Let the next promise about a listing break so soon; None when all of them are broken."""
    async with database.transaction() as session:
        found = (await session.scalars(select(Listing).where(Listing.url == url))).one()
        found.promise_at = None if within is None else clock.now() + within


async def refuses(database: Database, times: int = 3, code: str = CODE) -> None:
    for _ in range(times):
        async with database.transaction() as session:
            await stores.answered(session, code, Check(clock.now(), "status_403", kind=Kind.BLOCKED))


async def answers(database: Database) -> None:
    async with database.transaction() as session:
        await stores.answered(session, CODE, Check(clock.now(), "offer", rows.offer("1999")))


async def tell(database: Database, batch: int = store_news.BATCH) -> int:
    """Tell all the news, as the worker does; returns how many transactions it took."""
    count = 0
    async with database.transaction() as session:
        waiting = await store_news.waiting(session)
    for code in waiting:
        more = True
        while more:
            async with database.transaction() as session:
                more = await store_news.tell(session, code, (ADMIN,), batch=batch)
            count += 1
    return count


async def told(database: Database, kind: str) -> list[tuple[int, int]]:
    """The chats that were told so, and of how many things."""
    async with database.transaction() as session:
        found = await session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id))
        return [(notice.chat_id, notice.details["things"]) for notice in found]


async def state(database: Database, code: str = CODE) -> StoreState:
    async with database.transaction() as session:
        return await session.get_one(StoreState, code)


async def set_state(database: Database, watch: Watch, state: WatchState, *, user: int = 1001) -> None:
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session, user), watch.id, state)


async def test_one_message_counts_the_things_whose_promises_break_while_it_rests(database: Database) -> None:
    for url, within in ((rows.URL, 0.5 * HOUR), (LAMP, None), (MUG, 1.5 * HOUR), (ELSEWHERE, None)):
        await rows.watch(database, 1001, url)
        await promised(database, url, within)
    await rows.watch(database, 1002, MUG)
    await refuses(database)
    await tell(database)
    assert await told(database, "store_refuses") == [(1001, 2)]


async def test_two_refusals_are_no_news(database: Database) -> None:
    await rows.watch(database)
    await promised(database, rows.URL, None)
    await refuses(database, 2)
    assert await tell(database) == 0
    assert await told(database, "store_refuses") == []


async def test_an_episode_is_told_once_and_a_longer_rest_to_those_who_are_newly_affected(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database, 1001)
    await rows.watch(database, 1002, LAMP)
    await promised(database, rows.URL, 0.5 * HOUR)
    await promised(database, LAMP, 7 * HOUR)
    for _ in range(4):  # the sixth refusal is a rest of six hours
        await refuses(database, 3 if (await state(database)).blocks == 0 else 1)
        await tell(database)
        travel.shift(HOUR)
    assert await told(database, "store_refuses") == [(1001, 1), (1002, 1)]
    episodes = {notice.details["since"] for notice in await notices(database, "store_refuses")}
    assert episodes == {"2026-11-24T05:10:00+00:00"}


async def notices(database: Database, kind: str) -> list[Notice]:
    async with database.transaction() as session:
        return list(await session.scalars(select(Notice).where(Notice.kind == kind).order_by(Notice.id)))


async def test_an_admin_hears_of_each_length_of_rest_once(database: Database) -> None:
    await rows.watch(database)
    for _ in range(7):
        await refuses(database, 1)
        await tell(database)
    warned = await notices(database, "store_rests")
    assert [(notice.chat_id, notice.details["refusals"]) for notice in warned] == [(ADMIN, 3), (ADMIN, 6)]


async def test_its_return_is_told_to_those_alone_who_were_told(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database, 1001)
    await rows.watch(database, 1001, MUG)
    await rows.watch(database, 1002, LAMP)
    await promised(database, rows.URL, None)
    await promised(database, MUG, 7 * HOUR)
    await promised(database, LAMP, 7 * HOUR)
    await refuses(database)
    await tell(database)
    travel.shift(timedelta(hours=2, minutes=10))
    await answers(database)
    await tell(database)
    assert await told(database, "store_answers_again") == [(1001, 2)]
    (notice,) = await notices(database, "store_answers_again")
    assert notice.details["at"] == "2026-11-24T07:20:00+00:00"
    after = await state(database)
    assert (after.news, after.refused_since, after.told_user_id) == (None, None, 0)


async def test_another_episode_is_told_anew(database: Database, travel: time_machine.Traveller) -> None:
    await rows.watch(database)
    for _ in range(2):
        await promised(database, rows.URL, None)
        await refuses(database)
        await tell(database)
        travel.shift(HOUR)
        await answers(database)
        await tell(database)
    assert await told(database, "store_refuses") == [(1001, 1)] * 2
    assert await told(database, "store_answers_again") == [(1001, 1)] * 2


@pytest.mark.parametrize("silenced", [WatchState.PAUSED, WatchState.STOPPED, WatchState.BOUGHT])
async def test_whoever_waits_for_nothing_is_left_alone(database: Database, silenced: WatchState) -> None:
    await rows.watch(database, 1002)
    watch = await rows.watch(database)
    await set_state(database, watch, silenced)
    await promised(database, rows.URL, None)
    await refuses(database)
    await tell(database)
    assert await told(database, "store_refuses") == [(1002, 1)]


async def test_whoever_sleeps_or_has_blocked_us_is_left_alone(database: Database) -> None:
    await rows.watch(database, 1002)
    await rows.watch(database, 1003, group=-100)
    asleep = await rows.watch(database)
    async with database.transaction() as session:
        person = await rows.person(session)
        await watches.snooze(session, person, asleep.id, until=clock.now() + 24 * HOUR)
        await watches.reachable(session, 1003, UserState.BLOCKED)
    await promised(database, rows.URL, None)
    await refuses(database)
    await tell(database)
    assert await told(database, "store_refuses") == [(1002, 1)]


async def test_whoever_watches_for_a_group_is_told_in_their_own_chat(database: Database) -> None:
    await rows.watch(database, group=-100)
    await promised(database, rows.URL, None)
    await refuses(database)
    await tell(database)
    assert await told(database, "store_refuses") == [(1001, 1)]


async def test_many_people_are_told_in_batches(database: Database) -> None:
    people = range(1001, 1008)
    for user in people:
        await rows.watch(database, user)
    await promised(database, rows.URL, None)
    await refuses(database)
    assert await tell(database, batch=3) == 3
    assert await told(database, "store_refuses") == [(user, 1) for user in people]
    await answers(database)
    assert await tell(database, batch=3) == 3
    assert await told(database, "store_answers_again") == [(user, 1) for user in people]


async def test_a_refusal_between_two_batches_begins_anew_and_tells_nobody_twice(database: Database) -> None:
    for user in (1001, 1002, 1003):
        await rows.watch(database, user)
    await promised(database, rows.URL, None)
    await refuses(database)
    async with database.transaction() as session:
        assert await store_news.tell(session, CODE, (ADMIN,), batch=2)
    await refuses(database, 1)
    assert (await state(database)).told_user_id == 0
    await tell(database, batch=2)
    assert await told(database, "store_refuses") == [(user, 1) for user in (1001, 1002, 1003)]


async def test_a_store_that_somebody_else_tells_of_is_left_to_them(postgresql_database: Database) -> None:
    database = postgresql_database
    await rows.watch(database)
    await promised(database, rows.URL, None)
    await refuses(database)
    async with database.transaction() as theirs, database.transaction() as ours:
        await theirs.get_one(StoreState, CODE, with_for_update=True)
        assert not await store_news.tell(ours, CODE, ())
    assert (await state(database)).news is not None
    await tell(database)
    assert await told(database, "store_refuses") == [(1001, 1)]


async def test_a_store_of_the_longest_name_has_its_news_told(database: Database) -> None:
    host = ".".join(["x" * 50] * 4) + ".invalid"
    async with database.transaction() as session:
        person, found = await rows.person(session), await rows.listing(session, f"https://{host}/p")
        found.store = host
        await stores.begin(session, host)
        await session.flush()
        await watches.watch(session, person, found, chat_id=1001)
        found.promise_at = None
    await refuses(database, code=host)
    await tell(database)
    assert await told(database, "store_refuses") == [(1001, 1)]
