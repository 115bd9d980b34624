"""Who writes and taps most, counted in Redis for those who run the service."""

from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta

from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker import clock

_COUNTED_OVER = timedelta(minutes=30)
_MOST_COUNTED = 10_000


async def count(redis: Redis, telegram_id: int) -> None:
    """Count one update of a person; nothing, while Redis is away."""
    key = _key(0)
    with suppress(RedisError, OSError):
        async with redis.pipeline(transaction=False) as pipeline:
            pipeline.zincrby(key, 1, str(telegram_id))
            pipeline.zremrangebyrank(key, 0, -_MOST_COUNTED - 1)
            pipeline.expire(key, int(2 * _COUNTED_OVER.total_seconds()))
            await pipeline.execute()


async def top(redis: Redis, *, limit: int = 10) -> Sequence[tuple[int, int]]:
    """Who asked most within the last 30 to 60 minutes, by Telegram id, and how often. None without Redis."""
    found: Counter[int] = Counter()
    with suppress(RedisError, OSError):
        for ago in (0, 1):
            for member, score in await redis.zrevrange(_key(ago), 0, 5 * limit - 1, withscores=True):
                found[int(member)] += int(score)
    return found.most_common(limit)


def _key(ago: int) -> str:
    return f"bot:senders:{int(clock.now().timestamp() // _COUNTED_OVER.total_seconds()) - ago}"
