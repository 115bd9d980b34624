"""A history of which every figure can be worked out by hand; the test that asks does so."""

from datetime import UTC, datetime, timedelta

import time_machine
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests.billing.money import apply, event, link, paid, payment_body, person
from tests.billing.test_stars import BOTH
from tracker.billing import checkouts, fulfilment, referrals, subscriptions
from tracker.billing.fulfilment import Paid
from tracker.billing.models import Provider, TermSource
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT
from tracker.catalog.models import CheckTally, MissedPromise
from tracker.database import Database
from tracker.users.models import User, UserState

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
"""Noon of a Tuesday in India."""

YEARLY, UPGRADED, PARTLY_BACK, WHOLLY_BACK, LEFT, CONVERTED, NOT_CONVERTED, TRYING, GIVEN, BY_STARS = range(
    2001, 2011
)
TODAY, YESTERDAY, LAST_MONTH = 2011, 2012, 2013


def at(day: int, month: int = 11, hour: int = 6, minute: int = 30) -> time_machine.travel:
    """In UTC; without more, noon in India."""
    return time_machine.travel(datetime(2026, month, day, hour, minute, tzinfo=UTC), tick=False)


async def happen(database: Database) -> None:
    """From October to the 24th of November 2026, in order."""
    with at(1, 10):
        await buys(database, LEFT, "starter")
    with at(2, 10):
        await buys(database, YEARLY, "pro", Period.YEAR)
    with at(20, 10):
        async with database.transaction() as session:
            for telegram_id in (CONVERTED, NOT_CONVERTED):
                await referrals.start_trial(session, DEFAULT, await person(session, telegram_id))
    with at(31, 10, 18, 20):  # ten minutes before November in India
        await comes(database, LAST_MONTH)
    with at(5):
        await buys(database, UPGRADED, "starter")
    with at(8):
        await buys(database, WHOLLY_BACK, "pro")
    with at(9):
        await goes_back(database, WHOLLY_BACK, 29_900)
    with at(10):
        await buys(database, PARTLY_BACK, "pro")
        await buys(database, CONVERTED, "starter")
    with at(12):
        await goes_back(database, PARTLY_BACK, 9_900)
    with at(15):
        await buys(database, UPGRADED, "pro")
    with at(20):
        await pays_stars(database)
        async with database.transaction() as session:
            given = await person(session, GIVEN)
            await subscriptions.give(
                session, DEFAULT, given, plan="pro", days=30, source=TermSource.GIFT, key="gift:1"
            )
    with at(22):
        async with database.transaction() as session:
            await referrals.start_trial(session, DEFAULT, await person(session, TRYING))
    with at(23, hour=18, minute=20):  # ten minutes before midnight in India
        await comes(database, YESTERDAY)
    with at(23, hour=18, minute=40):
        await comes(database, TODAY)
    with time_machine.travel(NOW, tick=False):
        await now_stands(database)


async def buys(database: Database, who: int, plan: str, period: Period = Period.MONTH) -> None:
    async with database.transaction() as session:
        checkout = await link(session, plan, period, telegram_id=who)
    assert await apply(database, paid(checkout, f"pay_{plan}_{who}"))


async def goes_back(database: Database, who: int, amount_minor: int) -> None:
    payment_id = f"pay_pro_{who}"
    refund = {
        "id": f"rfnd_{who}",
        "entity": "refund",
        "amount": amount_minor,
        "currency": "INR",
        "payment_id": payment_id,
        "status": "processed",
        "receipt": None,
        "notes": [],
    }
    assert await apply(database, event("refund.processed", refund=refund, payment=payment_body(payment_id)))


async def pays_stars(database: Database) -> None:
    async with database.transaction() as session:
        user = await person(session, BY_STARS)
        wanted = await checkouts.want(
            session, BOTH, user, BY_STARS, "pro", Period.MONTH, provider=Provider.STARS
        )
        bought = Paid(Provider.STARS, "stx_1", wanted.amount_minor, wanted.currency, None)
        assert await fulfilment.fulfil(session, BOTH, bought, checkout=wanted)


async def comes(database: Database, who: int) -> None:
    async with database.transaction() as session:
        await person(session, who)


async def now_stands(database: Database) -> None:
    """What time alone changes, and what stands on the rows of people and stores at noon."""
    async with database.transaction() as session:
        for user_id in await subscriptions.due(session, limit=100):
            await subscriptions.step(session, DEFAULT, await session.get_one(User, user_id))
        await _set(session, YEARLY, email="a@example.com", email_verified_at=NOW)
        await _set(session, NOT_CONVERTED, state=UserState.BLOCKED)
        hour = timedelta(hours=1)
        this = NOW.replace(minute=0)
        session.add_all(
            [
                _tally(this, "offer", 30),
                _tally(this, "bot_wall", 10),
                _tally(this - hour, "offer", 100),
                _tally(this - hour, "timeout", 4),
                _tally(this - 2 * hour, "unchanged", 66),
                _tally(this - 25 * hour, "offer", 1000),
            ]
        )


async def misses(database: Database, listing_id: int, times: int) -> None:
    """So many promises about a listing broke, an hour apart, the last an hour ago."""
    async with database.transaction() as session:
        for number in range(1, times + 1):
            session.add(
                MissedPromise(
                    listing_id=listing_id,
                    store="shop.example",
                    plan="pro",
                    promised_at=NOW - number * timedelta(hours=1),
                )
            )


def _tally(hour: datetime, outcome: str, checks: int) -> CheckTally:
    return CheckTally(
        hour=hour, store="shop.example", outcome=outcome, checks=checks, drops=0, milliseconds=0
    )


async def _set(session: AsyncSession, who: int, **values: object) -> None:
    await session.execute(update(User).where(User.telegram_id == who).values(**values))
    assert await session.scalar(select(User.id).where(User.telegram_id == who))
