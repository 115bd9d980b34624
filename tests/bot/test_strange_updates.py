"""Updates of every kind: none raises, and none is answered that was not meant for the bot."""

from typing import Any

import pytest
import structlog
from sqlalchemy import text

from sandbox.telegram import Fault, FaultKind
from tests.bot.conftest import on_both_databases
from tests.world import ASHA, RAVI, Say, Shelf, World
from tracker.catalog.models import Listing
from tracker.users.models import User, UserState

PRIVATE = {"id": ASHA, "type": "private", "first_name": "Asha"}
ASHA_HERSELF = {"id": ASHA, "is_bot": False, "first_name": "Asha", "language_code": "en"}
GROUP = {"id": -100500, "type": "supergroup", "title": "Deals"}
CHANNEL = {"id": -100600, "type": "channel", "title": "Deals"}


def message(chat: dict[str, Any], **content: Any) -> dict[str, Any]:
    return {"message_id": 5000, "date": 1_700_000_000, "chat": chat, **content}


STICKER = {
    "file_id": "x", "file_unique_id": "y", "type": "regular", "width": 1, "height": 1,
    "is_animated": False, "is_video": False,
}  # fmt: skip
POLL = {
    "id": "1", "question": "Which?", "options": [{"text": "a", "voter_count": 0, "persistent_id": "1"}],
    "total_voter_count": 0, "is_closed": False, "is_anonymous": True, "type": "regular",
    "allows_multiple_answers": False, "allows_revoting": False, "members_only": False,
}  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"sticker": STICKER}, id="sticker"),
        pytest.param({"poll": POLL}, id="poll"),
        pytest.param({"location": {"latitude": 1.0, "longitude": 2.0}}, id="location"),
        pytest.param({"contact": {"phone_number": "1", "first_name": "A"}}, id="contact"),
        pytest.param({"dice": {"emoji": "🎲", "value": 3}}, id="dice"),
        pytest.param({}, id="nothing-known"),
        pytest.param(
            {"photo": [{"file_id": "x", "file_unique_id": "y", "width": 1, "height": 1}]}, id="photo"
        ),
        pytest.param({"text": "x" * 10_000}, id="D12-ten-thousand-characters"),
        pytest.param({"text": "\u202e\u0000\u200d"}, id="odd-characters"),
    ],
)
async def test_d14_a_message_without_a_link_gets_one_sentence(
    content: dict[str, Any], say: Say, world: World
) -> None:
    await say("/start")
    position = world.telegram.state.position
    with structlog.testing.capture_logs() as lines:
        update_id = world.telegram.push_update(
            {"message": message(PRIVATE, **content) | {"from": ASHA_HERSELF}}
        )
        [answer] = await say.followed(update_id, position)
    assert answer.startswith("I see no link in that.")
    assert not [line for line in lines if line["log_level"] == "error"]


@pytest.mark.parametrize(
    "update",
    [
        pytest.param({"message": message(CHANNEL, text="/list")}, id="from-nobody"),
        pytest.param(
            {"message": message(GROUP, text="https://shop.example/x") | {"from": ASHA_HERSELF}},
            id="talk-in-a-group",
        ),
        pytest.param(
            {
                "message": message(GROUP, text="/list", sender_chat=GROUP)
                | {"from": {"id": 1087968824, "is_bot": True, "first_name": "Group"}}
            },
            id="anonymous-admin",
        ),
        pytest.param(
            {"message": message(PRIVATE, text="/list") | {"from": ASHA_HERSELF | {"is_bot": True}}},
            id="a-bot",
        ),
        pytest.param(
            {"edited_message": message(PRIVATE, text="/list") | {"from": ASHA_HERSELF}}, id="edited"
        ),
        pytest.param(
            {"channel_post": message(CHANNEL, text="/list", sender_chat=CHANNEL)}, id="channel-post"
        ),
        pytest.param({"edited_channel_post": message(CHANNEL, text="/list")}, id="edited-channel-post"),
        pytest.param(
            {
                "my_chat_member": {
                    "chat": GROUP,
                    "from": ASHA_HERSELF,
                    "date": 1_700_000_000,
                    "old_chat_member": {
                        "user": {"id": 1001, "is_bot": True, "first_name": "B"},
                        "status": "left",
                    },
                    "new_chat_member": {
                        "user": {"id": 1001, "is_bot": True, "first_name": "B"},
                        "status": "member",
                    },
                }
            },
            id="added-to-a-group",
        ),
    ],
)
async def test_d14_an_update_that_is_not_meant_for_the_bot_is_not_answered(
    update: dict[str, Any], say: Say, world: World
) -> None:
    await say("/start")
    world.telegram.api.updates.allowed = []  # as a bot that asked for every kind
    calls = len(world.telegram.calls)
    with structlog.testing.capture_logs() as lines:
        world.telegram.push_update(update)
        [welcome] = await say("/start")
    assert welcome.startswith("Hello Asha!")
    assert [call.method for call in list(world.telegram.calls)[calls:] if call.method != "getUpdates"] == [
        "sendMessage"
    ]
    assert not [line for line in lines if line["log_level"] == "error"]


