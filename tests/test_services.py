"""The fixtures themselves: what one test leaves behind, the next does not meet."""

from pathlib import Path

import httpx
import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError
from sqlalchemy import text
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from tests import services
from tests.conftest import MakeSettings
from tests.serving import run_app
from tracker.database import Database


@pytest.mark.parametrize("visit", [1, 2])
async def test_each_test_has_a_database_of_its_own(database: Database, visit: int) -> None:
    async with database.transaction() as session:
        await session.execute(text("CREATE TABLE left_behind (id INTEGER)"))
    async with database.transaction() as session:
        assert (await session.scalars(text("SELECT id FROM left_behind"))).all() == []


@pytest.mark.parametrize("visit", [1, 2])
async def test_each_test_has_an_empty_key_space(redis_url: str, visit: int) -> None:
    async with Redis.from_url(redis_url) as client:
        assert await client.dbsize() == 0
        await client.set("left", "behind")


def test_two_leases_never_share_a_key_space(shared_redis: str) -> None:
    with (
        services.leased_redis_database(shared_redis) as one,
        services.leased_redis_database(shared_redis) as another,
    ):
        assert one != another


async def test_a_redis_of_ones_own_can_be_killed_restarted_and_flushed(
    redis_server: services.RedisServer,
) -> None:
    async with Redis.from_url(redis_server.url) as client:
        await client.set("key", "value")
        redis_server.flush()
        assert await client.get("key") is None
        await client.set("key", "value")
        redis_server.restart()
        await client.connection_pool.disconnect()
        assert await client.get("key") is None
        redis_server.kill()
        await client.connection_pool.disconnect()
        with pytest.raises(RedisConnectionError):
            await client.ping()


async def test_an_app_is_served_over_real_http() -> None:
    app = Starlette(routes=[Route("/", lambda _request: PlainTextResponse("here"))])
    async with run_app(app) as url, httpx.AsyncClient(base_url=url) as client:
        assert (await client.get("/")).text == "here"


async def test_an_app_that_fails_to_start_fails_the_test() -> None:
    async def broken(scope: object, receive: object, send: object) -> None:
        raise RuntimeError("no")

    with pytest.raises(RuntimeError, match="did not start"):
        async with run_app(broken, lifespan="on"):
            raise AssertionError("it must not serve")


def test_settings_ignore_the_environment(
    settings: MakeSettings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    assert settings(log_level="DEBUG").log_level == "DEBUG"
    assert settings().database_url.endswith(f"{tmp_path.name}/settings.sqlite3")


def test_chromium_is_a_program(chromium: str) -> None:
    assert Path(chromium).is_file()


@pytest.mark.processes
def test_without_a_server_a_temporary_postgresql_is_started_and_removed() -> None:
    with services.temporary_cluster() as address:
        server = services.PostgreSQL(address)
        url = server.create()
        assert url.startswith("postgresql+asyncpg://postgres@127.0.0.1:")
        server.drop(url)
    with pytest.raises(OSError, match="Connect call failed"):
        server.create()


def test_a_missing_service_skips_a_test_and_fails_it_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no Redis here"):
        services.missing("no Redis here")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="no Redis here"):
        services.missing("no Redis here")
