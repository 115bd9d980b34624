"""The limits and refusals of the methods, in Telegram's words. (No socket between: there are many.)"""

from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest

from sandbox.app import create_app
from sandbox.telegram import ApiError, TelegramSandbox
from sandbox.telegram.messages import send_document
from sandbox.telegram.parameters import LARGEST_REQUEST, Parameters, Upload
from tests.sandbox.telegram.pictures import PNG, png
from tracker import clock

ASHA, STRANGER = 1001, 1002
Ask = Callable[..., Awaitable[dict[str, Any]]]
EMPTY: dict[str, Any] = {}


@pytest.fixture
async def http(telegram: TelegramSandbox) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(telegram))
    async with httpx.AsyncClient(transport=transport, base_url="http://telegram.example") as client:
        yield client


@pytest.fixture
async def ask(http: httpx.AsyncClient, telegram: TelegramSandbox) -> Ask:
    """Call a method with JSON as a person's bot whose user pressed Start; the answer's envelope."""
    await telegram.say(ASHA, "/start")

    async def ask(method: str, **parameters: Any) -> dict[str, Any]:
        response = await http.post(f"/bot{telegram.token}/{method}", json=parameters)
        envelope: dict[str, Any] = response.json()
        assert envelope.get("error_code", 200) == response.status_code
        return envelope

    return ask


def buttons(*row: Any) -> dict[str, Any]:
    return {"inline_keyboard": [list(row)]}


def data(value: str) -> dict[str, Any]:
    return buttons({"text": "x", "callback_data": value})


