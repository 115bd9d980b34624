"""Groups: who is heard in them, how the bot comes and goes, and how a group becomes a supergroup."""

import pytest
from aiogram import Bot
from aiogram.exceptions import TelegramForbiddenError, TelegramMigrateToChat

from sandbox.telegram import CannotDo, TelegramSandbox

ASHA, GROUP, SUPERGROUP = 1001, -500, -1000000000500


@pytest.fixture(autouse=True)
def asha(telegram: TelegramSandbox) -> None:
    telegram.add_user(ASHA, "Asha")


@pytest.mark.parametrize(
    ("said", "is_heard"),
    [
        ("/add https://a.example", True),
        ("/add@PriceTrackerDemoBot https://a.example", True),
        ("/add@AnotherBot https://a.example", False),
        ("https://a.example", False),
        ("nice weather", False),
    ],
)
async def test_a_bot_hears_what_is_meant_for_it(
    bot: Bot, telegram: TelegramSandbox, said: str, is_heard: bool
) -> None:
    await telegram.say(ASHA, said, chat=GROUP)
    assert [update.message.text for update in await bot.get_updates() if update.message] == (
        [said] if is_heard else []
    )


async def test_a_bot_hears_replies_to_it(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    asked = await bot.send_message(GROUP, "which price?")
    await telegram.say(ASHA, "499", chat=GROUP, reply_to=asked.message_id)
    await telegram.say(ASHA, "500", chat=GROUP)
    assert [update.message.text for update in await bot.get_updates() if update.message] == ["499"]


async def test_coming_and_going_is_told_with_who_did_it(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    telegram.groups.throw_out(ASHA, GROUP)
    telegram.groups.take_in(ASHA, GROUP)
    telegram.groups.throw_out_unseen(GROUP)
    changes = [update.my_chat_member for update in await bot.get_updates() if update.my_chat_member]
    assert [(change.new_chat_member.status, change.from_user.is_bot) for change in changes] == [
        ("member", False),
        ("kicked", False),
        ("member", False),
        ("kicked", True),
    ]
    assert {(change.chat.id, change.chat.type) for change in changes} == {(GROUP, "group")}


@pytest.mark.parametrize(
    ("group", "description"),
    [
        (GROUP, "Forbidden: bot was kicked from the group chat"),
        (SUPERGROUP, "Forbidden: bot was kicked from the supergroup chat"),
    ],
)
async def test_a_group_that_threw_the_bot_out_takes_nothing_from_it(
    bot: Bot, telegram: TelegramSandbox, group: int, description: str
) -> None:
    telegram.groups.take_in(ASHA, group)
    telegram.groups.throw_out(ASHA, group)
    with pytest.raises(TelegramForbiddenError, match=description):
        await bot.send_message(group, "hello")
    telegram.groups.take_in(ASHA, group)
    await bot.send_message(group, "hello")


async def test_a_deleted_group_takes_nothing(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    telegram.groups.delete(GROUP)
    with pytest.raises(TelegramForbiddenError, match="the group chat was deleted"):
        await bot.send_message(GROUP, "hello")


async def test_a_group_that_became_a_supergroup_says_so_to_whoever_writes(
    bot: Bot, telegram: TelegramSandbox
) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    assert telegram.groups.upgrade(GROUP) == SUPERGROUP
    with pytest.raises(TelegramMigrateToChat) as refused:
        await bot.send_message(GROUP, "hello")
    assert refused.value.migrate_to_chat_id == SUPERGROUP
    sent = await bot.send_message(SUPERGROUP, "hello")
    assert sent.chat.type == "supergroup"
    assert [message["text"] for message in telegram.chat(SUPERGROUP)] == ["hello"]


async def test_a_group_that_became_a_supergroup_is_told_in_both(bot: Bot, telegram: TelegramSandbox) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    telegram.groups.upgrade(GROUP)
    telegram.groups.tell_upgrade(ASHA, GROUP)
    _, left, came, arrived = await bot.get_updates()
    assert left.message is not None
    assert (left.message.chat.id, left.message.migrate_to_chat_id) == (GROUP, SUPERGROUP)
    assert left.message.text is None
    assert came.my_chat_member is not None
    assert (came.my_chat_member.chat.id, came.my_chat_member.new_chat_member.status) == (SUPERGROUP, "member")
    assert arrived.message is not None
    assert (arrived.message.chat.id, arrived.message.migrate_from_chat_id) == (SUPERGROUP, GROUP)
    assert arrived.message.from_user is not None
    assert arrived.message.from_user.is_bot


async def test_nobody_speaks_in_a_group_that_is_a_supergroup_now(telegram: TelegramSandbox) -> None:
    telegram.groups.take_in(ASHA, GROUP)
    telegram.groups.upgrade(GROUP)
    with pytest.raises(CannotDo, match=f"is the supergroup {SUPERGROUP} now"):
        await telegram.say(ASHA, "/list", chat=GROUP)
    with pytest.raises(CannotDo, match="cannot become a supergroup"):
        telegram.groups.upgrade(SUPERGROUP)


async def test_whoever_blocked_the_bot_still_speaks_in_a_group(bot: Bot, telegram: TelegramSandbox) -> None:
    await telegram.say(ASHA, "/start")
    await telegram.block(ASHA)
    await telegram.say(ASHA, "/list", chat=GROUP)
    updates = await bot.get_updates()
    assert updates[-1].message is not None
    assert updates[-1].message.chat.id == GROUP
