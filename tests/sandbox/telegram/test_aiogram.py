"""An unpatched aiogram bot runs against the sandbox."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramBadRequest,
    TelegramConflictError,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramNotFound,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.filters import Command, CommandStart
from aiogram.types import (
    BotCommand,
    BotCommandScopeAllPrivateChats,
    BufferedInputFile,
    CallbackQuery,
    ChatMemberUpdated,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    InputMediaPhoto,
    LinkPreviewOptions,
    Message,
    ReplyParameters,
)

from sandbox.telegram import Fault, FaultKind, Limits, TelegramSandbox
from tests.sandbox.telegram.pictures import PNG

ASHA, RAVI = 1001, 1002
KEYBOARD = InlineKeyboardMarkup(
    inline_keyboard=[
        [
            InlineKeyboardButton(text="More", callback_data="more"),
            InlineKeyboardButton(text="Shop", url="https://shop.example/kettle"),
        ]
    ]
)


def echo_bot() -> tuple[Dispatcher, list[str]]:
    """A small bot, and a list of the memberships that it heard of."""
    dispatcher, memberships = Dispatcher(), []

    @dispatcher.message(CommandStart())
    async def start(message: Message) -> None:
        await message.answer(f"<b>Hello</b> {message.from_user.first_name}", parse_mode="HTML")  # type: ignore[union-attr]

    @dispatcher.message(Command("photo"))
    async def photo(message: Message) -> None:
        picture = BufferedInputFile(PNG, "chart.png")
        await message.answer_photo(picture, caption="A <i>chart</i>", parse_mode="HTML", reply_markup=KEYBOARD)

    @dispatcher.message(F.text)
    async def echo(message: Message) -> None:
        await message.answer(message.text or "", reply_markup=KEYBOARD)

    @dispatcher.callback_query(F.data == "more")
    async def more(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.answer("Here is more", show_alert=True)
        if query.message.photo:
            await query.message.edit_caption(caption="More of it")
        else:
            await query.message.edit_text("More of it")

    @dispatcher.my_chat_member()
    async def membership(event: ChatMemberUpdated) -> None:
        memberships.append(f"{event.old_chat_member.status} to {event.new_chat_member.status}")

    return dispatcher, memberships


@pytest.fixture
async def memberships(bot: Bot) -> AsyncIterator[list[str]]:
    """Run the echo bot by long polling."""
    dispatcher, memberships = echo_bot()
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=20)
    )
    yield memberships
    await dispatcher.stop_polling()
    await polling


async def said(telegram: TelegramSandbox, user: int, count: int) -> list[str]:
    """The texts of a chat once it has so many messages."""
    await telegram.wait_for(lambda: len(telegram.chat(user)) >= count)
    return [message["text"] for message in telegram.chat(user)]


@pytest.mark.usefixtures("memberships")
async def test_commands_and_words_are_answered_to_the_person_who_wrote_them(
    telegram: TelegramSandbox,
) -> None:
    await telegram.say(ASHA, "/start", first_name="Asha")
    await telegram.say(RAVI, "good morning")
    assert await said(telegram, ASHA, 2) == ["/start", "Hello Asha"]
    assert await said(telegram, RAVI, 2) == ["good morning", "good morning"]
    answer = telegram.chat(ASHA)[1]
    assert answer["html"] == "<b>Hello</b> Asha"
    assert answer["from"] == "bot"
    assert answer["entities"] == [{"type": "bold", "offset": 0, "length": 5}]
