"""Dialogue state and per-person order, kept in Redis, that a Redis which restarts does not take down."""

from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import structlog
from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseEventIsolation, StorageKey
from aiogram.fsm.storage.memory import SimpleEventIsolation
from aiogram.fsm.storage.redis import RedisEventIsolation, RedisStorage
from redis.asyncio import Redis
from redis.exceptions import RedisError

log = structlog.get_logger()

_KEPT = timedelta(hours=24)
_LOCKED = timedelta(seconds=10)
"""How long the lock of a bot that was killed keeps a person waiting at the most."""


class DialogueStorage(RedisStorage):
    """Dialogues in Redis. One that was lost with Redis has simply ended; no update is lost with it."""

    def __init__(self, redis: Redis) -> None:
        super().__init__(redis, state_ttl=_KEPT, data_ttl=_KEPT)

    async def get_state(self, key: StorageKey) -> str | None:
        try:
            return await super().get_state(key)
        except (RedisError, OSError):
            return None

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        try:
            return await super().get_data(key)
        except (RedisError, OSError):
            return {}

    async def set_state(self, key: StorageKey, state: State | str | None = None) -> None:
        try:
            await super().set_state(key, state)
        except (RedisError, OSError) as error:
            log.warning("dialogue.not_kept", error=type(error).__name__)

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        try:
            await super().set_data(key, data)
        except (RedisError, OSError) as error:
            log.warning("dialogue.not_kept", error=type(error).__name__)


class OneAtATime(BaseEventIsolation):
    """One update of a person at a time: here by a lock, among processes by Redis while it is there."""

    def __init__(self, redis: Redis) -> None:
        self._here = SimpleEventIsolation()
        self._everywhere = RedisEventIsolation(redis, lock_kwargs={"timeout": _LOCKED.total_seconds()})

    @asynccontextmanager
    async def lock(self, key: StorageKey) -> AsyncGenerator[None, None]:
        async with self._here.lock(key):
            stack = AsyncExitStack()
            try:
                await stack.enter_async_context(self._everywhere.lock(key))
            except (RedisError, OSError) as error:
                log.warning("isolation.local_only", error=type(error).__name__)
            try:
                yield None
            finally:
                # A lock that Redis forgot meanwhile cannot be given back, and need not be.
                with suppress(RedisError, OSError):
                    await stack.aclose()

    async def close(self) -> None:
        await self._here.close()
        await self._everywhere.close()
