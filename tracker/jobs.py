"""Hints between processes: "now" for the worker (arq) and for the bot (a Redis channel).

A hint is never the truth. What must happen is a row with a due time, and a sweep finds what a lost hint left;
so nothing here raises when Redis is away. This file and `worker/app.py` are all that know arq.
"""

from collections.abc import Awaitable
from datetime import datetime
from functools import partial
from typing import Any, cast

import orjson
import structlog
from arq.connections import ArqRedis
from arq.constants import default_queue_name
from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.exceptions import TimeoutError as RedisTimeoutError

log = structlog.get_logger()

INBOX_CHANNEL = "inbox:telegram"
"""Published to when a Telegram update was stored: the bot process listens."""

HEARTBEAT_PREFIX = "heartbeat:worker:"
"""Each worker keeps one key of this prefix alive; `/readyz` looks for any."""

LOST_CONNECTION = (RedisConnectionError, RedisTimeoutError, OSError)
"""What a Redis that restarts looks like. redis-py 5 lets bare OSErrors through, so they are named too."""


def connect(redis_url: str) -> ArqRedis:
    """A Redis client that survives a restart of the server; it connects on first use.

    It is not patient: what it is asked for can be lost, and people wait behind it. A Redis that is gone costs
    a call about a second, one that is silent about ten.
    """
    pool = _Pool.from_url(
        redis_url,
        retry=Retry(ExponentialBackoff(cap=1, base=0.05), 3),
        retry_on_error=list(LOST_CONNECTION),
        retry_on_timeout=True,
        socket_timeout=2,
        socket_connect_timeout=2,
    )
    return on_pool(pool)


class _Pool(ConnectionPool):
    """Once closed it stays closed: who is late with it gets an error, not a connection that nobody closes."""

    def __init__(self, **how: Any) -> None:
        super().__init__(redis_connect_func=self._begin, **how)
        self._is_closed = False

    async def disconnect(self, inuse_connections: bool = True) -> None:
        self._is_closed = True
        await super().disconnect(inuse_connections)

    async def _begin(self, connection: Connection) -> None:
        if self._is_closed:
            raise RedisConnectionError("this client is closed")
        await connection.on_connect()


class _Client(ArqRedis):
    async def close(self, close_connection_pool: bool | None = None) -> None:
        """arq's worker still calls it by this name, for which redis-py warns."""
        await self.aclose(close_connection_pool)


def on_pool(pool: ConnectionPool) -> ArqRedis:
    """A client whose jobs are JSON: arq's own pickles would let whoever writes to Redis run code.

    Of a job that timed out arq writes down the error itself: its name is enough. The pool is the client's
    own: it is closed with it.
    """
    client = _Client(pool, job_serializer=partial(orjson.dumps, default=repr), job_deserializer=orjson.loads)
    client.auto_close_connection_pool = True
    return client


class JobQueue:
    """Sends hints. Each method returns whether Redis took it; a lost one costs a sweep's delay at most."""

    def __init__(self, redis: ArqRedis, *, name: str = default_queue_name) -> None:
        self.redis = redis
        self.name = name

    async def check(self) -> bool:
        """Check what is due."""
        return await self._enqueue("check")

    async def preview(self, preview_id: int, *, attempt: int = 0) -> bool:
        """Read the page that a person pasted. One hint of an attempt waits at a time.

        `attempt` is how often it was claimed: the hint that a killed worker held stays in Redis for a while,
        and must not be in the way of the next one.
        """
        return await self._enqueue("preview", preview_id, job_id=f"preview:{preview_id}:{attempt}")

    async def look_again(self, watch_id: int, chat_id: int, message_id: int) -> bool:
        """Say in an alert what its page shows now. Many taps are one look; a lost one can be tapped again."""
        return await self._enqueue(
            "look_again", watch_id, chat_id, message_id, job_id=f"look_again:{chat_id}:{message_id}"
        )

    async def correct(self, correction_id: int, asked_at: datetime, *, attempt: int = 0) -> bool:
        """Read a page whose price a person calls wrong. One hint of an attempt waits at a time."""
        asked = int(asked_at.timestamp())
        return await self._enqueue(
            "correct", correction_id, job_id=f"correct:{correction_id}:{asked}:{attempt}"
        )

    async def open_checkout(self, checkout_id: int) -> bool:
        """Ask the provider where an offer can be paid, and say so."""
        return await self._enqueue("open_checkout", checkout_id, job_id=f"open_checkout:{checkout_id}")

    async def ask_about(self, checkout_id: int, chat_id: int) -> bool:
        """Ask the provider whether an offer was paid, and say so in the chat."""
        return await self._enqueue("ask_about", checkout_id, chat_id, job_id=f"ask_about:{checkout_id}")

    async def send_email_code(self, user_id: int) -> bool:
        """Mail a code to the address that a person told. A lost one is asked for again by its button."""
        return await self._enqueue("send_email_code", user_id, job_id=f"send_email_code:{user_id}")

    async def payments(self) -> bool:
        """Apply what the provider of payments told, and say what is owed about it. One hint at a time."""
        return await self._enqueue("payments", job_id="payments")

    async def deliver(self) -> bool:
        """Send what is owed."""
        return await self._enqueue("deliver")

    async def depth(self) -> int:
        """How many jobs wait; 0 when Redis cannot say."""
        try:
            return int(await self.redis.zcard(self.name))
        except (RedisError, OSError):
            return 0

    async def updates_waiting(self) -> bool:
        """Tell the bot process that a Telegram update is in the inbox."""
        return await self._quietly(
            cast(Awaitable[Any], self.redis.publish(INBOX_CHANNEL, "")), "updates_waiting"
        )

    async def _enqueue(self, job: str, *arguments: Any, job_id: str | None = None) -> bool:
        return await self._quietly(
            self.redis.enqueue_job(job, *arguments, _job_id=job_id, _queue_name=self.name), job
        )

    async def _quietly(self, sending: Awaitable[Any], hint: str) -> bool:
        try:
            await sending
        except (RedisError, OSError) as error:
            log.warning("hint.lost", hint=hint, error=type(error).__name__)
            return False
        return True


class Hints:
    """Hints that wait for a transaction to commit: a door collects them and sends them afterwards."""

    def __init__(self) -> None:
        self._waiting: list[tuple[str, tuple[Any, ...]]] = []

    def preview(self, preview_id: int) -> None:
        self._waiting.append(("preview", (preview_id,)))

    def correct(self, correction_id: int, asked_at: datetime) -> None:
        self._waiting.append(("correct", (correction_id, asked_at)))

    def look_again(self, watch_id: int, chat_id: int, message_id: int) -> None:
        self._waiting.append(("look_again", (watch_id, chat_id, message_id)))

    def open_checkout(self, checkout_id: int) -> None:
        self._waiting.append(("open_checkout", (checkout_id,)))

    def ask_about(self, checkout_id: int, chat_id: int) -> None:
        self._waiting.append(("ask_about", (checkout_id, chat_id)))

    def send_email_code(self, user_id: int) -> None:
        self._waiting.append(("send_email_code", (user_id,)))

    def payments(self) -> None:
        self._waiting.append(("payments", ()))

    def deliver(self) -> None:
        self._waiting.append(("deliver", ()))

    async def send(self, queue: JobQueue) -> None:
        waiting, self._waiting = self._waiting, []
        for hint, arguments in waiting:
            await getattr(queue, hint)(*arguments)


async def is_alive(redis: Redis) -> bool:
    """Whether any worker's heartbeat is fresh."""
    async for _ in redis.scan_iter(match=f"{HEARTBEAT_PREFIX}*", count=100):
        return True
    return False
