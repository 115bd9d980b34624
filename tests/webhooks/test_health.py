"""Probes say what is wrong, in time."""

from datetime import timedelta

import httpx
from sqlalchemy.ext.asyncio import create_async_engine

from tests import services
from tests.webhooks.conftest import Door
from tracker import jobs
from tracker.database import Database
from tracker.inbox import service as inbox
from tracker.jobs import HEARTBEAT_PREFIX, JobQueue


async def test_a_process_that_answers_is_alive(sqlite_client: httpx.AsyncClient) -> None:
    assert (await sqlite_client.get("/healthz")).json() == {"status": "alive"}
    assert (await sqlite_client.head("/healthz")).status_code == 200


async def test_it_is_ready_when_the_database_redis_and_a_worker_answer(
    client: httpx.AsyncClient, queue: JobQueue
) -> None:
    await queue.redis.set(f"{HEARTBEAT_PREFIX}1", "", ex=60)
    answer = await client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": {"ok": True, "why": "answers"},
        "redis": {"ok": True, "why": "answers"},
        "worker": {"ok": True, "why": "answers"},
    }


async def test_without_a_worker_it_is_not_ready(client: httpx.AsyncClient) -> None:
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {
        "status": "not ready",
        "database": {"ok": True, "why": "answers"},
        "redis": {"ok": True, "why": "answers"},
        "worker": {"ok": False, "why": "no worker has given a sign of life lately"},
    }


async def test_without_redis_it_is_not_ready(
    door: Door, sqlite_database: Database, redis_server: services.RedisServer
) -> None:
    door.queue = JobQueue(jobs.connect(redis_server.url))
    redis_server.kill()
    async with door.open(sqlite_database) as client:
        answer = await client.get("/readyz")
    await door.queue.redis.aclose()
    assert answer.status_code == 503
    assert [answer.json()[name]["ok"] for name in ("database", "redis", "worker")] == [True, False, False]


async def test_a_redis_that_hangs_is_named_within_the_limit(
    door: Door, sqlite_database: Database, redis_server: services.RedisServer
) -> None:
    door.queue = JobQueue(jobs.connect(redis_server.url))
    redis_server.pause()
    async with door.open(sqlite_database) as client:
        answer = await client.get("/readyz")
    await door.queue.redis.aclose()
    assert answer.json()["redis"] == {"ok": False, "why": "no answer within 2 s"}
    assert answer.elapsed < timedelta(seconds=4)


async def test_without_a_database_it_is_not_ready_and_says_no_secrets(
    door: Door, unused_tcp_port: int, queue: JobQueue
) -> None:
    await queue.redis.set(f"{HEARTBEAT_PREFIX}1", "", ex=60)
    absent = Database(create_async_engine(f"postgresql+asyncpg://app:hidden@127.0.0.1:{unused_tcp_port}/x"))
    async with door.open(absent) as client:
        answer = await client.get("/readyz")
    await absent.close()
    assert answer.status_code == 503
    assert answer.json()["database"] == {"ok": False, "why": "no answer (ConnectionRefusedError)"}
    assert "hidden" not in answer.text


async def test_metrics_count_deliveries(sqlite_client: httpx.AsyncClient) -> None:
    def forged(page: str) -> float:
        sample = 'webhook_events_total{outcome="forged",provider="razorpay"} '
        return sum(float(line.removeprefix(sample)) for line in page.splitlines() if line.startswith(sample))

    before = await sqlite_client.get("/metrics")
    await sqlite_client.post("/razorpay/webhook", content=b"{}")
    after = await sqlite_client.get("/metrics")
    assert before.headers["content-type"].startswith("text/plain")
    assert forged(after.text) == forged(before.text) + 1


async def test_metrics_show_a_backlog_that_nobody_works_off(
    client: httpx.AsyncClient, database: Database
) -> None:
    async with database.transaction() as session:
        for number in range(3):
            await inbox.receive(session, "telegram", str(number), b"{}")
    page = (await client.get("/metrics")).text.splitlines()
    assert 'queue_waiting{queue="inbox_telegram"} 3.0' in page
    assert 'queue_waiting{queue="inbox_razorpay"} 0.0' in page
    assert 'queue_oldest_seconds{queue="inbox_razorpay"} 0.0' in page


async def test_metrics_are_shown_without_a_database(door: Door, unused_tcp_port: int) -> None:
    absent = Database(create_async_engine(f"postgresql+asyncpg://app@127.0.0.1:{unused_tcp_port}/x"))
    async with door.open(absent) as client:
        assert (await client.get("/metrics")).status_code == 200
    await absent.close()
