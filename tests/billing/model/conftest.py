"""A worker's tools on a real database, and a Razorpay over HTTP on loopback."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

import pytest
from pydantic import SecretStr
from starlette.applications import Starlette

from sandbox.razorpay import RazorpaySandbox
from tests.billing import money
from tests.billing.model.machine import Fragile, Ground
from tests.conftest import MakeSettings
from tests.serving import run_app
from tracker import jobs
from tracker.billing.razorpay import Razorpay
from tracker.fetching.politeness import Politeness
from tracker.fetching.ways import Fetchers
from tracker.jobs import JobQueue
from tracker.stores.pool import ReaderPool
from tracker.telegram.rate_limit import RateLimit
from tracker.telegram.sender import create_bot
from tracker.users.mail import Mailer
from worker.workbench import Workbench


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
        fetcher = Fetchers.by(chosen)
        stack.push_async_callback(fetcher.close)
        bot = create_bot(chosen)
        stack.push_async_callback(bot.session.close)
        bench = Workbench(
            settings=chosen,
            database=database,
            queue=JobQueue(redis),
            fetcher=fetcher,
            politeness=Politeness(redis),
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
