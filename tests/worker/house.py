"""A worker's rooms, opened in the test's own process: its jobs are called by the test, not by arq."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import partial

from sqlalchemy import select

from tests.conftest import MakeSettings
from tests.rows import arrive
from tests.worker.outside import Outside
from tracker import clock, jobs
from tracker.alerts.models import Alert
from tracker.alerts.owing import owe
from tracker.catalog import previews
from tracker.catalog import service as catalog
from tracker.catalog.claiming import Claimed, claim_due
from tracker.catalog.models import Listing, Preview, PriceObservation
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.config import Settings
from tracker.database import Database
from tracker.money import Money
from tracker.stores.offer import Availability, Offer
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState
from worker.app import WorkerApp
from worker.check import check
from worker.workbench import Workbench

WEEK = timedelta(days=7)


def offer(price: str | None, *, image: str | None = None, title: str = "Kettle") -> Offer:
    """An offer in rupees."""
    return Offer(
        title=title,
        price=None if price is None else Money.of(Decimal(price), "INR"),
        list_price=None,
        availability=Availability.IN_STOCK if price else Availability.OUT_OF_STOCK,
        image=image,
        variant=None,
        seller=None,
        sku=None,
        gtin=None,
        brand=None,
        confidence=1,
        evidence=(),
    )


@dataclass
class Story:
    """What people did before the test begins, written straight into the database."""

    outside: Outside
    database: Database

    async def arrives(self, user: int, name: str = "Asha") -> None:
        """A person with an account and a chat."""
        self.outside.arrives(user, name)
        async with self.database.transaction() as session:
            await arrive(session, user, name=name)

    async def watch(
        self,
        user: int,
        url: str,
        *,
        price: str | None = "1999",
        image: str | None = None,
        title: str = "Kettle",
    ) -> Watch:
        """A person who watches a listing that was read once."""
        if user not in self.outside.telegram.state.users:
            await self.arrives(user)
        async with self.database.transaction() as session:
            person = (await session.scalars(select(User).where(User.telegram_id == user))).one()
            listing = await catalog.by_url(session, url)
            if listing is None:
                first = offer(price, image=image, title=title)
                listing = await catalog.list_offer(session, url, first)
                await record(session, listing.id, Check(clock.now(), "offer", first), Checking(WEEK))
            watch, _ = await watches.watch(session, person, listing, chat_id=user)
            await catalog.check_at(session, listing, clock.now() + WEEK)
            return watch

    async def all_watch(self, people: Sequence[int], url: str) -> None:
        """Many who watch a listing for 1,999 rupees."""
        async with self.database.transaction() as session:
            first = offer("1999")
            listing = await catalog.list_offer(session, url, first)
            await record(session, listing.id, Check(clock.now(), "offer", first), Checking(WEEK))
            for user in people:
                self.outside.arrives(user, f"User {user}")
                person = await arrive(session, user, name=f"User {user}")
                await watches.watch(session, person, listing, chat_id=user)
            await catalog.check_at(session, listing, clock.now() + WEEK)

    async def due(self, url: str) -> None:
        """Time passes, so that the listing's next check is due."""
        async with self.database.transaction() as session:
            listing = await catalog.by_url(session, url)
            assert listing is not None
            listing.lease_token = listing.lease_until = None
            await catalog.check_at(session, listing, clock.now())

    async def falls(self, url: str, price: str, *, image: str | None = None, title: str = "Kettle") -> int:
        """A check that reads this price; returns how many alerts are owed for it."""
        async with self.database.transaction() as session:
            listing = await catalog.by_url(session, url)
            assert listing is not None
            read = Check(clock.now(), "offer", offer(price, image=image, title=title))
            move = await record(session, listing.id, read, Checking(WEEK))
            return 0 if move is None else await owe(session, move)

    async def turns(self, user: int, watch: Watch, state: WatchState) -> None:
        """A person who pauses, resumes or stops a watch."""
        async with self.database.transaction() as session:
            person = (await session.scalars(select(User).where(User.telegram_id == user))).one()
            await watches.set_state(session, person, watch.id, state)

    async def asks(self, user: int, url: str) -> int:
        """A pasted link whose hint was lost; returns the preview's id."""
        async with self.database.transaction() as session:
            person = (await session.scalars(select(User).where(User.telegram_id == user))).one()
            return (await previews.ask(session, person, url, chat_id=user)).id

    async def alerts(self, user: int | None = None) -> Sequence[Alert]:
        """The alerts of a chat, or all, oldest first."""
        wanted = select(Alert).order_by(Alert.id)
        if user is not None:
            wanted = wanted.where(Alert.chat_id == user)
        async with self.database.transaction() as session:
            return (await session.scalars(wanted)).all()

    async def states(self, user: int | None = None) -> list[str]:
        return [alert.state for alert in await self.alerts(user)]

    async def alert(self) -> Alert:
        """The only alert."""
        (only,) = await self.alerts()
        return only

    async def person(self, user: int) -> User:
        async with self.database.transaction() as session:
            return (await session.scalars(select(User).where(User.telegram_id == user))).one()

    async def listing(self, url: str) -> Listing:
        async with self.database.transaction() as session:
            listing = await catalog.by_url(session, url)
            assert listing is not None
            return listing

    async def preview(self, preview_id: int) -> Preview:
        async with self.database.transaction() as session:
            return await session.get_one(Preview, preview_id)

    async def asked(self, words: str) -> Sequence[Preview]:
        """The previews whose address holds the words."""
        async with self.database.transaction() as session:
            return (await session.scalars(select(Preview).where(Preview.url.contains(words)))).all()

    async def prices(self) -> list[int | None]:
        """The observed prices of all listings, in minor units, oldest first."""
        async with self.database.transaction() as session:
            found = await session.scalars(select(PriceObservation.price_minor).order_by(PriceObservation.id))
            return list(found)


@dataclass
class House(Story):
    """A worker's tools and jobs, and the story that they find."""

    app: WorkerApp

    @property
    def bench(self) -> Workbench:
        return self.app.bench

    @asynccontextmanager
    async def delivering(self) -> AsyncIterator[None]:
        """Let the delivery loop run."""
        self.app.deliverer.start()
        try:
            yield
        finally:
            await self.app.deliverer.stop(within=0.2)

    @asynccontextmanager
    async def checking(self) -> AsyncIterator[None]:
        """Let the checking loop run."""
        self.app.checker.start()
        try:
            yield
        finally:
            await self.app.checker.stop()

    async def claims(self) -> Sequence[Claimed]:
        """Claim what is due, as a worker does."""
        settings, manners = self.bench.settings, self.bench.manners
        async with self.database.transaction() as session:
            return await claim_due(session, limit=100, lease=settings.check_lease, manners=manners)

    async def checks(self, url: str) -> Listing:
        """Run a check of a listing as a worker that has just claimed it; returns what it left."""
        await self.due(url)
        ((listing_id, token, _),) = await self.claims()
        await check(self.bench, [(listing_id, token)])
        return await self.listing(url)


@asynccontextmanager
async def open_house(outside: Outside, database: Database, settings: Settings) -> AsyncIterator[House]:
    """A house on a database; `settings.redis_url` must be set."""
    assert settings.redis_url is not None
    app = WorkerApp(settings, database, partial(jobs.connect, settings.redis_url))
    try:
        yield House(outside, database, app)
    finally:
        await app.close()


def settings_of(make: MakeSettings, outside: Outside, redis_url: str, **values: object) -> Settings:
    return make(
        **(
            outside.settings
            | {"redis_url": redis_url, "sweep_seconds": 0.1, "alarm_disk_percent": 0}
            | values
        )
    )
