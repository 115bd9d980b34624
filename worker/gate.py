"""How many messages are on their way to Telegram at a time: one, or as few as the pace allows."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

PATIENCE_SECONDS = 0.2
"""So long a message waits for the one before it; then it goes beside it, for a send may hang."""


class Gate:
    """Lets one in at a time, in their order, and whoever has waited long enough.

    Whatever is inside when its process is killed may be repeated: one message, while a worker can send its
    share of the pace one after the other. When Telegram is too far away for that, its messages come late by
    the patience, and no more are inside than the pace needs: messages a second times the seconds of each.
    """

    def __init__(self) -> None:
        self._first = asyncio.Lock()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Be inside, until the block ends."""
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                await self._first.acquire()
        except TimeoutError:
            yield
            return
        try:
            yield
        finally:
            self._first.release()
