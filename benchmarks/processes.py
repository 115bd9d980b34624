"""The service's processes, started as an operator starts them, and what the system says about them."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from redis.asyncio import Redis

from benchmarks.ground import Ground
from tracker.jobs import HEARTBEAT_PREFIX

ROOT = Path(__file__).parent.parent
TOKEN = "1001:benchmark-token"
_STOP_SECONDS = 20


class Process:
    """`python -m module` with the settings given and none of the caller's; its log is a file."""

    def __init__(self, module: str, *arguments: str, folder: Path, settings: Mapping[str, object]) -> None:
        self.log = folder / f"{module}-{len(list(folder.iterdir()))}.log"
        environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        environment |= {"PYTHONPATH": str(ROOT)} | {name: str(value) for name, value in settings.items()}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", module, *arguments],
                cwd=folder,  # where there is no .env
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def check(self) -> None:
        """Raises RuntimeError with the end of its log when the process has ended."""
        if self._process.poll() is not None:
            end = self.log.read_text("utf-8", "replace")[-2000:]
            raise RuntimeError(f"{self.log.name}: ended with {self._process.returncode}\n{end}")

    def stop(self) -> None:
        """SIGTERM, as an operator would; SIGKILL when that does not help."""
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """SIGKILL: it ends where it stands."""
        self._process.kill()
        self._process.wait()

    def rss_mb(self) -> float:
        """Resident memory of the process itself, MB."""
        return _rss_mb(self.pid)

    def children_rss_mb(self) -> float:
        """Resident memory of all its descendants, MB; memory that they share counts once in each."""
        return sum(_rss_mb(pid) for pid in _descendants(self.pid))

    def processor_seconds(self) -> tuple[float, float]:
        """Processor time so far: of the process itself, and of all its descendants.

        What a descendant took that has ended is told by its parent, which has waited for it.
        """
        own, ended = _processor_seconds(self.pid)
        return own, ended + sum(sum(_processor_seconds(pid)) for pid in _descendants(self.pid))


def _processor_seconds(pid: int) -> tuple[float, float]:
    """Of a process, and of the children that it has waited for; nothing of one that has just ended.

    Source: proc(5), utime, stime, cutime and cstime of /proc/pid/stat, the 12th to 15th field after the name.
    """
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0, 0.0
    user, system, waited_user, waited_system = (int(field) for field in fields[11:15])
    tick = os.sysconf("SC_CLK_TCK")
    return (user + system) / tick, (waited_user + waited_system) / tick


def _rss_mb(pid: int) -> float:
    """Source: proc(5), VmRSS in kB."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _descendants(pid: int) -> Iterator[int]:
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in children.read_text().split():
            yield int(child)
            yield from _descendants(int(child))


@asynccontextmanager
async def started(*processes: Process) -> AsyncIterator[None]:
    """Stop them at the end, while what they talk with goes on answering."""
    try:
        yield
    finally:
        await asyncio.gather(*(asyncio.to_thread(process.stop) for process in processes))


@asynccontextmanager
async def workers(
    count: int, ground: Ground, telegram_origin: str, **settings: object
) -> AsyncIterator[list[Process]]:
    """`python -m worker`, `count` times, once each has given a sign of life."""
    shared = service_settings(ground, telegram_origin) | settings
    running = [Process("worker", folder=ground.folder, settings=shared) for _ in range(count)]
    async with started(*running), Redis.from_url(ground.redis_url) as redis:
        while len(await redis.keys(f"{HEARTBEAT_PREFIX}*")) < count:
            for process in running:
                process.check()
            await asyncio.sleep(0.05)
        yield running


def service_settings(ground: Ground, telegram_origin: str) -> dict[str, object]:
    """The environment of a process of the service, as in production but for the addresses."""
    return {
        "BOT_TOKEN": TOKEN,
        "TELEGRAM_API_BASE": telegram_origin,
        "DATABASE_URL": ground.database_url,
        "REDIS_URL": ground.redis_url,
        "LOG_LEVEL": "INFO",
    }
