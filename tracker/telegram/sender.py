"""The gateway to Telegram: send a card, and say in our own terms what came of it."""

import html
import re
from dataclasses import dataclass
from datetime import timedelta

import structlog
from aiogram import Bot
from aiogram.client.default import DefaultBotProperties
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.enums import ParseMode
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramMigrateToChat,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.methods import EditMessageCaption, EditMessageText, Response
from aiogram.types import BufferedInputFile, LinkPreviewOptions, Message, Update
from markupsafe import Markup

from tracker.config import Settings
from tracker.telegram.cards import Card

log = structlog.get_logger()

SEND_TIMEOUT = 10
"""Seconds that one call may take; well below the lease of an alert."""


@dataclass(frozen=True, slots=True)
class Delivered:
    message_id: int


@dataclass(frozen=True, slots=True)
class SlowDown:
    """Telegram said 429: wait for that long. The message was not tried, and that is no attempt."""

    after: timedelta


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer was lost, or was an error that passes: the message may have arrived. Try again later."""

    error: str


@dataclass(frozen=True, slots=True)
class Unreachable:
    """The final word about a chat: a person blocked the bot, or is gone (`for_good`).

    Of a group (a negative id) it says nothing about any person: the bot was removed, or the group deleted.
    """

    error: str
    for_good: bool


@dataclass(frozen=True, slots=True)
class Moved:
    """The group became a supergroup and has another id now; the message was not tried."""

    to_chat_id: int


@dataclass(frozen=True, slots=True)
class Refused:
    """The final word about a message: Telegram will never take it."""

    error: str


# pydantic keeps what is made of a generic model weakly. Unless somebody holds them, the classes of answers go
# with each collection of garbage, and aiogram makes them anew: 10 ms in which nobody else works.
_ANSWERS = (Response[Message], Response[bool], Response[list[Update]])

Answer = Delivered | SlowDown | Unknown | Unreachable | Moved | Refused

# A photo whose address Telegram could not load was sent as text; which of both it was is not kept.
_OTHER_KIND = ("there is no text in the message to edit", "there is no caption in the message to edit")

_TAG = re.compile(r"<[^>]*>")

# Descriptions of telegram-bot-api's Client.cpp, in lower case.
_BLOCKED = ("bot was blocked by the user",)
_GONE = (
    "user is deactivated",
    "chat not found",
    "bot was kicked",
    "bot is not a member",
    "the group chat was deleted",
    "bot can't initiate conversation",
    "have no rights to send a message",
    "not enough rights to send text",
    "chat_write_forbidden",
)
_PHOTO_TROUBLE = (
    "wrong file identifier",
    "failed to get http url content",
    "wrong type of the web page content",
    "photo_invalid_dimensions",
    "image_process_failed",
    "webpage_media_empty",
    "webpage_curl_failed",
    "wrong remote file",
    "not enough rights to send photos",
)


def create_bot(settings: Settings, *, timeout: float = 60) -> Bot:
    """A client of the Bot API at `TELEGRAM_API_BASE`. Close its session at the end.

    Raises ValueError when `BOT_TOKEN` is not set or is none.
    """
    if settings.bot_token is None:
        raise ValueError(
            "BOT_TOKEN is not set: get one from @BotFather, or try `make demo`, which needs none"
        )
    session = AiohttpSession(api=TelegramAPIServer.from_base(settings.telegram_api_base), timeout=timeout)
    return Bot(
        settings.bot_token.get_secret_value(),
        session=session,
        default=DefaultBotProperties(
            parse_mode=ParseMode.HTML, link_preview=LinkPreviewOptions(is_disabled=True)
        ),
    )


async def send(bot: Bot, chat_id: int, card: Card, *, silent: bool = False) -> Answer:
    """Send a card, with its photo when Telegram can load it, as plain text when its HTML is refused."""
    answer = await _try(bot, chat_id, card, photo=card.photo, silent=silent)
    if (
        isinstance(answer, Refused)
        and card.photo
        and any(part in answer.error.lower() for part in _PHOTO_TROUBLE)
    ):
        answer = await _try(bot, chat_id, card, photo=None, silent=silent)
    if isinstance(answer, Refused) and "can't parse entities" in answer.error.lower():
        log.error("telegram.markup_refused", chat_id=chat_id, error=answer.error)
        answer = await _try(bot, chat_id, card, photo=None, silent=silent, plain=True)
    return answer


async def send_document(
    bot: Bot, chat_id: int, card: Card, *, name: str, content: bytes, silent: bool = False
) -> Answer:
    """Send a file with a card's words below it, as plain text when their HTML is refused."""
    answer = await _try_document(bot, chat_id, card, name=name, content=content, silent=silent)
    if isinstance(answer, Refused) and "can't parse entities" in answer.error.lower():
        log.error("telegram.markup_refused", chat_id=chat_id, error=answer.error)
        answer = await _try_document(
            bot, chat_id, card, name=name, content=content, silent=silent, plain=True
        )
    return answer


