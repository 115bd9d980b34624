"""Fixtures that every part uses. The services behind them are in `tests/services.py`.

`database` runs a test on SQLite and on PostgreSQL; `sqlite_database` and `postgresql_database` on one of
them. `redis_url` is an empty key space of a real Redis; `redis_server` is a process that may be killed.
"""

import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests import services
from tracker.config import Settings
from tracker.database import Database


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    services.build_schema(f"sqlite+aiosqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[services.PostgreSQL]:
    with services.postgresql() as server:
        yield server


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of this test's own SQLite file with every table."""
    path = tmp_path / "test.sqlite3"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite+aiosqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_server: services.PostgreSQL) -> Iterator[str]:
    """The address of this test's own PostgreSQL database with every table."""
    url = postgresql_server.create()
    yield url
    postgresql_server.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of this test's own database; the test runs once on each kind."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """This test's own database with every table; the test runs on SQLite and on PostgreSQL."""
    database = Database.at(database_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite_database(sqlite_url: str) -> AsyncIterator[Database]:
    """As `database`, on SQLite alone: for tests whose subject is not the database."""
    database = Database.at(sqlite_url)
    yield database
    await database.close()


@pytest.fixture
async def postgresql_database(postgresql_url: str) -> AsyncIterator[Database]:
    """As `database`, on PostgreSQL alone."""
    database = Database.at(postgresql_url)
    yield database
    await database.close()


@pytest.fixture(scope="session")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with services.shared_redis(tmp_path_factory.mktemp("redis")) as address:
        yield address


@pytest.fixture
def redis_url(shared_redis: str) -> Iterator[str]:
    """An empty key space of a real Redis, this test's alone. Channels are shared with other tests."""
    with services.leased_redis_database(shared_redis) as url:
        yield url


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[services.RedisServer]:
    """A redis-server process that the test may kill, restart and flush."""
    with services.own_redis(tmp_path) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium browser."""
    return services.chromium_path()


class MakeSettings(Protocol):
    def __call__(self, **values: Any) -> Settings: ...


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeSettings:
    """A factory of settings that hold what the test gives, and nothing of the environment or `.env`."""
    for field in Settings.model_fields:
        monkeypatch.delenv(field.upper(), raising=False)
        monkeypatch.delenv(field, raising=False)

    def make(**values: Any) -> Settings:
        elsewhere = {"database_url": f"sqlite+aiosqlite:///{tmp_path}/settings.sqlite3"}
        return Settings(_env_file=None, **(elsewhere | values))

    return make
