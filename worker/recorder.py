"""Recording what checks read: what ends at the same time is written by one transaction."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import structlog
from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts.owing import owe
from tracker.catalog import stores
from tracker.catalog.models import Listing
from tracker.catalog.move import Kind
from tracker.catalog.recording import Checking, record_on
from tracker.catalog.tallies import Tally
from tracker.database import Database, padded
from tracker.jobs import JobQueue
from tracker.watches import demand, gone
from worker.approach import Approach, PageRead

log = structlog.get_logger()

AT_A_TIME = 50

MOMENT = 0.1
"""Seconds that a check waits while others are under way: those that end meanwhile share its transaction."""

_LOCKED = (
    select(Listing)
    .where(Listing.id.in_(bindparam("ids", expanding=True)))
    .order_by(Listing.id)
    .with_for_update()
)


@dataclass(frozen=True, slots=True)
class Finished:
    """A check that has read its page, and how its store was asked."""

    listing_id: int
    store: str
    lease_token: str | None
    read: PageRead
    approach: Approach


class Recorder:
    """Records checks. One that cannot be written costs none of the others its place.

    Within a transaction the listings are locked first, in the order of their ids, and their stores after
    them, in the order of their names: so two that record together never wait for each other in a circle.
    """

    def __init__(self, database: Database, queue: JobQueue, checking: Checking, tally: Tally) -> None:
        self._database = database
        self._queue = queue
        self._checking = checking
        self._tally = tally
        self._expected = 0
        self._waiting: list[tuple[Finished, asyncio.Future[None]]] = []
        self._writing: asyncio.Task[None] | None = None

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """A page is being read meanwhile, whose check others may wait for. While none is, nobody waits."""
        self._expected += 1
        try:
            yield
        finally:
            self._expected -= 1

    async def record(self, finished: Finished) -> None:
        """Return once the check is committed. Raises what the database raised for it."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((finished, done))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write())
        await done

    async def close(self) -> None:
        """Write what waits."""
        if self._writing is not None:
            await self._writing

    async def _write(self) -> None:
        while self._waiting:
            if self._expected and len(self._waiting) < AT_A_TIME:
                await asyncio.sleep(MOMENT)
            taken, self._waiting = self._waiting[:AT_A_TIME], self._waiting[AT_A_TIME:]
            try:
                owed = await self._commit([finished for finished, _ in taken])
            except Exception as error:  # noqa: BLE001 - a door: whose fault it is, the next line finds out
                log.warning("checks.not_recorded_together", count=len(taken), error=type(error).__name__)
                owed = [await self._write_alone(finished, done) for finished, done in taken]
            for _, done in taken:
                if not done.done():
                    done.set_result(None)
            if any(owed):
                await self._queue.deliver()

    async def _write_alone(self, finished: Finished, done: "asyncio.Future[None]") -> int:
        try:
            return sum(await self._commit([finished]))
        except Exception as error:  # noqa: BLE001 - a door: who waits for it raises it
            if not done.done():
                done.set_exception(error)
            return 0

    async def _commit(self, batch: list[Finished]) -> list[int]:
        """Returns how many alerts each of them owes."""
        async with self._database.transaction() as session:
            locked = await session.scalars(_LOCKED, {"ids": padded([each.listing_id for each in batch])})
            listings = {listing.id: listing for listing in locked}
            in_order = sorted(batch, key=lambda each: (each.store, each.listing_id))
            done = [await self._record(session, listings[each.listing_id], each) for each in in_order]
        for each, recorded in zip(in_order, done, strict=True):
            self._tally.add(each.store, each.read.check.outcome, each.read.seconds, is_drop=recorded.is_drop)
        return [recorded.owed for recorded in done]

    async def _record(self, session: AsyncSession, listing: Listing, finished: Finished) -> "_Recorded":
        check, approach = finished.read.check, finished.approach
        await demand.count_missed(session, listing, check.began_at)
        move = await record_on(
            session,
            listing,
            check,
            self._checking,
            lease_token=finished.lease_token,
            is_sale=approach.is_sale,
        )
        owed, is_drop = 0, False
        if move is not None:
            owed = await owe(session, move)
            is_drop = move.before is not None and move.now is not None and move.now < move.before
            await demand.note_targets(session, listing)
        await gone.give_up(session, listing)
        if check.kind is Kind.BLOCKED or approach.is_doubtful:
            await stores.answered(session, finished.store, check, self._checking.first_rest)
        if check.retry_after is not None:
            await stores.rest(session, finished.store, clock.now() + check.retry_after)
        return _Recorded(owed, is_drop)


@dataclass(frozen=True, slots=True)
class _Recorded:
    owed: int
    is_drop: bool
