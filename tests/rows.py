"""Rows that a test begins with, written by the services themselves."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing.plans import Plans, load
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.catalog.move import Check, Move
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.money import Money
from tracker.stores.offer import Availability, Evidence, Offer
from tracker.users import service as users
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import Watch

GENEROUS_PLANS = str(Path(__file__).parent / "generous_plans.toml")
GENEROUS = load(GENEROUS_PLANS)
URL = "https://shop.example/p/kettle"


def rupees(amount: str) -> Money:
    return Money.of(Decimal(amount), "INR")


def offer(
    price: str | None,
    *,
    currency: str = "INR",
    availability: Availability = Availability.IN_STOCK,
    title: str = "Kettle",
) -> Offer:
    return Offer(
        title=title,
        price=None if price is None else Money.of(Decimal(price), currency),
        list_price=None,
        availability=availability,
        image=None,
        variant=None,
        seller=None,
        sku=None,
        gtin=None,
        brand=None,
        confidence=1,
        evidence=(Evidence("test", price or "no price"),),
    )


async def person(session: AsyncSession, telegram_id: int = 1001, *, name: str = "Asha") -> User:
    return await arrive(session, telegram_id, name=name)


async def arrive(
    session: AsyncSession, telegram_id: int, *, name: str = "Asha", plans: Plans = GENEROUS
) -> User:
    """A person at their first word, with the free plan: by `GENEROUS` it permits everything."""
    return await users.arrive(
        session,
        telegram_id,
        first_name=name,
        username=None,
        language_code="en",
        plan=plans.free.code,
        allowance=plans.free.allowance,
    )


async def allow(database: Database, watches: int, telegram_id: int = 1001) -> None:
    """Let a person watch so much and no more."""
    async with database.transaction() as session:
        (await person(session, telegram_id)).allowed_watches = watches


async def listing(
    session: AsyncSession, url: str = URL, *, price: str | None = "1999", title: str = "Kettle"
) -> Listing:
    """A listing that was read once."""
    found = await catalog.list_offer(session, url, offer(price, title=title))
    await read(session, found, price, title=title)
    return found


async def read(
    session: AsyncSession,
    found: Listing,
    price: str | None,
    *,
    currency: str = "INR",
    availability: Availability | None = None,
    began_at: datetime | None = None,
    title: str = "Kettle",
) -> Move | None:
    """A check that read this price."""
    stock = availability or (Availability.IN_STOCK if price else Availability.OUT_OF_STOCK)
    seen = offer(price, currency=currency, availability=stock, title=title)
    check = Check(began_at or clock.now(), "offer", seen)
    return await record(session, found.id, check, Checking(timedelta(minutes=30)))


async def watch(
    database: Database,
    telegram_id: int = 1001,
    url: str = URL,
    *,
    price: str | None = "1999",
    title: str = "Kettle",
    group: int | None = None,
) -> Watch:
    """A person who watches a listing that was read once, for themselves or for a group."""
    async with database.transaction() as session:
        user = await person(session, telegram_id)
        found = await catalog.by_url(session, url) or await listing(session, url, price=price, title=title)
        begun, _ = await watches.watch(session, user, found, chat_id=group or telegram_id)
    return begun
