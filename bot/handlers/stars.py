"""Telegram Stars: whether an invoice may be paid, that it was, and that it went back."""

from datetime import UTC, datetime

from aiogram import F, Router
from aiogram.types import BotSubscriptionUpdated, Message, PreCheckoutQuery
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.billing import star_payments
from tracker.billing.setup import Billing
from tracker.billing.star_payments import StarPayment
from tracker.texts import Language
from tracker.users.models import User


async def may_pay(
    query: PreCheckoutQuery, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """Telegram waits ten seconds for the answer. When this fails, the door says no."""
    reason = await star_payments.why_not(
        session, query.invoice_payload, query.total_amount, query.currency, user
    )
    if reason is None:
        after.say(query.answer(ok=True))
    else:
        after.say(query.answer(ok=False, error_message=language.plain(reason)))


async def paid(
    message: Message, session: AsyncSession, user: User, billing: Billing, after: Afterwards
) -> None:
    """For the first time, or again; what it bought is said by a notice."""
    told = message.successful_payment
    assert told is not None
    renews_at = told.subscription_expiration_date
    payment = StarPayment(
        charge_id=told.telegram_payment_charge_id,
        payload=told.invoice_payload,
        amount=told.total_amount,
        currency=told.currency,
        paid_at=message.date,
        renews_at=datetime.fromtimestamp(renews_at, UTC) if renews_at else None,
    )
    await star_payments.paid(session, billing, payment, user)
    after.say_notices()


async def went_back(message: Message, session: AsyncSession, billing: Billing, after: Afterwards) -> None:
    told = message.refunded_payment
    assert told is not None
    await star_payments.went_back(session, billing, told.telegram_payment_charge_id)
    after.say_notices()


async def subscription_changed(
    event: BotSubscriptionUpdated, session: AsyncSession, user: User, billing: Billing, after: Afterwards
) -> None:
    """The person ended what renews by itself in Telegram's settings, or took that back."""
    await star_payments.subscription_is(session, billing, event.invoice_payload, event.state, user)
    after.say_notices()


def router() -> Router:
    router = Router(name="stars")
    router.pre_checkout_query.register(may_pay)
    router.message.register(paid, F.successful_payment)
    router.message.register(went_back, F.refunded_payment)
    router.subscription.register(subscription_changed)
    return router
