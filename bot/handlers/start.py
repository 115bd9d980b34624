"""Arriving, help, and leaving a dialogue."""

import re

from aiogram import F, Router
from aiogram.filters import Command, CommandObject, CommandStart
from aiogram.fsm.context import FSMContext
from aiogram.types import Message
from aiogram.utils.payload import decode_payload
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.links import read_links
from tracker.billing import referrals
from tracker.fetching.links import links_in
from tracker.texts import Language, clean
from tracker.users.models import User

_PAYLOAD = re.compile(r"[A-Za-z0-9_-]{1,64}")


async def start(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """Greet; a deep link's payload may be an invitation or a link to watch, and the first one is kept."""
    after.end_dialogue()
    welcome = language("start.welcome", name=clean(user.first_name, limit=40))
    payload = command.args or ""
    if not _PAYLOAD.fullmatch(payload):
        after.say_text(message.chat.id, welcome)
        return
    if await keep_payload(session, user, payload):
        welcome += Markup("\n\n") + language.count("start.invited", referrals.DAYS)
    after.say_text(message.chat.id, welcome)
    links = links_in(_decoded(payload))
    if links:
        await read_links(links[:1], message.chat.id, session, user, language, after)


async def keep_payload(session: AsyncSession, user: User, payload: str) -> bool:
    """Keep what a deep link carried, the first for good; whether it was an invitation that counts."""
    if user.start_payload is None:
        user.start_payload = payload
    return await referrals.invited(session, user, payload)


def payload_of(words: str) -> str | None:
    """What /start carries."""
    command, _, payload = words.partition(" ")
    return payload if command == "/start" and _PAYLOAD.fullmatch(payload) else None


async def show_help(message: Message, language: Language, after: Afterwards) -> None:
    after.say(message.answer(str(language("help.text"))))


async def cancel(message: Message, state: FSMContext, language: Language, after: Afterwards) -> None:
    """Leave whatever was being asked."""
    was_asked = await state.get_state() is not None
    after.end_dialogue()
    after.say(message.answer(str(language("cancel.done" if was_asked else "cancel.nothing"))))


def router() -> Router:
    router = Router(name="start")
    router.message.filter(F.chat.type == "private")
    router.message.register(start, CommandStart())
    router.message.register(show_help, Command("help"))
    router.message.register(cancel, Command("cancel"))
    return router


def _decoded(payload: str) -> str:
    try:
        return decode_payload(payload)
    except (ValueError, UnicodeDecodeError):
        return ""
