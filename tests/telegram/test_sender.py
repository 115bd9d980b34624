"""What Telegram answers, in our own terms: a real client against the sandbox's server."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup
from pydantic import SecretStr

from sandbox.app import create_app, serve
from sandbox.telegram import Fault, FaultKind, Limits, TelegramSandbox
from tests.conftest import MakeSettings
from tracker.telegram import sender
from tracker.telegram.cards import Card

ASHA = 1001
HELLO = Card(Markup("<b>Hello</b>"))
PHOTO = Card(Markup("<b>Kettle</b>"), photo="https://shop.example/kettle.png")


@dataclass
class Outside:
    telegram: TelegramSandbox
    bot: Bot

    def texts(self) -> list[str]:
        return [message["text"] for message in self.telegram.chat(ASHA) if message["from"] == "bot"]


@pytest.fixture
async def outside(settings: MakeSettings) -> AsyncIterator[Outside]:
    telegram = TelegramSandbox(limits=Limits.off())
    async with serve(create_app(telegram), closing=telegram) as origin:
        await telegram.say(ASHA, "/start")
        bot = sender.create_bot(
            settings(bot_token=SecretStr(telegram.token), telegram_api_base=origin), timeout=5
        )
        yield Outside(telegram, bot)
        await bot.session.close()


async def test_a_sent_card_is_delivered(outside: Outside) -> None:
    answer = await sender.send(outside.bot, ASHA, HELLO)
    assert isinstance(answer, sender.Delivered)
    assert outside.texts() == ["Hello"]


async def test_a_card_goes_with_its_photo_and_its_buttons(outside: Outside) -> None:
    buttons = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])
    await sender.send(outside.bot, ASHA, Card(PHOTO.text, PHOTO.photo, buttons))
    message = outside.telegram.chat(ASHA)[-1]
    assert message["photo"] == PHOTO.photo
    assert message["buttons"] == [[{"text": "Go", "callback_data": "go"}]]


async def test_a_silent_card_makes_no_sound(outside: Outside) -> None:
    await sender.send(outside.bot, ASHA, HELLO, silent=True)
    assert outside.telegram.chat(ASHA)[-1]["silent"]


async def test_429_says_how_long_to_be_silent(outside: Outside) -> None:
    outside.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, retry_after=7))
    assert await sender.send(outside.bot, ASHA, HELLO) == sender.SlowDown(timedelta(seconds=7))


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(FaultKind.ERROR, status=502), id="a 502 in JSON"),
        pytest.param(Fault(FaultKind.HTML, status=502), id="a 502 page of a proxy"),
        pytest.param(Fault(FaultKind.DROP_BEFORE), id="dropped before it was stored"),
        pytest.param(Fault(FaultKind.DROP_AFTER), id="dropped after it was stored"),
    ],
)
async def test_an_answer_that_was_lost_is_unknown(outside: Outside, fault: Fault) -> None:
    outside.telegram.faults.add(fault)
    assert isinstance(await sender.send(outside.bot, ASHA, HELLO), sender.Unknown)


async def test_a_block_can_be_undone_and_a_deletion_cannot(outside: Outside) -> None:
    await outside.telegram.block(ASHA)
    blocked = await sender.send(outside.bot, ASHA, HELLO)
    assert isinstance(blocked, sender.Unreachable)
    assert not blocked.for_good
    await outside.telegram.deactivate(ASHA)
    gone = await sender.send(outside.bot, ASHA, HELLO)
    assert isinstance(gone, sender.Unreachable)
    assert gone.for_good


async def test_a_chat_that_never_began_is_out_of_reach_for_good(outside: Outside) -> None:
    answer = await sender.send(outside.bot, 987654321, HELLO)
    assert isinstance(answer, sender.Unreachable)
    assert answer.for_good


async def test_a_photo_that_telegram_cannot_load_leaves_the_words(outside: Outside) -> None:
    outside.telegram.faults.add(
        Fault(
            FaultKind.ERROR,
            method="sendPhoto",
            status=400,
            description="Bad Request: failed to get HTTP URL content",
        )
    )
    assert isinstance(await sender.send(outside.bot, ASHA, PHOTO), sender.Delivered)
    assert outside.texts() == ["Kettle"]


async def test_markup_that_telegram_refuses_is_sent_as_plain_words(outside: Outside) -> None:
    broken = Card(Markup("<b>Kettle"))
    assert isinstance(await sender.send(outside.bot, ASHA, broken), sender.Delivered)
    assert outside.texts() == ["Kettle"]


async def test_a_message_that_telegram_will_never_take_is_refused(outside: Outside) -> None:
    answer = await sender.send(outside.bot, ASHA, Card(Markup("x" * 5000)))
    assert isinstance(answer, sender.Refused)


async def test_without_a_token_the_operator_is_told_where_to_get_one(settings: MakeSettings) -> None:
    with pytest.raises(ValueError, match="@BotFather"):
        sender.create_bot(settings())
