"""The webhooks over real HTTP, with each database in turn and a Redis of the test's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import select

from tests.conftest import MakeSettings
from tests.serving import run_app
from tracker import jobs
from tracker.database import Database
from tracker.inbox.models import WebhookEvent
from tracker.jobs import JobQueue
from webhooks.app import ANSWER_WITHIN, create_app

RAZORPAY_SECRET = "the current webhook secret"
PREVIOUS_RAZORPAY_SECRET = "the previous webhook secret"
TELEGRAM_SECRET = "the-secret-token"


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[JobQueue]:
    queue = JobQueue(jobs.connect(redis_url))
    yield queue
    await queue.redis.aclose()


@dataclass
class Door:
    """Serves the webhooks on a database."""

    settings: MakeSettings
    queue: JobQueue

    @asynccontextmanager
    async def open(
        self, database: Database, *, answer_within: timedelta = ANSWER_WITHIN, **values: object
    ) -> AsyncIterator[httpx.AsyncClient]:
        configured = {
            "razorpay_webhook_secret": f"{RAZORPAY_SECRET},{PREVIOUS_RAZORPAY_SECRET}",
            "telegram_webhook_secret": TELEGRAM_SECRET,
        }
        app = create_app(
            self.settings(**(configured | values)), database, self.queue, answer_within=answer_within
        )
        async with (
            run_app(app, server_header=False) as url,
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=20) as client,
        ):
            yield client


@pytest.fixture
def door(settings: MakeSettings, queue: JobQueue) -> Door:
    return Door(settings, queue)


@pytest.fixture
async def client(door: Door, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the webhooks, on both databases."""
    async with door.open(database) as client:
        yield client


@pytest.fixture
async def sqlite_client(door: Door, sqlite_database: Database) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the webhooks, for tests whose subject is not the database."""
    async with door.open(sqlite_database) as client:
        yield client


async def inbox_of(database: Database) -> list[WebhookEvent]:
    async with database.transaction() as session:
        return list(await session.scalars(select(WebhookEvent).order_by(WebhookEvent.id)))
