"""What an admin may do about money: give days, make coupons, look at payments, apply and refund them."""

from decimal import Decimal, InvalidOperation

import structlog
from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.billing import plan_of
from tracker.admin import payments, people
from tracker.admin.roles import Action, Actor
from tracker.billing.plans import CURRENCY, STARS
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.money import Money
from tracker.telegram import payment_cards
from tracker.telegram.callbacks import PaymentAction, PaymentButton
from tracker.texts import Language, clean

log = structlog.get_logger()

_MOST_DAYS = 3660
_MOST_USES = 10**6
_LARGEST_ID = 2**52


async def gift(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/gift <telegram id> <plan> <days>: the person is told."""
    words = (command.args or "").split()
    if len(words) != 3:
        raise BadInput("gift.how")
    telegram_id, days = _number(words[0], _LARGEST_ID, "gift.how"), _number(words[2], _MOST_DAYS, "gift.how")
    plan = plan_of(billing, words[1].lower())
    found = await people.by_telegram_id(session, actor, telegram_id)
    if found is None:
        raise BadInput("gift.unknown_person", id=telegram_id)
    key = f"gift:{message.chat.id}:{message.message_id}"
    person = await payments.gift(session, billing, actor, found.id, plan=plan.code, days=days, key=key)
    log.info("admin.days_given", user_id=person.id, plan=plan.code, days=days, by=actor.telegram_id)
    after.say_notices()
    name = clean(person.first_name, limit=40)
    text = language.count("gift.given", days, plan=plan.name, name=name, id=person.telegram_id)
    after.say_text(message.chat.id, text)


async def make_coupon(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """/coupon CODE 20% [uses] [days], or /coupon CODE 100 [uses] [days]: a percentage, or rupees."""
    words = (command.args or "").split()
    if not 2 <= len(words) <= 4:
        raise BadInput("coupon.how")
    code, less = words[0], words[1]
    if not code.isascii():
        raise BadInput("coupon.bad_code")
    percent = _number(less[:-1], 100, "coupon.how") if less.endswith("%") else None
    made = await payments.make_coupon(
        session,
        actor,
        code,
        percent=percent,
        amount_minor=None if less.endswith("%") else _amount(less, CURRENCY, "coupon.how").minor,
        most_uses=_number(words[2], _MOST_USES, "coupon.how") if len(words) > 2 else None,
        days=_number(words[3], _MOST_DAYS, "coupon.how") if len(words) > 3 else None,
    )
    log.info("admin.coupon_made", coupon_id=made.id, by=actor.telegram_id)
    after.show(message.chat.id, payment_cards.coupon(language, made))


async def show_payments(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """/payments, or /payments held"""
    words = (command.args or "").strip().lower()
    if words not in ("", "held"):
        raise BadInput("payment.how")
    found = await payments.search(session, actor, only_held=bool(words))
    after.show(message.chat.id, payment_cards.payments(language, found))


async def listed(
    callback: CallbackQuery, session: AsyncSession, actor: Actor, language: Language, after: Afterwards
) -> None:
    found = await payments.search(session, actor)
    after.replace(callback.message, callback.from_user.id, payment_cards.payments(language, found))


async def apply(
    callback: CallbackQuery,
    callback_data: PaymentButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """A payment that was held buys what it was for after all."""
    await payments.apply_held(session, billing, actor, callback_data.payment_id)
    log.info("admin.payment_applied", payment_id=callback_data.payment_id, by=actor.telegram_id)
    after.say_notices()
    note = language("payment.applied", id=callback_data.payment_id)
    await _show(callback, session, actor, language, after, note)


async def ask_to_refund(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """/refund <the provider's payment id> [amount]: what it would do, to be confirmed."""
    actor.must_be_let(Action.REFUND_PAYMENT)
    words = (command.args or "").split()
    if not 1 <= len(words) <= 2:
        raise BadInput("refund.how")
    payment = await payments.named(session, actor, words[0])
    amount = _amount(words[1], payment.currency, "refund.how").minor if len(words) > 1 else None
    asked = await payments.effect(session, actor, payment.id, amount)
    after.show(message.chat.id, payment_cards.confirm_refund(language, asked))


async def refund_tapped(
    callback: CallbackQuery,
    callback_data: PaymentButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    asked = await payments.effect(session, actor, callback_data.payment_id, callback_data.amount or None)
    after.replace(callback.message, callback.from_user.id, payment_cards.confirm_refund(language, asked))


async def refund(
    callback: CallbackQuery,
    callback_data: PaymentButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """Confirmed: a worker tells the provider. What went back meanwhile makes the button too old."""
    made = await payments.refund(
        session,
        actor,
        callback_data.payment_id,
        amount_minor=callback_data.amount or None,
        reason="",
        seen_back=callback_data.back,
    )
    log.info("admin.refund_asked", refund_id=made.id, payment_id=made.payment_id, by=actor.telegram_id)
    after.say_notices()
    amount = language.money(Money(made.amount_minor, made.currency))
    key = "refund.asked_of_stars" if made.currency == STARS else "refund.asked"
    await _show(callback, session, actor, language, after, language(key, amount=amount))


async def _show(
    callback: CallbackQuery,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
    note: Markup,
) -> None:
    found = await payments.search(session, actor)
    card = payment_cards.payments(language, found, note=note)
    after.replace(callback.message, callback.from_user.id, card)


def _number(text: str, most: int, problem: str) -> int:
    """A whole number from 1 on. Raises BadInput."""
    if not (text.isascii() and text.isdigit() and len(text) <= 16 and 1 <= int(text) <= most):
        raise BadInput(problem)
    return int(text)


def _amount(text: str, currency: str, problem: str) -> Money:
    """An amount such as 100 or 99.50. Raises BadInput."""
    try:
        amount = Money.of(Decimal(text.removeprefix("₹").replace(",", "")), currency)
    except (InvalidOperation, ValueError):
        raise BadInput(problem) from None
    if amount.minor < 1:
        raise BadInput(problem)
    return amount


def router() -> Router:
    router = Router(name="billing_admin")
    # What an admin forwards are somebody else's words.
    router.message.filter(F.chat.type == "private", ~F.forward_origin, lambda _message, is_admin: is_admin)
    router.callback_query.filter(F.message.chat.type == "private", lambda _callback, is_admin: is_admin)
    router.message.register(gift, Command("gift"))
    router.message.register(make_coupon, Command("coupon"))
    router.message.register(show_payments, Command("payments"))
    router.message.register(ask_to_refund, Command("refund"))
    on, action = router.callback_query.register, PaymentButton.filter
    on(listed, action(F.action == PaymentAction.LIST))
    on(apply, action(F.action == PaymentAction.APPLY))
    on(refund_tapped, action(F.action == PaymentAction.REFUND))
    on(refund, action(F.action == PaymentAction.SURE))
    return router
