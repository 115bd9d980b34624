"""Limits, with a real Redis and with the one in memory."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from fakeredis import FakeServer
from fakeredis.aioredis import FakeAsyncRedisConnection
from redis.asyncio import ConnectionPool, Redis
from structlog.testing import capture_logs

from tests.services import RedisServer
from tracker import jobs
from tracker.limits import Limiter, Lockout, Rate

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
LOCKOUT = Lockout(3, timedelta(minutes=5), timedelta(minutes=15))


@pytest.fixture(params=["real", "memory"])
async def redis(request: pytest.FixtureRequest) -> AsyncIterator[Redis]:
    redis: Redis = (
        jobs.connect(request.getfixturevalue("redis_url"))
        if request.param == "real"
        else jobs.on_pool(ConnectionPool(connection_class=FakeAsyncRedisConnection, server=FakeServer()))
    )
    yield redis
    await redis.aclose(close_connection_pool=True)


async def test_a_minute_holds_so_many_and_gives_them_back_evenly(redis: Redis) -> None:
    limiter, rate = Limiter(redis), Rate(6)
    with time_machine.travel(NOON, tick=False) as travel:
        taken = [await limiter.take("asha", rate) for _ in range(6)]
        assert [verdict.remaining for verdict in taken] == [5, 4, 3, 2, 1, 0]
        assert all(verdict.allowed and verdict.limit == 6 for verdict in taken)
        assert [verdict.reset for verdict in taken] == [10, 20, 30, 40, 50, 60]
        refused = await limiter.take("asha", rate)
        assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 0, 10)
        assert (await limiter.take("ravi", rate)).allowed
        travel.shift(9)
        assert (await limiter.take("asha", rate)).retry_after == 1
        travel.shift(1)
        assert (await limiter.take("asha", rate)).allowed
        assert not (await limiter.take("asha", rate)).allowed


async def test_what_costs_more_takes_more_or_nothing(redis: Redis) -> None:
    limiter, rate = Limiter(redis), Rate(6)
    with time_machine.travel(NOON, tick=False):
        assert (await limiter.take("asha", rate, cost=5)).remaining == 1
        refused = await limiter.take("asha", rate, cost=5)
        assert (refused.allowed, refused.remaining, refused.retry_after) == (False, 1, 40)
        assert (await limiter.take("asha", rate)).allowed


async def test_what_is_counted_is_forgotten_when_all_is_given_back(redis: Redis) -> None:
    await Limiter(redis).take("asha", Rate(6))
    assert 9_000 < await redis.pttl("limit:asha") <= 10_001


async def test_strikes_lock_for_a_while(redis: Redis) -> None:
    limiter = Limiter(redis)
    for _ in range(2):
        await limiter.strike("1.2.3.4", LOCKOUT)
    assert await limiter.locked("1.2.3.4", LOCKOUT) == 0
    assert 290_000 < await redis.pttl("limit:1.2.3.4") <= 300_000
    await limiter.strike("1.2.3.4", LOCKOUT)
    assert 890 < await limiter.locked("1.2.3.4", LOCKOUT) <= 900
    await redis.pexpire("limit:1.2.3.4", 60_000)
    await limiter.strike("1.2.3.4", LOCKOUT)
    assert 0 < await limiter.locked("1.2.3.4", LOCKOUT) <= 60  # those who knock on are not locked for longer
    assert await limiter.locked("5.6.7.8", LOCKOUT) == 0


async def test_without_redis_everybody_is_let_through_and_it_is_said_once(
    redis_server: RedisServer,
) -> None:
    redis = jobs.connect(redis_server.url)
    limiter, rate = Limiter(redis), Rate(1)
    await limiter.take("asha", rate)
    redis_server.kill()
    with capture_logs() as logs:
        assert (await limiter.take("asha", rate)).allowed
        await limiter.strike("asha", LOCKOUT)
        assert await limiter.locked("asha", LOCKOUT) == 0
    await redis.aclose(close_connection_pool=True)
    assert [entry["event"] for entry in logs] == ["limits.redis_away"]
