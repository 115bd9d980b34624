"""What the conversations about money begin with: the real plans, an admin, and a Razorpay that is away."""

import asyncio
from datetime import timedelta
from typing import Any

from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests.world import ASHA, MEERA, PATIENCE, Say, World
from tracker import clock
from tracker.billing import checkouts, fulfilment, subscriptions
from tracker.billing.fulfilment import Paid
from tracker.billing.models import Payment, Provider
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT
from tracker.billing.setup import Billing
from tracker.notices.models import Notice, NoticeState
from tracker.texts import Language
from tracker.users.models import User
from worker.notices import say_notices

REAL: dict[str, Any] = {
    "plans_file": None,
    "admin_ids": frozenset({MEERA}),
    "razorpay_key_id": "rzp_test_away",
    "razorpay_key_secret": SecretStr("away"),
    # The port of discard: nobody listens there.
    "razorpay_api_base": "http://127.0.0.1:9",
}
"""Settings of a world."""


async def user_of(session: AsyncSession, telegram_id: int = ASHA) -> User:
    return (await session.scalars(select(User).where(User.telegram_id == telegram_id))).one()


async def has(world: World, plan: str, *, period: Period = Period.MONTH, value_minor: int = 29900) -> None:
    """Asha, who has written before, has a plan that she paid for now."""
    async with world.database.transaction() as session:
        user = await user_of(session)
        await subscriptions.add_paid(
            session,
            DEFAULT,
            user,
            plan=plan,
            period=period,
            value_minor=value_minor,
            key=f"payment:of-{plan}",
            payment_id=None,
            begins_now=True,
        )


async def pays(world: World, plan: str, *, amount_minor: int | None = None) -> Payment:
    """Asha pays for a month, and what is owed about it is said; another amount than was asked for is held."""
    billing = Billing.by(world.settings)
    async with world.database.transaction() as session:
        user = await user_of(session)
        wanted = await checkouts.want(
            session, billing, user, ASHA, plan, Period.MONTH, provider=Provider.RAZORPAY
        )
        paid = Paid(
            Provider.RAZORPAY,
            f"pay_of{wanted.id}",
            wanted.amount_minor if amount_minor is None else amount_minor,
            "INR",
            "upi",
        )
        payment = await fulfilment.fulfil(session, billing, paid, checkout=wanted)
    assert payment is not None
    await say_notices(world.worker.bench)
    async with asyncio.timeout(PATIENCE):
        while True:
            seen = world.steps
            if not await world.count(Notice, Notice.state == NoticeState.DUE):
                return payment
            await world.telegram.wait_for(lambda seen=seen: world.steps != seen, PATIENCE)  # type: ignore[misc]


async def heard(say: Say, *words: str) -> dict[str, Any]:
    """The newest message that holds these words, once it is there."""

    def message() -> dict[str, Any] | None:
        found = (each for each in reversed(say.messages) if all(word in each["text"] for word in words))
        return next(found, None)

    async with asyncio.timeout(PATIENCE):
        await say.world.telegram.wait_for(lambda: message() is not None, PATIENCE)
    found = message()
    assert found is not None
    return found


def day(after: timedelta) -> str:
    """The day so much later, as a card writes it in India."""
    return Language().calendar_day((clock.now() + timedelta(hours=5, minutes=30) + after).date())
