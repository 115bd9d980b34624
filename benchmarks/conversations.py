"""How many updates the bot answers, and how soon a person has the answer."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractContextManager, asynccontextmanager
from datetime import timedelta

from benchmarks import ground, outside, pages, seed
from benchmarks.ground import Ground
from benchmarks.processes import Process, service_settings, started
from benchmarks.report import Row, percentile
from sandbox.telegram import TelegramSandbox
from sandbox.telegram.limits import Limits
from tracker import clock
from tracker.database import Database

PEOPLE = 500
WATCHES_OF_A_PERSON = 5
UPDATES = 2_000
ANSWERS = 100
_PATIENCE = 60


def updates_per_second() -> Iterator[Row]:
    for place in (ground.sqlite(), ground.postgresql()):
        yield from _updates(place)


def answer_time() -> Iterator[Row]:
    for place in (ground.sqlite(), ground.postgresql()):
        with place as here:
            times = asyncio.run(_single_answers(here))
        setting = f"{here.database}, 1 bot by long polling, {ANSWERS} single /list, no load"
        yield Row("answer_ms_p95", setting, percentile(times, 95), "ms", higher_is_better=False)


def _updates(place: AbstractContextManager[Ground]) -> Iterator[Row]:
    with place as here:
        seconds = asyncio.run(_burst(here))
    setting = (
        f"{here.database}, 1 bot by long polling, {UPDATES} /help and /list of {PEOPLE} people, no limits"
    )
    yield Row("updates_per_second", setting, UPDATES / seconds, "updates/s", higher_is_better=True)


async def _burst(here: Ground) -> float:
    """Seconds from the first word to the arrival of the last answer."""
    async with _bot(here) as telegram:
        began = time.monotonic()
        for number in range(UPDATES):
            person = seed.FIRST_PERSON + number % PEOPLE
            # Each person says both in turn.
            await telegram.say(person, ("/help", "/list")[number // PEOPLE % 2])
        await _answered(telegram, UPDATES)
        return outside.messages(telegram)[UPDATES - 1].at - began


async def _single_answers(here: Ground) -> list[float]:
    """Milliseconds from each word to its answer's arrival."""
    times = []
    async with _bot(here) as telegram:
        for number in range(ANSWERS):
            await telegram.wait_for(lambda: telegram.polled, _PATIENCE)
            began = time.monotonic()
            await telegram.say(seed.FIRST_PERSON + number, "/list")
            await _answered(telegram, number + 1)
            times.append((outside.messages(telegram)[number].at - began) * 1000)
    return times


async def _answered(telegram: TelegramSandbox, count: int) -> None:
    await telegram.wait_for(
        lambda: len(telegram.calls) >= count and len(outside.messages(telegram)) >= count, _PATIENCE
    )


@asynccontextmanager
async def _bot(here: Ground) -> AsyncIterator[TelegramSandbox]:
    """A bot that polls, and people who watch something."""
    watches = PEOPLE * WATCHES_OF_A_PERSON
    database = Database.at(here.database_url)
    async with database.transaction() as session:
        await seed.add_people(session, PEOPLE)
        known = pages.load().copies(watches, for_sale=True)
        far = clock.now() + timedelta(days=1)
        await seed.add_listings(session, known, due_at=far, dearer_every=watches + 1)
        await seed.add_watches(session, [(number % PEOPLE + 1, number) for number in range(1, watches + 1)])
    await database.close()
    async with outside.telegram(Limits.off(), seed.people(PEOPLE)) as (telegram, origin):
        bot = Process("bot", folder=here.folder, settings=service_settings(here, origin))
        async with started(bot):
            await telegram.wait_for(lambda: telegram.polled, _PATIENCE)
            yield telegram
