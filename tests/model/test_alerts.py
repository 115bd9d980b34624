"""Thousands of random steps against the reference, on both databases. `make soak` takes many more."""

import asyncio
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pydantic import SecretStr

from sandbox.telegram.in_process import Fault, InProcess
from tests.conftest import MakeSettings
from tests.model.machine import Alerts, Ground
from tracker import jobs
from tracker.billing.razorpay import Razorpay
from tracker.billing.setup import Billing
from tracker.database import Database
from tracker.fetching.politeness import Politeness
from tracker.fetching.ways import Fetchers
from tracker.jobs import JobQueue
from tracker.stores.pool import ReaderPool
from tracker.telegram.rate_limit import RateLimit
from tracker.telegram.sender import create_bot
from tracker.users.mail import Mailer
from worker.workbench import Workbench

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "64"))
STEPS = 100


async def nobody(_chat: int, _fault: Fault | None) -> None: ...


@pytest.fixture
def ground(database_url: str, redis_url: str, settings: MakeSettings) -> Iterator[Ground]:
    """A worker's tools on a real database and a real Redis, and a Telegram in the test's hand."""
    loop = asyncio.new_event_loop()
    chosen = settings(bot_token=SecretStr("42:test"), database_url=database_url, redis_url=redis_url)
    telegram = InProcess(nobody)
    redis = jobs.connect(redis_url)
    bot = create_bot(chosen)
    bot.session = telegram
    bench = Workbench(
        settings=chosen,
        database=Database.at(database_url),
        queue=JobQueue(redis),
        fetcher=Fetchers.by(chosen),
        politeness=Politeness(redis),
        readers=ReaderPool(1),
        bot=bot,
        rate_limit=RateLimit(redis, per_second=100_000, per_second_per_chat=100_000),
        billing=Billing.by(chosen),
        razorpay=Razorpay.by(chosen),
        mailer=Mailer.by(chosen),
    )
    yield Ground(loop, bench, telegram)

    async def close() -> None:
        await bench.fetcher.close()
        bench.readers.close()
        await bench.razorpay.close()
        await bench.database.close()
        await redis.aclose(close_connection_pool=True)

    loop.run_until_complete(close())
    loop.close()


def test_every_alert_is_said_once_to_whom_it_is_owed(
    ground: Ground, capsys: pytest.CaptureFixture[str]
) -> None:
    is_soak = "SOAK_EXAMPLES" in os.environ
    machine: Any = type("AlertsHere", (Alerts,), {"ground": ground})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            # The same steps in every run of the suite; others in every soak.
            derandomize=not is_soak,
            database=None,
            phases=(Phase.generate, Phase.shrink),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ground.steps:,} steps against the reference: {ground.owed:,} alerts owed, "
            f"{ground.said:,} messages, {ground.digests:,} of them digests\n"
        )
    assert ground.steps >= EXAMPLES * STEPS * 0.8
    assert ground.owed > EXAMPLES
    assert ground.digests
