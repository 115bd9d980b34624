"""Whatever no conversation took: one sentence that says what to do."""

import re

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message

from bot.afterwards import Afterwards
from bot.commands import COMMANDS
from tracker.texts import Language

_OTHER_SCHEME = re.compile(
    r"\b(?!https?:)[a-z][a-z0-9+.-]{1,20}://\S|\b(?:javascript|data|mailto|tg):\S", re.IGNORECASE
)


async def message_not_understood(message: Message, language: Language, after: Afterwards) -> None:
    text = message.text or message.caption or ""
    if text.startswith("/"):
        key = "error.unknown_command"
    elif _OTHER_SCHEME.search(text):
        key = "error.link_not_http"
    else:
        key = "error.no_link"
    after.say(message.answer(str(language(key))))


async def in_a_group(message: Message, language: Language, after: Afterwards) -> None:
    """A command of ours in a group is answered by the way to a private chat; talk there is none of ours."""
    after.say(message.answer(str(language("error.private_only"))))


async def stale_button(_callback: CallbackQuery, language: Language, after: Afterwards) -> None:
    """A button of an older version, or bytes that no button of ours ever carried."""
    after.toast(language.plain("error.stale_button"), alert=True)


def router() -> Router:
    router = Router(name="fallback")
    router.message.register(message_not_understood, F.chat.type == "private")
    router.message.register(in_a_group, Command(*(command.name for command in COMMANDS)))
    router.callback_query.register(stale_button)
    return router
