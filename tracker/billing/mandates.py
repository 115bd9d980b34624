"""Mandates: what becomes of a permission to charge each period."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import checkouts, fulfilment, subscriptions
from tracker.billing.entities import SubscriptionEntity
from tracker.billing.models import Checkout, CheckoutState, Mandate
from tracker.billing.setup import Billing
from tracker.notices import service as notices
from tracker.users.models import User

_FINAL = ("cancelled", "completed", "expired")
_TELL = ("pending", "halted", "paused", "cancelled")
ASK_EVERY = timedelta(hours=6)
TELL_BEFORE = timedelta(days=3)
"""Razorpay begins to charge a card 36 hours ahead."""

ENDS_WITH_CYCLE = "cycle"
ENDS_NOW = "now"
END_IS_TOLD = "told"


async def known(session: AsyncSession, told: SubscriptionEntity) -> Mandate | None:
    """Our row of the provider's subscription; made from our checkout's reference when the answer that named
    it was lost.
    """
    found = await session.scalar(select(Mandate).where(Mandate.provider_id == told.id))
    if found is not None or told.reference is None:
        return found
    checkout = await session.scalar(
        select(Checkout).where(Checkout.reference == told.reference, Checkout.is_auto)
    )
    if checkout is None or checkout.provider_id is not None:
        return None
    return await begin(session, checkout.id, told)


async def begin(session: AsyncSession, checkout_id: int, told: SubscriptionEntity) -> Mandate:
    """Note the subscription that the provider made for a checkout; once."""
    checkout = await checkouts.opened(session, checkout_id, told.id, told.url)
    mandate = await session.scalar(select(Mandate).where(Mandate.checkout_id == checkout.id))
    if mandate is None:
        mandate = Mandate(
            user_id=checkout.user_id,
            checkout_id=checkout.id,
            provider=checkout.provider,
            provider_id=told.id,
            plan=checkout.plan,
            period=checkout.period,
            amount_minor=checkout.quote["price"],
            currency=checkout.currency,
            state="created",
            created_at=clock.now(),
        )
        session.add(mandate)
        await session.flush()
    return mandate


async def record(
    session: AsyncSession, billing: Billing, mandate: Mandate, told: SubscriptionEntity, at: datetime | None
) -> None:
    """Note the state of a subscription, unless something newer is known or it has ended."""
    user = await subscriptions.lock(session, mandate.user_id)
    await session.refresh(mandate, with_for_update=True)
    mandate.paid_count = max(mandate.paid_count, told.paid_count)
    is_old = at is not None and mandate.told_at is not None and at < mandate.told_at
    if mandate.state in _FINAL or is_old:
        return
    before, mandate.state = mandate.state, told.status
    mandate.told_at = at or mandate.told_at
    mandate.charge_at = told.charge_at or mandate.charge_at
    if told.status in _FINAL:
        mandate.ends_by_us = mandate.ask_at = None
    elif mandate.ends_by_us is None:
        mandate.ask_at = _ask_at(mandate)
    await session.flush()
    if before == "created" and told.status in ("authenticated", "active"):
        await _authenticated(session, billing, mandate)
    if before != told.status and told.status in _TELL:
        await notices.owe(
            session,
            user.telegram_id,
            f"mandate_{told.status}",
            f"mandate:{mandate.id}:{told.status}:{at.isoformat() if at else mandate.paid_count}",
            plan=mandate.plan,
            amount_minor=mandate.amount_minor,
            currency=mandate.currency,
        )
    await subscriptions.refresh(session, billing.plans, user)


async def end_with_cycle(session: AsyncSession, user: User) -> Mandate | None:
    """Decide that the mandate charges no more. None when there is none.

    The provider is told only when the next charge comes near, for it takes no such word back: until then
    the person can.
    """
    mandate = await subscriptions.charging(session, user)
    if mandate is None:
        return None
    now = clock.now()
    mandate.ends_by_us = ENDS_WITH_CYCLE
    mandate.ask_at = now if mandate.charge_at is None else max(now, mandate.charge_at - TELL_BEFORE)
    await session.flush()
    return mandate


async def go_on(session: AsyncSession, user: User) -> bool:
    """Take that decision back; False when the provider has been told already, or there was none."""
    mandate = await session.scalar(
        select(Mandate).where(Mandate.user_id == user.id, Mandate.ends_by_us == ENDS_WITH_CYCLE)
    )
    if mandate is None or mandate.state in _FINAL:
        return False
    mandate.ends_by_us = None
    mandate.ask_at = _ask_at(mandate)
    await session.flush()
    return True


async def to_ask_about(session: AsyncSession, *, limit: int) -> Sequence[int]:
    """Mandates that the provider is to be asked about, or told of, now."""
    rows = await session.scalars(
        select(Mandate.id).where(Mandate.ask_at <= clock.now()).order_by(Mandate.ask_at).limit(limit)
    )
    return rows.all()


async def put_off(session: AsyncSession, mandate_id: int, _error: str) -> None:
    """The provider could not be asked: soon again."""
    mandate = await session.get_one(Mandate, mandate_id, with_for_update=True, populate_existing=True)
    if mandate.ask_at is not None:
        mandate.ask_at = clock.now() + timedelta(minutes=2)


async def asked(session: AsyncSession, mandate_id: int) -> None:
    """Set when to ask again."""
    mandate = await session.get_one(Mandate, mandate_id, with_for_update=True, populate_existing=True)
    if mandate.ask_at is None or mandate.ask_at > clock.now():
        return
    if mandate.ends_by_us in (ENDS_NOW, ENDS_WITH_CYCLE):
        mandate.ask_at = clock.now() + timedelta(minutes=2)
    else:
        mandate.ask_at = None if mandate.state in _FINAL else _ask_at(mandate)


async def told_to_end(session: AsyncSession, mandate_id: int) -> None:
    """The provider knows that the mandate ends with its cycle: it is asked about rarely from now on."""
    mandate = await session.get_one(Mandate, mandate_id, with_for_update=True, populate_existing=True)
    if mandate.state not in _FINAL:
        mandate.ends_by_us, mandate.ask_at = END_IS_TOLD, clock.now() + timedelta(days=1)


def _ask_at(mandate: Mandate) -> datetime:
    """A charge that is due is asked about ten minutes later, and then every few hours."""
    now = clock.now()
    if mandate.charge_at is not None and mandate.charge_at > now:
        return mandate.charge_at + timedelta(minutes=10)
    return now + (timedelta(minutes=5) if mandate.state == "created" else ASK_EVERY)


async def _authenticated(session: AsyncSession, billing: Billing, mandate: Mandate) -> None:
    """The person agreed. What credit alone pays for begins now; what follows on waits for its charge."""
    checkout = await session.get_one(Checkout, mandate.checkout_id, with_for_update=True)
    if checkout.state not in checkouts.OPEN:
        return
    if checkout.begins_at is not None:
        user = await session.get_one(User, mandate.user_id)
        running = await subscriptions.charging(session, user, before=mandate.id)
        if running is not None:  # the old one ends with its cycle, and the new one follows
            running.ends_by_us, running.ask_at = ENDS_WITH_CYCLE, clock.now()
        checkout.state, checkout.ask_at = CheckoutState.PAID, None
        await notices.owe(
            session,
            checkout.chat_id,
            "mandate_begun",
            f"mandate-begun:{mandate.id}",
            plan=mandate.plan,
            at=checkout.begins_at.isoformat(),
            amount_minor=mandate.amount_minor,
            currency=mandate.currency,
        )
    elif checkout.amount_minor == 0:
        await fulfilment.begin_unpaid(session, billing, checkout)
