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
        await message.answer_photo(
            picture, caption="A <i>chart</i>", parse_mode="HTML", reply_markup=KEYBOARD
        )

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


@pytest.mark.usefixtures("memberships")
async def test_a_tap_edits_the_message_in_place_and_shows_the_answer(telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "kettle")
    await said(telegram, ASHA, 2)
    answer = telegram.chat(ASHA)[1]
    assert [[button["text"] for button in row] for row in answer["buttons"]] == [["More", "Shop"]]
    query_id = await telegram.tap(ASHA, answer["message_id"], "More")
    await telegram.wait_for(lambda: telegram.chat(ASHA)[1]["edited"])
    assert telegram.chat(ASHA)[1]["text"] == "More of it"
    assert telegram.chat(ASHA)[1]["buttons"] == []
    shown = telegram.state.answers[-1]
    assert (shown.query_id, shown.text, shown.show_alert) == (query_id, "Here is more", True)


@pytest.mark.usefixtures("memberships")
async def test_a_photo_is_uploaded_shown_and_edited(telegram: TelegramSandbox, bot: Bot) -> None:
    await telegram.say(ASHA, "/photo")
    await said(telegram, ASHA, 2)
    answer = telegram.chat(ASHA)[1]
    assert (answer["text"], answer["html"]) == ("A chart", "A <i>chart</i>")
    stored = next(iter(telegram.state.files.values()))
    assert (stored.content, stored.width, stored.height) == (PNG, 8, 6)
    downloaded = await bot.download(stored.file_id)
    assert downloaded is not None
    assert downloaded.read() == PNG
    await telegram.tap(ASHA, answer["message_id"], "more")
    await telegram.wait_for(lambda: telegram.chat(ASHA)[1]["text"] == "More of it")


async def test_blocking_and_unblocking_reach_the_bot(
    telegram: TelegramSandbox, memberships: list[str]
) -> None:
    await telegram.say(ASHA, "/start")
    await said(telegram, ASHA, 2)
    await telegram.block(ASHA)
    await telegram.unblock(ASHA)
    await telegram.wait_for(lambda: not telegram.api.updates)
    await telegram.wait_for(lambda: len(memberships) == 2)
    assert sorted(memberships) == ["kicked to member", "member to kicked"]


async def test_the_bot_describes_itself(bot: Bot) -> None:
    me = await bot.get_me()
    assert (me.id, me.is_bot, me.username) == (1001, True, "PriceTrackerDemoBot")
    assert me.can_join_groups is True
    assert me.supports_inline_queries is False


async def test_messages_are_sent_edited_and_deleted(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "/start")
    question = telegram.chat(ASHA)[0]["message_id"]
    sent = await bot.send_message(
        ASHA,
        "one",
        disable_notification=True,
        protect_content=True,
        link_preview_options=LinkPreviewOptions(is_disabled=True),
        reply_parameters=ReplyParameters(message_id=question),
    )
    assert sent.has_protected_content is True
    assert sent.reply_to_message is not None
    assert sent.reply_to_message.text == "/start"
    edited = await bot.edit_message_text(
        "two", chat_id=ASHA, message_id=sent.message_id, reply_markup=KEYBOARD
    )
    assert isinstance(edited, Message)
    assert edited.edit_date is not None
    await bot.edit_message_reply_markup(chat_id=ASHA, message_id=sent.message_id)
    view = telegram.chat(ASHA)[1]
    assert (view["text"], view["silent"], view["edited"], view["buttons"]) == ("two", True, True, [])
    photo = InputMediaPhoto(media=BufferedInputFile(PNG, "chart.png"), caption="three")
    await bot.edit_message_media(photo, chat_id=ASHA, message_id=sent.message_id)
    assert telegram.chat(ASHA)[1]["photo"].startswith("/sandbox/files/")
    await bot.delete_message(ASHA, sent.message_id)
    assert telegram.chat(ASHA)[1]["deleted"] is True


async def test_a_document_keeps_its_name_and_a_photo_can_be_an_address(
    bot: Bot, telegram: TelegramSandbox
) -> None:
    await telegram.say(ASHA, "/start")
    await bot.send_document(ASHA, BufferedInputFile(b"a,b\n", "prices.csv"), caption="Your prices")
    first = await bot.send_photo(ASHA, "https://images.example/kettle.jpg")
    assert first.photo is not None
    await bot.send_photo(ASHA, first.photo[0].file_id)
    document, photo, again = telegram.chat(ASHA)[1:]
    assert (document["document"], document["text"]) == ("prices.csv", "Your prices")
    assert photo["photo"] == again["photo"] == "https://images.example/kettle.jpg"


