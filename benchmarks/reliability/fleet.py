"""Workers that are killed, and others that take their place."""

import asyncio
import itertools
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

from redis.asyncio import Redis

from benchmarks.ground import Ground
from benchmarks.processes import ROOT, service_settings
from tracker.jobs import HEARTBEAT_PREFIX

_LOOK_AGAIN = 0.05  # seconds
_STOP_SECONDS = 20


class Fleet:
    """A number of worker processes, kept up while they are killed."""

    def __init__(self, ground: Ground, settings: Mapping[str, object], random: Random) -> None:
        self._ground = ground
        self._random = random
        self._numbers = itertools.count(1)
        self._logs: dict[int, Path] = {}
        """Of each process that runs, by its id."""
        self.kills: list[float] = []
        """Monotonic seconds of each."""
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.reliability.nursery"],
            cwd=ground.folder,  # where there is no .env
            env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
            | {name: str(value) for name, value in settings.items()},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._line()

    def _line(self) -> str:
        assert self._nursery.stdout is not None
        return self._nursery.stdout.readline()

    def start(self, count: int) -> None:
        assert self._nursery.stdin is not None
        for _ in range(count):
            log = self._ground.folder / f"worker-{next(self._numbers)}.log"
            print(log, file=self._nursery.stdin, flush=True)
            self._logs[int(self._line())] = log

    async def ready(self) -> list[int]:
        """The workers that have given a sign of life. Raises RuntimeError when one ended by itself."""
        async with Redis.from_url(self._ground.redis_url) as redis:
            signs = [key async for key in redis.scan_iter(match=f"{HEARTBEAT_PREFIX}*", count=1000)]
        for process, log in self._logs.items():
            if not _is_there(process):
                raise RuntimeError(f"{log.name} ended:\n{log.read_text('utf-8', 'replace')[-2000:]}")
        known = {int(sign.decode().split(":")[-2]) for sign in signs}
        return [process for process in self._logs if process in known]

    async def all_ready(self) -> None:
        """Wait until all are at work."""
        while len(await self.ready()) < len(self._logs):  # noqa: ASYNC110 - other processes tell us nothing
            await asyncio.sleep(_LOOK_AGAIN)

    async def kill_one(self, *, after: float) -> None:
        """SIGKILL to any worker that is at work, so many seconds from now, and another one in its place."""
        while not (ready := await self.ready()):  # noqa: ASYNC110 - other processes tell us nothing
            await asyncio.sleep(_LOOK_AGAIN)
        chosen = self._random.choice(ready)
        await asyncio.sleep(after)
        self.kills.append(time.monotonic())
        os.kill(chosen, signal.SIGKILL)
        del self._logs[chosen]
        self.start(1)

    async def stop(self) -> None:
        """SIGTERM to all; SIGKILL to who does not end."""
        for process in filter(_is_there, self._logs):
            os.kill(process, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_SECONDS
        while any(map(_is_there, self._logs)) and time.monotonic() < deadline:  # noqa: ASYNC110 - as above
            await asyncio.sleep(_LOOK_AGAIN)
        self._nursery.communicate()


def _is_there(process: int) -> bool:
    return Path(f"/proc/{process}").exists()


@asynccontextmanager
async def fleet(
    count: int, ground: Ground, telegram_origin: str, random: Random, **settings: object
) -> AsyncIterator[Fleet]:
    """So many workers at work, told to end at the end of the block."""
    here = await asyncio.to_thread(
        Fleet, ground, service_settings(ground, telegram_origin) | settings, random
    )
    here.start(count)
    try:
        await here.all_ready()
        yield here
    finally:
        await here.stop()
