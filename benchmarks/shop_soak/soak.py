"""One run: shops, workers that are killed, a look every ten seconds, and the account at the end."""

import asyncio
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from redis.asyncio import Redis
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from benchmarks import outside, seed
from benchmarks.ground import Ground
from benchmarks.processes import ROOT, Process, service_settings
from benchmarks.shop_soak import sampling, seeding
from benchmarks.shop_soak.account import (
    Missed,
    Promised,
    Promises,
    Request,
    complaints,
    overlapping,
    promises,
    read_record,
)
from benchmarks.shop_soak.sampling import Sample, grown
from benchmarks.shop_soak.seeding import PEOPLE, SPEED
from sandbox.telegram.limits import Limits
from tracker import clock
from tracker.catalog.models import Listing, MissedPromise, StoreState
from tracker.database import Database
from tracker.jobs import HEARTBEAT_PREFIX
from tracker.users.models import User
from tracker.watches import demand
from tracker.watches.models import Watch

_SAMPLE_SECONDS = 10.0
_KILLS_AT = (0.2, 0.4, 0.6)
"""Parts of the run. After the last a lease must have run out before the end."""

_REST = timedelta(minutes=5)
"""Of a store by its own wish at most; whoever rests longer was made to by the circuit, and that is aged."""

_LONG_DUE = timedelta(seconds=30)
_PLACES = "politeness:*:places"


@dataclass(frozen=True, slots=True)
class Plan:
    minutes: float = 6
    random_seed: int = 1

    @property
    def seconds(self) -> float:
        return self.minutes * 60


@dataclass
class Account:
    """What came of a run; `failures` are sentences, none when all is well."""

    seconds: float
    kinds: Counter[str]
    promises: Promises
    missed: Counter[str]
    """Promises counted as missed, by plan."""
    listings: int
    checked: int
    overlapping: int
    rests: int
    recovered: int
    leases: int
    places: int
    most_long_due: int
    complaints: Counter[str]
    grown: Sequence[str]
    zombies: int
    stray_readers: int
    worst_stop: float
    failures: list[str] = field(default_factory=list)

    def judge(self) -> None:
        """Say what must not be."""
        wrong = {
            "promises broken and not counted": self.promises.uncounted,
            "promises kept and counted as missed": self.promises.unfounded,
            "requests that overlap another of their page": self.overlapping,
            "listings that were never asked for": self.listings - self.checked,
            "leases left": self.leases,
            "places left at stores": self.places,
            "listings due for long in nobody's hands": self.most_long_due,
            "complaints in the logs": self.complaints,
            "growth": self.grown,
            "zombies": self.zombies,
            "samples at the end with another number of readers than one": self.stray_readers,
        }
        self.failures = [f"{name}: {seen}" for name, seen in wrong.items() if seen]


@contextmanager
def _shops(plan: Plan, record: Path) -> Iterator[str]:
    arguments = ["--record", record, "--seed", plan.random_seed, "--lasts", plan.seconds]
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.shop_soak.shops", *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


