"""The worker process: its jobs and cron, on arq. This file and `tracker/jobs.py` are all that know arq."""

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import arq.worker
import structlog
from arq.connections import ArqRedis
from arq.cron import CronJob, cron
from arq.worker import Function, Worker, func
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from tracker.billing.razorpay import Razorpay
from tracker.billing.setup import Billing
from tracker.catalog import tallies
from tracker.config import Settings
from tracker.database import Database
from tracker.fetching.politeness import Politeness
from tracker.fetching.robots import Robots
from tracker.fetching.ways import Fetchers
from tracker.jobs import JobQueue
from tracker.shutdown import end, uncut
from tracker.stores.pool import ReaderPool
from tracker.telegram import heard
from tracker.telegram.rate_limit import RateLimit
from tracker.telegram.sender import SEND_TIMEOUT, create_bot
from tracker.users.mail import Mailer
from tracker.vitals import BEAT_SECONDS, Vitals
from worker import billing
from worker.alarms import alarms
from worker.broadcasts import broadcasts
from worker.checker import Checker
from worker.correct import correct
from worker.deliver import Deliverer
from worker.look_again import look_again
from worker.loop_lag import watch_loop_lag
from worker.mails import send_email_code, send_mails
from worker.payments import payments
from worker.preview import preview
from worker.retire import retire
from worker.rollups import rollups
from worker.store_news import store_news
from worker.sweep import sweep
from worker.upkeep import upkeep
from worker.workbench import Workbench

log = structlog.get_logger()

JOB_TIMEOUT = 50
"""Seconds. A killed worker's job returns ten seconds after this; leases, not arq, decide who may work."""

_TALLY_SECONDS = 5

_MINUTE, _DAY = timedelta(minutes=1), timedelta(days=1)

Job = Callable[..., Coroutine[Any, Any, None]]


async def _say_nothing(_redis: object, _log: object) -> None: ...


# Two lines for every job say less than our own one, and cost a twentieth of a check.
logging.getLogger("arq.worker").setLevel(logging.WARNING)

# arq asks Redis for INFO at its start, only to log it; an in-memory Redis has none and would end the worker.
setattr(arq.worker, "log_redis_info", _say_nothing)  # noqa: B010 - not among what arq exports


class _Arq(Worker):
    """Tells what it still writes down of jobs: arq lets nobody wait for that once a job is cancelled."""

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._noting: set[asyncio.Task[Any] | None] = set()

    async def finish_job(self, *arguments: Any, **named: Any) -> None:
        with self._noted():
            await super().finish_job(*arguments, **named)

    async def finish_failed_job(self, *arguments: Any, **named: Any) -> None:
        with self._noted():
            await super().finish_failed_job(*arguments, **named)

    @contextmanager
    def _noted(self) -> Iterator[None]:
        task = asyncio.current_task()
        self._noting.add(task)
        try:
            yield
        finally:
            self._noting.discard(task)

    async def end(self) -> None:
        """Cancel the jobs, and return when all is written down."""
        with suppress(RedisError, OSError, asyncio.CancelledError):  # a job's, which it passes on
            await self.close()
        while late := [*self.tasks.values(), *filter(None, self._noting)]:
            await asyncio.wait(late)
            self.tasks.clear()


