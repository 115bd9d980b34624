"""How many messages are on their way to Telegram at a time: no more than the pace needs."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import ceil

LONGEST_SECONDS = 0.5
"""A send that takes longer does not keep its place: if it hangs, it delays no other."""

_REMEMBERED = 20
_ENOUGH = 5


class Gate:
    """Lets in, in their order, as many as the pace needs at once: messages a second, times the seconds that
    one is inside (Little's law).

    Whatever is inside when its process is killed may be repeated, so this is also the most that a crash
    repeats, but for sends that took longer than `LONGEST_SECONDS`. The seconds are the least of the last
    messages': they tell how far away Telegram is, and not how busy this machine, where more at a time would
    not be faster. TCP's BBR measures a path in this way.
    """

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._seconds: deque[float] = deque(maxlen=_REMEMBERED)
        self._inside: set[asyncio.Future[None]] = set()
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def width(self) -> int:
        """How many may be inside at a time."""
        if len(self._seconds) < _ENOUGH:
            return 1
        return max(1, ceil(self._per_second * min(self._seconds)))

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Callable[[], None]]:
        """Wait until there is room, and take up some of it until the block ends.

        Yields what to call when the answer has come: from then on the place is kept however long it takes, so
        that a slow database lets nothing pile up that is sent and not noted.
        """
        loop = asyncio.get_running_loop()
        place = await self._entered()
        since = loop.time()
        too_long = loop.call_later(LONGEST_SECONDS, self._leave, place, LONGEST_SECONDS)
        try:
            yield too_long.cancel
        finally:
            too_long.cancel()
            self._leave(place, loop.time() - since)

    async def _entered(self) -> asyncio.Future[None]:
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        self._let_in()
        try:
            await place
        except asyncio.CancelledError:
            self._inside.discard(place)
            self._let_in()
            raise
        return place

    def _leave(self, place: asyncio.Future[None], seconds: float) -> None:
        if place not in self._inside:
            return
        self._inside.remove(place)
        self._seconds.append(seconds)
        self._let_in()

    def _let_in(self) -> None:
        while self._waiting and len(self._inside) < self.width:
            place = self._waiting.popleft()
            if not place.done():
                self._inside.add(place)
                place.set_result(None)
