"""A world outside, and a worker's house in it on each database."""

from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest

from tests.conftest import MakeSettings
from tests.worker.house import House, open_house, settings_of
from tests.worker.outside import Outside, the_outside
from tracker import clock
from tracker.database import Database


@pytest.fixture
async def outside() -> AsyncIterator[Outside]:
    async with the_outside() as outside:
        yield outside


@pytest.fixture
async def house(
    outside: Outside, database: Database, redis_url: str, settings: MakeSettings
) -> AsyncIterator[House]:
    """On SQLite and on PostgreSQL, with limits that make no test wait: a thousand messages a second."""
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
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Let time pass for this test alone. Redis keeps its own time."""

    def pass_time(by: timedelta) -> None:
        monkeypatch.setattr(clock, "_offset", clock._offset + by)

    return pass_time
