"""Turns at stores, on a real Redis and on the in-memory one of a single process.

Each `Politeness` stands for a worker of its own. The gaps are as short as a busy machine can tell apart.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from fakeredis import FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio import ConnectionPool, Redis

from tests.services import RedisServer
from tracker import jobs
from tracker.errors import FetchFailed
from tracker.fetching.politeness import Manners, Politeness, StoreBusy
from tracker.fetching.problems import FetchProblem

SHOP = "shop.example"
GAP = 0.05
ONE_BY_ONE = Manners(at_once=1, gap_seconds=0)
SPACED = Manners(at_once=100, gap_seconds=GAP)
ANY_TIME = 20.0


@pytest.fixture
async def real(redis_url: str) -> AsyncIterator[Redis]:
    redis = jobs.connect(redis_url)
    yield redis
    await redis.aclose(close_connection_pool=True)


@pytest.fixture(params=["real", "in_memory"])
async def redis(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[Redis]:
    redis = (
        jobs.connect(redis_url)
        if request.param == "real"
        else jobs.on_pool(ConnectionPool(connection_class=FakeAsyncRedisConnection, server=FakeServer()))
    )
    yield redis
    await redis.aclose(close_connection_pool=True)


class Store:
    """Counts who is inside; each visit lasts for a few turns of the event loop."""

    def __init__(self) -> None:
        self.inside = 0
        self.most = 0
        self.visits = 0

    async def visit(self, politeness: Politeness, manners: Manners, patience: float = ANY_TIME) -> None:
        async with politeness.turn(SHOP, manners, patience=patience):
            self.inside += 1
            self.visits += 1
            self.most = max(self.most, self.inside)
            await asyncio.sleep(0.01)
            self.inside -= 1


async def beginnings(redis: Redis, workers: list[Politeness], manners: Manners, number: int) -> list[float]:
    """When so many turns began by Redis' clock, in seconds: the places say it, by when they come free."""
    ended = asyncio.Event()
    begun = asyncio.Semaphore(0)

    async def stay(worker: Politeness) -> None:
        async with worker.turn(SHOP, manners, patience=ANY_TIME):
            begun.release()
            await ended.wait()

    async with asyncio.TaskGroup() as group:
        for place in range(number):
            group.create_task(stay(workers[place % len(workers)]))
        for _ in range(number):
            await begun.acquire()
        places = await redis.zrange(f"politeness:{SHOP}:places", 0, -1, withscores=True)
        ended.set()
    return [score / 1000 for _, score in places]


@pytest.mark.parametrize("at_once", [1, 3])
async def test_no_more_than_its_places_are_inside_whoever_asks(redis: Redis, at_once: int) -> None:
    store = Store()
    workers = [Politeness(redis) for _ in range(3)]
    manners = Manners(at_once=at_once, gap_seconds=0)
    await asyncio.gather(*(store.visit(workers[turn % 3], manners) for turn in range(12)))
    assert store.visits == 12
    assert store.most == at_once


async def test_beginnings_are_a_gap_apart_whoever_asks(redis: Redis) -> None:
    times = await beginnings(redis, [Politeness(redis) for _ in range(3)], SPACED, 6)
    gaps = [after - before for before, after in pairwise(times)]
    assert len(gaps) == 5
    assert min(gaps) >= 0.75 * GAP
    assert len(set(gaps)) > 1


async def test_a_killed_workers_place_comes_free_by_itself(redis: Redis) -> None:
    killed, other = Politeness(redis, hold_seconds=0.2), Politeness(redis)
    holding = killed.turn(SHOP, ONE_BY_ONE, patience=0)
    await holding.__aenter__()
    with pytest.raises(StoreBusy):
        async with other.turn(SHOP, ONE_BY_ONE, patience=0):
            pass
    async with other.turn(SHOP, ONE_BY_ONE, patience=ANY_TIME):
        assert await redis.zcard(f"politeness:{SHOP}:places") == 1
    await holding.__aexit__(None, None, None)


async def test_a_killed_workers_place_comes_free_beside_one_that_is_held(redis: Redis) -> None:
    two = Manners(at_once=2, gap_seconds=0)
    killed, other = Politeness(redis, hold_seconds=0.1), Politeness(redis)
    holding = killed.turn(SHOP, two, patience=0)
    await holding.__aenter__()
    async with other.turn(SHOP, two, patience=0), other.turn(SHOP, two, patience=5):
        pass
    await holding.__aexit__(None, None, None)


