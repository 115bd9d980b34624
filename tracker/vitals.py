"""Signs of life that workers leave in Redis, and what can be read from them.

Like all that is in Redis they are hints: a Redis that was emptied knows in seconds who lives, and nothing of
what was before.
"""

from collections import deque
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from time import monotonic
from typing import Any, cast

import orjson
import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker import clock
from tracker.jobs import HEARTBEAT_PREFIX

log = structlog.get_logger()

BEAT_SECONDS = 5
"""How often a worker gives a sign of life, which holds for three times as long."""

GONE_AFTER = timedelta(minutes=1)
"""A worker that did not take its leave and has been silent for so long is gone: a restart takes seconds."""

REMEMBERED = timedelta(hours=24)
"""How long a worker that is gone is missed."""

RECENT = timedelta(minutes=15)
"""How far back the rate of errors looks."""

_SEEN = "vitals:workers"
_NOTED = "vitals:noted"
_CRON, _REACHED = "cron:", "reached:"


@cache
def running_version() -> str:
    """Of this process."""
    try:
        return version("price-tracker-pro")
    except PackageNotFoundError:  # run from a folder that is not installed
        return "unknown"


@dataclass(frozen=True, slots=True)
class Worker:
    """A worker that lives, as it says of itself."""

    name: str
    version: str
    started_at: datetime
    done: int = 0
    failed: int = 0
    """Jobs since it started, of which `failed` ended with an error."""
    recently_done: int = 0
    recently_failed: int = 0
    """Those of the last 15 minutes."""


@dataclass(frozen=True, slots=True)
class Gone:
    """A worker that went without taking its leave, in whose place no other has come."""

    name: str
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Cron:
    """When a job that the clock starts last came to its end, and how often it is to."""

    ended_at: datetime
    every: timedelta

    def late_by(self, now: datetime) -> timedelta:
        return max(now - self.ended_at - self.every, timedelta(0))


@dataclass(frozen=True, slots=True)
class Reached:
    """When another service last answered, and when it last did not, as workers came by it in their work."""

    answered_at: datetime | None = None
    failed_at: datetime | None = None
    error: str | None = None

    @property
    def is_away(self) -> bool:
        if self.failed_at is None:
            return False
        return self.answered_at is None or self.answered_at < self.failed_at


@dataclass(frozen=True, slots=True)
class Readings:
    """What Redis knows of the service. `milliseconds` is how long it took to answer; None when it did not."""

    milliseconds: float | None = None
    workers: Sequence[Worker] = ()
    gone: Sequence[Gone] = ()
    cron: Mapping[str, Cron] = field(default_factory=dict)
    reached: Mapping[str, Reached] = field(default_factory=dict)
    hints: int = 0
    """Hints that wait for a worker."""