SENT = [
    pytest.param({"text": "x" * 4096}, "", id="4096-characters"),
    pytest.param({"text": "x" * 4097}, "message is too long", id="4097-characters"),
    pytest.param({"text": "<b>" + "x" * 4096 + "</b>", "parse_mode": "HTML"}, "", id="tags-do-not-count"),
    pytest.param({"text": "😀" * 2049}, "message is too long", id="length-in-utf-16"),
    pytest.param({"text": ""}, "message text is empty", id="empty"),
    pytest.param({}, "message text is empty", id="no-text"),
    pytest.param({"text": " \n"}, "message text is empty", id="blank"),
    pytest.param(
        {"text": "<b> </b>", "parse_mode": "HTML"}, "message text is empty", id="blank-after-parsing"
    ),
    pytest.param({"reply_markup": data("é" * 32)}, "", id="64-bytes-of-data"),
    pytest.param({"reply_markup": data("é" * 32 + "x")}, "BUTTON_DATA_INVALID", id="65-bytes-of-data"),
    pytest.param({"reply_markup": data("")}, "BUTTON_DATA_INVALID", id="no-data"),
    pytest.param(
        {"reply_markup": buttons({"text": " ", "callback_data": "x"})}, "BUTTON_TEXT_INVALID", id="no-label"
    ),
    pytest.param(
        {"reply_markup": buttons({"text": "x"})},
        "can't parse inline keyboard button: Text buttons are not allowed in the inline keyboard",
        id="no-action",
    ),
    pytest.param(
        {"reply_markup": buttons({"callback_data": "x"})},
        'can\'t parse inline keyboard button: Field "text" must be of type String',
        id="label-missing",
    ),
    pytest.param(
        {"reply_markup": buttons("x")},
        "can't parse inline keyboard button: Inline keyboard button must be an Object",
        id="button-as-text",
    ),
    pytest.param(
        {"reply_markup": {"inline_keyboard": None}},
        'can\'t parse inline keyboard: Field "inline_keyboard" must be of type Array',
        id="keyboard-null",
    ),
    pytest.param(
        {"reply_markup": {"inline_keyboard": [{}]}},
        "can't parse inline keyboard: Inline keyboard row must be of type Array",
        id="row-as-object",
    ),
    pytest.param(
        {"reply_markup": buttons({"text": "x", "url": "localhost"})},
        "inline keyboard button URL 'localhost' is invalid: Wrong HTTP URL",
        id="bad-url",
    ),
    pytest.param(
        {"reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}},
        "reply markup is too long",
        id="101-buttons",
    ),
    pytest.param({"reply_markup": "{"}, "can't parse reply keyboard markup JSON object", id="broken-json"),
    pytest.param({"reply_markup": []}, "object expected as reply markup", id="markup-as-list"),
    pytest.param(
        {"reply_markup": {"keyboard": []}}, "the sandbox shows inline keyboards only", id="reply-keyboard"
    ),
    pytest.param({"reply_markup": {"remove_keyboard": True}}, "", id="remove-keyboard"),
    pytest.param(
        {"reply_parameters": {"message_id": 99}}, "message to be replied not found", id="reply-to-nothing"
    ),
    pytest.param({"reply_to_message_id": 1}, "", id="reply-the-old-way"),
    pytest.param({"reply_parameters": []}, "", id="empty-reply"),
    pytest.param({"reply_parameters": [1]}, "object expected as reply parameters", id="reply-as-list"),
    pytest.param(
        {"reply_parameters": {"message_id": 99, "allow_sending_without_reply": True}},
        "",
        id="reply-if-possible",
    ),
    pytest.param({"chat_id": ""}, "chat_id is empty", id="no-chat"),
    pytest.param({"chat_id": 424242}, "chat not found", id="unknown-chat"),
    pytest.param({"chat_id": "@somebody"}, "chat not found", id="chat-by-name"),
    pytest.param({"chat_id": STRANGER}, "chat not found", id="start-never-pressed"),
    pytest.param({"text": "x", "message_thread_id": 7}, "", id="thread"),
]


@pytest.mark.parametrize(("parameters", "reason"), SENT)
async def test_what_cannot_be_sent_is_refused(
    ask: Ask, telegram: TelegramSandbox, parameters: dict[str, Any], reason: str
) -> None:
    has_text = "text" in parameters or not parameters
    answer = await ask(
        "sendMessage", **{"chat_id": ASHA} | ({} if has_text else {"text": "hello"}) | parameters
    )
    assert answer.get("description", "") == (f"Bad Request: {reason}" if reason else "")
    assert len(telegram.chat(ASHA)) == (1 if reason else 2)


EDITS = [
    pytest.param("editMessageText", {"text": "one"}, "", id="text"),
    pytest.param(
        "editMessageText",
        {"text": "hello", "reply_markup": data("a")},
        "message is not modified: specified new message content and reply markup are exactly the same "
        "as a current content and reply markup of the message",
        id="nothing-new",
    ),
    pytest.param("editMessageText", {"text": "hello"}, "", id="the-keyboard-goes"),
    pytest.param("editMessageText", {"text": "x", "message_id": 77}, "message to edit not found", id="gone"),
    pytest.param("editMessageText", {"text": "x", "message_id": 1}, "message can't be edited", id="not-ours"),
    pytest.param("editMessageText", {"text": "x" * 4097}, "message is too long", id="too-long"),
    pytest.param(
        "editMessageText", {"text": "x", "message_id": ""}, "message identifier is not specified", id="no-id"
    ),
    pytest.param(
        "editMessageText", {"text": "x", "inline_message_id": "q"}, "MESSAGE_ID_INVALID", id="inline"
    ),
    pytest.param(
        "editMessageCaption", {"caption": "x"}, "there is no caption in the message to edit", id="no-caption"
    ),
    pytest.param("editMessageReplyMarkup", {"reply_markup": data("b")}, "", id="markup"),
    pytest.param(
        "editMessageMedia", {}, 'can\'t parse InputMedia: Field "media" must be of type String', id="media"
    ),
    pytest.param(
        "editMessageMedia",
        {"media": {"type": "video", "media": "https://a.example/v"}},
        "the sandbox edits photos and documents only",
        id="video",
    ),
    pytest.param(
        "editMessageMedia", {"media": {"type": "document", "media": "https://a.example/d"}}, "", id="document"
    ),
    pytest.param("deleteMessage", {}, "", id="delete"),
    pytest.param("deleteMessage", {"message_id": 77}, "message to delete not found", id="delete-gone"),
]


@pytest.mark.parametrize(("method", "parameters", "reason"), EDITS)
async def test_what_cannot_be_edited_is_refused(
    ask: Ask, method: str, parameters: dict[str, Any], reason: str
) -> None:
    sent = await ask("sendMessage", chat_id=ASHA, text="hello", reply_markup=data("a"))
    answer = await ask(method, **{"chat_id": ASHA, "message_id": sent["result"]["message_id"]} | parameters)
    assert answer.get("description", "") == (f"Bad Request: {reason}" if reason else "")


async def test_a_text_and_a_caption_are_edited_by_their_own_methods(ask: Ask) -> None:
    photo = await ask("sendPhoto", chat_id=ASHA, photo="https://a.example/p.jpg", caption="x" * 1024)
    where = {"chat_id": ASHA, "message_id": photo["result"]["message_id"]}
    refused = await ask("editMessageText", **where, text="x")
    assert refused["description"] == "Bad Request: there is no text in the message to edit"
    refused = await ask("editMessageCaption", **where, caption="x" * 1025)
    assert refused["description"] == "Bad Request: message caption is too long"
    edited = await ask("editMessageCaption", **where)
    assert "caption" not in edited["result"]


async def test_an_old_message_cannot_be_deleted(
    ask: Ask, telegram: TelegramSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = await ask("sendMessage", chat_id=ASHA, text="hello")
    monkeypatch.setattr(clock, "_offset", timedelta(hours=49))
    refused = await ask("deleteMessage", chat_id=ASHA, message_id=sent["result"]["message_id"])
    assert refused["description"] == "Bad Request: message can't be deleted for everyone"
    assert telegram.chat(ASHA)[1]["deleted"] is False


UPLOADS = [
    pytest.param("sendPhoto", "photo", PNG, "", id="png"),
    pytest.param("sendPhoto", "photo", b"GIF89a\x08\0\x06\0", "", id="gif"),
    pytest.param("sendPhoto", "photo", b"RIFF\0\0\0\0WEBPVP8 ", "", id="webp"),
    pytest.param(
        "sendPhoto",
        "photo",
        b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x0b\x08\0\x06\0\x08\x01\x01\x11\0",
        "",
        id="jpeg",
    ),
    pytest.param("sendPhoto", "photo", b"\xff\xd8\xff\xe0\0\x04ab", "IMAGE_PROCESS_FAILED", id="half-a-jpeg"),
    pytest.param("sendPhoto", "photo", b"<svg></svg>", "IMAGE_PROCESS_FAILED", id="svg"),
    pytest.param("sendPhoto", "photo", b"", "file must be non-empty", id="empty"),
    pytest.param("sendPhoto", "photo", png(420, 20), "PHOTO_INVALID_DIMENSIONS", id="too-wide"),
    pytest.param(
        "sendPhoto",
        "photo",
        PNG + b"\0" * 10 * 1024 * 1024,
        f"file of size {len(PNG) + 10 * 1024 * 1024} bytes is too big for a photo",
        id="too-large",
    ),
    pytest.param("sendDocument", "document", b"", "file must be non-empty", id="empty-document"),
    pytest.param("sendDocument", "document", b"x", "", id="document"),
]


@pytest.mark.usefixtures("ask")
@pytest.mark.parametrize(("method", "field", "content", "reason"), UPLOADS)
async def test_uploads_are_looked_at(
    http: httpx.AsyncClient, telegram: TelegramSandbox, method: str, field: str, content: bytes, reason: str
) -> None:
    response = await http.post(
        f"/bot{telegram.token}/{method}", data={"chat_id": ASHA}, files={field: ("file", content)}
    )
    assert response.json().get("description", "") == (f"Bad Request: {reason}" if reason else "")


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (None, "there is no photo in the request"),
        ("AgACwrong", "wrong remote file identifier specified: Wrong padding in the string"),
        ("http://[bad", "wrong HTTP URL specified"),
        ("https:///p.jpg", "wrong HTTP URL specified"),
    ],
    ids=["missing", "unknown-id", "broken-address", "no-host"],
)
async def test_a_photo_must_be_something(ask: Ask, photo: str | None, reason: str) -> None:
    answer = await ask("sendPhoto", chat_id=ASHA, photo=photo)
    assert answer["description"] == f"Bad Request: {reason}"


