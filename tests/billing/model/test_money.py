"""Thousands of random steps of paying against Razorpay's own books, on both databases."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from pydantic import SecretStr
from starlette.applications import Starlette

from sandbox.razorpay import RazorpaySandbox
from tests.billing import money
from tests.billing.model.machine import Fragile, Ground, Money
from tests.conftest import MakeSettings
from tests.serving import run_app
from tracker import jobs
from tracker.billing.razorpay import Razorpay
from tracker.fetching.client import Fetcher
from tracker.jobs import JobQueue
from tracker.stores.pool import ReaderPool
from tracker.telegram.rate_limit import RateLimit
from tracker.telegram.sender import create_bot
from tracker.users.mail import Mailer
from worker.workbench import Workbench

EXAMPLES = int(os.environ.get("SOAK_EXAMPLES", "24"))
STEPS = 50


@pytest.fixture
def ground(database_url: str, redis_url: str, settings: MakeSettings) -> Iterator[Ground]:
    """A worker's tools on a real database, and a Razorpay over HTTP on loopback."""
    loop = asyncio.new_event_loop()
    chosen = settings(bot_token=SecretStr("42:test"), database_url=database_url, redis_url=redis_url)
    stack = AsyncExitStack()

    async def open_all() -> Ground:
        razorpay = RazorpaySandbox()
        razorpay.origin = await stack.enter_async_context(run_app(Starlette(routes=razorpay.routes())))
        stack.push_async_callback(razorpay.close)
        gateway = Razorpay(razorpay.key_id, razorpay.key_secret, razorpay.api_base)
        stack.push_async_callback(gateway.close)
        database = Fragile.at(database_url)
        assert isinstance(database, Fragile)
        stack.push_async_callback(database.close)
        redis = jobs.connect(redis_url)
        stack.push_async_callback(redis.aclose)
        fetcher = Fetcher(chosen)
        stack.push_async_callback(fetcher.close)
        bot = create_bot(chosen)
        stack.push_async_callback(bot.session.close)
        bench = Workbench(
            settings=chosen,
            database=database,
            queue=JobQueue(redis),
            fetcher=fetcher,
            readers=ReaderPool(1),
            bot=bot,
            rate_limit=RateLimit(redis, per_second=1000, per_second_per_chat=1000),
            billing=money.BILLING,
            razorpay=gateway,
            mailer=Mailer.by(chosen),
        )
        stack.callback(bench.readers.close)
        return Ground(loop, bench, database, razorpay)

    yield loop.run_until_complete(open_all())
    loop.run_until_complete(stack.aclose())
    loop.close()


def test_each_captured_payment_is_fulfilled_once(ground: Ground, capsys: pytest.CaptureFixture[str]) -> None:
    is_soak = "SOAK_EXAMPLES" in os.environ
    machine: Any = type("MoneyHere", (Money,), {"ground": ground})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            deadline=None,
            derandomize=not is_soak,
            database=None,
            phases=(Phase.generate, Phase.shrink) if "SHRINK" in os.environ else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    with capsys.disabled():
        sys.stdout.write(
            f"\n{ground.steps:,} steps against Razorpay's books: {ground.paid:,} payments, "
            f"{ground.held:,} of them held, {ground.refunded:,} refunded\n"
        )
    assert ground.paid > EXAMPLES
    assert ground.refunded