async def test_a_command_in_a_group_is_answered_by_the_way_to_a_private_chat(say: Say, world: World) -> None:
    await world.quiet(await world.telegram.say(ASHA, "/list", chat=-500))
    [answer] = [each.view() for each in world.telegram.state.chat(-500).messages.values() if each.from_bot]
    assert answer["text"] == "I talk in private only. Open a chat with me and press Start."


@on_both_databases
async def test_whoever_blocks_gets_nothing_and_nothing_is_checked_until_they_come_back(
    say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    await say.blocks()
    [user], [listing] = await world.rows(User), await world.rows(Listing)
    assert user.state == UserState.BLOCKED
    assert listing.next_check_at is None
    shop.set(kettle, price="1499.00")
    await say.unblocks()
    [user], [listing] = await world.rows(User), await world.rows(Listing)
    assert user.state == UserState.ACTIVE
    assert listing.next_check_at is not None
    await say.hears("₹1,499", "instead of ₹1,999")


async def test_a_word_from_a_blocked_person_brings_them_back(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    await say.blocks()
    world.telegram.state.user(ASHA).blocked = False  # the unblocking itself was lost
    [listed] = await say("/list")
    assert "You watch 1 thing" in listed
    [listing] = await world.rows(Listing)
    assert listing.next_check_at is not None


async def test_whoever_blocks_before_the_answer_is_noted_as_gone(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    world.telegram.faults.add(Fault(FaultKind.BLOCK, "sendMessage", ASHA))
    assert await say("/list") == []
    [user], [listing] = await world.rows(User), await world.rows(Listing)
    assert user.state == UserState.BLOCKED
    assert listing.next_check_at is None


async def test_whoever_blocks_while_a_page_is_read_is_noted_as_gone(
    say: Say, shop: Shelf, world: World
) -> None:
    await say("/start")
    world.telegram.faults.add(Fault(FaultKind.BLOCK, "sendPhoto", ASHA))
    assert await say(shop.lists("kettle", price="1999.00").url) == []
    [user] = await world.rows(User)
    assert user.state == UserState.BLOCKED


async def test_what_a_blocked_person_says_in_a_group_does_not_bring_them_back(
    say: Say, shop: Shelf, world: World
) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    await say.blocks()
    update = {"message": message(GROUP, text="/list") | {"from": ASHA_HERSELF}}
    await world.quiet(world.telegram.push_update(update))
    [user] = await world.rows(User)
    assert user.state == UserState.BLOCKED


async def test_a_group_that_threw_the_bot_out_says_nothing_about_the_person(say: Say, world: World) -> None:
    await say("/start")
    await world.telegram.say(RAVI, "/help", chat=-500)
    refused = "Forbidden: bot was kicked from the group chat"
    world.telegram.faults.add(Fault(FaultKind.ERROR, "sendMessage", -500, status=403, description=refused))
    await world.quiet(await world.telegram.say(ASHA, "/list", chat=-500))
    assert {user.state for user in await world.rows(User)} == {UserState.ACTIVE}


async def test_d11_one_persons_flood_is_answered_in_order(say: Say, world: World) -> None:
    await say("/start")
    for number in range(20):
        last = await world.telegram.say(ASHA, f"/stop thing-{number}")
    await world.quiet(last)
    said = [message["text"] for message in say.messages][1:]
    assert said == [
        f"You watch nothing called “thing-{number}”. Send /list to see all." for number in range(20)
    ]


async def test_what_fails_inside_is_a_sentence_whose_reference_finds_the_traceback(
    say: Say, world: World
) -> None:
    await say("/start")
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE watches RENAME TO away"))
    with structlog.testing.capture_logs() as lines:
        [answer] = await say("/list")
    [line] = [line for line in lines if line["event"] == "update.failed"]
    assert line["log_level"] == "error"
    assert answer == (
        f"Something went wrong on our side, and it is noted under {line['reference']}. "
        "Please try again in a minute."
    )
    async with world.database.transaction() as session:
        await session.execute(text("ALTER TABLE away RENAME TO watches"))
    [answer] = await say("/list")
    assert answer.startswith("You watch nothing yet.")