class Soak:
    """The run itself: two workers, of which the second is killed and started again."""

    def __init__(self, plan: Plan, place: Ground, database: Database, settings: dict[str, object]) -> None:
        self._plan = plan
        self._place = place
        self._database = database
        self._settings = settings
        self._workers = [self._start(), self._start()]
        self._logs = [worker.log for worker in self._workers]
        self._random = Random(plan.random_seed)
        self.began = time.monotonic()
        self.kills: list[float] = []
        self.samples: list[Sample] = []
        self.long_due = 0
        self.rests = 0
        self._rested: dict[str, datetime] = {}
        """When each store was last seen at rest: one that answers again no longer says that it was."""

    def _start(self) -> Process:
        return Process("worker", folder=self._place.folder, settings=self._settings)

    @property
    def logs(self) -> Sequence[Path]:
        return self._logs

    @property
    def _elapsed(self) -> float:
        return time.monotonic() - self.began

    async def live(self) -> None:
        """Until the time is over. Raises RuntimeError when a worker ended by itself."""
        async with Redis.from_url(self._place.redis_url) as redis:
            while len(await redis.keys(f"{HEARTBEAT_PREFIX}*")) < len(self._workers):  # noqa: ASYNC110 - other processes tell us nothing
                await asyncio.sleep(0.1)
        self.began = time.monotonic()
        kills = [part * self._plan.seconds for part in _KILLS_AT]
        next_sample = 0.0
        while self._elapsed < self._plan.seconds:
            for worker in self._workers:
                worker.check()
            if kills and self._elapsed >= kills[0]:
                kills.pop(0)
                await self._kill_second()
            await self._look_at_rests()
            if self._elapsed >= next_sample:
                next_sample += _SAMPLE_SECONDS
                await self._look()
            await asyncio.sleep(0.5)

    async def stop(self) -> float:
        """SIGTERM to both; the seconds until the slower had ended."""
        began = time.monotonic()
        self.kills.append(time.time())
        await asyncio.gather(*(asyncio.to_thread(worker.stop) for worker in self._workers))
        return time.monotonic() - began

    async def _kill_second(self) -> None:
        await asyncio.sleep(self._random.uniform(0, 1))
        self.kills.append(time.time())
        await asyncio.to_thread(self._workers[1].kill)
        self._workers[1] = self._start()
        self._logs.append(self._workers[1].log)
        print(f"{self._elapsed:5.0f} s  one worker is killed, and another one started", flush=True)

    async def _look_at_rests(self) -> None:
        now = clock.now()
        async with self._database.transaction() as session:
            resting = await session.scalars(select(StoreState.code).where(StoreState.rests_until > now))
            self._rested |= dict.fromkeys(resting, now)
            await self._age_rests(session, now)

    async def _age_rests(self, session: AsyncSession, now: datetime) -> None:
        """The circuit's rests pass as fast as everything else: its hour is two minutes here."""
        by_the_circuit = await session.scalars(
            select(StoreState)
            .where(StoreState.rests_until > now + _REST)
            .order_by(StoreState.code)
            .with_for_update()
        )
        for store in by_the_circuit:
            assert store.rests_until is not None
            self.rests += 1
            store.rests_until = now + (store.rests_until - now) / SPEED
            store.due_at = store.rests_until

    async def _look(self) -> None:
        now = clock.now()
        async with self._database.transaction() as session:
            due = await self._long_due(session, now - _LONG_DUE)
            leased = await session.scalar(select(func.count()).where(Listing.lease_token.is_not(None))) or 0
            missed = await session.scalar(select(func.count()).select_from(MissedPromise)) or 0
        self.long_due = max(self.long_due, len(due))
        told = []
        for worker in self._workers:
            seen = sampling.sample(worker.pid, self._elapsed)
            self.samples.append(seen)
            told.append(
                f"{seen.fds:3d} fds {seen.threads:2d} threads {seen.rss_mb:4.0f} MB"
                f" {seen.readers} readers {seen.readers_rss_mb:3.0f} MB {seen.zombies} zombies"
            )
        print(
            f"{self._elapsed:5.0f} s  {leased:3d} in hand {len(due):2d} long due {missed:4d} missed", end=""
        )
        print("  |", "  |  ".join(told), flush=True)
        for url in due:
            print(f"        long due: {url}", flush=True)

    async def _long_due(self, session: AsyncSession, before: datetime) -> Sequence[str]:
        """Listings that are due since before then, at stores that did not rest meanwhile."""
        due = await session.execute(select(Listing.url, Listing.store).where(Listing.next_check_at < before))
        return [url for url, store in due if self._rested.get(store, before) <= before]


