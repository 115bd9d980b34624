"""The queue of updates and what people put into it."""

from datetime import timedelta

import pytest
from aiogram import Bot
from aiogram.types import Update

from sandbox.telegram import CannotDo, Fault, FaultKind, Faults, TelegramSandbox
from tests.sandbox.telegram.pictures import PNG
from tracker import clock

ASHA, GROUP = 1001, -100200
WORKS = {
    "inline_keyboard": [[{"text": "Shop", "url": "https://a.example"}, {"text": "Go", "callback_data": "go"}]]
}


async def fetched(bot: Bot, **parameters: int) -> list[Update]:
    return await bot.get_updates(**parameters)  # type: ignore[arg-type]


async def test_updates_are_numbered_in_order_and_stay_until_confirmed(
    bot: Bot, telegram: TelegramSandbox
) -> None:
    first, second, third = [await telegram.say(ASHA, text) for text in ("one", "two", "three")]
    assert (second, third) == (first + 1, first + 2)
    assert [update.update_id for update in await fetched(bot, limit=2)] == [first, second]
    assert [update.update_id for update in await fetched(bot, offset=second)] == [second, third]
    assert telegram.api.updates.is_handled(first)
    assert [update.update_id for update in await fetched(bot, offset=-1)] == [third]
    assert telegram.api.updates.is_handled(second)
    assert await fetched(bot, offset=third + 1) == []


async def test_kinds_that_were_not_asked_for_are_dropped_until_asked_for_again(
    bot: Bot, telegram: TelegramSandbox
) -> None:
    await bot.get_updates(allowed_updates=["callback_query"])
    await telegram.say(ASHA, "unheard")
    assert await bot.get_updates() == []
    await bot.get_updates(allowed_updates=["message"])
    await telegram.say(ASHA, "heard")
    assert [update.message.text for update in await bot.get_updates() if update.message] == ["heard"]


async def test_some_kinds_come_only_when_asked_for(bot: Bot, telegram: TelegramSandbox) -> None:
    update = {"message_reaction": {"chat": {"id": ASHA}}}
    telegram.push_update(update)
    assert len(telegram.api.updates) == 0
    await bot.get_updates(allowed_updates=["message_reaction"])
    telegram.push_update(update)
    assert len(telegram.api.updates) == 1


