"""The turns to speak, on a real Redis. Waits are read from the answers; nothing here waits."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from redis.asyncio import Redis

from tracker import jobs
from tracker.telegram.rate_limit import RateLimit

SECOND = timedelta(seconds=1)
SLACK = timedelta(milliseconds=400)
"""What a busy machine may take between two questions."""


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    redis = jobs.connect(redis_url)
    yield redis
    await redis.aclose(close_connection_pool=True)


async def test_the_first_message_goes_at_once(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=25, per_second_per_chat=1)
    turn = await limit.reserve(1)
    assert turn.granted
    assert turn.wait == timedelta(0)


async def test_a_second_message_to_a_chat_has_no_turn_for_a_second(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=25, per_second_per_chat=1)
    await limit.reserve(1)
    turn = await limit.reserve(1)
    assert not turn.granted
    assert SECOND - SLACK < turn.wait <= SECOND


async def test_one_chat_does_not_hold_up_another(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=1000, per_second_per_chat=1)
    await limit.reserve(1)
    assert (await limit.reserve(2)).granted


async def test_messages_to_many_chats_are_spread_over_the_second(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=2, per_second_per_chat=1)
    turns = [await limit.reserve(chat) for chat in range(1, 5)]
    assert all(turn.granted for turn in turns)
    assert turns[3].wait > SECOND * 1.5 - SLACK
    assert [turn.wait for turn in turns] == sorted(turn.wait for turn in turns)


async def test_two_processes_share_one_pace(redis: Redis, redis_url: str) -> None:
    other = jobs.connect(redis_url)
    try:
        limits = [RateLimit(client, per_second=2, per_second_per_chat=1) for client in (redis, other)]
        await limits[0].reserve(1)
        second = await limits[1].reserve(2)
    finally:
        await other.aclose(close_connection_pool=True)
    assert second.wait > SECOND / 2 - SLACK


async def test_a_turn_that_is_too_far_away_is_not_granted_and_not_taken(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=0.1, per_second_per_chat=1, longest_wait=timedelta(seconds=2))
    await limit.reserve(1)
    refused = await limit.reserve(2)
    assert not refused.granted
    assert timedelta(seconds=7) < refused.wait <= timedelta(seconds=8)
    again = await limit.reserve(2)
    assert again.wait <= refused.wait


async def test_a_refusal_in_one_chat_silences_that_chat(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=1000, per_second_per_chat=1000)
    assert not await limit.refused(1, timedelta(seconds=30))
    turn = await limit.reserve(1)
    assert not turn.granted
    assert turn.wait > timedelta(seconds=29)
    assert (await limit.reserve(2)).granted


async def test_two_refusals_in_one_chat_say_nothing_of_others(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=1000, per_second_per_chat=1000)
    await limit.refused(1, timedelta(seconds=30))
    assert not await limit.refused(1, timedelta(seconds=30))
    assert (await limit.reserve(2)).granted


async def test_refusals_in_two_chats_at_once_silence_everybody(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=1000, per_second_per_chat=1000)
    await limit.refused(1, timedelta(seconds=5))
    assert await limit.refused(2, timedelta(seconds=30))
    turn = await limit.reserve(3)
    assert not turn.granted
    assert turn.wait > timedelta(seconds=29)


async def test_a_shorter_pause_does_not_end_a_longer_one(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=25, per_second_per_chat=1)
    await limit.refused(1, timedelta(seconds=30))
    await limit.refused(1, timedelta(seconds=1))
    assert (await limit.reserve(1)).wait > timedelta(seconds=29)


async def test_a_group_has_its_own_pace(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=1000, per_second_per_chat=10, per_minute_per_group=20)
    await limit.reserve(-1)
    turn = await limit.reserve(-1)
    assert not turn.granted
    assert 3 * SECOND - SLACK < turn.wait <= 3 * SECOND


async def test_nothing_of_a_chat_stays_in_redis_for_long(redis: Redis) -> None:
    limit = RateLimit(redis, per_second=25, per_second_per_chat=1)
    await limit.reserve(1)
    for key in await redis.keys("telegram:*"):
        assert 0 < await redis.pttl(key) <= 3000
