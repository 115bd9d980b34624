"""Readers that can be killed: every HTML parser has a quadratic input, and only a process can be stopped in
one.
"""

import asyncio
import ctypes
import logging
import multiprocessing
import resource
import signal
import sys
from concurrent.futures import TimeoutError as LateResult
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from pebble import ProcessExpired, ProcessPool

from tracker.stores import registry
from tracker.stores.offer import Outcome, Reading, Reason

log = logging.getLogger(__name__)

_PAGES_PER_PROCESS = 2_000
_START_SECONDS = 10.0
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG, prctl(2)


class ReaderPool:
    """Reads pages in a few processes of its own, each page within limits of time and memory.

    A page that takes longer than `seconds`, or `memory_mb` more than the process had when it was idle, costs
    its process and nothing else: the answer is a Reading with a reason, and the next page finds a new
    process. Safe in a process with threads and an event loop: children come from a fork server that has
    imported the readers alone.
    """

    def __init__(self, processes: int = 1, *, seconds: float = 2.0, memory_mb: int = 512) -> None:
        self._processes = processes
        self._seconds = seconds
        self._memory = memory_mb * 2**20
        self._free = asyncio.Semaphore(processes)
        self._starting = asyncio.Lock()
        self._pool: ProcessPool | None = None

    async def read(self, html: bytes, url: str, *, status: int = 200, charset: str | None = None) -> Reading:
        """`registry.read` at arm's length. Waits for a free process; raises nothing but cancellation.

        Reason.TOO_SLOW when the time was up, Reason.UNREADABLE when the process died or memory ran out.
        """
        async with self._free:
            pool = await self._running()
            try:
                answer = pool.schedule(
                    registry.read, (html, url), {"status": status, "charset": charset}, timeout=self._seconds
                )
                async with asyncio.timeout(self._seconds + _START_SECONDS):
                    reading: Reading = await asyncio.wrap_future(answer)
                    return reading
            except LateResult:
                log.warning("stores.too_slow")
                return Reading(Outcome.NO_OFFER, reason=Reason.TOO_SLOW)
            except (ProcessExpired, MemoryError):
                log.warning("stores.reader_died")
                return Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE)
            except (BrokenProcessPool, RuntimeError):  # every process was killed from outside: start again
                log.warning("stores.pool_broken")
                await self._replace(pool)
                return Reading(Outcome.NO_OFFER, reason=Reason.UNREADABLE)

    async def warm(self) -> None:
        """Start the processes, so that the first page does not wait for them."""
        await self._running()
        await asyncio.gather(*(self.read(b"<p>", "") for _ in range(self._processes)))

    def close(self) -> None:
        """End the processes, whatever they do. The pool may be used again: it then starts anew."""
        pool, self._pool = self._pool, None
        if pool is not None:
            _end(pool)

    async def _running(self) -> ProcessPool:
        async with self._starting:
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    def _start(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([registry.__name__])
        return ProcessPool(
            max_workers=self._processes,
            max_tasks=_PAGES_PER_PROCESS,
            initializer=_prepare,
            initargs=(self._memory,),
            context=context,
        )

    async def _replace(self, broken: ProcessPool) -> None:
        async with self._starting:
            if self._pool is broken:
                self._pool = None
        await asyncio.to_thread(_end, broken)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare(memory: int) -> None:
    """In each new process: die at once when told to, die with the parent, take only so much memory."""
    signal.signal(
        signal.SIGTERM, signal.SIG_DFL
    )  # a handler in Python waits for the parser that must be stopped
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        in_use = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (in_use + memory, in_use + memory))
