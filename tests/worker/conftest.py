"""A world outside, and a worker's house in it on each database."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.conftest import MakeSettings
from tests.services import RedisServer
from tests.worker.house import House, open_house, settings_of
from tests.worker.outside import Outside, the_outside
from tests.worker.processes import Service, processes_in
from tracker import clock
from tracker.database import Database


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with the_outside() as outside:
        yield outside


@asynccontextmanager
async def _house(
    outside: Outside, database: Database, redis_url: str, settings: MakeSettings
) -> AsyncIterator[House]:
    """With limits that make no test wait: a thousand messages a second."""
    chosen = settings_of(
        settings,
        outside,
        redis_url,
        telegram_messages_per_second=1000,
        telegram_messages_per_second_per_chat=1000,
    )
    async with open_house(outside, database, chosen) as house:
        yield house


@pytest.fixture
async def house(
    outside: Outside, database: Database, redis_url: str, settings: MakeSettings
) -> AsyncIterator[House]:
    """On SQLite and on PostgreSQL."""
    async with _house(outside, database, redis_url, settings) as house:
        yield house


@pytest.fixture
async def sqlite_house(
    outside: Outside, sqlite_database: Database, redis_url: str, settings: MakeSettings
) -> AsyncIterator[House]:
    """On SQLite alone: for tests whose subject is not the database."""
    async with _house(outside, sqlite_database, redis_url, settings) as house:
        yield house


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for this test alone. Redis keeps its own time."""

    def pass_time(by: timedelta) -> None:
        monkeypatch.setattr(clock, "_offset", clock._offset + by)

    return pass_time


@pytest.fixture
async def service(
    outside: Outside, database: Database, database_url: str, redis_server: RedisServer, tmp_path: Path
) -> AsyncIterator[Service]:
    """Processes on SQLite and on PostgreSQL, with short leases and no limit that makes a test wait."""
    environment = outside.environment | {
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_server.url,
        "ALERT_LEASE_SECONDS": "2",
        "CHECK_LEASE_SECONDS": "2",
        "CHECK_INTERVAL_SECONDS": "3600",
        "SWEEP_SECONDS": "0.2",
        "TELEGRAM_MESSAGES_PER_SECOND": "1000",
        "TELEGRAM_MESSAGES_PER_SECOND_PER_CHAT": "1000",
    }
    folder = tmp_path / "processes"
    folder.mkdir()
    async with processes_in(folder, environment) as processes:
        yield Service(outside, database, redis_server, processes)
