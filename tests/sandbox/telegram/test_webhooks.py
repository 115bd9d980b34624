"""Updates posted to the bot's own address."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest
from aiogram import Bot, Dispatcher
from aiogram.exceptions import TelegramBadRequest, TelegramConflictError
from aiogram.types import Message, Update
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox.app import serve
from sandbox.telegram import TelegramSandbox
from sandbox.telegram.delivery import retry_delay
from tracker import clock

ASHA, RAVI = 1001, 1002


@dataclass
class Receiver:
    """A bot's webhook: what came, and the answers it gives before it accepts."""

    url: str = ""
    answers: list[Response] = field(default_factory=list)
    secrets: list[str | None] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    holding: asyncio.Event | None = None

    async def receive(self, request: Request) -> Response:
        self.secrets.append(request.headers.get("X-Telegram-Bot-Api-Secret-Token"))
        update = await request.json()
        if self.holding is not None and update["message"]["from"]["id"] == ASHA:
            await self.holding.wait()
        self.updates.append(update)
        return self.answers.pop(0) if self.answers else Response()

    def texts(self) -> list[str]:
        return [update["message"]["text"] for update in self.updates]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    async with serve(Starlette(routes=[Route("/hook", receiver.receive, methods=["POST"])])) as address:
        receiver.url = f"{address}/hook"
        yield receiver


async def test_an_update_is_posted_with_the_secret_and_confirmed_by_any_2xx(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver
) -> None:
    receiver.answers = [Response(status_code=204)]
    await bot.set_webhook(
        receiver.url, secret_token="s3cret_-", max_connections=5, allowed_updates=["message"]
    )
    update_id = await telegram.say(ASHA, "hello")
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(update_id))
    assert receiver.secrets == ["s3cret_-"]
    assert receiver.updates[0]["update_id"] == update_id
    info = await bot.get_webhook_info()
    assert (info.url, info.pending_update_count, info.max_connections) == (receiver.url, 0, 5)
    assert info.allowed_updates == ["message"]
    assert info.last_error_message is None


async def test_a_refused_update_is_retried_at_once_then_after_growing_pauses(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver, pauses: list[float]
) -> None:
    receiver.answers = [Response(status_code=code) for code in (500, 302, 404, 503)]
    await bot.set_webhook(receiver.url)
    update_id = await telegram.say(ASHA, "hello")
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(update_id))
    assert receiver.texts() == ["hello"] * 5
    assert pauses == [0, 1, 2, 4]
    info = await bot.get_webhook_info()
    assert info.last_error_message == "Wrong response from the webhook: 503"


async def test_retry_after_is_honoured_up_to_an_hour(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver, pauses: list[float]
) -> None:
    receiver.answers = [
        Response(status_code=503, headers={"Retry-After": "17"}),
        Response(status_code=503, headers={"Retry-After": "99999"}),
    ]
    await bot.set_webhook(receiver.url)
    update_id = await telegram.say(ASHA, "hello")
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(update_id))
    assert pauses == [17, 3600]


def test_pauses_double_up_to_one_or_two_minutes() -> None:
    assert [retry_delay(failures) for failures in range(1, 8)] == [0, 1, 2, 4, 8, 16, 32]
    assert 60 <= retry_delay(2000) <= 120


async def test_one_chat_keeps_its_order_while_another_goes_ahead(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver
) -> None:
    receiver.holding = asyncio.Event()
    await bot.set_webhook(receiver.url)
    await telegram.say(ASHA, "one")
    last = await telegram.say(ASHA, "two")
    other = await telegram.say(RAVI, "other")
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(other))
    assert receiver.texts() == ["other"]
    receiver.holding.set()
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(last))
    assert receiver.texts() == ["other", "one", "two"]


