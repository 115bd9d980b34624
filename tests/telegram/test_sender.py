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

ASHA, GROUP = 1001, -500
GO = InlineKeyboardMarkup(inline_keyboard=[[InlineKeyboardButton(text="Go", callback_data="go")]])
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
    await sender.send(outside.bot, ASHA, Card(PHOTO.text, PHOTO.photo, GO))
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


async def test_a_document_goes_with_its_words_and_its_buttons(outside: Outside) -> None:
    card = Card(HELLO.text, keyboard=GO)
    answer = await sender.send_document(
        outside.bot, ASHA, card, name="PT-26-27-000001.pdf", content=b"%PDF-1.7", silent=True
    )
    assert isinstance(answer, sender.Delivered)
    message = outside.telegram.chat(ASHA)[-1]
    assert (message["text"], message["document"]) == ("Hello", "PT-26-27-000001.pdf")
    assert message["silent"]
    assert message["buttons"] == [[{"text": "Go", "callback_data": "go"}]]
    [call] = [call for call in outside.telegram.calls if call.method == "sendDocument"]
    assert call.params["caption"] == "<b>Hello</b>"


async def test_a_document_whose_markup_is_refused_goes_with_plain_words(outside: Outside) -> None:
    broken = Card(Markup("<b>Invoice"))
    answer = await sender.send_document(outside.bot, ASHA, broken, name="a.pdf", content=b"%PDF-1.7")
    assert isinstance(answer, sender.Delivered)
    assert outside.texts() == ["Invoice"]


async def test_429_to_a_document_says_how_long_to_be_silent(outside: Outside) -> None:
    outside.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, "sendDocument", retry_after=7))
    answer = await sender.send_document(outside.bot, ASHA, HELLO, name="a.pdf", content=b"%PDF-1.7")
    assert answer == sender.SlowDown(timedelta(seconds=7))


async def test_a_message_is_edited_in_its_place(outside: Outside) -> None:
    sent = await sender.send(outside.bot, ASHA, HELLO)
    assert isinstance(sent, sender.Delivered)
    changed = Card(Markup("<b>Goodbye</b>"), keyboard=GO)
    assert await sender.edit(outside.bot, ASHA, sent.message_id, changed) == sent
    [message] = [each for each in outside.telegram.chat(ASHA) if each["from"] == "bot"]
    assert (message["text"], message["buttons"]) == ("Goodbye", [[{"text": "Go", "callback_data": "go"}]])


@pytest.mark.parametrize("sent", [HELLO, PHOTO], ids=["sent-as-text", "sent-with-a-photo"])
@pytest.mark.parametrize("photo", [None, PHOTO.photo], ids=["edited-as-text", "edited-with-a-photo"])
async def test_an_edit_finds_the_words_whether_there_is_a_photo(
    outside: Outside, sent: Card, photo: str | None
) -> None:
    delivered = await sender.send(outside.bot, ASHA, sent)
    assert isinstance(delivered, sender.Delivered)
    changed = Card(Markup("<b>Goodbye</b>"), photo)
    assert await sender.edit(outside.bot, ASHA, delivered.message_id, changed) == delivered
    assert outside.texts() == ["Goodbye"]


async def test_an_edit_that_changes_nothing_is_delivered(outside: Outside) -> None:
    sent = await sender.send(outside.bot, ASHA, HELLO)
    assert isinstance(sent, sender.Delivered)
    assert await sender.edit(outside.bot, ASHA, sent.message_id, HELLO) == sent


async def test_what_is_gone_cannot_be_edited(outside: Outside) -> None:
    assert await sender.edit(outside.bot, ASHA, 987654, HELLO) == sender.Refused(
        "Telegram server says - Bad Request: message to edit not found"
    )


async def test_429_to_an_edit_says_how_long_to_be_silent(outside: Outside) -> None:
    outside.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, "editMessageText", retry_after=7))
    assert await sender.edit(outside.bot, ASHA, 1, HELLO) == sender.SlowDown(timedelta(seconds=7))


async def test_a_group_that_became_a_supergroup_says_where_it_is_now(outside: Outside) -> None:
    outside.telegram.groups.take_in(ASHA, GROUP)
    sent = await sender.send(outside.bot, GROUP, PHOTO)
    assert isinstance(sent, sender.Delivered)
    moved = sender.Moved(outside.telegram.groups.upgrade(GROUP))
    assert await sender.send(outside.bot, GROUP, PHOTO) == moved
    assert await sender.edit(outside.bot, GROUP, sent.message_id, HELLO) == moved
    assert isinstance(await sender.send(outside.bot, moved.to_chat_id, HELLO), sender.Delivered)


async def test_a_group_that_threw_the_bot_out_is_out_of_reach(outside: Outside) -> None:
    outside.telegram.groups.take_in(ASHA, GROUP)
    outside.telegram.groups.throw_out(ASHA, GROUP)
    assert isinstance(await sender.send(outside.bot, GROUP, HELLO), sender.Unreachable)


@pytest.mark.parametrize(
    "description",
    [
        "Bad Request: not enough rights to send text messages to the chat",
        "Bad Request: have no rights to send a message",
        "Bad Request: CHAT_WRITE_FORBIDDEN",
        "Forbidden: bot is not a member of the supergroup chat",
        "Forbidden: the group chat was deleted",
    ],
)
async def test_a_group_that_lets_the_bot_say_nothing_is_out_of_reach(
    outside: Outside, description: str
) -> None:
    outside.telegram.groups.take_in(ASHA, GROUP)
    status = 403 if description.startswith("Forbidden") else 400
    outside.telegram.faults.add(Fault(FaultKind.ERROR, status=status, description=description))
    assert isinstance(await sender.send(outside.bot, GROUP, HELLO), sender.Unreachable)


async def test_a_group_that_forbids_pictures_gets_the_words(outside: Outside) -> None:
    outside.telegram.groups.take_in(ASHA, GROUP)
    forbidden = "Bad Request: not enough rights to send photos to the chat"
    outside.telegram.faults.add(Fault(FaultKind.ERROR, "sendPhoto", status=400, description=forbidden))
    assert isinstance(await sender.send(outside.bot, GROUP, PHOTO), sender.Delivered)
    assert [message["text"] for message in outside.telegram.chat(GROUP)] == ["Kettle"]


async def test_without_a_token_the_operator_is_told_where_to_get_one(settings: MakeSettings) -> None:
    with pytest.raises(ValueError, match="@BotFather"):
        sender.create_bot(settings())
