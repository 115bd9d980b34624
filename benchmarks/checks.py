"""How many listings workers check: fetch, read, compare, record, owe."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import func, select

from benchmarks import ground, outside, pages, processes, seed
from benchmarks.ground import Ground
from benchmarks.report import Row
from sandbox.telegram.limits import Limits
from tracker import clock
from tracker.alerts.models import Alert
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.stores.offer import Offer

LISTINGS = 12_000
WATCHES_OF_A_PERSON = 10
DEARER_EVERY = 9
DELAY_MS = (50, 400)
WARM_UP_SECONDS = 6
WINDOW_SECONDS = 18


def measure() -> Iterator[Row]:
    yield from with_workers(ground.sqlite(), 1)
    yield from with_workers(ground.postgresql(), 1)
    yield from with_workers(ground.postgresql(), 2)


def with_workers(place: AbstractContextManager[Ground], workers: int) -> Iterator[Row]:
    """The three rows of so many workers on one database. Raises Unavailable."""
    saved = pages.load()
    known = saved.copies(LISTINGS)
    with place as here, outside.shops(DELAY_MS) as shops:
        rows = asyncio.run(_run(here, workers, shops, known))
    for name, value, unit, higher_is_better, detail in rows:
        words = [here.database, f"{workers} worker{'s' * (workers > 1)}", saved.origin, detail]
        yield Row(name, ", ".join(filter(None, words)), value, unit, higher_is_better)


async def _run(
    here: Ground, count: int, shops: str, known: Sequence[tuple[str, Offer | None]]
) -> list[tuple[str, float, str, bool, str]]:
    people = len(known) // WATCHES_OF_A_PERSON
    database = Database.at(here.database_url)
    try:
        async with database.transaction() as session:
            await seed.add_people(session, people)
            await seed.add_listings(session, known, due_at=clock.now(), dearer_every=DEARER_EVERY)
            await seed.add_watches(
                session, [(number % people + 1, number) for number in range(1, len(known) + 1)]
            )
        async with outside.telegram(Limits(), seed.people(people)) as (_, origin):
            async with processes.workers(count, here, origin, FETCH_REPLAY_ORIGIN=shops) as running:
                await asyncio.sleep(WARM_UP_SECONDS)
                began, before = clock.now(), _processor_seconds(running)
                await asyncio.sleep(WINDOW_SECONDS)
                ended, after = clock.now(), _processor_seconds(running)
                for process in running:
                    process.check()
                memory = max(process.rss_mb() for process in running)
                readers = max(process.children_rss_mb() for process in running)
            lag = max(_loop_lag(process) for process in running)
        checked, offers, owed = await _counted(database, began, ended)
    finally:
        await database.close()
    per_minute = checked * 60 / (ended - began).total_seconds()
    own, readers_own = (
        (end - start) * 1000 / max(checked, 1) for start, end in zip(before, after, strict=True)
    )
    share = (
        f"{DELAY_MS[0]}-{DELAY_MS[1]} ms away, {offers / max(checked, 1):.0%} offers, {owed} alerts owed, "
        f"{own:.1f} ms of processor time a check in the worker, {readers_own:.1f} ms in its readers"
    )
    return [
        ("checks_per_minute", per_minute, "checks/min", True, share),
        ("loop_lag_ms_p99", lag, "ms", False, "during checks"),
        ("worker_rss_mb", memory, "MB", False, f"its readers {readers:.0f} MB more"),
    ]


def _processor_seconds(running: list[processes.Process]) -> tuple[float, float]:
    """So far, of all workers and of all their readers."""
    own, readers = zip(*(process.processor_seconds() for process in running), strict=True)
    return sum(own), sum(readers)


async def _counted(database: Database, began: datetime, ended: datetime) -> tuple[int, int, int]:
    """Listings checked in the window, those of them that gave an offer, and alerts owed."""
    in_window = Listing.checked_at.between(began, ended - timedelta(microseconds=1))
    count = partial(select(func.count()).select_from, Listing)
    async with database.transaction() as session:
        checked = await session.scalar(count().where(in_window))
        offers = await session.scalar(count().where(in_window, Listing.failures == 0))
        owed = await session.scalar(
            select(func.count()).select_from(Alert).where(Alert.observed_at.between(began, ended))
        )
    return checked or 0, offers or 0, owed or 0


def _loop_lag(process: processes.Process) -> float:
    """What the worker logs at its end. Raises RuntimeError when it did not."""
    for line in process.log.read_text("utf-8").splitlines():
        if '"worker.loop_lag"' in line:
            return float(json.loads(line)["p99_ms"])
    raise RuntimeError(f"{process.log.name} tells no loop lag")
