"""/broadcast: who, what, a look at it, and then to everybody; how far it is, and how it is stopped."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.states import Asking
from tracker import clock
from tracker.admin import broadcasts
from tracker.admin.broadcasts import Segment
from tracker.admin.models import Broadcast, BroadcastState
from tracker.admin.roles import Action, Actor
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.telegram import admin_broadcast_cards as cards
from tracker.telegram.cards import Card
from tracker.telegram.reach_callbacks import BroadcastAction, BroadcastButton
from tracker.texts import Language
from tracker.users.models import User


async def begin(
    message: Message,
    command: CommandObject,
    actor: Actor,
    billing: Billing,
    language: Language,
    after: Afterwards,
) -> None:
    """/broadcast, or /broadcast with whom it is for."""
    actor.must_be_let(Action.SEND_BROADCAST)
    if command.args:
        _ask_text(message.chat.id, broadcasts.read_segment(command.args, billing.plans), language, after)
        return
    after.ask(Asking.broadcast_segment)
    after.show(message.chat.id, cards.who(language))


async def segment_typed(message: Message, billing: Billing, language: Language, after: Afterwards) -> None:
    _ask_text(message.chat.id, broadcasts.read_segment(message.text or "", billing.plans), language, after)


async def text_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    segment = Segment(**(await state.get_data())["segment"])
    written = await broadcasts.draft(session, actor, segment, message.text or "")
    after.end_dialogue()
    people = await broadcasts.recipients(session, actor, segment)
    after.show(message.chat.id, cards.preview(language, written, people))


async def time_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    actor: Actor,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The answer to "when?", on the admin's own clock; a word that is no time is asked again."""
    broadcast_id = int((await state.get_data())["id"])
    at = _time(message.text or "", user.time_zone)
    planned = await broadcasts.plan_for(session, actor, broadcast_id, at)
    after.end_dialogue()
    after.show(message.chat.id, await _effect(session, actor, planned, language))


async def tapped(
    callback: CallbackQuery,
    callback_data: BroadcastButton,
    session: AsyncSession,
    actor: Actor,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A step of one, and its card in the place of the last."""
    chat_id, id = callback.from_user.id, callback_data.id
    match callback_data.action:
        case BroadcastAction.EVERYBODY:
            actor.must_be_let(Action.SEND_BROADCAST)
            _ask_text(chat_id, Segment(), language, after)
            return
        case BroadcastAction.TEST:
            actor.must_be_let(Action.SEND_BROADCAST)
            shown = await broadcasts.get(session, actor, id)
            after.show(chat_id, cards.message(language, shown.broadcast.text))
            return
        case BroadcastAction.LATER:
            await broadcasts.plan_for(session, actor, id, None)
            after.ask(Asking.broadcast_time, id=id)
            example = clock.now().astimezone(ZoneInfo(user.time_zone)) + timedelta(days=1)
            after.say_text(
                chat_id,
                language("broadcast.when", time_zone=user.time_zone, example=f"{example:%Y-%m-%d} 18:30"),
            )
            return
        case BroadcastAction.LIST:
            card = cards.listed(language, await broadcasts.recent(session, actor), clock.now())
        case BroadcastAction.NOW:
            planned = await broadcasts.plan_for(session, actor, id, None)
            card = await _effect(session, actor, planned, language)
        case BroadcastAction.CANCEL:
            card = cards.cancelling(language, (await broadcasts.get(session, actor, id)).broadcast)
        case action:
            await _change(session, actor, action, id)
            card = await _shown(session, actor, id, language)
    after.replace(callback.message, chat_id, card)


async def _change(session: AsyncSession, actor: Actor, action: BroadcastAction, id: int) -> None:
    match action:
        case BroadcastAction.SURE:
            await broadcasts.start(session, actor, id)
        case BroadcastAction.PAUSE:
            await broadcasts.pause(session, actor, id)
        case BroadcastAction.RESUME:
            await broadcasts.resume(session, actor, id)
        case BroadcastAction.CANCEL_SURE:
            await broadcasts.cancel(session, actor, id)


async def _shown(session: AsyncSession, actor: Actor, id: int, language: Language) -> Card:
    found = await broadcasts.get(session, actor, id)
    if found.broadcast.state != BroadcastState.DRAFT:
        return cards.progress(language, found)
    people = await broadcasts.recipients(session, actor, Segment(**found.broadcast.segment))
    return cards.preview(language, found.broadcast, people)


async def _effect(session: AsyncSession, actor: Actor, planned: Broadcast, language: Language) -> Card:
    people = await broadcasts.recipients(session, actor, Segment(**planned.segment))
    return cards.effect(language, planned, people)


def _ask_text(chat_id: int, segment: Segment, language: Language, after: Afterwards) -> None:
    after.ask(Asking.broadcast_text, segment=segment.as_json())
    words = cards.segment_words(language, segment)
    after.say_text(chat_id, language("broadcast.text", segment=words))


def _time(words: str, zone: str) -> datetime:
    try:
        typed = datetime.fromisoformat(words.strip())
    except ValueError:
        raise BadInput("broadcast.bad_time") from None
    return typed if typed.tzinfo else typed.replace(tzinfo=ZoneInfo(zone))


def router() -> Router:
    router = Router(name="admin_broadcasts")
    router.message.register(begin, Command("broadcast"))
    for asked, handler in (
        (Asking.broadcast_segment, segment_typed),
        (Asking.broadcast_text, text_typed),
        (Asking.broadcast_time, time_typed),
    ):
        router.message.register(handler, asked, F.text, ~F.text.startswith("/"))
    router.callback_query.register(tapped, BroadcastButton.filter())
    return router
