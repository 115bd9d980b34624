"""The loop that claims due listings and checks them: as many as this process can have in hand."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta
from itertools import groupby

import structlog

from tracker import clock
from tracker.catalog.claiming import Claimed, claim_due
from worker.check import check, put_back
from worker.workbench import Workbench

log = structlog.get_logger()

READY = 64
"""The most listings that are being checked or could be at this moment; half of them wait for a place."""

IN_HAND = 512
"""The most with those that wait for their moment within their store's claimed time."""

TOGETHER = 8
"""Listings that are loaded by one transaction."""


class Checker:
    """One checking loop of a worker process. It wakes on a hint, and by itself once in a sweep."""

    def __init__(self, bench: Workbench) -> None:
        self._bench = bench
        self._hint = asyncio.Event()
        self._is_stopping = False
        self._ready = 0
        self._in_hand = 0
        self._checking: set[asyncio.Task[None]] = set()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    def wake(self) -> None:
        """Something is due now."""
        self._hint.set()

    async def stop(self) -> None:
        """Claim nothing more, and give back at once what is in hand."""
        self._is_stopping = True
        self.wake()
        if self._loop is not None:
            await self._loop  # a claim that is under way is not cut: its leases would have to run out
        for task in self._checking:
            task.cancel()
        await asyncio.gather(*self._checking, return_exceptions=True)

    async def _run(self) -> None:
        while not self._is_stopping:
            self._hint.clear()
            room = min(READY - self._ready, IN_HAND - self._in_hand)
            try:
                claimed = await self._claim(room) if room > 0 else []
            except Exception:  # the loop outlives a database that is away for a while
                log.exception("listings.claim_failed")
                claimed = []
            for claims, after in _together(claimed):
                self._in_hand += len(claims)
                self._ready += 0 if after else len(claims)
                task = asyncio.create_task(self._check(claims, after))
                self._checking.add(task)
                task.add_done_callback(self._checking.discard)
            if not self._is_stopping:
                await self._rest(is_more_due=0 < room <= len(claimed))

    async def _claim(self, limit: int) -> Sequence[Claimed]:
        bench = self._bench
        if await bench.maintenance.is_on():
            return []
        async with bench.database.transaction() as session:
            return await claim_due(
                session, limit=limit, lease=bench.settings.check_lease, manners=bench.manners
            )

    async def _check(self, claims: list[tuple[int, str]], after: timedelta) -> None:
        is_ready = not after
        try:
            if not is_ready:
                await asyncio.sleep(after.total_seconds())
                is_ready = True
                self._ready += len(claims)
            await check(self._bench, claims)
        except asyncio.CancelledError:  # this process ends: the next one need not wait for the leases
            for listing_id, token in claims:
                await put_back(self._bench, listing_id, token, clock.now())
            raise
        except Exception:  # one page's trouble is not the others'; a lease brings it back
            log.exception("listings.not_checked", listing_ids=[listing_id for listing_id, _ in claims])
        finally:
            self._in_hand -= len(claims)
            self._ready -= len(claims) if is_ready else 0

    async def _rest(self, *, is_more_due: bool) -> None:
        """Until a claim may find something: a hint came, or it is time for a sweep.

        When more is due than there was room for, until half of the places are free, so that a claim is worth
        its transaction.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._bench.settings.sweep_seconds):
                if not is_more_due:
                    await self._hint.wait()
                while self._ready > READY // 2 and not self._is_stopping:
                    await asyncio.wait(self._checking, return_when=asyncio.FIRST_COMPLETED)


def _together(claimed: Sequence[Claimed]) -> Iterator[tuple[list[tuple[int, str]], timedelta]]:
    """A few listings at a time that are to be checked at the same moment."""
    for after, at_once in groupby(sorted(claimed, key=_moment), key=_moment):
        claims = [(each.listing_id, each.lease_token) for each in at_once]
        for start in range(0, len(claims), TOGETHER):
            yield claims[start : start + TOGETHER], after


def _moment(claimed: Claimed) -> timedelta:
    return claimed.after