async def edit(bot: Bot, chat_id: int, message_id: int, card: Card) -> Answer:
    """Put a card's words and buttons in the place of a message's, whether it has a photo or is text.

    What it says already counts as delivered.
    """
    ways = (_edit_caption, _edit_text) if card.photo else (_edit_text, _edit_caption)
    answer = await ways[0](bot, chat_id, message_id, card)
    if isinstance(answer, Refused) and any(part in answer.error.lower() for part in _OTHER_KIND):
        answer = await ways[1](bot, chat_id, message_id, card)
    return answer


async def _edit_text(bot: Bot, chat_id: int, message_id: int, card: Card) -> Answer:
    return await _edited(
        bot,
        message_id,
        EditMessageText(
            chat_id=chat_id, message_id=message_id, text=str(card.text), reply_markup=card.keyboard
        ),
    )


async def _edit_caption(bot: Bot, chat_id: int, message_id: int, card: Card) -> Answer:
    return await _edited(
        bot,
        message_id,
        EditMessageCaption(
            chat_id=chat_id, message_id=message_id, caption=str(card.text), reply_markup=card.keyboard
        ),
    )


async def _edited(bot: Bot, message_id: int, method: EditMessageText | EditMessageCaption) -> Answer:
    try:
        await bot(method, request_timeout=SEND_TIMEOUT)
    except (TelegramAPIError, ClientDecodeError) as error:
        return Delivered(message_id) if "message is not modified" in str(error).lower() else answer_of(error)
    return Delivered(message_id)


async def _try(
    bot: Bot, chat_id: int, card: Card, *, photo: str | None, silent: bool, plain: bool = False
) -> Answer:
    try:
        if photo:
            message = await bot.send_photo(
                chat_id,
                photo,
                caption=str(card.text),
                reply_markup=card.keyboard,
                disable_notification=silent,
                request_timeout=SEND_TIMEOUT,
            )
        else:
            message = await _send_text(bot, chat_id, card, silent=silent, plain=plain)
    except (TelegramAPIError, ClientDecodeError) as error:
        return answer_of(error)
    return Delivered(message.message_id)


async def _try_document(
    bot: Bot, chat_id: int, card: Card, *, name: str, content: bytes, silent: bool, plain: bool = False
) -> Answer:
    try:
        message = await bot.send_document(
            chat_id,
            BufferedInputFile(content, filename=name),
            caption=_words_of(card.text) if plain else str(card.text),
            parse_mode=None if plain else ParseMode.HTML,
            reply_markup=card.keyboard,
            disable_notification=silent,
            request_timeout=SEND_TIMEOUT,
        )
    except (TelegramAPIError, ClientDecodeError) as error:
        return answer_of(error)
    return Delivered(message.message_id)


async def _send_text(bot: Bot, chat_id: int, card: Card, *, silent: bool, plain: bool) -> Message:
    if plain:
        return await bot.send_message(
            chat_id,
            _words_of(card.text),
            parse_mode=None,
            reply_markup=card.keyboard,
            disable_notification=silent,
            request_timeout=SEND_TIMEOUT,
        )
    return await bot.send_message(
        chat_id,
        str(card.text),
        reply_markup=card.keyboard,
        disable_notification=silent,
        request_timeout=SEND_TIMEOUT,
    )


def _words_of(text: Markup) -> str:
    """Without its tags; lines stay lines, which `striptags` would fold."""
    return html.unescape(_TAG.sub("", str(text)))


def answer_of(error: TelegramAPIError | ClientDecodeError) -> Answer:
    """What an error of aiogram means for the message that caused it."""
    text = str(error)
    lowered = text.lower()
    match error:
        case TelegramRetryAfter():
            return SlowDown(timedelta(seconds=error.retry_after))
        case TelegramMigrateToChat():
            return Moved(error.migrate_to_chat_id)
        case (
            TelegramServerError() | TelegramNetworkError() | ClientDecodeError() | TelegramUnauthorizedError()
        ):
            # A revoked token is the operator's trouble: alerts wait for the new one.
            return Unknown(text)
        case TelegramForbiddenError() if any(part in lowered for part in _BLOCKED):
            return Unreachable(text, for_good=False)
        case TelegramForbiddenError() | TelegramBadRequest() | TelegramNotFound() if any(
            part in lowered for part in _GONE
        ):
            return Unreachable(text, for_good=True)
        case _:
            return Refused(text)