async def test_commands_are_kept_by_scope_and_language(bot: Bot, telegram: TelegramSandbox) -> None:
    asha = telegram.add_user(ASHA, "Asha", language_code="hi")
    ravi = telegram.add_user(RAVI, "Ravi")
    await bot.set_my_commands([BotCommand(command="start", description="Begin")])
    scope = BotCommandScopeAllPrivateChats()
    await bot.set_my_commands([BotCommand(command="list", description="Meri soochi")], scope, "hi")
    assert [command.command for command in await bot.get_my_commands()] == ["start"]
    assert [command.command for command in await bot.get_my_commands(scope, "hi")] == ["list"]
    assert telegram.state.commands_for(asha) == [{"command": "list", "description": "Meri soochi"}]
    assert telegram.state.commands_for(ravi) == [{"command": "start", "description": "Begin"}]
    await bot.delete_my_commands(scope, "hi")
    assert await bot.get_my_commands(scope, "hi") == []


async def test_a_chat_is_described_once_its_person_pressed_start(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.add_user(ASHA, "Asha", username="asha")
    with pytest.raises(TelegramBadRequest, match="chat not found"):
        await bot.get_chat(ASHA)
    await telegram.say(ASHA, "/start")
    chat = await bot.get_chat(ASHA)
    assert (chat.first_name, chat.username, chat.type) == ("Asha", "asha", "private")
    assert await bot.send_chat_action(ASHA, "typing") is True


FAULTS = [
    pytest.param(Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7), TelegramRetryAfter, id="429"),
    pytest.param(
        Fault(FaultKind.ERROR, status=500, description="Internal Server Error"), TelegramServerError, id="500"
    ),
    pytest.param(Fault(FaultKind.HTML, status=502), ClientDecodeError, id="502-html"),
    pytest.param(Fault(FaultKind.DROP_BEFORE), TelegramNetworkError, id="drop-before"),
    pytest.param(Fault(FaultKind.DROP_AFTER), TelegramNetworkError, id="drop-after"),
    pytest.param(Fault(FaultKind.HANG_BEFORE), TelegramNetworkError, id="hang-before"),
    pytest.param(Fault(FaultKind.HANG_AFTER), TelegramNetworkError, id="hang-after"),
    pytest.param(Fault(FaultKind.BLOCK), TelegramForbiddenError, id="block"),
    pytest.param(Fault(FaultKind.DEACTIVATE), TelegramForbiddenError, id="deactivate"),
    pytest.param(
        Fault(FaultKind.ERROR, status=400, description="Bad Request: nonsense"), TelegramBadRequest, id="400"
    ),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_a_fault_becomes_the_exception_that_the_library_has_for_it(
    bot: Bot, telegram: TelegramSandbox, fault: Fault, error: type[Exception]
) -> None:
    await telegram.say(ASHA, "/start")
    telegram.faults.add(
        Fault(fault.kind, "sendMessage", ASHA, 1, fault.retry_after, fault.status, fault.description)
    )
    with pytest.raises(error):
        await bot.send_message(ASHA, "hello", request_timeout=1)
    stored = fault.kind in (FaultKind.DROP_AFTER, FaultKind.HANG_AFTER)
    assert len(telegram.chat(ASHA)) == (2 if stored else 1)
    assert len(telegram.faults) == 0


async def test_retry_after_tells_the_seconds(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.limits = Limits(chat_burst=1, chat_per_second=0.2)
    await telegram.say(ASHA, "/start")
    await bot.send_message(ASHA, "one")
    with pytest.raises(TelegramRetryAfter) as refused:
        await bot.send_message(ASHA, "two")
    assert refused.value.retry_after == 5
    assert [call.status for call in telegram.calls] == [200, 429]


async def test_a_wrong_token_and_an_unknown_method_are_refused(bot: Bot, address: str) -> None:
    session = AiohttpSession(api=TelegramAPIServer.from_base(address))
    async with Bot("1001:other", session=session) as stranger:
        with pytest.raises(TelegramUnauthorizedError):
            await stranger.get_me()
    with pytest.raises(TelegramNotFound, match="method not found"):
        await bot.send_dice(ASHA)


async def test_the_older_of_two_polls_ends_in_a_conflict(bot: Bot, telegram: TelegramSandbox) -> None:
    older = asyncio.create_task(bot.get_updates(timeout=20, request_timeout=30))
    await telegram.wait_for(lambda: telegram.polled)
    newer = asyncio.create_task(bot.get_updates(timeout=20, request_timeout=30))
    with pytest.raises(TelegramConflictError, match="terminated by other getUpdates request"):
        await older
    await telegram.say(ASHA, "hello")
    assert [update.message.text for update in await newer if update.message] == ["hello"]


async def test_polling_beside_a_webhook_is_a_conflict(bot: Bot) -> None:
    await bot.set_webhook("http://127.0.0.1:9/telegram")
    with pytest.raises(TelegramConflictError, match="use deleteWebhook"):
        await bot.get_updates()
    await bot.delete_webhook()
    assert await bot.get_updates() == []
