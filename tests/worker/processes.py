"""The service's processes, started for real: to be told to end, killed and frozen."""

import asyncio
import itertools
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import redis.asyncio as redis
from sqlalchemy import text

from tests.services import RedisServer
from tests.worker.house import Story
from tests.worker.waiting import eventually, patience
from tracker.jobs import HEARTBEAT_PREFIX

ROOT = Path(__file__).parent.parent.parent
STARTS_WITHIN = 20
"""Seconds."""


@dataclass
class Running:
    """A process of the service, and what it logs."""

    process: Process
    log: Path

    @property
    def is_alive(self) -> bool:
        return self.process.returncode is None

    @property
    def output(self) -> str:
        return self.log.read_text()

    async def kill(self) -> None:
        """SIGKILL: it ends where it stands."""
        self.process.kill()
        await self.process.wait()

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    async def stop(self) -> None:
        """SIGTERM. Asserts that it ends within five seconds, without an error."""
        within = patience(5)
        self.process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(within):
                code = await self.process.wait()
        except TimeoutError:
            raise AssertionError(f"it did not end within {within:g} s:\n{self.output[-3000:]}") from None
        assert code == 0, self.output[-3000:]
        complaints = self.complaints()
        assert not complaints, "\n".join(complaints)

    def complaints(self) -> list[str]:
        """Tracebacks, and the errors that it logged; not arq's, which come through asyncio."""
        lines = self.output.splitlines()
        found = [line for line in lines if line.startswith("Traceback")]
        for line in lines:
            if line.startswith("{"):
                event = json.loads(line)
                if event["level"] in ("error", "critical") and event["logger"] != "asyncio":
                    found.append(line)
        return found

    async def says(self, pattern: str) -> re.Match[str]:
        """The first match in its log, once it is there."""

        async def found() -> re.Match[str] | None:
            match = re.search(pattern, self.output)
            assert match or self.is_alive, f"it ended without saying {pattern}:\n{self.output[-3000:]}"
            return match

        match = await eventually(found, within=STARTS_WITHIN)
        assert match is not None
        return match


@dataclass
class Processes:
    """Starts processes in a folder of their own, with no environment but what is given."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    started: list[Running] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    async def start(self, *arguments: str, **environment: str) -> Running:
        """Start Python with these arguments, such as `"-m", "worker"`."""
        log = self.folder / f"{next(self._numbers)}.log"
        path = os.environ["PATH"]
        with log.open("w") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                *arguments,
                cwd=self.folder,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                env={"PATH": path, "PYTHONPATH": str(ROOT)} | self.environment | environment,
            )
        running = Running(process, log)
        self.started.append(running)
        return running

    async def end_all(self) -> None:
        for running in self.started:
            if running.is_alive:
                await running.kill()


@asynccontextmanager
async def processes_in(folder: Path, environment: dict[str, str]) -> AsyncIterator[Processes]:
    processes = Processes(folder, environment)
    try:
        yield processes
    finally:
        await processes.end_all()


_OPEN = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND pid != pg_backend_pid() AND xact_start IS NOT NULL
"""
"""The transactions of others."""


@dataclass
class Service(Story):
    """Workers and bots as processes of their own, with a Redis of their own."""

    redis: RedisServer
    processes: Processes

    async def freeze(self, worker: Running) -> None:
        """Stop a worker between two of its transactions: within one it would keep what it has locked."""

        async def is_between_two() -> bool:
            async with self.database.transaction() as session:
                await session.execute(text("SELECT 1"))  # on SQLite the only lock is ours now
                worker.freeze()
                if session.get_bind().dialect.name == "sqlite" or not await session.scalar(text(_OPEN)):
                    return True
            worker.thaw()
            return False

        await eventually(is_between_two)

    async def worker(self, **environment: str) -> Running:
        """A worker that is at work."""
        running = await self.processes.start("-m", "worker", **environment)
        await eventually(lambda: self._beats(running), within=STARTS_WITHIN)
        return running

    async def bot(self, **environment: str) -> Running:
        """A bot that waits for updates in a long poll."""
        running = await self.processes.start("-m", "bot", **environment)
        await self.outside.telegram.wait_for(lambda: self.outside.telegram.polled, patience(STARTS_WITHIN))
        return running

    async def _beats(self, worker: Running) -> bool:
        assert worker.is_alive, worker.output[-3000:]
        async with redis.Redis.from_url(self.redis.url) as client:
            keys = [key async for key in client.scan_iter(match=f"{HEARTBEAT_PREFIX}*", count=100)]
        return any(f":{worker.process.pid}:" in key.decode() for key in keys)
