"""A small `make chaos`: workers that are killed at random, storms, outages. Nothing is lost, no order broken.

How much is repeated is for `make chaos` to measure: on a machine that other tests keep busy, a worker that
takes longer than its lease repeats too.
"""

from pathlib import Path

import pytest

from benchmarks.ground import Ground
from benchmarks.reliability.chaos import Plan, chaos
from tests.services import RedisServer
from tracker.alerts.models import AlertState

pytestmark = pytest.mark.processes

SMALL = Plan(
    alerts=120,
    kills=3,
    chats=40,
    workers=2,
    per_second=50,
    alerts_each=40,
    seconds_each=2,
)


async def test_no_trouble_loses_an_alert(
    database_url: str, redis_server: RedisServer, tmp_path: Path
) -> None:
    folder = tmp_path / "processes"
    folder.mkdir()
    place = Ground("", database_url, redis_server.url, folder)
    troubles = []
    async with chaos(SMALL, place, redis_server) as run:
        async for phase in run.phases():
            seen = phase.account
            assert (seen.lost, seen.not_owed, seen.disordered) == (0, 0, 0), phase
            assert phase.states == {AlertState.SENT: seen.owed}
            troubles.append(phase.name)
    assert troubles == ["kill -9", "429 storm", "Telegram away", "Redis emptied, restarted"]
