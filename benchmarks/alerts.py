"""How soon an alert is at Telegram, and how many go out in a second."""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

from sqlalchemy import select

from benchmarks import ground, outside, pages, processes, seed
from benchmarks.ground import Ground
from benchmarks.report import Row, percentile
from sandbox.telegram.limits import Limits
from tracker import clock, jobs
from tracker.alerts.models import Alert
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.jobs import JobQueue

SAMPLES = 120
ALERTS = 2_000
SCALE = 10
"""Telegram's limits, ours and the sandbox's alike, times this: 250 alerts a second, not 25."""
OURS_PER_SECOND = 25
_PATIENCE = 180


def latency() -> Iterator[Row]:
    for place in (ground.sqlite(), ground.postgresql()):
        with place as here, outside.shops((20, 20)) as shops:
            delays = asyncio.run(_single_alerts(here, shops))
        setting = f"{here.database}, 1 worker, {len(delays)} single alerts, no load"
        for percent in (50, 99):
            name = f"alert_latency_ms_p{percent}"
            yield Row(name, setting, percentile(delays, percent), "ms", higher_is_better=False)


async def _single_alerts(here: Ground, shops: str) -> list[float]:
    """Milliseconds from each observation to its message's arrival, one at a time."""
    known = pages.load().copies(SAMPLES, for_sale=True)
    far = clock.now() + timedelta(days=1)
    database, queue = Database.at(here.database_url), JobQueue(jobs.connect(here.redis_url))
    try:
        async with database.transaction() as session:
            await seed.add_people(session, SAMPLES)
            await seed.add_listings(session, known, due_at=far, dearer_every=1)
            await seed.add_watches(session, [(number, number) for number in range(1, SAMPLES + 1)])
        people = seed.people(SAMPLES)
        async with outside.telegram(Limits(), people) as (telegram, origin):
            async with processes.workers(1, here, origin, FETCH_REPLAY_ORIGIN=shops):
                for number, person in enumerate(people, 1):
                    async with database.transaction() as session:
                        listing = await session.get_one(Listing, number, with_for_update=True)
                        await catalog.check_at(session, listing, clock.now())
                    await queue.check()
                    chat = telegram.state.chat(person)
                    await telegram.wait_for(partial(bool, chat.messages), _PATIENCE)
            arrived = {call.chat: call.at for call in outside.messages(telegram)}
        async with database.transaction() as session:
            observed = (await session.execute(select(Alert.chat_id, Alert.observed_at))).all()
    finally:
        await queue.redis.aclose()
        await database.close()
    monotonic_began = time.time() - time.monotonic()
    return [(arrived[chat] + monotonic_began - at.timestamp()) * 1000 for chat, at in observed]


def per_second() -> Iterator[Row]:
    limit = OURS_PER_SECOND * SCALE
    scaled = Limits().scaled(SCALE)
    yield from drain(ground.postgresql(), 2, ALERTS, scaled, limit, f"limits x {SCALE} ({limit}/s)")
    yield from drain(ground.postgresql(), 2, ALERTS, Limits.off(), 100_000, "no limits")


def drain(
    place: AbstractContextManager[Ground],
    workers: int,
    alerts: int,
    limits: Limits,
    per_second: int,
    words: str,
) -> Iterator[Row]:
    """How many alerts a second go out, of so many that are due at once in as many chats."""
    with place as here:
        seconds, refused = asyncio.run(_due_alerts(here, workers, alerts, limits, per_second))
    setting = (
        f"{here.database}, {workers} workers, {alerts} alerts to as many chats, {words}, {refused} x 429"
    )
    yield Row("alerts_per_second", setting, alerts / seconds, "alerts/s", higher_is_better=True)


def scaled_rates(per_second: int) -> dict[str, object]:
    """The worker's settings for limits that are scaled."""
    return {
        "TELEGRAM_MESSAGES_PER_SECOND": per_second,
        "TELEGRAM_MESSAGES_PER_SECOND_PER_CHAT": SCALE,
    }


async def _due_alerts(
    here: Ground, count: int, alerts: int, limits: Limits, per_second: int
) -> tuple[float, int]:
    """Seconds from the commit of due alerts to the arrival of the last, and how often Telegram said 429."""
    known = pages.load().copies(alerts, for_sale=True)
    far = clock.now() + timedelta(days=1)
    database, queue = Database.at(here.database_url), JobQueue(jobs.connect(here.redis_url))
    try:
        async with database.transaction() as session:
            await seed.add_people(session, alerts)
            await seed.add_listings(session, known, due_at=far, dearer_every=1)
            await seed.add_watches(session, [(number, number) for number in range(1, alerts + 1)])
        async with outside.telegram(limits, seed.people(alerts)) as (telegram, origin):
            async with processes.workers(count, here, origin, **scaled_rates(per_second)):
                async with database.transaction() as session:
                    await seed.add_alerts(session, alerts)
                began = time.monotonic()
                await queue.deliver()
                await telegram.wait_for(
                    lambda: len(telegram.calls) >= alerts and len(outside.messages(telegram)) >= alerts,
                    _PATIENCE,
                )
            sent = outside.messages(telegram)
            refused = sum(call.status == 429 for call in telegram.calls)
    finally:
        await queue.redis.aclose()
        await database.close()
    return sent[-1].at - began, refused
