"""Readers that can be killed: every HTML parser has a quadratic input, and only a process can be stopped in
it.
"""

import asyncio
import logging
import multiprocessing
import signal
from concurrent.futures.process import BrokenProcessPool

from pebble import ProcessExpired, ProcessPool

from tracker.stores import limits
from tracker.stores.offer import Outcome, Reading, Reason

log = logging.getLogger(__name__)

_ATTEMPTS = 2
_PAGES_PER_PROCESS = 2_000
_GRACE_SECONDS = 10.0


class ReaderPool:
    """Reads pages in a few processes of its own, each page within limits of time and memory.

    A page that takes longer than `seconds`, or `memory_mb` more than the process had when it was idle, costs
    its process and nothing else: the answer is a Reading with a reason, and the next page finds a new
    process. Safe in a process with threads and an event loop: children come from a fork server that has
    imported the readers alone. (A main module outside a package is imported by each child: keep its heavy
    imports inside functions.)
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
            for _ in range(_ATTEMPTS):
                pool = await self._running()
                try:
                    return await self._answer(pool, (self._seconds, html, url, status, charset))
                except ProcessExpired as death:
                    late = death.exitcode == -signal.SIGALRM
                    log.warning("stores.too_slow" if late else "stores.reader_died")
                    return _none(Reason.TOO_SLOW if late else Reason.UNREADABLE)
                except (TimeoutError, MemoryError):
                    log.warning("stores.reader_stuck")
                    break
                except (
                    BrokenProcessPool,
                    RuntimeError,
                ):  # idle processes were killed: the page is not to blame
                    log.warning("stores.pool_broken")
                    await self._replace(pool)
            return _none(Reason.UNREADABLE)

    async def warm(self) -> None:
        """Start the processes, so that the first page does not wait for them."""
        await asyncio.gather(*(self.read(b"<p>", "") for _ in range(self._processes)))

    def close(self) -> None:
        """End the processes, whatever they do. The pool may be used again: it then starts anew."""
        pool, self._pool = self._pool, None
        if pool is not None:
            _end(pool)

    async def _answer(
        self, pool: ProcessPool, arguments: tuple[float, bytes, str, int, str | None]
    ) -> Reading:
        # The process keeps the time itself; the pool's own watch is for one that cannot even do that.
        answer = pool.schedule(limits.read_within, arguments, timeout=self._seconds + _GRACE_SECONDS / 2)
        async with asyncio.timeout(self._seconds + _GRACE_SECONDS):
            reading: Reading = await asyncio.wrap_future(answer)
            return reading

    async def _running(self) -> ProcessPool:
        async with self._starting:
            if self._pool is None:
                self._pool = await asyncio.to_thread(self._start)
            return self._pool

    def _start(self) -> ProcessPool:
        context = multiprocessing.get_context("forkserver")
        context.set_forkserver_preload([limits.__name__])
        pool = ProcessPool(
            max_workers=self._processes,
            max_tasks=_PAGES_PER_PROCESS,
            initializer=limits.prepare,
            initargs=(self._memory,),
            context=context,
        )
        # Asking whether it is active starts it: here, in a thread, and not in the event loop.
        log.debug("stores.pool_started active=%s", pool.active)
        return pool

    async def _replace(self, broken: ProcessPool) -> None:
        async with self._starting:
            if self._pool is broken:
                self._pool = None
        await asyncio.to_thread(_end, broken)


def _none(reason: Reason) -> Reading:
    return Reading(Outcome.NO_OFFER, reason=reason)


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()
