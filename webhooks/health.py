"""Probes: is the process alive, could it serve, and what does it count."""

import asyncio
from collections.abc import Awaitable
from datetime import timedelta

import structlog
from fastapi import APIRouter, Response
from fastapi.responses import JSONResponse
from redis.asyncio import Redis
from redis.exceptions import RedisError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from tracker import jobs, metrics
from tracker.database import Database
from tracker.inbox import service as inbox
from webhooks import razorpay, telegram

CHECK_SECONDS = 2.0

log = structlog.get_logger(__name__)


class NotReady(Exception):
    """Says why in words that a stranger may read."""


def router(database: Database, redis: Redis) -> APIRouter:
    routes = APIRouter()

    @routes.api_route("/healthz", methods=["GET", "HEAD"])
    async def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @routes.api_route("/readyz", methods=["GET", "HEAD"])
    async def readyz() -> JSONResponse:
        checks = {"database": _database(database), "redis": _redis(redis), "worker": _worker(redis)}
        answers = await asyncio.gather(*(_judge(name, check) for name, check in checks.items()))
        ready = all(answer["ok"] for answer in answers)
        return JSONResponse(
            {"status": "ready" if ready else "not ready"} | dict(zip(checks, answers, strict=True)),
            status_code=200 if ready else 503,
        )

    @routes.get("/metrics")
    async def metrics_page() -> Response:
        await _judge("inbox", _measure_inbox(database))
        content, content_type = metrics.render()
        return Response(content, media_type=content_type)

    return routes


async def _judge(name: str, check: Awaitable[None]) -> dict[str, bool | str]:
    working = asyncio.ensure_future(check)
    # A check that hangs is left to end by itself: waiting for its cancellation could take as long.
    await asyncio.wait({working}, timeout=CHECK_SECONDS)
    if not working.done():
        working.cancel()
        log.warning("readiness.slow", check=name)
        return {"ok": False, "why": f"no answer within {CHECK_SECONDS:g} s"}
    try:
        working.result()
    except NotReady as error:
        return {"ok": False, "why": str(error)}
    except (SQLAlchemyError, RedisError, OSError) as error:
        log.warning("readiness.failed", check=name, error=str(error))
        return {"ok": False, "why": f"no answer ({type(error).__name__})"}
    return {"ok": True, "why": "answers"}


async def _measure_inbox(database: Database) -> None:
    """A backlog shows although nobody works it off: it is counted here and not by the worker."""
    async with database.transaction() as session:
        waiting = await inbox.waiting(session)
    for provider in (razorpay.PROVIDER, telegram.PROVIDER):
        count, age = waiting.get(provider, (0, timedelta(0)))
        metrics.queue_waiting.labels(f"inbox_{provider}").set(count)
        metrics.queue_oldest_seconds.labels(f"inbox_{provider}").set(age.total_seconds())


async def _database(database: Database) -> None:
    async with database.engine.connect() as connection:
        await connection.execute(text("SELECT 1"))


async def _redis(redis: Redis) -> None:
    await redis.ping()


async def _worker(redis: Redis) -> None:
    if not await jobs.is_alive(redis):
        raise NotReady("no worker has given a sign of life lately")