class WorkerApp:
    """A worker that outlives a Redis that restarts. `run` until cancelled, then `close`.

    `readers` are the caller's to close; without them the worker has its own.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        connect: Callable[[], ArqRedis],
        *,
        readers: ReaderPool | None = None,
    ) -> None:
        redis = connect()
        self._connect = connect
        self._owns_readers = readers is None
        self._redis = redis
        fetcher = Fetchers.by(settings)
        self.bench = Workbench(
            settings=settings,
            database=database,
            queue=JobQueue(redis),
            fetcher=fetcher,
            readers=readers or ReaderPool(settings.reader_processes),
            bot=create_bot(settings, timeout=SEND_TIMEOUT),
            rate_limit=RateLimit(
                redis,
                per_second=settings.telegram_messages_per_second,
                per_second_per_chat=settings.telegram_messages_per_second_per_chat,
                per_minute_per_group=settings.telegram_messages_per_minute_per_group,
            ),
            billing=Billing.by(settings),
            razorpay=Razorpay.by(settings),
            mailer=Mailer.by(settings),
            politeness=Politeness(redis),
            robots=Robots(fetcher, redis) if settings.fetch_robots else None,
        )
        self.checker = Checker(self.bench)
        self.deliverer = Deliverer(self.bench)
        self.vitals = Vitals(f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:6]}")
        heard.tell(self.bench.bot, self.vitals.reached)
        self.bench.razorpay.note = partial(self.vitals.reached, "razorpay")
        self.is_ready = asyncio.Event()
        """Set when its readers have started: from then on it takes what waits."""

    @property
    def is_answering(self) -> bool:
        """Whether somebody waits for an answer or an alert that is being made right now."""
        return bool(self.bench.answering or self.deliverer.in_hand)

    async def run(self) -> None:
        """Work until cancelled."""
        await self.bench.readers.warm()
        self.is_ready.set()
        self.checker.start()
        self.deliverer.start()
        beside = [
            asyncio.create_task(task) for task in (self._beat(), self._add_up_tallies(), watch_loop_lag())
        ]
        try:
            while True:
                async with self._arq_worker() as worker:
                    working = asyncio.create_task(worker.async_run())
                    try:
                        await asyncio.wait({working})
                    finally:
                        await end(working)
                    try:
                        working.result()
                    except (RedisError, OSError) as error:
                        log.warning("worker.redis_lost", error=type(error).__name__)
                await asyncio.sleep(1)  # Redis is away: the next worker connects anew
        finally:
            for task in beside:
                await end(task)
            await self.checker.stop()
            await self.bench.recorder.close()
            await self.deliverer.stop()
            await self._add_up_tally()

    async def close(self) -> None:
        if self._owns_readers:
            self.bench.readers.close()
        await self.bench.fetcher.close()
        await self.bench.razorpay.close()
        await self.bench.bot.session.close()
        await self._redis.aclose(close_connection_pool=True)

    @asynccontextmanager
    async def _arq_worker(self) -> AsyncIterator[_Arq]:
        worker = _Arq(
            functions=self._functions(),
            cron_jobs=self._cron_jobs(),
            redis_pool=(redis := self._connect()),
            job_serializer=redis.job_serializer,
            job_deserializer=redis.job_deserializer,
            handle_signals=False,
            max_jobs=50,
            poll_delay=0.05,
            job_timeout=JOB_TIMEOUT,
            keep_result=0,
            health_check_interval=10,
            log_results=False,
        )
        try:
            yield worker
        finally:
            await uncut(_end(worker, redis))

    def _functions(self) -> list[Function]:
        return [
            self._job("check", _wake(self.checker)),
            self._job("preview", preview),
            self._job("look_again", look_again),
            self._job("correct", correct),
            self._job("deliver", _wake(self.deliverer)),
            self._job("open_checkout", billing.open_checkout),
            self._job("ask_about", billing.ask_about),
            self._job("send_email_code", send_email_code),
            self._job("payments", payments),
        ]

    def _job(self, name: str, job: Job, *, every: timedelta | None = None) -> Function:
        async def run(_ctx: dict[str, Any], *arguments: Any) -> None:
            with structlog.contextvars.bound_contextvars(job=name):
                try:
                    await job(self.bench, *arguments)
                except Exception:  # a door: what a job could not do, its row's lease brings back
                    self.vitals.failed()
                    log.exception("job.failed", arguments=arguments)
                else:
                    self.vitals.done()
                    if every is not None:
                        self.vitals.ran(name, every)

        return func(run, name=name, keep_result=0, max_tries=3)  # type: ignore[arg-type]  # arq wants a Protocol

    def _cron_jobs(self) -> list[CronJob]:
        every = max(1, round(self.bench.settings.sweep_seconds))
        seconds = set(range(0, 60, every))
        return [
            cron(
                self._job(name, job, every=timedelta(seconds=every)).coroutine,
                name=f"cron:{name}",
                second=seconds,
                run_at_startup=True,
                keep_result=0,
                max_tries=1,
            )
            for name, job in (
                ("sweep", sweep),
                ("store_news", store_news),
                ("look_after", billing.look_after),
                ("broadcasts", broadcasts),
            )
        ] + [
            cron(
                self._job(name, job, every=_MINUTE if hour is None else _DAY).coroutine,
                name=f"cron:{name}",
                second=0,
                minute=minute,
                hour=hour,
                run_at_startup=hour is None,
                keep_result=0,
                max_tries=1,
            )
            for name, job, minute, hour in (
                ("upkeep", upkeep, None, None),
                ("alarms", alarms, None, None),
                ("send_mails", send_mails, None, None),
                ("rollups", rollups, None, None),
                ("put_plans_in_force", billing.put_plans_in_force, None, None),
                ("reconcile", billing.reconcile, 30, 21),  # three in the morning in India
                ("retire", retire, set(range(60)), 22),  # half past three in the morning there, and on
            )
        ]

    async def _add_up_tallies(self) -> None:
        while True:
            await asyncio.sleep(_TALLY_SECONDS)
            await self._add_up_tally()

    async def _add_up_tally(self) -> None:
        taken = self.bench.tally.take()
        try:
            async with self.bench.database.transaction() as session:
                await tallies.add_up(session, taken)
        except (SQLAlchemyError, OSError) as error:
            log.warning("tallies.not_added_up", error=type(error).__name__)
            self.bench.tally.put_back(taken)

    async def _beat(self) -> None:
        try:
            while True:
                with suppress(RedisError, OSError):
                    await self.vitals.beat(self._redis)
                await asyncio.sleep(BEAT_SECONDS)
        finally:
            with suppress(RedisError, OSError):
                await self.vitals.take_leave(self._redis)


async def _end(worker: _Arq, redis: ArqRedis) -> None:
    await worker.end()
    with suppress(RedisError, OSError):
        await redis.aclose(close_connection_pool=True)  # arq leaves it open when Redis is gone


def _wake(loop: Checker | Deliverer) -> Job:
    async def wake(_bench: Workbench) -> None:
        loop.wake()

    return wake
