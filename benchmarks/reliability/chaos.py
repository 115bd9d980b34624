"""Kill workers, silence Telegram, flush Redis: every alert that is owed arrives, and next to none twice."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from random import Random

from benchmarks import seed
from benchmarks.ground import Ground
from benchmarks.reliability import owed as owing
from benchmarks.reliability.account import Account, account
from benchmarks.reliability.fleet import Fleet, fleet
from benchmarks.reliability.owed import Owed
from benchmarks.reliability.telegram import BAD_GATEWAY, TOO_MANY, Telegram, telegram
from sandbox.telegram import Limits
from tests.services import RedisServer
from tracker.alerts.models import AlertState
from tracker.database import Database

_LOOK_AGAIN = 0.2
_BETWEEN_KILLS = 0.6
_OUTAGE = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much of what. After the kills come a storm of 429, an outage that stands for ten minutes, and a
    Redis that is emptied and restarted, each over `alerts_each` alerts of its own and for `seconds_each`.
    """

    alerts: int = 20_000
    kills: int = 200
    chats: int = 2_000
    workers: int = 4
    per_second: float = 25
    alerts_each: int = 1_000
    seconds_each: float = 30
    random_seed: int = 1


@dataclass(frozen=True, slots=True)
class Phase:
    """What came of one kind of trouble."""

    name: str
    trouble: str
    seconds: float
    states: dict[str, int]
    account: Account

    @property
    def is_kept(self) -> bool:
        """Whether every alert is heard and noted as sent, in order, and none without cause twice."""
        return self.account.is_kept and set(self.states) == {AlertState.SENT}


Trouble = Callable[[], Awaitable[str]]


class Chaos:
    """One run: the fleet, the Telegram, the database that both work on."""

    def __init__(
        self,
        plan: Plan,
        database: Database,
        redis: RedisServer,
        telegram: Telegram,
        fleet: Fleet,
        random: Random,
    ) -> None:
        self._plan = plan
        self._database = database
        self._redis = redis
        self._telegram = telegram
        self._fleet = fleet
        self._random = random
        self._next_number = 1

    async def phases(self) -> AsyncIterator[Phase]:
        plan = self._plan
        yield await self._phase("kill -9", plan.alerts, self._kills)
        yield await self._phase("429 storm", plan.alerts_each, self._storm)
        yield await self._phase("Telegram away", plan.alerts_each, self._outage)
        yield await self._phase("Redis emptied, restarted", plan.alerts_each, self._redis_trouble)

    async def _phase(self, name: str, alerts: int, trouble: Trouble) -> Phase:
        """Owe alerts, make trouble, and wait until all of them are settled."""
        self._telegram.forget()
        self._fleet.kills.clear()
        began = time.monotonic()
        owed = await self._owe(alerts)
        told = await trouble()
        await self._settled(alerts)
        seconds = time.monotonic() - began
        async with self._database.transaction() as session:
            states = await owing.states(session, owed)
        return Phase(name, told, seconds, states, account(owed, self._telegram.heard(), self._fleet.kills))

    async def _owe(self, alerts: int) -> Owed:
        first, self._next_number = self._next_number, self._next_number + alerts
        held_for = timedelta(seconds=alerts / self._plan.per_second / 2)
        async with self._database.transaction() as session:
            return await owing.owe(session, first, alerts, self._plan.chats, held_for=held_for)

    async def _open(self) -> int:
        async with self._database.transaction() as session:
            return await owing.unsettled(session)

    async def _settled(self, alerts: int) -> None:
        """Raises TimeoutError when it takes ten times as long as it should."""
        async with asyncio.timeout(60 + 10 * alerts / self._plan.per_second):
            while await self._open():  # noqa: ASYNC110 - other processes tell us nothing
                await asyncio.sleep(_LOOK_AGAIN)

    async def _kills(self) -> str:
        """At random points of the delivery: half of them within milliseconds after a message has arrived."""
        plan, random = self._plan, self._random
        messages = plan.alerts * 0.9  # a digest holds several alerts
        points = sorted(random.uniform(0, messages * 0.95) for _ in range(plan.kills))
        for number, point in enumerate(points):
            async with asyncio.timeout(60 + 10 * plan.alerts / plan.per_second):
                await self._telegram.reaches(int(point))
            await self._fleet.kill_one(after=random.uniform(0, 0.02 if number % 2 else 1))
            await asyncio.sleep(_BETWEEN_KILLS)
        return f"{plan.kills} kills of {plan.workers} workers"

    async def _storm(self) -> str:
        """Three calls of ten are refused, each with a second to wait."""
        with self._telegram.weather(TOO_MANY, 0.3):
            await asyncio.sleep(self._plan.seconds_each)
        return f"{self._telegram.answered(429)} x 429 in {self._plan.seconds_each:g} s"

    async def _outage(self) -> str:
        """Ten minutes: half of them no connection, half of them a proxy's 502. Waiting alerts age faster."""
        await self._telegram.reaches(self._plan.alerts_each // 10)
        await self._telegram.go()
        await self._ages(_OUTAGE / 2, self._plan.seconds_each / 2)
        with self._telegram.weather(BAD_GATEWAY):
            await self._telegram.come()
            await self._ages(_OUTAGE / 2, self._plan.seconds_each / 2)
        # Back-off has grown to minutes: they pass faster too.
        while await self._open():
            await self._ages(timedelta(seconds=20), 1)
        return f"10 minutes in {self._plan.seconds_each:g} s, {self._telegram.answered(502)} x 502"

    async def _ages(self, by: timedelta, within: float) -> None:
        steps = max(1, round(within / 0.5))
        for _ in range(steps):
            await asyncio.sleep(within / steps)
            async with self._database.transaction() as session:
                await owing.pass_time(session, by / steps)

    async def _redis_trouble(self) -> str:
        for part in count(1):
            await self._telegram.reaches(part * self._plan.alerts_each // 5)
            if part == 3:
                break
            self._redis.flush()
        self._redis.kill()
        await asyncio.sleep(self._plan.seconds_each / 10)
        self._redis.start()
        return f"2 x FLUSHALL, {self._plan.seconds_each / 10:g} s without it"


@asynccontextmanager
async def chaos(plan: Plan, place: Ground, redis: RedisServer) -> AsyncIterator[Chaos]:
    """Everything that a run needs, on an empty database and a Redis of its own."""
    random = Random(plan.random_seed)
    database = Database.at(place.database_url)
    here = replace(place, redis_url=redis.url)
    limits = Limits().scaled(max(1, plan.per_second / 25))
    try:
        async with database.transaction() as session:
            await seed.add_people(session, plan.chats)
        async with (
            telegram(limits, seed.people(plan.chats), random) as outside,
            fleet(
                plan.workers,
                here,
                outside.origin,
                random,
                TELEGRAM_MESSAGES_PER_SECOND=plan.per_second,
                ALERT_LEASE_SECONDS=4,
            ) as workers,
        ):
            yield Chaos(plan, database, redis, outside, workers, random)
    finally:
        await database.close()