async def test_a_store_that_wants_rest_gets_it_from_everybody(redis: Redis) -> None:
    told, other = Politeness(redis), Politeness(redis)
    await told.rest(SHOP, 60)
    await told.rest(SHOP, 1)
    for worker in (told, other):
        with pytest.raises(StoreBusy) as caught:
            async with worker.turn(SHOP, ONE_BY_ONE, patience=30):
                pass
        assert caught.value.details["problem"] == FetchProblem.BUSY
        assert 55 < caught.value.details["retry_after"] < 60.1


async def test_a_short_rest_is_waited_for(redis: Redis) -> None:
    told, other = Politeness(redis), Politeness(redis)
    loop = asyncio.get_running_loop()
    await told.rest(SHOP, 0.1)
    since = loop.time()
    async with other.turn(SHOP, ONE_BY_ONE, patience=ANY_TIME):
        assert 0.08 < loop.time() - since < 5


async def test_who_does_not_get_in_within_their_patience_is_told_so(redis: Redis) -> None:
    store, other = Politeness(redis), Politeness(redis)
    loop = asyncio.get_running_loop()
    async with store.turn(SHOP, ONE_BY_ONE, patience=0):
        for worker in (store, other):
            since = loop.time()
            with pytest.raises(FetchFailed) as caught:
                async with worker.turn(SHOP, ONE_BY_ONE, patience=0.1):
                    pass
            assert 0.09 < loop.time() - since < 5
            assert isinstance(caught.value, StoreBusy)


async def test_who_cannot_get_in_within_their_patience_is_told_so_at_once(redis: Redis) -> None:
    slow = Manners(at_once=5, gap_seconds=100)
    loop = asyncio.get_running_loop()
    worker, other = Politeness(redis), Politeness(redis)
    async with worker.turn(SHOP, slow, patience=0):
        pass
    since = loop.time()
    for asking in (worker, other):
        with pytest.raises(StoreBusy) as caught:
            async with asking.turn(SHOP, slow, patience=10):
                pass
        assert 70 < caught.value.details["retry_after"] <= 125
    assert loop.time() - since < 5


async def test_a_queue_that_is_too_long_is_not_joined(redis: Redis) -> None:
    slow = Manners(at_once=5, gap_seconds=10)
    worker = Politeness(redis)
    async with worker.turn(SHOP, slow, patience=0):
        queue = [asyncio.create_task(Store().visit(worker, slow, patience=1000)) for _ in range(3)]
        await asyncio.sleep(0)
        with pytest.raises(StoreBusy) as caught:
            async with worker.turn(SHOP, slow, patience=20):
                pass
        for waiting in queue:
            waiting.cancel()
        await asyncio.gather(*queue, return_exceptions=True)
    assert caught.value.details["retry_after"] >= 3 * 7.5


async def test_those_of_one_process_are_let_in_in_their_order(redis: Redis) -> None:
    worker = Politeness(redis)
    order = []

    async def visit(number: int) -> None:
        async with worker.turn(SHOP, ONE_BY_ONE, patience=ANY_TIME):
            order.append(number)

    async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
        waiting = [asyncio.create_task(visit(number)) for number in range(5)]
        await asyncio.sleep(0)
    await asyncio.gather(*waiting)
    assert order == [0, 1, 2, 3, 4]


async def test_nobody_overtakes_those_who_wait(redis: Redis) -> None:
    worker, store = Politeness(redis), Store()
    async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
        waiting = asyncio.create_task(store.visit(worker, ONE_BY_ONE))
        await asyncio.sleep(0)
    with pytest.raises(StoreBusy):
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
            pass
    await waiting


async def test_another_store_is_not_held_up(redis: Redis) -> None:
    worker = Politeness(redis)
    await worker.rest(SHOP, 60)
    async with (
        worker.turn("other.example", Manners(at_once=1, gap_seconds=60), patience=0),
        worker.turn("third.example", Manners(at_once=1, gap_seconds=60), patience=0),
    ):
        pass


async def test_a_redis_that_forgot_everything_makes_no_process_rude(redis: Redis) -> None:
    store, worker = Store(), Politeness(redis)
    manners = Manners(at_once=2, gap_seconds=0)
    visits = [asyncio.create_task(store.visit(worker, manners)) for _ in range(12)]
    while not all(visit.done() for visit in visits):
        await redis.flushdb()
        await asyncio.wait(visits, timeout=0.005)
    await asyncio.gather(*visits)
    assert store.visits == 12
    assert store.most == 2


async def test_a_cancelled_fetch_gives_its_place_back(redis: Redis) -> None:
    worker, other = Politeness(redis), Politeness(redis)
    inside = asyncio.Event()

    async def hang() -> None:
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
            inside.set()
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hang())
    await inside.wait()
    hanging.cancel()
    with pytest.raises(asyncio.CancelledError):
        await hanging
    async with other.turn(SHOP, ONE_BY_ONE, patience=0):
        pass


