"""How fast a bot may send, and how Telegram says no.

Telegram publishes "about" figures (Bots FAQ): 30 messages a second overall, one a second to a chat with short
bursts, twenty a minute to a group.
"""

import math
from collections import defaultdict, deque
from dataclasses import dataclass, field, replace

from sandbox.telegram.errors import too_many_requests

_MINUTE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Messages per second overall and per chat; `chat_burst` at once; messages per minute to a group."""

    overall_per_second: float = 30
    chat_per_second: float = 1
    chat_burst: float = 4
    group_per_minute: float = 20
    enabled: bool = True

    @classmethod
    def off(cls) -> "Limits":
        """No limits at all."""
        return cls(enabled=False)

    def scaled(self, factor: float) -> "Limits":
        """The same limits, `factor` times as generous: a test of a rate need not take as long."""
        return replace(
            self,
            overall_per_second=self.overall_per_second * factor,
            chat_per_second=self.chat_per_second * factor,
            chat_burst=self.chat_burst * factor,
            group_per_minute=self.group_per_minute * factor,
        )


@dataclass(slots=True)
class _Bucket:
    """Tokens that refill steadily; a message takes one."""

    tokens: float
    filled_at: float

    def wait(self, now: float, rate: float, capacity: float) -> float:
        """Refill, and say how many seconds until there is a token."""
        self.tokens = min(capacity, self.tokens + (now - self.filled_at) * rate)
        self.filled_at = now
        return max(0.0, (1 - self.tokens) / rate)


@dataclass(slots=True)
class RateLimiter:
    """Counts what was sent. Times are monotonic seconds, given by the caller."""

    _overall: _Bucket | None = None
    _chats: dict[int, _Bucket] = field(default_factory=dict)
    _groups: dict[int, deque[float]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, chat_id: int, limits: Limits, now: float) -> None:
        """Count one message to a chat. Raises ApiError 429 with whole seconds to wait when it is too soon."""
        if not limits.enabled:
            return
        overall = self._overall = self._overall or _Bucket(limits.overall_per_second, now)
        chat = self._chats.setdefault(chat_id, _Bucket(limits.chat_burst, now))
        wait = max(
            overall.wait(now, limits.overall_per_second, limits.overall_per_second),
            chat.wait(now, limits.chat_per_second, limits.chat_burst),
            self._group_wait(chat_id, limits, now),
        )
        if wait > 0:
            raise too_many_requests(max(1, math.ceil(wait)))
        overall.tokens -= 1
        chat.tokens -= 1
        if chat_id < 0:
            self._groups[chat_id].append(now)

    def _group_wait(self, chat_id: int, limits: Limits, now: float) -> float:
        if chat_id >= 0:
            return 0.0
        sent = self._groups[chat_id]
        while sent and sent[0] <= now - _MINUTE:
            sent.popleft()
        return 0.0 if len(sent) < limits.group_per_minute else sent[0] + _MINUTE - now
