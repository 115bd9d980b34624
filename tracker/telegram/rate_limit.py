"""How fast we may speak to Telegram: one limit for all workers together, kept in Redis.

Telegram asks for about 30 messages a second overall and one a second in a chat (Bots FAQ). A place in the
queue is reserved by the generic cell rate algorithm, on the Redis server's clock.
"""

from dataclasses import dataclass
from datetime import timedelta

from redis.asyncio import Redis

_RESERVE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local paused = tonumber(redis.call('GET', KEYS[1]) or '0')
if paused > now then return {0, paused - now} end
local chat_free = tonumber(redis.call('GET', KEYS[3]) or '0')
if chat_free > now then return {0, chat_free - now} end
local free = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
local longest_wait = tonumber(ARGV[3])
if free - now > longest_wait then return {0, free - now - longest_wait} end
local gap, chat_gap = tonumber(ARGV[1]), tonumber(ARGV[2])
redis.call('SET', KEYS[2], free + gap, 'PX', math.ceil(free + gap - now) + 1000)
redis.call('SET', KEYS[3], free + chat_gap, 'PX', math.ceil(free + chat_gap - now) + 1000)
return {1, math.floor(free - now)}
"""

_PAUSE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = now + tonumber(ARGV[1])
if tonumber(redis.call('GET', KEYS[1]) or '0') < until_ms then
  redis.call('SET', KEYS[1], until_ms, 'PX', tonumber(ARGV[1]))
end
return 1
"""


@dataclass(frozen=True, slots=True)
class Turn:
    """Either a place in the queue (`granted`: send after `wait`), or none yet (ask again after `wait`)."""

    granted: bool
    wait: timedelta


class RateLimit:
    """`per_second` messages overall and `per_second_per_chat` in one chat, among all who share this Redis."""

    def __init__(
        self,
        redis: Redis,
        *,
        per_second: float,
        per_second_per_chat: float,
        longest_wait: timedelta = timedelta(seconds=2),
    ) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._pause = redis.register_script(_PAUSE)
        self._arguments = [
            1000 / per_second,
            1000 / per_second_per_chat,
            longest_wait / timedelta(milliseconds=1),
        ]

    async def reserve(self, chat_id: int) -> Turn:
        """Ask for a turn to speak in a chat. Raises redis errors: a caller without Redis waits."""
        granted, wait = await self._reserve(
            keys=["telegram:paused", "telegram:free", f"telegram:free:{chat_id}"], args=self._arguments
        )
        return Turn(bool(granted), timedelta(milliseconds=int(wait)))

    async def pause(self, duration: timedelta) -> None:
        """Everybody is silent for that long: Telegram said 429."""
        await self._pause(keys=["telegram:paused"], args=[max(1, int(duration / timedelta(milliseconds=1)))])
