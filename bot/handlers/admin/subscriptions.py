"""/subs: plans that people have are found, looked at, ended and made longer."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.admin import queries
from bot.handlers.admin.dialogues import TYPED, Answering
from tracker.admin import subscriptions
from tracker.admin.roles import Action, Actor
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.telegram import admin_subscription_cards as cards
from tracker.telegram.cards import Card
from tracker.telegram.people_callbacks import (
    SubscriptionAction,
    SubscriptionButton,
    SubscriptionsButton,
)
from tracker.texts import Language

PAGE = 8


async def find(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """/subs, or /subs plan:pro state:grace"""
    query = " ".join((command.args or "").split())
    after.show(message.chat.id, await _page(session, actor, language, billing, query, before=0))


async def turn_page(
    callback: CallbackQuery,
    callback_data: SubscriptionsButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    card = await _page(session, actor, language, billing, callback_data.query, before=callback_data.before)
    after.replace(callback.message, callback.from_user.id, card)


async def look(
    callback: CallbackQuery,
    callback_data: SubscriptionButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """The card, and what ending the plan would do."""
    held = await subscriptions.get(session, billing, actor, callback_data.subscription_id)
    if callback_data.action is SubscriptionAction.CANCEL:
        actor.must_be_let(Action.CANCEL_SUBSCRIPTION)
        if billing.plans[held.subscription.plan].is_free:
            raise BadInput("billing.nothing_to_change")
        card = cards.confirm_cancel(language, held, billing.plans)
    else:
        card = cards.subscription(language, held, actor, billing.plans)
    after.replace(callback.message, callback.from_user.id, card)


async def cancel(
    callback: CallbackQuery,
    callback_data: SubscriptionButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    """Confirmed."""
    is_now = callback_data.action is SubscriptionAction.NOW
    await subscriptions.cancel(session, billing, actor, callback_data.subscription_id, now=is_now)
    after.say_notices()
    note = language("subs.did_cancel_now" if is_now else "subs.did_cancel_at_end")
    card = await _card(session, actor, language, billing, callback_data.subscription_id, note)
    after.replace(callback.message, callback.from_user.id, card)


async def ask_days(
    callback: CallbackQuery,
    callback_data: SubscriptionButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    actor.must_be_let(Action.EXTEND_SUBSCRIPTION)
    held = await subscriptions.get(session, billing, actor, callback_data.subscription_id)
    after.ask(Answering.extension, subscription_id=held.subscription.id)
    after.say_text(
        callback.from_user.id, language("subs.how_many_days", most=language.number(subscriptions.MOST_DAYS))
    )


async def days_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    after: Afterwards,
) -> None:
    words = (message.text or "").strip()
    if not (words.isascii() and words.isdigit() and len(words) < 6):
        raise BadInput("subs.how_many_days", most=language.number(subscriptions.MOST_DAYS))
    subscription_id = (await state.get_data())["subscription_id"]
    await subscriptions.extend(session, billing, actor, subscription_id, days=int(words))
    after.say_notices()
    after.end_dialogue()
    note = language.count("subs.did_extend", int(words))
    after.show(message.chat.id, await _card(session, actor, language, billing, subscription_id, note))


async def _page(
    session: AsyncSession, actor: Actor, language: Language, billing: Billing, query: str, *, before: int
) -> Card:
    asked = queries.subscriptions(query, billing.plans)
    found = await subscriptions.search(
        session, actor, plan=asked.plan, state=asked.state, before=before or None, limit=PAGE + 1
    )
    shown = found[:PAGE]
    further = shown[-1][0].id if len(found) > PAGE else None
    return cards.subscriptions(language, shown, billing.plans, query=query, further=further)


async def _card(
    session: AsyncSession,
    actor: Actor,
    language: Language,
    billing: Billing,
    subscription_id: int,
    note: Markup,
) -> Card:
    held = await subscriptions.get(session, billing, actor, subscription_id)
    return cards.subscription(language, held, actor, billing.plans, note=note)


def router() -> Router:
    router = Router(name="admin_subscriptions")
    router.message.register(find, Command("subs"))
    router.message.register(days_typed, Answering.extension, *TYPED)
    router.callback_query.register(turn_page, SubscriptionsButton.filter())
    on, action = router.callback_query.register, SubscriptionButton.filter
    on(cancel, action(F.action.in_({SubscriptionAction.NOW, SubscriptionAction.PERIOD_END})))
    on(ask_days, action(F.action == SubscriptionAction.EXTEND))
    on(look, action())
    return router
