"""The door for other machines: Razorpay, Telegram in webhook mode, probes."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fastapi import FastAPI

from tracker.config import Settings
from tracker.database import Database
from tracker.jobs import JobQueue
from webhooks import api, health, pay_return, problems, razorpay, security, telegram
from webhooks.receiving import Receiver

ANSWER_WITHIN = timedelta(seconds=4)
"""Razorpay counts an answer after 5 s as a failure, and a day of failures disables the webhook."""

HINT_EVERY = 0.25
"""Seconds between two hints about payments: at hundreds of events a second a hint for each costs more than
storing it.
"""


def create_app(
    settings: Settings, database: Database, queue: JobQueue, *, answer_within: timedelta = ANSWER_WITHIN
) -> FastAPI:
    """The ASGI app. The caller keeps `database` and `queue` and closes them after it."""
    receiver = Receiver(database, answer_within)

    async def hint_payments() -> None:
        await queue.payments()
        await asyncio.sleep(HINT_EVERY)  # what comes meanwhile becomes one more hint

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        await receiver.close()

    app = FastAPI(
        title="Price Tracker Pro", lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None
    )
    app.include_router(razorpay.router(settings, receiver, hint_payments))
    app.include_router(pay_return.router(settings))
    app.include_router(telegram.router(settings, receiver, queue.updates_waiting))
    app.include_router(health.router(database, queue.redis))
    api.serve(app, settings, database, queue)
    problems.handle_errors(app)
    security.protect(app)
    return app
