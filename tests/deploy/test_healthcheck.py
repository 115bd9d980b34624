"""The health check of a container, against a real Redis and real sockets."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import socket

import pytest
import redis
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from deploy.healthcheck import Unwell, check
from tests.conftest import MakeSettings
from tests.services import free_port
from tests.serving import run_app
from tracker.jobs import HEARTBEAT_PREFIX


@pytest.fixture
def database() -> Iterator[str]:
    """Something that takes connections where a database would."""
    with socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield f"postgresql://tracker:hush@127.0.0.1:{listener.getsockname()[1]}/tracker"


async def _ended(**environment: str) -> tuple[int | None, str]:
    """How the command ended, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "deploy.healthcheck",
        cwd=Path(__file__).parents[2],
        env=environment,
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    return process.returncode, said.decode()


def test_any_role_is_well_when_redis_and_the_database_answer(
    settings: MakeSettings, redis_url: str, database: str
) -> None:
    check(None, settings(redis_url=redis_url, database_url=database))


def test_one_process_without_servers_is_well(settings: MakeSettings) -> None:
    check(None, settings())


def test_a_role_is_not_well_without_redis(settings: MakeSettings, database: str) -> None:
    with pytest.raises(Unwell, match=r"Redis does not answer \(ConnectionError\)"):
        check(None, settings(redis_url=f"redis://:hush@127.0.0.1:{free_port()}/0", database_url=database))


def test_a_role_is_not_well_without_its_database(settings: MakeSettings, redis_url: str) -> None:
    closed = f"postgresql://tracker:hush@127.0.0.1:{free_port()}/tracker"

    with pytest.raises(Unwell, match=r"the database takes no connection \(ConnectionRefusedError\)"):
        check(None, settings(redis_url=redis_url, database_url=closed))


def test_a_worker_is_well_only_while_its_heart_beats(settings: MakeSettings, redis_url: str) -> None:
    with pytest.raises(Unwell, match="no worker"):
        check("worker", settings(redis_url=redis_url))

    with closing(redis.Redis.from_url(redis_url)) as client:
        client.set(f"{HEARTBEAT_PREFIX}one", "1", ex=60)
    check("worker", settings(redis_url=redis_url))


async def test_webhooks_are_well_when_they_say_so(settings: MakeSettings) -> None:
    status = 200

    async def healthz(_request: object) -> PlainTextResponse:
        return PlainTextResponse("", status)

    async with run_app(Starlette(routes=[Route("/healthz", healthz)])) as origin:
        own = settings(web_port=int(origin.rpartition(":")[2]))
        await asyncio.to_thread(check, "webhooks", own)
        status = 503
        with pytest.raises(Unwell, match="webhooks answer 503"):
            await asyncio.to_thread(check, "webhooks", own)


def test_webhooks_that_do_not_answer_are_not_well(settings: MakeSettings) -> None:
    with pytest.raises(Unwell, match=r"webhooks do not answer \(ConnectionRefusedError\)"):
        check("webhooks", settings(web_port=free_port()))


async def test_a_sick_container_says_why_and_no_secret(database: str) -> None:
    closed = f"redis://:hush@127.0.0.1:{free_port()}/0"

    ended = await _ended(REDIS_URL=closed, DATABASE_URL=database)

    assert ended == (1, "Redis does not answer (ConnectionError)\n")


async def test_a_well_container_says_nothing(redis_url: str, database: str) -> None:
    assert await _ended(REDIS_URL=redis_url, DATABASE_URL=database) == (0, "")
