"""How a store is asked: so many fetches at a time, so far apart, and not at all while it wants rest.

One rule for all workers together, kept in Redis by the registrable domain; the Redis server's clock decides.
Before that each process keeps the same rule for its own fetches. So it asks Redis nothing while the answer is
known, one store's queue asks with one voice, and a Redis that is away or was emptied makes nobody rude: the
process goes on by its own part of the rule, and asks now and then whether Redis is back.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from math import ceil, inf
from random import Random
from uuid import uuid4

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker.errors import FetchFailed
from tracker.fetching.problems import FetchProblem

log = structlog.get_logger()

_RANDOM = Random()  # noqa: S311 - spreads load, guards nothing

_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local place, at_once, gap, hold = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
if redis.call('ZSCORE', KEYS[1], place) then return {'taken', 0} end
local function moment(key) return tonumber(redis.call('GET', key) or '0') end
local opens = math.max(moment(KEYS[2]), moment(KEYS[3]))
if opens > now then return {'later', opens - now} end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
if redis.call('ZCARD', KEYS[1]) >= at_once then
  local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
  return {'full', math.min(tonumber(first[2]) - now, math.max(gap, tonumber(ARGV[5])))}
end
redis.call('ZADD', KEYS[1], now + hold, place)
redis.call('PEXPIRE', KEYS[1], hold)
if gap > 0 then redis.call('SET', KEYS[2], now + gap, 'PX', gap) end
return {'taken', 0}
"""
# A call that was repeated because its answer was lost finds its place taken by itself.

_REST = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local rest = tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[1]) or '0') < now + rest then
  redis.call('SET', KEYS[1], now + rest, 'PX', rest)
end
"""

JITTER = 0.25
"""Beginnings are this part of the gap nearer or farther than it says: a rhythm is what a robot has."""

_ASK_AGAIN_SECONDS = 0.1
"""How soon, at the soonest, a store's queue asks again for a place that another worker holds."""

_SLACK_SECONDS = 0.01
"""Spreads the workers that were told the same moment."""

_SILENT_SECONDS = 3.0
"""A Redis that does not answer for so long counts as away."""

_AWAY_SECONDS = 1.0
"""How long a process goes on alone before it asks whether Redis is back."""

_MANY_STORES = 1000


@dataclass(frozen=True, slots=True)
class Manners:
    """How a store is asked."""

    at_once: int = 2
    """Fetches at the same time."""
    gap_seconds: float = 1.0
    """Least time between two beginnings, before jitter."""


class StoreBusy(FetchFailed):
    """The store's turn does not come soon enough. `details["retry_after"]` is the seconds that it takes at
    least, as far as is known; nothing was asked of the store.
    """

    def __init__(self, domain: str, retry_after: float) -> None:
        super().__init__(problem=FetchProblem.BUSY, detail=domain, retry_after=retry_after)


@dataclass(frozen=True, slots=True)
class _Answer:
    is_taken: bool = False
    opens_in: float = 0.0
    """Seconds before which nobody is let in, whatever happens."""
    ask_in: float = 0.0
    """Seconds after which to ask again, unless a place of this process comes free before."""


_TAKEN = _Answer(is_taken=True)