async def test_a_request_above_fifty_megabytes_is_refused(
    http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    response = await http.post(
        f"/bot{telegram.token}/sendDocument", headers={"Content-Length": "52428801"}, content=b""
    )
    assert (response.status_code, response.json()["description"]) == (413, "Request Entity Too Large")


@pytest.mark.usefixtures("ask")
def test_a_document_above_fifty_megabytes_is_refused_however_it_came(telegram: TelegramSandbox) -> None:
    upload = Upload("large.csv", "text/csv", bytes(LARGEST_REQUEST + 1))
    with pytest.raises(ApiError, match="413 Request Entity Too Large"):
        send_document(telegram.state, Parameters({"chat_id": ASHA}, {"document": upload}))


async def test_a_tap_is_answered_once_and_in_time(
    ask: Ask, telegram: TelegramSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    sent = await ask("sendMessage", chat_id=ASHA, text="hello", reply_markup=data("a"))
    first, second = [await telegram.tap(ASHA, sent["result"]["message_id"], "a") for _ in range(2)]
    long = await ask("answerCallbackQuery", callback_query_id=first, text="x" * 201)
    assert long["description"] == "Bad Request: MESSAGE_TOO_LONG"
    assert (await ask("answerCallbackQuery", callback_query_id=first, text="x" * 200))["result"] is True
    assert (await ask("answerCallbackQuery", callback_query_id=first))["description"] == too_old
    assert (await ask("answerCallbackQuery", callback_query_id="1"))["description"] == too_old
    monkeypatch.setattr(clock, "_offset", timedelta(seconds=151))
    assert (await ask("answerCallbackQuery", callback_query_id=second))["description"] == too_old


COMMANDS = [
    pytest.param({"commands": "x"}, "can't parse commands JSON object", id="broken"),
    pytest.param({"commands": {}}, "can't parse commands: Expected an Array of BotCommand", id="object"),
    pytest.param({"commands": [{}] * 101}, "BOT_COMMANDS_TOO_MUCH", id="101"),
    pytest.param(
        {"commands": [{"command": "Start", "description": "x"}]}, "BOT_COMMAND_INVALID", id="upper-case"
    ),
    pytest.param(
        {"commands": [{"command": "start"}]}, "BOT_COMMAND_DESCRIPTION_INVALID", id="no-description"
    ),
    pytest.param(
        {"commands": [], "scope": {"type": "some"}},
        "can't parse BotCommandScope: Unsupported type specified",
        id="scope",
    ),
    pytest.param(
        {"commands": [], "language_code": "english"}, "invalid language code specified", id="language"
    ),
]


@pytest.mark.parametrize(("parameters", "reason"), COMMANDS)
async def test_commands_are_checked(ask: Ask, parameters: dict[str, Any], reason: str) -> None:
    assert (await ask("setMyCommands", **parameters))["description"] == f"Bad Request: {reason}"


async def test_other_methods_refuse_what_they_do_not_know(ask: Ask) -> None:
    refused = await ask("getFile", file_id="x")
    assert refused["description"] == "Bad Request: wrong file_id or the file is temporarily unavailable"
    refused = await ask("sendChatAction", chat_id=ASHA, action="dancing")
    assert refused["description"] == "Bad Request: wrong parameter action in request"
    assert (await ask("sendDice", chat_id=ASHA))["description"] == "Not Found: method not found"
    assert (await ask("logOut"))["result"] is True


async def test_parameters_may_stand_in_the_query_a_form_or_json(
    ask: Ask, http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    url = f"/bot{telegram.token}/sendmessage"
    await http.get(url, params={"chat_id": ASHA, "text": "query"})
    await http.post(url, data={"chat_id": str(ASHA), "text": "form"})
    await http.post(url, params={"chat_id": ASHA}, json={"text": "json"})
    assert [message["text"] for message in telegram.chat(ASHA)[1:]] == ["query", "form", "json"]
    broken = await http.post(url, content=b"{", headers={"Content-Type": "application/json"})
    assert broken.json()["description"] == "Bad Request: can't parse JSON object"
    assert (await http.post(url)).json()["description"] == "Bad Request: chat_id is empty"


async def test_a_file_is_handed_out_to_its_bot_alone(
    ask: Ask, http: httpx.AsyncClient, telegram: TelegramSandbox
) -> None:
    stored = telegram.state.store_file("prices.csv", "text/csv", b"a,b")
    path = (await ask("getFile", file_id=stored.file_id))["result"]["file_path"]
    assert (await http.get(f"/file/bot{telegram.token}/{path}")).content == b"a,b"
    assert (await http.get(f"/file/bot1:x/{path}")).status_code == 401
    assert (await http.get(f"/file/bot{telegram.token}/files/none")).status_code == 404


async def test_a_blocked_or_deleted_account_is_forbidden(ask: Ask, telegram: TelegramSandbox) -> None:
    await telegram.block(ASHA)
    refused = await ask("sendMessage", chat_id=ASHA, text="hello")
    assert refused == {
        "ok": False,
        "error_code": 403,
        "description": "Forbidden: bot was blocked by the user",
    }
    await telegram.unblock(ASHA)
    assert (await ask("sendMessage", chat_id=ASHA, text="hello"))["ok"] is True
    await telegram.deactivate(ASHA)
    refused = await ask("sendMessage", chat_id=ASHA, text="hello")
    assert refused == {"ok": False, "error_code": 403, "description": "Forbidden: user is deactivated"}
