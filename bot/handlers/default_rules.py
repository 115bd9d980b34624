"""The rules that new watches begin with: /defaults, and a button of /alerts."""

from collections.abc import Sequence

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.handlers.rules import STALE, again_of, chat_of, drop_terms, kind_of, private_chat_of, terms_of
from bot.states import Asking
from tracker.alerts import defaults
from tracker.errors import BadInput
from tracker.telegram import rule_cards
from tracker.telegram.callbacks import RuleAction, RuleButton
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User
from tracker.watches.models import DefaultRule, RuleKind


async def show(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    after.show(message.chat.id, rule_cards.default_rules(language, await defaults.of(session, user)))


async def tapped(
    callback: CallbackQuery,
    callback_data: RuleButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A choice is offered, or made and shown."""
    rules = await defaults.of(session, user)
    match callback_data.action:
        case RuleAction.SHOW:
            card = rule_cards.default_rules(language, rules)
        case RuleAction.KIND:
            card = _choices(language, rules, kind_of(callback_data))
        case RuleAction.AGAIN:
            card = rule_cards.default_agains(language, defaults.existing(rules, kind_of(callback_data)))
        case RuleAction.TYPE:
            _ask(callback, callback_data, language, after)
            return
        case _:
            card = await _changed(callback_data, session, user, language)
    after.replace(callback.message, chat_of(callback), card)


async def drop_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The answer to "how large a drop?": "10%", or an amount. A very steep one is asked about once."""
    terms = drop_terms(message.text or "", user.currency)
    dialogue = await state.get_data()
    if terms.is_steep and dialogue.get("doubted") != terms.percent:
        after.ask(Asking.default_drop, doubted=terms.percent)
        percent = language.number(terms.percent or 0)
        after.say_text(message.chat.id, language("rule.unlikely_percent", percent=percent))
        return
    rules = await defaults.choose(session, user, terms)
    after.end_dialogue()
    after.show(message.chat.id, rule_cards.default_drop(language, rules))


def _ask(callback: CallbackQuery, data: RuleButton, language: Language, after: Afterwards) -> None:
    if data.kind != RuleKind.DROP_BY:
        raise BadInput(STALE)
    chat_id = private_chat_of(callback)
    after.ask(Asking.default_drop)
    after.say_text(chat_id, language("rule.ask_default_drop"))


def _choices(language: Language, rules: Sequence[DefaultRule], kind: RuleKind) -> Card:
    if kind == RuleKind.DROP_BY:
        return rule_cards.default_drop(language, rules)
    if kind == RuleKind.LOWEST:
        return rule_cards.default_lowest(language, rules)
    raise BadInput(STALE)


async def _changed(data: RuleButton, session: AsyncSession, user: User, language: Language) -> Card:
    match data.action:
        case RuleAction.SET | RuleAction.REFERENCE:
            rules = await defaults.choose(session, user, terms_of(data))
            if data.kind == RuleKind.DROP_BY:
                return rule_cards.default_drop(language, rules)
        case RuleAction.REARM:
            rules = await defaults.set_rearm(session, user, kind_of(data), again_of(data.value))
        case RuleAction.REMOVE:
            rules = await defaults.remove(session, user, kind_of(data))
        case _:
            raise BadInput(STALE)
    return rule_cards.default_rules(language, rules)


def router() -> Router:
    router = Router(name="default_rules")
    router.message.register(show, Command("defaults"), F.chat.type == "private")
    router.callback_query.register(tapped, RuleButton.filter(F.watch_id == 0))
    router.message.register(
        drop_typed,
        Asking.default_drop,
        F.chat.type == "private",
        F.text,
        ~F.text.startswith("/"),
        lambda message: not links_of(message),
    )
    return router
