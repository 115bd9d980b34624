"""From a plan to its payment: the plans, a quote, a coupon, the link, and the one trial."""

import re

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot import billing_reading
from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.handlers.rules import STALE
from bot.states import Asking
from tracker import clock
from tracker.billing import checkouts, fulfilment, referrals
from tracker.billing.models import Checkout, CheckoutState, Provider
from tracker.billing.periods import Period
from tracker.billing.plans import TRIAL, Plan
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.telegram import billing_cards, star_cards, stars
from tracker.telegram.billing_lines import date_of
from tracker.telegram.callbacks import (
    MAX_COUPON,
    CheckoutAction,
    CheckoutButton,
    PlanAction,
    PlanButton,
)
from tracker.telegram.cards import Card
from tracker.texts import Language, clean
from tracker.users.models import User

_WAYS = {
    PlanAction.PAY: (Provider.RAZORPAY, False),
    PlanAction.AUTO: (Provider.RAZORPAY, True),
    PlanAction.STARS_PAY: (Provider.STARS, False),
    PlanAction.STARS_AUTO: (Provider.STARS, True),
}
"""By whom each button is paid, and whether it renews by itself."""

_CODE = re.compile(rf"[A-Z0-9-]{{3,{MAX_COUPON}}}")


async def show_plans(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/plans"""
    after.show(message.chat.id, await _plans(session, user, language, billing))


async def show_upgrade(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/upgrade to the plan that is named, else to the next one above the person's own."""
    named = (command.args or "").strip().lower()
    current = await billing_reading.current(session, billing.plans, user)
    above = billing.plans.after(current.plan)
    plan = plan_of(billing, named) if named else above
    if plan is None:
        after.say_text(message.chat.id, language("plan.none_above", plan=billing.plans[current.plan].name))
        return
    after.show(message.chat.id, billing_cards.plan(language, plan, billing.plans, current))


async def looked_at(
    callback: CallbackQuery,
    callback_data: PlanButton,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The plans, one of them, and what it would cost: nothing is promised by any."""
    match callback_data.action:
        case PlanAction.PLAN:
            plan = plan_of(billing, callback_data.plan)
            current = await billing_reading.current(session, billing.plans, user)
            card = billing_cards.plan(language, plan, billing.plans, current)
        case PlanAction.QUOTE:
            plan, period = plan_of(billing, callback_data.plan), period_of(callback_data)
            provider = billing.main_provider
            card = await _quote(session, user, language, billing, plan, period, provider=provider)
        case PlanAction.STARS:
            card = await _stars_quote(session, user, language, billing, callback_data)
        case _:
            card = await _plans(session, user, language, billing)
    after.replace(callback.message, callback.from_user.id, card)


async def ask_for_coupon(
    callback: CallbackQuery,
    callback_data: PlanButton,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    plan, period = plan_of(billing, callback_data.plan), period_of(callback_data)
    after.ask(Asking.coupon, plan=plan.code, period=period)
    after.say_text(callback.from_user.id, language("coupon.ask"))


async def coupon_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The answer to "which code?": the quote again, with less to pay. A bad code is asked again."""
    dialogue = await state.get_data()
    code = (message.text or "").strip().upper()
    if not _CODE.fullmatch(code):
        raise BadInput("coupon.unknown")
    plan, period = plan_of(billing, str(dialogue.get("plan"))), Period(dialogue.get("period", Period.MONTH))
    provider = billing.main_provider
    card = await _quote(session, user, language, billing, plan, period, provider=provider, coupon=code)
    after.end_dialogue()
    after.show(message.chat.id, card)


async def pay(
    callback: CallbackQuery,
    callback_data: PlanButton,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """Once, or renewing by itself: the link comes from a worker, unless it is there already.

    What is paid once with Stars is a message of its own kind, and needs no link.
    """
    provider, is_auto = _WAYS[callback_data.action]
    checkout = await checkouts.want(
        session,
        billing,
        user,
        callback.from_user.id,
        callback_data.plan,
        period_of(callback_data),
        provider=provider,
        is_auto=is_auto,
        coupon_code=callback_data.coupon or None,
    )
    if checkout.amount_minor and provider == Provider.STARS and not is_auto:
        checkout = await checkouts.opened(session, checkout.id, checkout.reference, None)
        after.say(stars.invoice(callback.from_user.id, star_cards.bill(language, checkout, billing)))
        return
    if checkout.amount_minor or checkout.is_auto:
        _show_link(callback, checkout, language, billing, after)
        return
    await fulfilment.begin_unpaid(session, billing, checkout)
    if checkout.state != CheckoutState.PAID:
        raise BadInput("pay.credit_gone")
    after.say_notices()
    card = billing_cards.by_credit(language, checkout, billing.plans[checkout.plan])
    after.replace(callback.message, callback.from_user.id, card)


async def ask_about(
    callback: CallbackQuery,
    callback_data: CheckoutButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """ "I have paid": a worker asks the provider at once; what was paid is said by its own message."""
    checkout = await checkouts.owned(session, user, callback_data.checkout_id)
    if checkout.state == CheckoutState.PAID:
        after.replace(callback.message, callback.from_user.id, billing_cards.over(language, checkout))
        return
    after.toast(language.plain("toast.looking_for_payment"))
    after.ask_about(checkout.id, callback.from_user.id)


async def make_again(
    callback: CallbackQuery,
    callback_data: CheckoutButton,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The link once more, when it could not be made before."""
    checkout = await billing_reading.locked_checkout(session, user, callback_data.checkout_id)
    _show_link(callback, checkout, language, billing, after)


async def give_up(
    callback: CallbackQuery,
    callback_data: CheckoutButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """An offer that nobody is to pay any more; one that is paid stays paid."""
    checkout = await billing_reading.locked_checkout(session, user, callback_data.checkout_id)
    await checkouts.close(session, checkout, CheckoutState.CANCELLED)
    after.replace(callback.message, callback.from_user.id, billing_cards.over(language, checkout))


async def try_for_nothing(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/trial"""
    after.show(message.chat.id, await _trial(session, user, language, billing))


async def trial_tapped(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    card = await _trial(session, user, language, billing)
    after.replace(callback.message, callback.from_user.id, card)


def plan_of(billing: Billing, code: str) -> Plan:
    """A plan that is sold. Raises BadInput."""
    if code not in billing.plans or billing.plans[code].is_free:
        raise BadInput("billing.no_such_plan")
    return billing.plans[code]


def period_of(data: PlanButton) -> Period:
    if data.period is None:
        raise BadInput(STALE)
    return data.period


def _show_link(
    callback: CallbackQuery, checkout: Checkout, language: Language, billing: Billing, after: Afterwards
) -> None:
    """The card to pay by, in the place of the tapped message; a worker makes the link that is missing."""
    now = clock.now()
    if isinstance(callback.message, Message):
        checkout.message_id = callback.message.message_id
    if checkout.state == CheckoutState.WANTED and checkout.expires_at > now:
        after.open_checkout(checkout.id)
    card = billing_cards.pay(language, checkout, billing.plans[checkout.plan], now)
    after.replace(callback.message, callback.from_user.id, card)


async def _plans(session: AsyncSession, user: User, language: Language, billing: Billing) -> Card:
    current = await billing_reading.current(session, billing.plans, user)
    may_try = await billing_reading.may_try(session, billing.plans, user)
    return billing_cards.plans(language, billing.plans, current, may_try=may_try)


async def _quote(
    session: AsyncSession,
    user: User,
    language: Language,
    billing: Billing,
    plan: Plan,
    period: Period,
    *,
    provider: Provider,
    coupon: str | None = None,
) -> Card:
    offer = await checkouts.offer(
        session, billing, user, plan.code, period, provider=provider, coupon_code=coupon
    )
    current = await billing_reading.current(session, billing.plans, user)
    return billing_cards.quote(language, offer, current, billing, provider=provider)


async def _stars_quote(
    session: AsyncSession, user: User, language: Language, billing: Billing, data: PlanButton
) -> Card:
    """The same in Telegram's own money. Raises BadInput where that is not taken."""
    if Provider.STARS not in billing.providers:
        raise BadInput("billing.provider_off")
    plan, period, coupon = plan_of(billing, data.plan), period_of(data), data.coupon or None
    return await _quote(
        session, user, language, billing, plan, period, provider=Provider.STARS, coupon=coupon
    )


async def _trial(session: AsyncSession, user: User, language: Language, billing: Billing) -> Card:
    await referrals.start_trial(session, billing.plans, user)
    current = await billing_reading.current(session, billing.plans, user)
    assert current.until is not None
    plan = billing.plans[TRIAL]
    return Card(
        language("trial.begun", plan=clean(plan.name, limit=40), until=date_of(language, current.until))
    )


def router() -> Router:
    router = Router(name="billing")
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")
    router.message.register(show_plans, Command("plans"))
    router.message.register(show_upgrade, Command("upgrade"))
    router.message.register(try_for_nothing, Command("trial"))
    router.message.register(
        coupon_typed,
        Asking.coupon,
        F.text,
        ~F.text.startswith("/"),
        lambda message: not links_of(message),
    )
    on, plan, checkout = router.callback_query.register, PlanButton.filter, CheckoutButton.filter
    looks = {PlanAction.PLANS, PlanAction.PLAN, PlanAction.QUOTE, PlanAction.STARS}
    on(looked_at, plan(F.action.in_(looks)))
    on(ask_for_coupon, plan(F.action == PlanAction.COUPON))
    on(pay, plan(F.action.in_(set(_WAYS))))
    on(trial_tapped, plan(F.action == PlanAction.TRIAL))
    on(ask_about, checkout(F.action == CheckoutAction.ASK))
    on(make_again, checkout(F.action == CheckoutAction.AGAIN))
    on(give_up, checkout(F.action == CheckoutAction.CANCEL))
    return router