@dataclass(slots=True)
class _Line:
    """What this process knows of one store: its own fetches, and who of its own waits."""

    places: set[str] = field(default_factory=set)
    opens_at: float = -inf
    """On the event loop's clock: after the gap since this process's own last beginning, and after a rest."""
    waiting: int = 0
    head: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Whoever has it asks; the others wait behind it, in their order."""
    freed: asyncio.Event = field(default_factory=asyncio.Event)

    def answer(self, manners: Manners, now: float) -> _Answer:
        if self.opens_at > now:
            return _Answer(opens_in=self.opens_at - now, ask_in=self.opens_at - now)
        if len(self.places) >= manners.at_once:
            return _Answer(ask_in=inf)
        return _TAKEN

    def begin(self, place: str, gap: float, now: float) -> None:
        self.places.add(place)
        self.opens_at = max(self.opens_at, now + gap)

    def is_idle(self, now: float) -> bool:
        return not self.places and not self.waiting and self.opens_at <= now


class Politeness:
    """Turns at stores, shared by all who share this Redis.

    `hold_seconds` is how long a place is kept for a worker that was killed: more than a fetch may take.
    """

    def __init__(self, redis: Redis, *, hold_seconds: float = 30.0) -> None:
        self._redis = redis
        self._take = redis.register_script(_TAKE)
        self._rest = redis.register_script(_REST)
        self._hold = ceil(hold_seconds * 1000)
        self._lines: dict[str, _Line] = {}
        self._away_until: float | None = None
        self._leaving: set[asyncio.Task[None]] = set()

    @asynccontextmanager
    async def turn(self, domain: str, manners: Manners, *, patience: float) -> AsyncIterator[None]:
        """Wait for this store's turn for at most `patience` seconds, and hold one of its places for as long
        as the block runs.

        Raises StoreBusy when the turn does not come in time: at once, when that is certain. A Redis that is
        away raises nothing.
        """
        line = self._line(domain)
        place = uuid4().hex
        try:
            await self._enter(line, domain, place, manners, patience)
            yield
        finally:
            if place in line.places:  # also when this was cancelled before an answer that may have given it
                line.places.discard(place)
                try:
                    await self._given_back(domain, place)
                finally:
                    line.freed.set()

    async def rest(self, domain: str, seconds: float) -> None:
        """Nobody asks this store within so many seconds from now (Retry-After). The longest rest counts."""
        if seconds <= 0:
            return
        line = self._line(domain)
        line.opens_at = max(line.opens_at, _now() + seconds)
        if self._is_alone():
            return
        try:
            async with asyncio.timeout(_SILENT_SECONDS):
                await self._rest(keys=[_rest_key(domain)], args=[ceil(seconds * 1000)])
        except (RedisError, OSError) as error:
            self._lost(error)

    async def _enter(self, line: _Line, domain: str, place: str, manners: Manners, patience: float) -> None:
        deadline = _now() + patience
        if not line.waiting:
            answer = await self._ask(line, domain, place, manners)
            if answer.is_taken:
                return
            line.freed.set()  # what it was refused may have been in the way of one that came after it
            if answer.opens_in > patience:
                raise StoreBusy(domain, answer.opens_in)
        ahead = line.waiting * manners.gap_seconds * (1 - JITTER)
        if ahead > patience:
            raise StoreBusy(domain, ahead)
        line.waiting += 1
        try:
            async with _until(deadline, StoreBusy(domain, ahead or manners.gap_seconds)):
                await line.head.acquire()
            try:
                await self._enter_as_head(line, domain, place, manners, deadline)
            finally:
                line.head.release()
        finally:
            line.waiting -= 1

    async def _enter_as_head(
        self, line: _Line, domain: str, place: str, manners: Manners, deadline: float
    ) -> None:
        while True:
            line.freed.clear()
            answer = await self._ask(line, domain, place, manners)
            if answer.is_taken:
                return
            busy = StoreBusy(domain, answer.opens_in or manners.gap_seconds)
            if _now() + answer.opens_in > deadline:
                raise busy
            async with _until(deadline, busy):
                if answer.opens_in:
                    await asyncio.sleep(answer.opens_in + _RANDOM.uniform(0, _SLACK_SECONDS))
                else:
                    await _first_of(line.freed, answer.ask_in + _RANDOM.uniform(0, _SLACK_SECONDS))

    async def _ask(self, line: _Line, domain: str, place: str, manners: Manners) -> _Answer:
        """Take the place if both this process's own part of the rule and the shared one allow it."""
        gap = manners.gap_seconds * _RANDOM.uniform(1 - JITTER, 1 + JITTER)
        own = line.answer(manners, _now())
        if not own.is_taken:
            return own
        if self._is_alone():
            line.begin(place, gap, _now())
            return own
        line.places.add(place)
        try:
            async with asyncio.timeout(_SILENT_SECONDS):
                answer = await self._ask_all(domain, place, manners, gap)
        except (RedisError, OSError) as error:
            self._lost(error)
            line.places.discard(place)
            answer = line.answer(manners, _now())
        else:
            self._away_until = None
            line.places.discard(place)
        if answer.is_taken:
            line.begin(place, gap, _now())
        return answer

    async def _ask_all(self, domain: str, place: str, manners: Manners, gap: float) -> _Answer:
        said, milliseconds = await self._take(
            keys=[_places_key(domain), _opens_key(domain), _rest_key(domain)],
            args=[place, manners.at_once, ceil(gap * 1000), self._hold, ceil(_ASK_AGAIN_SECONDS * 1000)],
        )
        seconds = int(milliseconds) / 1000
        match said:
            case b"taken" | "taken":
                return _TAKEN
            case b"later" | "later":
                return _Answer(opens_in=seconds, ask_in=seconds)
            case _:
                return _Answer(ask_in=seconds)

    async def _given_back(self, domain: str, place: str) -> None:
        """Give the place back in Redis, also while this task is being cancelled."""
        if self._is_alone():
            return
        leaving = asyncio.create_task(self._give_back(domain, place))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)
        await asyncio.shield(leaving)

    async def _give_back(self, domain: str, place: str) -> None:
        try:
            async with asyncio.timeout(_SILENT_SECONDS):
                await self._redis.zrem(_places_key(domain), place)
        except (RedisError, OSError) as error:
            self._lost(error)

    def _is_alone(self) -> bool:
        """Whether Redis is away. When it was long enough, one asks it again, the others go on alone."""
        if self._away_until is None:
            return False
        now = _now()
        if now < self._away_until:
            return True
        self._away_until = now + _AWAY_SECONDS
        return False

    def _lost(self, error: Exception) -> None:
        if self._away_until is None:
            log.warning("politeness.alone", error=type(error).__name__)
        self._away_until = _now() + _AWAY_SECONDS

    def _line(self, domain: str) -> _Line:
        line = self._lines.get(domain)
        if line is None:
            if len(self._lines) >= _MANY_STORES:
                now = _now()
                self._lines = {name: kept for name, kept in self._lines.items() if not kept.is_idle(now)}
            line = self._lines[domain] = _Line()
        return line


def _places_key(domain: str) -> str:
    """A sorted set: who fetches, by when the place comes free by itself (milliseconds of the epoch)."""
    return f"politeness:{domain}:places"


def _opens_key(domain: str) -> str:
    """The time of the next beginning (milliseconds of the epoch)."""
    return f"politeness:{domain}:opens"


def _rest_key(domain: str) -> str:
    """Until when the store wants rest (milliseconds of the epoch)."""
    return f"politeness:{domain}:rest"


def _now() -> float:
    return asyncio.get_running_loop().time()


@asynccontextmanager
async def _until(deadline: float, busy: StoreBusy) -> AsyncIterator[None]:
    try:
        async with asyncio.timeout_at(deadline):
            yield
    except TimeoutError:
        raise busy from None


async def _first_of(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(None if seconds == inf else seconds):
            await event.wait()
    except TimeoutError:
        return
