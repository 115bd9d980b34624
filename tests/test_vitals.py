"""What workers say of themselves in Redis, and who is missed."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from arq.connections import ArqRedis

from tests.services import RedisServer
from tracker import jobs, vitals
from tracker.jobs import HEARTBEAT_PREFIX
from tracker.vitals import Cron, Reached, Vitals

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[ArqRedis]:
    redis = jobs.connect(redis_url)
    yield redis
    await redis.aclose(close_connection_pool=True)


async def test_a_worker_says_what_it_did_and_what_it_came_by(redis: ArqRedis) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        worker = Vitals("one")
        worker.failed()
        worker.reached("telegram")
        clock.shift(20 * MINUTE)
        for _ in range(3):
            worker.done()
        worker.failed()
        worker.ran("sweep", MINUTE)
        worker.reached("telegram", "TelegramNetworkError")
        await worker.beat(redis)
        found = await vitals.read(redis, "queue")
        assert await jobs.is_alive(redis)
    (told,) = found.workers
    assert (told.name, told.started_at, told.version) == ("one", NOW, vitals.running_version())
    assert (told.done, told.failed, told.recently_done, told.recently_failed) == (3, 2, 3, 1)
    assert found.cron == {"sweep": Cron(NOW + 20 * MINUTE, MINUTE)}
    assert found.cron["sweep"].late_by(NOW + 25 * MINUTE) == 4 * MINUTE
    assert found.reached == {"telegram": Reached(NOW, NOW + 20 * MINUTE, "TelegramNetworkError")}
    assert found.reached["telegram"].is_away
    assert found.milliseconds is not None


async def test_what_one_worker_came_by_forgets_nothing_of_what_another_did(redis: ArqRedis) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        first, second = Vitals("one"), Vitals("two")
        first.reached("razorpay", "HTTP 502")
        await first.beat(redis)
        clock.shift(MINUTE)
        second.reached("razorpay")
        await second.beat(redis)
        await first.beat(redis)
        found = await vitals.read(redis, "queue")
    assert found.reached == {"razorpay": Reached(NOW + MINUTE, NOW, "HTTP 502")}
    assert not found.reached["razorpay"].is_away


async def test_a_worker_that_was_killed_is_missed_until_another_takes_its_place(redis: ArqRedis) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        killed, ended, stays = (Vitals(name) for name in ("killed", "ended", "stays"))
        for worker in (killed, ended, stays):
            await worker.beat(redis)
        await redis.delete(HEARTBEAT_PREFIX + "killed")
        await ended.take_leave(redis)
        assert (await vitals.read(redis, "queue")).gone == []
        clock.shift(2 * MINUTE)
        await stays.beat(redis)
        assert [each.name for each in (await vitals.read(redis, "queue")).gone] == ["killed"]
        await Vitals("its successor").beat(redis)
        found = await vitals.read(redis, "queue")
    assert found.gone == []
    assert [worker.name for worker in found.workers] == ["stays", "its successor"]


async def test_a_beat_of_an_earlier_version_is_a_worker_all_the_same(redis: ArqRedis) -> None:
    await redis.set(HEARTBEAT_PREFIX + "old", "1", ex=60)
    (worker,) = (await vitals.read(redis, "queue")).workers
    assert (worker.name, worker.version) == ("old", "unknown")


async def test_a_redis_that_is_away_is_a_reading_and_what_could_not_be_told_is_told_later(
    redis_server: RedisServer,
) -> None:
    redis = jobs.connect(redis_server.url)
    worker = Vitals("one")
    worker.ran("sweep", MINUTE)
    redis_server.kill()
    with pytest.raises(jobs.LOST_CONNECTION):
        await worker.beat(redis)
    assert (await vitals.read(redis, "queue")).milliseconds is None
    redis_server.start()
    await worker.beat(redis)
    assert "sweep" in (await vitals.read(redis, "queue")).cron
    await redis.aclose(close_connection_pool=True)