async def test_an_update_that_nobody_takes_is_dropped_after_a_day(
    bot: Bot, telegram: TelegramSandbox, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    await bot.set_webhook("http://127.0.0.1:9/nobody")
    update_id = await telegram.say(ASHA, "hello")
    await telegram.wait_for(lambda: len(pauses) > 2)
    assert telegram.api.delivery.info()["last_error_message"] == "Connection refused"
    assert not telegram.api.updates.is_handled(update_id)
    monkeypatch.setattr(clock, "_offset", timedelta(hours=25))
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(update_id))


async def test_a_method_in_the_reply_is_called(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver
) -> None:
    receiver.answers = [
        JSONResponse({"method": "sendMessage", "chat_id": ASHA, "text": "from the reply"}),
        JSONResponse({"method": "sendMessage", "chat_id": ASHA, "text": ""}),
        JSONResponse({"method": "sendDice"}),
    ]
    await bot.set_webhook(receiver.url)
    for text in ("one", "two", "three"):
        last = await telegram.say(ASHA, text)
    await telegram.wait_for(lambda: telegram.api.updates.is_handled(last))
    assert [message["text"] for message in telegram.chat(ASHA) if message["from"] == "bot"] == [
        "from the reply"
    ]
    assert [(call.status, call.description) for call in list(telegram.calls)[1:]] == [
        (200, ""),
        (400, "Bad Request: message text is empty"),
    ]


async def test_aiogram_is_fed_by_a_webhook(bot: Bot, telegram: TelegramSandbox) -> None:
    dispatcher = Dispatcher()

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(f"heard {message.text}")

    async def hook(request: Request) -> Response:
        await dispatcher.feed_update(bot, Update.model_validate(await request.json(), context={"bot": bot}))
        return Response()

    async with serve(Starlette(routes=[Route("/hook", hook, methods=["POST"])])) as address:
        await bot.set_webhook(f"{address}/hook")
        await telegram.say(ASHA, "hello")
        await telegram.wait_for(lambda: len(telegram.chat(ASHA)) == 2)
        await bot.delete_webhook()
    assert telegram.chat(ASHA)[1]["text"] == "heard hello"


async def test_setting_a_webhook_ends_an_open_poll_and_deleting_it_brings_polling_back(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver
) -> None:
    poll = asyncio.create_task(bot.get_updates(timeout=20, request_timeout=30))
    await telegram.wait_for(lambda: telegram.polled)
    await bot.set_webhook(receiver.url)
    with pytest.raises(TelegramConflictError, match="terminated by setWebhook request"):
        await poll
    await bot.set_webhook("")
    await telegram.say(ASHA, "hello")
    assert len(await bot.get_updates()) == 1


async def test_waiting_updates_can_be_dropped(
    bot: Bot, telegram: TelegramSandbox, receiver: Receiver
) -> None:
    await telegram.say(ASHA, "one")
    await bot.set_webhook(receiver.url, drop_pending_updates=True)
    await telegram.say(ASHA, "two")
    await telegram.wait_for(lambda: receiver.texts() == ["two"])
    await bot.delete_webhook()
    await telegram.say(ASHA, "three")
    await bot.delete_webhook(drop_pending_updates=True)
    assert await bot.get_updates() == []


@pytest.mark.parametrize(
    ("url", "secret", "reason"),
    [
        ("http://bot.example/hook", None, "An HTTPS URL must be provided"),
        ("http://10.0.0.1/hook", None, "An HTTPS URL must be provided"),
        ("ftp://127.0.0.1/hook", None, "An HTTPS URL must be provided"),
        ("https://bot.example:8080/hook", None, "An HTTPS URL must be provided"),
        ("https://bot.example:port/hook", None, "An HTTPS URL must be provided"),
        ("http://localhost:1/hook", "with space", "secret token contains unallowed characters"),
    ],
)
async def test_an_address_or_secret_that_telegram_does_not_take_is_refused(
    bot: Bot, url: str, secret: str | None, reason: str
) -> None:
    with pytest.raises(TelegramBadRequest, match=reason):
        await bot.set_webhook(url, secret_token=secret)
