"""A second, independent library runs unpatched too, so that the sandbox is not shaped to one."""

from collections.abc import AsyncIterator

import pytest
import telegram as ptb
from telegram.constants import ParseMode
from telegram.error import BadRequest, Conflict, Forbidden, InvalidToken, NetworkError, RetryAfter, TimedOut
from telegram.ext import (
    Application,
    ApplicationBuilder,
    CallbackQueryHandler,
    CommandHandler,
    ContextTypes,
    MessageHandler,
    filters,
)

from sandbox.telegram import Fault, FaultKind, TelegramSandbox
from tests.sandbox.telegram.pictures import PNG

ASHA = 1001
KEYBOARD = ptb.InlineKeyboardMarkup([[ptb.InlineKeyboardButton("More", callback_data="more")]])


async def start(update: ptb.Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_html("<b>Hello</b> &amp; welcome")


async def photo(update: ptb.Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_photo(PNG, caption="A chart", reply_markup=KEYBOARD)


async def echo(update: ptb.Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    assert update.message is not None
    await update.message.reply_text(update.message.text or "", reply_markup=KEYBOARD)


async def more(update: ptb.Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
    query = update.callback_query
    assert query is not None
    assert isinstance(query.message, ptb.Message)
    await query.answer("Here is more")
    if query.message.photo:
        await query.edit_message_caption("More of it")
    else:
        await query.edit_message_text("More of it")


@pytest.fixture(autouse=True)
def _times_as_timedelta(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's coming way to tell seconds, without its warning about the old one."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")


@pytest.fixture
async def application(telegram: TelegramSandbox, address: str) -> AsyncIterator["Application"]:  # type: ignore[type-arg]
    """The echo bot, polling."""
    application = (
        ApplicationBuilder()
        .token(telegram.token)
        .base_url(f"{address}/bot")
        .base_file_url(f"{address}/file/bot")
        .read_timeout(1)
        .build()
    )
    application.add_handler(CommandHandler("start", start))
    application.add_handler(CommandHandler("photo", photo))
    application.add_handler(MessageHandler(filters.TEXT, echo))
    application.add_handler(CallbackQueryHandler(more))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(poll_interval=0, timeout=20)
        yield application
        await application.updater.stop()
        await application.stop()


@pytest.fixture
async def other(telegram: TelegramSandbox, address: str) -> AsyncIterator[ptb.Bot]:
    """A bot that only calls."""
    request = ptb.request.HTTPXRequest(read_timeout=1)
    async with ptb.Bot(telegram.token, base_url=f"{address}/bot", request=request) as bot:
        yield bot


@pytest.mark.usefixtures("application")
async def test_commands_words_photos_taps_and_edits_work(telegram: TelegramSandbox) -> None:
    async def said(count: int) -> list[str]:
        await telegram.wait_for(lambda: len(telegram.chat(ASHA)) == count)
        return [message["text"] for message in telegram.chat(ASHA)]

    await telegram.say(ASHA, "/start")
    assert (await said(2))[1] == "Hello & welcome"
    await telegram.say(ASHA, "good morning")
    assert (await said(4))[3] == "good morning"
    await telegram.tap(ASHA, telegram.chat(ASHA)[3]["message_id"], 0)
    await telegram.wait_for(lambda: telegram.chat(ASHA)[3]["text"] == "More of it")
    await telegram.say(ASHA, "/photo")
    assert (await said(6))[5] == "A chart"
    await telegram.tap(ASHA, telegram.chat(ASHA)[5]["message_id"], "More")
    await telegram.wait_for(lambda: telegram.chat(ASHA)[5]["text"] == "More of it")
    assert [answer.text for answer in telegram.state.answers] == ["Here is more", "Here is more"]


async def test_files_and_commands_survive_the_round_trip(
    application: "Application",  # type: ignore[type-arg]
    telegram: TelegramSandbox,
) -> None:
    await telegram.say(ASHA, "/start")
    bot = application.bot
    sent = await bot.send_document(
        ASHA, b"a,b\n", filename="prices.csv", caption="<i>All</i>", parse_mode="HTML"
    )
    assert sent.document is not None
    assert sent.document.file_name == "prices.csv"
    assert await (await sent.document.get_file()).download_as_bytearray() == b"a,b\n"
    await bot.set_my_commands([("list", "Everything")], scope=ptb.BotCommandScopeChat(ASHA))
    commands = await bot.get_my_commands(scope=ptb.BotCommandScopeChat(ASHA))
    assert [(command.command, command.description) for command in commands] == [("list", "Everything")]
    assert await bot.delete_message(ASHA, sent.message_id) is True


FAULTS = [
    pytest.param(Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7), RetryAfter, id="429"),
    pytest.param(Fault(FaultKind.BLOCK), Forbidden, id="block"),
    pytest.param(Fault(FaultKind.DEACTIVATE), Forbidden, id="deactivate"),
    pytest.param(
        Fault(FaultKind.ERROR, status=500, description="Internal Server Error"), NetworkError, id="500"
    ),
    pytest.param(Fault(FaultKind.HTML, status=502), NetworkError, id="502-html"),
    pytest.param(Fault(FaultKind.DROP_BEFORE), NetworkError, id="drop-before"),
    pytest.param(Fault(FaultKind.DROP_AFTER), NetworkError, id="drop-after"),
    pytest.param(Fault(FaultKind.HANG_BEFORE), TimedOut, id="hang-before"),
    pytest.param(Fault(FaultKind.HANG_AFTER), TimedOut, id="hang-after"),
]


@pytest.mark.parametrize(("fault", "error"), FAULTS)
async def test_a_fault_becomes_the_exception_that_the_library_has_for_it(
    other: ptb.Bot, telegram: TelegramSandbox, fault: Fault, error: type[Exception]
) -> None:
    await telegram.say(ASHA, "/start")
    telegram.faults.add(Fault(fault.kind, "sendMessage", retry_after=fault.retry_after, status=fault.status))
    with pytest.raises(error):
        await other.send_message(ASHA, "hello")


async def test_refusals_become_bad_request_conflict_and_invalid_token(
    other: ptb.Bot, telegram: TelegramSandbox, address: str
) -> None:
    with pytest.raises(BadRequest, match="Chat not found"):
        await other.send_message(ASHA, "hello")
    await telegram.say(ASHA, "/start")
    with pytest.raises(BadRequest, match="Can't parse entities: unsupported start tag"):
        await other.send_message(ASHA, "<x>", parse_mode=ParseMode.HTML)
    await other.set_webhook("http://127.0.0.1:9/telegram")
    with pytest.raises(Conflict):
        await other.get_updates()
    with pytest.raises(InvalidToken):
        async with ptb.Bot("1001:other", base_url=f"{address}/bot"):
            pass