async def soak(plan: Plan, place: Ground) -> Account:
    """Live through a run, and account for it."""
    record = place.folder / "record.jsonl"
    record.touch()
    plans_file = seeding.write_plans(place.folder)
    database = Database.at(place.database_url)
    try:
        async with database.transaction() as session:
            within = timedelta(seconds=plan.seconds / 2)
            await seeding.add_everything(session, plans_file, Random(plan.random_seed), within=within)
            listings = await _promised(session)
        with _shops(plan, record) as shops:
            async with outside.telegram(Limits(), seed.people(PEOPLE)) as (_, origin):
                settings = service_settings(place, origin) | {
                    "FETCH_REPLAY_ORIGIN": shops,
                    "PLANS_FILE": plans_file,
                    "FETCH_STORE_AT_ONCE": 2,
                    "FETCH_STORE_GAP_SECONDS": 1,
                }
                run = Soak(plan, place, database, settings)
                try:
                    await run.live()
                finally:
                    worst_stop = await run.stop()
            places = await _places(place)
            await asyncio.sleep(1)  # the shops note what was cut off
        return await _account(run, plan, database, listings, read_record(record), places, worst_stop)
    finally:
        await database.close()


async def _account(
    run: Soak,
    plan: Plan,
    database: Database,
    listings: dict[str, Promised],
    requests: list[Request],
    places: int,
    worst_stop: float,
) -> Account:
    async with database.transaction() as session:
        leases = await session.scalar(select(func.count()).where(Listing.lease_token.is_not(None))) or 0
        while await demand.count_all_missed(session, limit=200):
            pass  # as the next minute would
        until = time.time()
        counted = await _counted(session)
    own = defaultdict[int, list[Sample]](list)
    for seen in run.samples:
        own[seen.pid].append(seen)
    ending = [seen for seen in run.samples if seen.at > plan.seconds - 3 * _SAMPLE_SECONDS]
    answers = Counter(request.kind if request.done else f"{request.kind}, cut off" for request in requests)
    logs = [log.read_text("utf-8", "replace") for log in run.logs]
    account = Account(
        seconds=plan.seconds,
        kinds=answers,
        promises=promises(listings, requests, counted, run.kills, until),
        missed=Counter(plan_code for _, plan_code, _ in counted),
        listings=len(listings),
        checked=len({request.url for request in requests} & listings.keys()),
        overlapping=overlapping(requests),
        rests=run.rests,
        recovered=sum(log.count('"store.answers"') for log in logs),
        leases=leases,
        places=places,
        most_long_due=run.long_due,
        complaints=complaints(run.logs),
        grown=[words for samples in own.values() for words in grown(samples, plan.seconds)],
        zombies=sum(seen.zombies for seen in ending),
        stray_readers=sum(seen.readers != 1 for seen in ending),
        worst_stop=worst_stop,
    )
    account.judge()
    return account


async def _promised(session: AsyncSession) -> dict[str, Promised]:
    rows = await session.execute(
        select(Listing.url, Listing.kept_at, User.plan, User.check_every_seconds)
        .join(Watch, Watch.listing_id == Listing.id)
        .join(User, User.id == Watch.user_id)
    )
    every = defaultdict[tuple[str, float], dict[str, float]](dict)
    for url, kept_at, plan, seconds in rows:
        assert kept_at is not None
        every[url, kept_at.timestamp()][plan] = seconds
    return {url: Promised(since, plans) for (url, since), plans in every.items()}


async def _counted(session: AsyncSession) -> list[Missed]:
    rows = await session.execute(
        select(Listing.url, MissedPromise.plan, MissedPromise.promised_at).join(
            Listing, Listing.id == MissedPromise.listing_id
        )
    )
    return [(url, plan, at.timestamp()) for url, plan, at in rows]


async def _places(place: Ground) -> int:
    """Places at stores that are held after everybody has left, and whose time is not over."""
    async with Redis.from_url(place.redis_url) as redis:
        seconds, _ = await redis.time()
        keys = [key async for key in redis.scan_iter(match=_PLACES, count=1000)]
        return sum([await redis.zcount(key, seconds * 1000, "+inf") for key in keys])
