"""One update of a person at a time, and dialogues, with a Redis that stays, forgets, or is gone."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram.fsm.storage.base import StorageKey
from arq.connections import ArqRedis

from bot.isolation import DialogueStorage, OneAtATime
from bot.states import Asking
from tests.services import RedisServer
from tracker.jobs import connect

ASHA = StorageKey(bot_id=1, chat_id=1001, user_id=1001)
RAVI = StorageKey(bot_id=1, chat_id=1002, user_id=1002)


@pytest.fixture
async def redis(redis_server: RedisServer) -> AsyncIterator[ArqRedis]:
    client = connect(redis_server.url)
    yield client
    await client.aclose(close_connection_pool=True)


async def test_a_person_waits_for_their_own_update_and_for_nobody_elses(redis: ArqRedis) -> None:
    # Two processes, as in webhook mode: they share Redis and nothing else.
    here, there = OneAtATime(redis), OneAtATime(redis)
    async with here.lock(ASHA):
        async with there.lock(RAVI):
            waiting = asyncio.create_task(enter(there))
        done, _ = await asyncio.wait({waiting}, timeout=0.3)
        assert not done
    async with asyncio.timeout(5):
        await waiting


async def enter(isolation: OneAtATime) -> None:
    async with isolation.lock(ASHA):
        pass


async def test_the_lock_of_a_killed_bot_is_gone_within_ten_seconds(redis: ArqRedis) -> None:
    async with OneAtATime(redis).lock(ASHA):
        (key,) = await redis.keys("*lock*")
        assert 0 < await redis.pttl(key) <= 10_000


async def test_a_lock_that_redis_forgot_is_left_without_an_error(
    redis: ArqRedis, redis_server: RedisServer
) -> None:
    isolation = OneAtATime(redis)
    async with isolation.lock(ASHA):
        redis_server.flush()
    async with asyncio.timeout(5):
        await enter(isolation)


async def test_without_redis_people_are_still_taken_one_at_a_time_here(
    redis: ArqRedis, redis_server: RedisServer
) -> None:
    isolation = OneAtATime(redis)
    redis_server.kill()
    async with asyncio.timeout(15):
        async with isolation.lock(ASHA):
            waiting = asyncio.create_task(enter(isolation))
            done, _ = await asyncio.wait({waiting}, timeout=0.1)
            assert not done
        await waiting


async def test_a_dialogue_is_kept_and_ends_quietly_with_redis(
    redis: ArqRedis, redis_server: RedisServer
) -> None:
    storage = DialogueStorage(redis)
    await storage.set_state(ASHA, Asking.target)
    await storage.set_data(ASHA, {"watch_id": 7})
    assert await storage.get_state(ASHA) == Asking.target.state
    assert await storage.get_data(ASHA) == {"watch_id": 7}
    redis_server.kill()
    await storage.set_state(ASHA, Asking.target)
    await storage.set_data(ASHA, {"watch_id": 8})
    assert await storage.get_state(ASHA) is None
    assert await storage.get_data(ASHA) == {}
