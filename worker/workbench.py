"""What every job works with."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from aiogram import Bot

from tracker.admin.maintenance import Lookout
from tracker.billing.razorpay import Razorpay
from tracker.billing.setup import Billing
from tracker.catalog.recording import Checking
from tracker.catalog.stores import usual_manners
from tracker.catalog.tallies import Tally
from tracker.config import Settings
from tracker.database import Database
from tracker.fetching.politeness import Manners, Politeness
from tracker.fetching.robots import Robots
from tracker.fetching.ways import Fetchers
from tracker.jobs import JobQueue
from tracker.stores.pool import ReaderPool
from tracker.telegram.rate_limit import RateLimit
from tracker.users.mail import Mailer
from worker.recorder import Recorder

_CHECKS_AT_ONCE = 32


@dataclass
class Workbench:
    """The tools of one worker process; `answering` counts the answers that people wait for right now."""

    settings: Settings
    database: Database
    queue: JobQueue
    fetcher: Fetchers
    readers: ReaderPool
    bot: Bot
    rate_limit: RateLimit
    billing: Billing
    razorpay: Razorpay
    mailer: Mailer
    politeness: Politeness
    robots: Robots | None = None
    """What stores ask programs not to read, for an operator who heeds it."""
    answering: int = field(default=0)
    broadcasting: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held by the one job of this process that says broadcasts."""

    @cached_property
    def checking(self) -> Checking:
        return Checking.by(self.settings)

    @cached_property
    def manners(self) -> Manners:
        return usual_manners(self.settings)

    @cached_property
    def maintenance(self) -> Lookout:
        return Lookout(self.database)

    @cached_property
    def tally(self) -> Tally:
        return Tally()

    @cached_property
    def recorder(self) -> Recorder:
        return Recorder(self.database, self.queue, self.checking, self.tally)

    @cached_property
    def checks_at_once(self) -> asyncio.Semaphore:
        """A page in hand takes up to 8 MB."""
        return asyncio.Semaphore(_CHECKS_AT_ONCE)

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Count an answer while it is being made."""
        self.answering += 1
        try:
            yield
        finally:
            self.answering -= 1
