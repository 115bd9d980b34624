"""How fast we may speak to Telegram: one limit for all workers together, kept in Redis.

Telegram asks for about 30 messages a second overall, one a second in a chat and twenty a minute in a group
(Bots FAQ). A place in the queue is reserved by the generic cell rate algorithm, on the Redis server's clock.

A 429 does not say which limit it means. So it silences its own chat, and everybody when another chat got one
within the last second: a limit of one chat costs nobody else, and the limit of all costs one more refusal.
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

_REFUSED = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local pause = tonumber(ARGV[1])
local function silence(key)
  if tonumber(redis.call('GET', key) or '0') < now + pause then
    redis.call('SET', key, now + pause, 'PX', pause)
  end
end
silence(KEYS[2])
local other = redis.call('GET', KEYS[3])
redis.call('SET', KEYS[3], ARGV[2], 'PX', tonumber(ARGV[3]))
if other and other ~= ARGV[2] then
  silence(KEYS[1])
  return 1
end
return 0
"""

_TOGETHER = timedelta(seconds=1)
"""Refusals in two chats within this time mean the limit of all chats."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Either a place in the queue (`granted`: send after `wait`), or none yet (ask again after `wait`)."""

    granted: bool
    wait: timedelta


class RateLimit:
    """So many messages a second overall and in a person's chat, and a minute in a group's (a negative id),
    among all who share this Redis.
    """

    def __init__(
        self,
        redis: Redis,
        *,
        per_second: float,
        per_second_per_chat: float,
        per_minute_per_group: float = 18,
        longest_wait: timedelta = timedelta(seconds=2),
    ) -> None:
        self._reserve = redis.register_script(_RESERVE)
        self._refused = redis.register_script(_REFUSED)
        self._gap = 1000 / per_second
        self._chat_gap = 1000 / per_second_per_chat
        self._group_gap = max(60_000 / per_minute_per_group, self._chat_gap)
        self._longest_wait = longest_wait / timedelta(milliseconds=1)

    async def reserve(self, chat_id: int) -> Turn:
        """Ask for a turn to speak in a chat. Raises redis errors: a caller without Redis waits."""
        granted, wait = await self._reserve(
            keys=["telegram:paused", "telegram:free", f"telegram:free:{chat_id}"],
            args=[self._gap, self._group_gap if chat_id < 0 else self._chat_gap, self._longest_wait],
        )
        return Turn(bool(granted), timedelta(milliseconds=int(wait)))

    async def refused(self, chat_id: int, after: timedelta) -> bool:
        """Telegram said 429 in a chat: it is silent for that long; whether everybody is."""
        everybody = await self._refused(
            keys=["telegram:paused", f"telegram:free:{chat_id}", "telegram:refused"],
            args=[
                max(1, int(after / timedelta(milliseconds=1))),
                chat_id,
                int(_TOGETHER / timedelta(milliseconds=1)),
            ],
        )
        return bool(everybody)
