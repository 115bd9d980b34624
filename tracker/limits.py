"""How often somebody may ask, counted in Redis: each count is one script, the same for every process.

Redis is a hint here, too: while it is away everybody is let through, which is logged once.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker import clock

log = structlog.get_logger(__name__)

_AWAY_SECONDS = 5.0
"""So long a Redis that was away is not asked again: asking one that is gone costs about a second."""

# GCRA: the key holds the moment, in microseconds, at which all that was taken is given back.
_TAKE = """
local now, interval, burst, cost = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local full = math.max(tonumber(redis.call('GET', KEYS[1]) or ARGV[1]), now)
local room = burst * interval - (full - now)
if room < cost * interval then
  return {0, math.max(math.floor(room / interval), 0), full - now, cost * interval - room}
end
full = full + cost * interval
redis.call('SET', KEYS[1], string.format('%.0f', full), 'PX', math.ceil((full - now) / 1000) + 1)
return {1, math.floor((room - cost * interval) / interval), full - now, 0}
"""

# The first strike begins the time within which they count; the last one allowed begins the lock.
_STRIKE = """
local strikes = redis.call('INCR', KEYS[1])
if strikes == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
if strikes == tonumber(ARGV[1]) then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
return strikes
"""

_LOCKED = """
if tonumber(redis.call('GET', KEYS[1]) or '0') < tonumber(ARGV[1]) then return 0 end
return redis.call('PTTL', KEYS[1])
"""


@dataclass(frozen=True, slots=True)
class Rate:
    """So many at once at the most, given back evenly over `per`."""

    limit: int
    per: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Seconds until all is given back (`reset`), and until one more is allowed (`retry_after`)."""

    allowed: bool
    limit: int
    remaining: int
    reset: float
    retry_after: float


@dataclass(frozen=True, slots=True)
class Lockout:
    """`strikes` within a time lock for `lasting`."""

    strikes: int
    within: timedelta
    lasting: timedelta


class Limiter:
    """Counts under keys that begin with `limit:`."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._away_until = 0.0
        self._is_away = False

    async def take(self, key: str, rate: Rate, *, cost: int = 1) -> Verdict:
        """Take `cost` of what `key` is allowed; what is refused takes nothing."""
        interval = rate.per / timedelta(microseconds=1) / rate.limit
        now = f"{clock.now().timestamp() * 1_000_000:.0f}"
        answer = await self._ask(_TAKE, f"limit:{key}", now, f"{interval:.0f}", rate.limit, cost)
        if answer is None:
            return Verdict(True, rate.limit, rate.limit, 0, 0)
        allowed, remaining, reset, retry_after = answer
        return Verdict(bool(allowed), rate.limit, remaining, reset / 1_000_000, retry_after / 1_000_000)

    async def strike(self, key: str, lockout: Lockout) -> None:
        """Count something that should not happen often."""
        within, lasting = (each // timedelta(milliseconds=1) for each in (lockout.within, lockout.lasting))
        await self._ask(_STRIKE, f"limit:{key}", lockout.strikes, within, lasting)

    async def locked(self, key: str, lockout: Lockout) -> float:
        """For how many seconds more `key` is locked; 0 when it is not."""
        milliseconds = await self._ask(_LOCKED, f"limit:{key}", lockout.strikes)
        return max(0, milliseconds or 0) / 1000

    async def _ask(self, script: str, key: str, *arguments: Any) -> Any:
        """What a script says; None while Redis is away."""
        if time.monotonic() < self._away_until:
            return None
        words: Sequence[Any] = (key, *arguments)
        try:
            answer = await self._redis.eval(script, 1, *words)  # type: ignore[misc]  # its stubs know no await
        except (RedisError, OSError) as error:
            if not self._is_away:
                log.warning("limits.redis_away", error=type(error).__name__)
            self._is_away, self._away_until = True, time.monotonic() + _AWAY_SECONDS
            return None
        self._is_away = False
        return answer
