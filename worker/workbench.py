"""What every job works with."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property

from aiogram import Bot

from tracker.billing.razorpay import Razorpay
from tracker.billing.setup import Billing
from tracker.catalog.recording import Checking
from tracker.config import Settings
from tracker.database import Database
from tracker.fetching.client import Fetcher
from tracker.jobs import JobQueue
from tracker.stores.pool import ReaderPool
from tracker.telegram.rate_limit import RateLimit
from tracker.users.mail import Mailer


@dataclass
class Workbench:
    """The tools of one worker process; `answering` counts the answers that people wait for right now."""

    settings: Settings
    database: Database
    queue: JobQueue
    fetcher: Fetcher
    readers: ReaderPool
    bot: Bot
    rate_limit: RateLimit
    billing: Billing
    razorpay: Razorpay
    mailer: Mailer
    answering: int = field(default=0)

    @cached_property
    def checking(self) -> Checking:
        return Checking.by(self.settings)

    @contextmanager
    def answer(self) -> Iterator[None]:
        """Count an answer while it is being made."""
        self.answering += 1
        try:
            yield
        finally:
            self.answering -= 1