async def test_an_update_is_gone_when_its_time_is_over(
    bot: Bot, telegram: TelegramSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    await telegram.say(ASHA, "/start")
    sent = await bot.send_message(ASHA, "hello", reply_markup=WORKS)  # type: ignore[arg-type]
    await telegram.tap(ASHA, sent.message_id, "Go")
    assert len(await bot.get_updates()) == 2
    monkeypatch.setattr(clock, "_offset", timedelta(seconds=151))
    assert [update.event_type for update in await bot.get_updates()] == ["message"]
    monkeypatch.setattr(clock, "_offset", timedelta(hours=25))
    assert await bot.get_updates() == []


async def test_a_raw_update_of_any_kind_can_be_pushed(bot: Bot, telegram: TelegramSandbox) -> None:
    dice = {
        "message_id": 500,
        "date": 1,
        "chat": {"id": ASHA, "type": "private"},
        "dice": {"emoji": "🎲", "value": 3},
    }
    update_id = telegram.push_update({"message": dice})
    (update,) = await bot.get_updates()
    assert update.update_id == update_id
    assert update.message is not None
    assert update.message.dice is not None


async def test_a_message_carries_its_person_and_its_entities(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(
        ASHA,
        "look https://shop.example/k",
        first_name="Asha",
        last_name="K",
        username="asha",
        language_code="hi",
        forward="Shop News",
    )
    link = {"type": "text_link", "offset": 0, "length": 4, "url": "https://shop.example/k"}
    await telegram.say(ASHA, "this", entities=[link], reply_to=telegram.chat(ASHA)[0]["message_id"])
    first, second = [update.message for update in await bot.get_updates()]
    assert first is not None
    assert first.from_user is not None
    assert (first.from_user.last_name, first.from_user.username, first.from_user.language_code) == (
        "K",
        "asha",
        "hi",
    )
    assert first.forward_origin is not None
    assert [(item.type, item.offset, item.length) for item in first.entities or []] == [("url", 5, 22)]
    assert second is not None
    assert [item.url for item in second.entities or []] == ["https://shop.example/k"]
    assert second.reply_to_message is not None
    assert second.reply_to_message.text == first.text


async def test_a_photo_comes_with_its_caption(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "", photo=PNG, caption="see https://a.example")
    await telegram.say(ASHA, "", photo="https://a.example/p.jpg")
    uploaded, addressed = [update.message for update in await bot.get_updates()]
    assert uploaded is not None
    assert uploaded.photo is not None
    assert (uploaded.photo[0].width, uploaded.caption) == (8, "see https://a.example")
    assert uploaded.caption_entities is not None
    assert addressed is not None
    assert addressed.text is None
    assert addressed.caption is None
    assert telegram.chat(ASHA)[1]["photo"] == "https://a.example/p.jpg"


async def test_a_group_has_its_own_chat(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "/start", chat=GROUP)
    (update,) = await bot.get_updates()
    assert update.message is not None
    assert (update.message.chat.id, update.message.chat.type) == (GROUP, "supergroup")
    sent = await bot.send_message(GROUP, "hello", reply_markup=WORKS)  # type: ignore[arg-type]
    await telegram.tap(ASHA, sent.message_id, "go", chat=GROUP)
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert query.message is not None
    assert (query.from_user.id, query.message.chat.id) == (ASHA, GROUP)
    assert query.chat_instance


async def test_forced_data_arrives_though_no_button_holds_it(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "/start")
    sent = await bot.send_message(ASHA, "hello")
    await telegram.tap(ASHA, sent.message_id, "watch:999", forced=True)
    query = (await bot.get_updates())[-1].callback_query
    assert query is not None
    assert query.data == "watch:999"


async def test_what_a_person_cannot_do_is_said_in_a_sentence(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "/start", first_name="Asha")
    sent = await bot.send_message(ASHA, "hello", reply_markup=WORKS)  # type: ignore[arg-type]
    with pytest.raises(CannotDo, match=r"there is no button 'x' on message 2; its buttons: 'Shop', 'Go'"):
        await telegram.tap(ASHA, sent.message_id, "x")
    with pytest.raises(CannotDo, match="there is no button 2 on message 2"):
        await telegram.tap(ASHA, sent.message_id, 2)
    with pytest.raises(
        CannotDo, match=r"the button 'Shop' opens https://a\.example and tells the bot nothing"
    ):
        await telegram.tap(ASHA, sent.message_id, 0)
    with pytest.raises(CannotDo, match="its buttons: none"):
        await telegram.tap(ASHA, 1, "x")
    with pytest.raises(CannotDo, match="there is no message 9 in this chat"):
        await telegram.tap(ASHA, 9, "x")
    with pytest.raises(CannotDo, match="there is no user 7"):
        await telegram.tap(7, 1, "x")
    with pytest.raises(CannotDo, match="there is no text to send"):
        await telegram.say(ASHA, " ")
    with pytest.raises(CannotDo, match="the text is longer than 4096 characters"):
        await telegram.say(ASHA, "x" * 4097)
    with pytest.raises(CannotDo, match="the text is longer than 1024 characters"):
        await telegram.say(ASHA, "x" * 1025, photo=PNG)
    with pytest.raises(CannotDo, match="this is no picture"):
        await telegram.say(ASHA, "x", photo=b"no picture")
    with pytest.raises(CannotDo, match="there is no message 9 to reply to"):
        await telegram.say(ASHA, "x", reply_to=9)
    await telegram.block(ASHA)
    with pytest.raises(CannotDo, match="Asha has blocked the bot; unblock it first"):
        await telegram.say(ASHA, "x")
    await telegram.deactivate(ASHA)
    with pytest.raises(CannotDo, match="Asha's account is deleted"):
        await telegram.say(ASHA, "x")


async def test_a_block_tells_the_bot_once_and_only_if_it_knows_the_person(telegram: TelegramSandbox) -> None:
    telegram.add_user(ASHA, "Asha")
    assert await telegram.block(ASHA) is None
    assert await telegram.unblock(ASHA) is None
    await telegram.say(ASHA, "/start")
    assert await telegram.block(ASHA) is not None
    assert await telegram.block(ASHA) is None


def test_a_fault_waits_for_the_call_that_it_is_meant_for() -> None:
    faults = Faults()
    faults.add(Fault(FaultKind.HTML, "sendMessage", ASHA, times=2))
    faults.add(Fault(FaultKind.DROP_BEFORE))
    assert [fault.kind for fault in faults] == ["html", "drop_before"]
    assert faults.take("getUpdates", None) is None
    kinds = [
        faults.take("sendmessage", ASHA),
        faults.take("sendMessage", 7),
        faults.take("sendMessage", ASHA),
    ]
    assert [fault.kind for fault in kinds if fault] == ["html", "drop_before", "html"]
    assert len(faults) == 0
    faults.add(Fault(FaultKind.HTML))
    faults.clear()
    assert faults.take("sendMessage", ASHA) is None
    with pytest.raises(ValueError, match="at least once"):
        Fault(FaultKind.HTML, times=0)


async def test_waiting_for_what_never_happens_ends(telegram: TelegramSandbox) -> None:
    with pytest.raises(TimeoutError):
        await telegram.wait_for(lambda: False, timeout=0.01)


async def test_calls_are_logged_with_their_outcome_unless_switched_off(
    bot: Bot, telegram: TelegramSandbox
) -> None:
    await telegram.say(ASHA, "/start")
    await bot.send_message(ASHA, "hello")
    telegram.api.log_calls = False
    await bot.send_message(ASHA, "again")
    (call,) = telegram.calls
    assert (call.method, call.chat, call.ok, call.params["text"]) == ("sendMessage", ASHA, True, "hello")
    assert call.result["text"] == "hello"
    assert 0 < call.seconds < 5
