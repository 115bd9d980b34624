"""The pace: due alerts go out as fast as we are allowed, and nobody waits behind another's many."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import insert

from benchmarks import alerts, ground, outside, pages, processes, seed
from benchmarks.ground import Ground
from benchmarks.report import Row, percentile
from sandbox.telegram import TelegramSandbox
from sandbox.telegram.limits import Limits
from tracker import clock, jobs
from tracker.alerts.models import Alert, AlertState
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.watches.models import RuleKind

ALERTS = 10_000
WORKERS = 3
MANY = 500
SINGLES = 20
_PATIENCE = 120


def measure() -> Iterator[Row]:
    yield from pace()
    yield from alerts.latency()
    yield from fairness()


def pace() -> Iterator[Row]:
    """`ALERTS` in as many chats, all limits scaled alike."""
    limit = alerts.OURS_PER_SECOND * alerts.SCALE
    for place in (ground.postgresql(), ground.sqlite()):
        yield from alerts.drain(
            place,
            WORKERS,
            ALERTS,
            Limits().scaled(alerts.SCALE),
            limit,
            f"limits x {alerts.SCALE} ({limit}/s)",
        )


def fairness() -> Iterator[Row]:
    """How late a single alert is, alone and behind another person's many."""
    for many in (0, MANY):
        with ground.postgresql() as here:
            delays = asyncio.run(_singles(here, many))
        setting = f"{here.database}, {WORKERS} workers, {SINGLES} single alerts beside {many} of one person"
        for percent in (50, 99):
            name = f"fairness_ms_p{percent}"
            yield Row(name, setting, percentile(delays, percent), "ms", higher_is_better=False)


async def _singles(here: Ground, many: int) -> list[float]:
    """Milliseconds from each single alert's commit to its arrival, while one person's `many` go out.

    A person's own go out at ten a second, which is Telegram's limit, scaled.
    """
    count = many + SINGLES
    known = pages.load().copies(count, for_sale=True)
    database, queue = Database.at(here.database_url), JobQueue(jobs.connect(here.redis_url))
    try:
        async with database.transaction() as session:
            await seed.add_people(session, SINGLES + 1)
            await seed.add_listings(session, known, due_at=clock.now() + timedelta(days=1), dearer_every=1)
            owners = [SINGLES + 1] * many + list(range(1, SINGLES + 1))
            await seed.add_watches(session, [(owner, number) for number, owner in enumerate(owners, 1)])
        people = seed.people(SINGLES + 1)
        async with outside.telegram(Limits().scaled(alerts.SCALE), people) as (telegram, origin):
            rates = alerts.scaled_rates(alerts.OURS_PER_SECOND * alerts.SCALE)
            async with processes.workers(WORKERS, here, origin, **rates):
                await _due(database, range(1, many + 1), people[-1])
                await queue.deliver()
                return [
                    await _single(database, queue, telegram, many + number, people[number - 1])
                    for number in range(1, SINGLES + 1)
                ]
    finally:
        await queue.redis.aclose()
        await database.close()


async def _single(
    database: Database, queue: JobQueue, telegram: TelegramSandbox, number: int, person: int
) -> float:
    """Milliseconds."""
    loop = asyncio.get_running_loop()
    await _due(database, range(number, number + 1), person)
    began = loop.time()
    await queue.deliver()
    chat = telegram.state.chat(person)
    await telegram.wait_for(lambda: bool(chat.messages), _PATIENCE)
    return (loop.time() - began) * 1000


async def _due(database: Database, numbers: range, person: int) -> None:
    now = clock.now()
    rows = [
        {
            "watch_id": number,
            "observation_id": number,
            "chat_id": person,
            "reasons": [{"kind": RuleKind.ANY_DROP}],
            "before_minor": 199_900,
            "now_minor": 149_900,
            "currency": "INR",
            "observed_at": now,
            "state": AlertState.DUE,
            "due_at": now,
            "attempts": 0,
        }
        for number in numbers
    ]
    if rows:
        async with database.transaction() as session:
            await session.execute(insert(Alert), rows)