@pytest.mark.parametrize("loops", range(6))
async def test_one_who_is_cancelled_while_asking_leaves_no_place_taken(redis: Redis, loops: int) -> None:
    worker = Politeness(redis)
    asking = asyncio.create_task(Store().visit(worker, ONE_BY_ONE))
    for _ in range(loops):
        await asyncio.sleep(0)
    asking.cancel()
    await asyncio.gather(asking, return_exceptions=True)
    assert await redis.zcard(f"politeness:{SHOP}:places") == 0
    async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
        pass


async def test_what_is_kept_in_redis_ends_by_itself(redis: Redis) -> None:
    worker = Politeness(redis)
    await worker.rest("other.example", 60)
    async with worker.turn(SHOP, Manners(at_once=1, gap_seconds=60), patience=0):
        keys = await redis.keys("politeness:*")
        assert len(keys) == 3
        assert all([0 < await redis.pttl(key) <= 75_000 for key in keys])


async def test_a_turn_without_a_gap_costs_one_call_and_one_to_give_it_back(redis_server: RedisServer) -> None:
    redis = jobs.connect(redis_server.url)
    worker = Politeness(redis)
    easy = Manners(at_once=1000, gap_seconds=0)
    async with worker.turn(SHOP, easy, patience=0):  # the script is loaded, the connection is open
        pass
    sent: list[str] = []
    async with redis.monitor() as monitor:
        async with worker.turn(SHOP, easy, patience=0):
            pass
        await redis.ping()
        async for command in monitor.listen():
            if command["client_type"] != "lua":
                sent.append(command["command"].split()[0])
            if sent and sent[-1] == "PING":
                break
    await redis.aclose(close_connection_pool=True)
    assert sent == ["EVALSHA", "ZREM", "PING"]


class TestRedisIsAway:
    @pytest.fixture
    async def redis(self, redis_server: RedisServer) -> AsyncIterator[Redis]:
        redis = jobs.connect(redis_server.url)
        yield redis
        await redis.aclose(close_connection_pool=True)

    async def test_a_process_keeps_to_the_rule_by_itself(
        self, redis: Redis, redis_server: RedisServer
    ) -> None:
        store, worker = Store(), Politeness(redis)
        redis_server.kill()
        loop = asyncio.get_running_loop()
        since: list[float] = []

        async def visit() -> None:
            async with worker.turn(SHOP, Manners(at_once=2, gap_seconds=GAP), patience=ANY_TIME):
                since.append(loop.time())
            await store.visit(worker, Manners(at_once=2, gap_seconds=0))

        await asyncio.gather(*(visit() for _ in range(6)))
        assert store.visits == 6
        assert store.most <= 2
        assert all(after - before >= 0.74 * GAP for before, after in pairwise(since))

    async def test_places_of_before_still_count(self, redis: Redis, redis_server: RedisServer) -> None:
        worker = Politeness(redis)
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
            redis_server.kill()
            with pytest.raises(StoreBusy):
                async with worker.turn(SHOP, ONE_BY_ONE, patience=0.05):
                    pass
        async with worker.turn(SHOP, ONE_BY_ONE, patience=5):
            pass

    async def test_a_rest_is_kept_all_the_same(self, redis: Redis, redis_server: RedisServer) -> None:
        worker = Politeness(redis)
        redis_server.kill()
        await worker.rest(SHOP, 60)
        with pytest.raises(StoreBusy):
            async with worker.turn(SHOP, ONE_BY_ONE, patience=1):
                pass

    async def test_workers_agree_again_when_it_is_back(
        self, redis: Redis, redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("tracker.fetching.politeness._AWAY_SECONDS", 0.0)
        worker, other = Politeness(redis), Politeness(redis)
        redis_server.kill()
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0), other.turn(SHOP, ONE_BY_ONE, patience=0):
            pass  # alone, they know nothing of each other
        redis_server.start()
        monkeypatch.setattr("tracker.fetching.politeness._AWAY_SECONDS", 60.0)
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
            pass
        async with other.turn(SHOP, ONE_BY_ONE, patience=0):
            pass
        async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
            with pytest.raises(StoreBusy):
                async with other.turn(SHOP, ONE_BY_ONE, patience=0):
                    pass


async def test_stores_of_long_ago_take_no_memory(real: Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.fetching.politeness._MANY_STORES", 10)
    worker = Politeness(real)
    async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
        for number in range(40):
            async with worker.turn(f"{number}.example", ONE_BY_ONE, patience=0):
                assert len(worker._lines) <= 11
        with pytest.raises(StoreBusy):
            async with worker.turn(SHOP, ONE_BY_ONE, patience=0):
                pass
