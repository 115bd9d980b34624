"""One message at a time: what a worker that dies has perhaps sent, and not yet noted, is one at the most."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE = 0.25
"""Seconds for which a message keeps the others waiting: a slow Telegram costs pace and stops nobody."""


class Lane:
    """Lets one in at a time, in the order in which they came."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._is_free = asyncio.Semaphore(1)

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """From the turn to speak until its outcome is noted. After the patience the next one comes in too."""
        await self._is_free.acquire()
        stay = _Stay(self._is_free)
        over = asyncio.get_running_loop().call_later(self._patience, stay.end)
        try:
            yield
        finally:
            over.cancel()
            stay.end()


class _Stay:
    def __init__(self, is_free: asyncio.Semaphore) -> None:
        self._is_free = is_free
        self._has_ended = False

    def end(self) -> None:
        if not self._has_ended:
            self._has_ended = True
            self._is_free.release()