class Vitals:
    """What one worker counts and notes, until its next sign of life carries it to Redis."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._started_at = clock.now()
        self._done = self._failed = 0
        self._minutes: deque[tuple[datetime, list[int]]] = deque()
        self._noted: dict[str, bytes] = {}
        self._reached: dict[str, Reached] = {}

    def done(self) -> None:
        self._done += 1
        self._minute()[0] += 1

    def failed(self) -> None:
        self._failed += 1
        self._minute()[1] += 1

    def ran(self, job: str, every: timedelta) -> None:
        """A job of the clock came to its end without an error."""
        self._noted[_CRON + job] = orjson.dumps({"at": clock.now(), "every": every.total_seconds()})

    def reached(self, service: str, error: str | None = None) -> None:
        """Another service answered, or with an error did not."""
        before, now = self._reached.get(service, Reached()), clock.now()
        self._reached[service] = (
            Reached(now, before.failed_at, before.error)
            if error is None
            else Reached(before.answered_at, now, error[:200])
        )

    async def beat(self, redis: Redis) -> None:
        """Give a sign of life. Raises what Redis raises; then the next one carries what this one was to."""
        now = clock.now()
        self._forget(now)
        recent = [sum(counts[which] for _, counts in self._minutes) for which in (0, 1)]
        told = {
            "version": running_version(),
            "started_at": self._started_at,
            "done": self._done,
            "failed": self._failed,
            "recently_done": recent[0],
            "recently_failed": recent[1],
        }
        noted, self._noted = self._noted, {}
        noted |= await self._together(redis)
        try:
            async with redis.pipeline(transaction=False) as pipe:
                pipe.set(HEARTBEAT_PREFIX + self.name, orjson.dumps(told), ex=BEAT_SECONDS * 3)
                pipe.zadd(_SEEN, {self.name: now.timestamp()})
                pipe.zremrangebyscore(_SEEN, "-inf", (now - REMEMBERED).timestamp())
                if noted:
                    pipe.hset(_NOTED, mapping=cast(dict[Any, Any], noted))
                await pipe.execute()
        except (RedisError, OSError):
            self._noted = noted | self._noted
            raise

    async def take_leave(self, redis: Redis) -> None:
        """It ends as it was asked to: nobody is to miss it. Raises what Redis raises."""
        async with redis.pipeline(transaction=False) as pipe:
            pipe.delete(HEARTBEAT_PREFIX + self.name)
            pipe.zrem(_SEEN, self.name)
            await pipe.execute()

    async def _together(self, redis: Redis) -> dict[str, bytes]:
        """What this process came by, with what all others did."""
        if not self._reached:
            return {}
        told = await cast(Awaitable[Mapping[bytes, bytes]], redis.hgetall(_NOTED))
        known = _reached_of(told)
        together = {}
        for service, ours in self._reached.items():
            theirs = known.get(service, Reached())
            newer = ours if _later(ours.failed_at, theirs.failed_at) else theirs
            answered = max(filter(None, (ours.answered_at, theirs.answered_at)), default=None)
            together[_REACHED + service] = orjson.dumps(Reached(answered, newer.failed_at, newer.error))
        return together

    def _minute(self) -> list[int]:
        now = clock.now()
        minute = now.replace(second=0, microsecond=0)
        if not self._minutes or self._minutes[-1][0] != minute:
            self._forget(now)
            self._minutes.append((minute, [0, 0]))
        return self._minutes[-1][1]

    def _forget(self, now: datetime) -> None:
        while self._minutes and self._minutes[0][0] <= now - RECENT:
            self._minutes.popleft()


async def read(redis: Redis, queue_name: str) -> Readings:
    """Everything that Redis knows of the service. Never raises: a Redis that is away is a reading too."""
    began = monotonic()
    try:
        await redis.ping()
        milliseconds = (monotonic() - began) * 1000
        keys = [key async for key in redis.scan_iter(match=f"{HEARTBEAT_PREFIX}*", count=100)]
        beats = await redis.mget(keys) if keys else []
        async with redis.pipeline(transaction=False) as pipe:
            pipe.zrange(_SEEN, 0, -1, withscores=True)
            pipe.hgetall(_NOTED)
            pipe.zcard(queue_name)
            seen, noted, hints = await pipe.execute()
    except (RedisError, OSError) as error:
        log.warning("vitals.not_read", error=type(error).__name__)
        return Readings()
    prefix = len(HEARTBEAT_PREFIX)
    workers = [
        _worker(key.decode()[prefix:], beat)
        for key, beat in zip(keys, beats, strict=True)
        if beat is not None
    ]
    workers.sort(key=lambda worker: (worker.started_at, worker.name))
    return Readings(
        milliseconds=milliseconds,
        workers=workers,
        gone=_gone(workers, [(name.decode(), score) for name, score in seen]),
        cron=_cron_of(noted),
        reached=_reached_of(noted),
        hints=int(hints),
    )


def _gone(workers: Sequence[Worker], seen: Sequence[tuple[str, float]]) -> list[Gone]:
    """Those that are missed, the first that went first: each worker that began later takes one's place."""
    alive, silent_since = {worker.name for worker in workers}, clock.now() - GONE_AFTER
    began = [worker.started_at for worker in workers]
    missed = []
    for name, score in sorted(seen, key=lambda each: each[1]):
        last_seen = datetime.fromtimestamp(score, UTC)
        if name in alive or last_seen > silent_since:
            continue
        successor = next((moment for moment in began if moment > last_seen), None)
        if successor is None:
            missed.append(Gone(name, last_seen))
        else:
            began.remove(successor)
    return missed


def _worker(name: str, beat: bytes) -> Worker:
    """One of an earlier version, in the middle of an upgrade, says nothing of itself."""
    told = _json(beat)
    if not told:
        return Worker(name, "unknown", clock.now())
    return Worker(
        name=name,
        version=str(told["version"]),
        started_at=datetime.fromisoformat(told["started_at"]),
        done=int(told["done"]),
        failed=int(told["failed"]),
        recently_done=int(told["recently_done"]),
        recently_failed=int(told["recently_failed"]),
    )


def _cron_of(noted: Mapping[bytes, bytes]) -> dict[str, Cron]:
    told = {
        key.decode().removeprefix(_CRON): _json(value)
        for key, value in noted.items()
        if key.startswith(_CRON.encode())
    }
    return {
        job: Cron(datetime.fromisoformat(each["at"]), timedelta(seconds=each["every"]))
        for job, each in sorted(told.items())
        if each
    }


def _reached_of(noted: Mapping[bytes, bytes]) -> dict[str, Reached]:
    told = {
        key.decode().removeprefix(_REACHED): _json(value)
        for key, value in noted.items()
        if key.startswith(_REACHED.encode())
    }
    return {
        service: Reached(_moment(each["answered_at"]), _moment(each["failed_at"]), each["error"])
        for service, each in sorted(told.items())
        if each
    }


def _json(value: bytes) -> dict[str, Any]:
    try:
        told = orjson.loads(value)
    except orjson.JSONDecodeError:
        return {}
    return told if isinstance(told, dict) else {}


def _moment(told: str | None) -> datetime | None:
    return None if told is None else datetime.fromisoformat(told)


def _later(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and (other is None or one > other)
