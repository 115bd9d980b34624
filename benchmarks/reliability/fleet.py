"""Workers that are killed, and others that take their place."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

from redis.asyncio import Redis

from benchmarks.ground import Ground
from benchmarks.processes import Process, service_settings
from tracker.jobs import HEARTBEAT_PREFIX

_LOOK_AGAIN = 0.05  # seconds


class Fleet:
    """A number of `python -m worker`, kept up while they are killed."""

    def __init__(self, ground: Ground, settings: dict[str, object], random: Random) -> None:
        self._ground = ground
        self._settings = settings
        self._random = random
        self.running: list[Process] = []
        self.kills: list[float] = []
        """Monotonic seconds of each."""

    def start(self, count: int) -> None:
        for _ in range(count):
            self.running.append(Process("worker", folder=self._ground.folder, settings=self._settings))

    async def ready(self) -> list[Process]:
        """The workers that have given a sign of life."""
        async with Redis.from_url(self._ground.redis_url) as redis:
            signs = [key async for key in redis.scan_iter(match=f"{HEARTBEAT_PREFIX}*", count=1000)]
        pids = {int(sign.decode().split(":")[-2]) for sign in signs}
        return [process for process in self.running if process.pid in pids]

    async def all_ready(self) -> None:
        """Wait. Raises RuntimeError with the log of one that ended by itself."""
        while len(await self.ready()) < len(self.running):
            for process in self.running:
                process.check()
            await asyncio.sleep(_LOOK_AGAIN)

    async def kill_one(self, *, after: float) -> None:
        """SIGKILL to any worker that is at work, so many seconds from now, and another one in its place."""
        while not (ready := await self.ready()):  # noqa: ASYNC110 - other processes tell us nothing
            await asyncio.sleep(_LOOK_AGAIN)
        chosen = self._random.choice(ready)
        await asyncio.sleep(after)
        chosen.check()
        self.kills.append(time.monotonic())
        chosen.kill()
        self.running.remove(chosen)
        self.start(1)

    async def stop(self) -> None:
        """SIGTERM to all."""
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in self.running))


@asynccontextmanager
async def fleet(
    count: int, ground: Ground, telegram_origin: str, random: Random, **settings: object
) -> AsyncIterator[Fleet]:
    """So many workers at work, told to end at the end of the block."""
    here = Fleet(ground, service_settings(ground, telegram_origin) | settings, random)
    here.start(count)
    try:
        await here.all_ready()
        yield here
    finally:
        await here.stop()
