"""The sandbox's own API: what `say` and `tap` answer, and how it refuses."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.types import BotCommand, CallbackQuery, InlineKeyboardButton, InlineKeyboardMarkup, Message

from sandbox.app import create_app, serve
from sandbox.control import Patience
from sandbox.telegram import Limits, TelegramSandbox
from tests.sandbox.telegram.pictures import PNG

ASHA, NOBODY = 1001, 4242
KEYBOARD = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="More", callback_data="more")]])


class House:
    """What stands behind the bot: its work in hand, and its clock."""

    def __init__(self) -> None:
        self.busy = False
        self.advanced = timedelta(0)

    def advance(self, by: timedelta) -> None:
        self.advanced += by


@pytest.fixture
def house() -> House:
    return House()


@pytest.fixture
def telegram() -> TelegramSandbox:
    return TelegramSandbox(limits=Limits.off())


@pytest.fixture
async def http(telegram: TelegramSandbox, house: House) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(
        telegram,
        busy=lambda: house.busy,
        advance_clock=house.advance,
        patience=Patience(settle=0.2, bound=2),
    )
    async with (
        serve(app, closing=telegram) as address,
        httpx.AsyncClient(base_url=address, trust_env=False, timeout=10) as client,
    ):
        yield client


@pytest.fixture
async def bot(telegram: TelegramSandbox, http: httpx.AsyncClient, house: House) -> AsyncIterator[Bot]:
    """A bot that answers, edits, deletes, and sends one message from behind."""
    server = TelegramAPIServer.from_base(str(http.base_url).rstrip("/"))
    dispatcher = Dispatcher()

    @dispatcher.message(F.text == "wait")
    async def wait(message: Message) -> None:
        house.busy = True

        async def later() -> None:
            await message.answer("done")
            house.busy = False

        dispatcher["later"] = asyncio.create_task(later())

    @dispatcher.message()
    async def echo(message: Message) -> None:
        reading = await message.answer("reading")
        await message.answer(message.text or "nothing", reply_markup=KEYBOARD)
        await reading.delete()

    @dispatcher.callback_query()
    async def more(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.edit_text("more of it")
        await query.answer("Here you are", show_alert=True)

    async with Bot(telegram.token, session=AiohttpSession(api=server)) as bot:
        polling = asyncio.create_task(
            dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=20)
        )
        yield bot
        await dispatcher.stop_polling()
        await polling


async def post(http: httpx.AsyncClient, path: str, **body: Any) -> dict[str, Any]:
    response = await http.post(f"/sandbox/{path}", json=body)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


@pytest.mark.usefixtures("bot")
async def test_say_and_tap_answer_with_what_followed(http: httpx.AsyncClient) -> None:
    said = await post(http, "say", user=ASHA, text="hello")
    assert [message["text"] for message in said["messages"]] == ["hello"]
    assert (said["edits"], len(said["deleted"]), said["answers"]) == ([], 1, [])
    assert "quiet" not in said
    tapped = await post(http, "tap", user=ASHA, message_id=said["messages"][0]["message_id"], button="More")
    assert tapped["messages"] == []
    assert [message["text"] for message in tapped["edits"]] == ["more of it"]
    assert tapped["answers"] == [{"text": "Here you are", "show_alert": True, "url": None}]
    chat = (await http.get(f"/sandbox/chat/{ASHA}")).json()
    assert chat["user"] == ASHA
    assert [(message["from"], message["text"]) for message in chat["messages"] if not message["deleted"]] == [
        ("user", "hello"),
        ("bot", "more of it"),
    ]


@pytest.mark.usefixtures("bot")
async def test_say_waits_for_work_behind_the_bot(http: httpx.AsyncClient) -> None:
    said = await post(http, "say", user=ASHA, text="wait")
    assert [message["text"] for message in said["messages"]] == ["done"]


@pytest.mark.usefixtures("bot")
async def test_a_bot_that_never_rests_is_reported(http: httpx.AsyncClient, house: House) -> None:
    house.busy = True
    said = await post(http, "say", user=ASHA, text="hello")
    assert said["quiet"] is False
    assert [message["text"] for message in said["messages"]] == ["hello"]


async def test_a_bot_that_is_not_there_is_reported(http: httpx.AsyncClient) -> None:
    assert (await post(http, "say", user=ASHA, text="hello"))["quiet"] is False


async def test_nobody_waits_when_told_so(http: httpx.AsyncClient, telegram: TelegramSandbox) -> None:
    said = await post(http, "say", user=ASHA, text="hello", wait=False, first_name="Asha", reply_to=None)
    assert said["messages"] == []
    assert not telegram.api.updates.is_handled(said["update_id"])


async def test_a_person_blocks_unblocks_and_leaves(
    http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    await telegram.say(ASHA, "/start")
    assert (await post(http, "block", user=ASHA, wait=False))["update_id"] is not None
    assert telegram.state.users[ASHA].blocked is True
    await post(http, "unblock", user=ASHA, wait=False)
    assert telegram.state.users[ASHA].blocked is False
    assert (await post(http, "deactivate", user=ASHA))["user"]["deactivated"] is True


async def test_people_are_listed_and_added(http: httpx.AsyncClient) -> None:
    await post(http, "users", user=1004, first_name="Kiran", language_code="hi")
    users = (await http.get("/sandbox/users")).json()["users"]
    assert [user["first_name"] for user in users] == ["Asha", "Ravi", "Meera", "Kiran"]
    assert not any(user["started"] for user in users)


async def test_faults_limits_calls_and_the_clock_are_at_hand(
    http: httpx.AsyncClient, telegram: TelegramSandbox, house: House
) -> None:
    assert await post(http, "faults", kind="html", method="sendMessage", times=2) == {"waiting": 2}
    assert (await http.get("/sandbox/faults")).json()["faults"][0]["kind"] == "html"
    assert (await http.delete("/sandbox/faults")).json() == {"waiting": 0}
    assert (await post(http, "limits", scale=10))["overall_per_second"] == 300
    assert (await post(http, "limits", enabled=False))["enabled"] is False
    assert telegram.limits == Limits.off()
    await post(http, "clock", advance_seconds=90)
    assert house.advanced == timedelta(seconds=90)
    for method in ("getMe", "getWebhookInfo", "getMe"):
        await http.get(f"/bot{telegram.token}/{method}")
    calls = (await http.get("/sandbox/calls?method=getMe&limit=1")).json()["calls"]
    assert [(call["method"], call["status"]) for call in calls] == [("getMe", 200)]
    assert len((await http.get("/sandbox/calls")).json()["calls"]) == 3


REFUSED = [
    pytest.param("POST", "say", "{", "the body must be a JSON object", id="broken-json"),
    pytest.param("POST", "say", "[]", "the body must be a JSON object", id="list"),
    pytest.param(
        "POST", "say", '{"user": "x", "text": "a"}', '"user" must be a whole number', id="user-as-text"
    ),
    pytest.param(
        "POST", "say", '{"user": true, "text": "a"}', '"user" must be a whole number', id="user-as-bool"
    ),
    pytest.param("POST", "say", '{"user": 1001}', '"text" must be text', id="no-text"),
    pytest.param(
        "POST", "say", '{"user": 1001, "text": "a", "photo": 1}', '"photo" must be text', id="photo-as-number"
    ),
    pytest.param(
        "POST",
        "say",
        '{"user": 1001, "text": "a", "entities": [{"type": "bold"}]}',
        '"entities" must be a list of objects, each with type, offset and length',
        id="half-an-entity",
    ),
    pytest.param("POST", "say", '{"user": 1001, "text": ""}', "there is no text to send", id="empty-text"),
    pytest.param(
        "POST",
        "tap",
        '{"user": 4242, "message_id": 1, "button": "x"}',
        "there is no user 4242",
        id="stranger",
    ),
    pytest.param(
        "POST",
        "tap",
        '{"user": 1001, "message_id": 9, "button": 0}',
        "there is no message 9 in this chat",
        id="message",
    ),
    pytest.param(
        "POST",
        "tap",
        '{"user": 1001, "message_id": 1, "chat": 1001}',
        '"button" must be the text, the callback data or the index of a button',
        id="no-button",
    ),
    pytest.param("POST", "block", '{"user": 4242}', "there is no user 4242", id="block-a-stranger"),
    pytest.param(
        "POST",
        "faults",
        '{"kind": "html", "colour": 1}',
        "a fault has a kind and may have: kind, method, chat, times, retry_after, status, description",
        id="fault-with-a-wrong-field",
    ),
    pytest.param("POST", "faults", '{"kind": "x"}', "'x' is not a valid FaultKind", id="unknown-fault"),
    pytest.param("POST", "limits", '{"scale": 0}', '"scale" must be a number above zero', id="scale"),
    pytest.param(
        "POST",
        "clock",
        '{"advance_seconds": -1}',
        '"advance_seconds" must be a number of seconds, zero or more',
        id="backwards",
    ),
    pytest.param("GET", "chat/4242", "", "there is no user 4242", id="chat-of-a-stranger"),
    pytest.param("GET", "events?user=4242", "", "there is no user 4242", id="events-of-a-stranger"),
]


@pytest.mark.parametrize(("method", "path", "body", "sentence"), REFUSED)
async def test_what_makes_no_sense_is_refused_in_a_sentence(
    telegram: TelegramSandbox, method: str, path: str, body: str, sentence: str
) -> None:
    transport = httpx.ASGITransport(create_app(telegram))
    async with httpx.AsyncClient(transport=transport, base_url="http://sandbox.example") as client:
        response = await client.request(method, f"/sandbox/{path}", content=body)
    assert (response.status_code, response.json()) == (400, {"error": sentence})


async def test_uploads_are_shown_and_other_files_are_downloads(
    http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    picture = telegram.state.store_file("chart.png", "image/png", PNG)
    shown = await http.get(picture.address())
    assert (shown.content, shown.headers["content-type"]) == (PNG, "image/png")
    assert "content-disposition" not in shown.headers
    page = telegram.state.store_file("page.html", "text/html", b"<script>")
    assert (await http.get(page.address())).headers["content-disposition"] == "attachment"
    assert (await http.get("/sandbox/files/none")).status_code == 404


async def test_events_begin_with_everything_and_go_on_with_each_change(
    http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    await telegram.say(ASHA, "before")
    server = TelegramAPIServer.from_base(str(http.base_url).rstrip("/"))
    async with (
        Bot(telegram.token, session=AiohttpSession(api=server)) as bot,
        http.stream("GET", f"/sandbox/events?user={ASHA}") as stream,
    ):
        lines = stream.aiter_lines()

        async def event() -> str:
            kind = await anext(lines)
            data = await anext(lines)
            await anext(lines)
            return f"{kind.removeprefix('event: ')} {data.removeprefix('data: ')}"

        first = await event()
        assert first.startswith("sync ")
        assert '"text":"before"' in first
        await bot.send_message(ASHA, "after")
        assert '"text":"after"' in await event()
        await bot.set_my_commands([BotCommand(command="list", description="All")])
        assert await event() == 'commands {"commands":[{"command":"list","description":"All"}]}'
        await bot.send_chat_action(ASHA, "typing")
        assert await event() == 'action {"action":"typing"}'
        await telegram.block(ASHA)
        assert (await event()).startswith('user {"id":1001')


async def test_the_page_is_strict_about_what_it_loads(http: httpx.AsyncClient) -> None:
    page = await http.get("/")
    assert "default-src 'none'; script-src 'self'" in page.headers["content-security-policy"]
    for asset in ("style.css", "chat.js", "message.js", "commands.js", "shop.js", "icon.svg"):
        assert (await http.get(f"/assets/{asset}")).status_code == 200
    assert "<script>" not in page.text
    assert "style=" not in page.text
