"""The bot in a group: who may do what there, and what becomes of the watches when the group changes."""

from collections.abc import Callable
from typing import Any

import pytest

from sandbox.telegram import Fault, FaultKind
from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, RAVI, Say, Shelf, Thing, World
from tracker.alerts.models import Alert, AlertState
from tracker.catalog.models import Listing, Preview
from tracker.users.models import User, UserState
from tracker.watches.models import Watch, WatchState

GROUP, SUPERGROUP = -500, -1000000000500
PRIVATE_ONLY = "I talk in private only. Open a chat with me and press Start."
NOT_YOURS = "I cannot find that any more. Send /list to see what you watch."


@pytest.fixture
def group(world: World) -> Say:
    """Asha, in a group that she added the bot to."""
    return in_a_group(world)


def in_a_group(world: World) -> Say:
    world.telegram.groups.take_in(ASHA, GROUP)
    return Say(world, ASHA, GROUP)


async def watches(group: Say, thing: Thing) -> None:
    await group(f"/add {thing.url}")
    await group.tap("Track it")


@on_both_databases
async def test_what_is_added_in_a_group_is_told_there(group: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await group(f"/add {kettle.url}")
    assert preview.startswith("Kettle\n₹1,999")
    [card] = await group.tap("Track it")
    assert card.startswith("✅ I watch this for you.")
    shop.set(kettle, price="1499.00")
    await group.hears("₹1,499", "instead of ₹1,999")
    assert world.telegram.chat(ASHA) == []
    [user] = await world.rows(User)
    assert user.state == UserState.ACTIVE


async def test_a_command_may_name_the_bot(group: Say, shop: Shelf) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    [preview] = await group(f"/add@PriceTrackerDemoBot {kettle.url}")
    assert preview.startswith("Kettle")


async def test_what_is_said_to_another_bot_is_not_answered(group: Say, world: World) -> None:
    for text in ("/add@AnotherBot https://a.example/1", "/list@AnotherBot", "/weather"):
        message = {
            "message_id": 77,
            "date": 1_700_000_000,
            "chat": world.telegram.state.chat_api(GROUP),
            "from": world.telegram.state.user(ASHA).api(),
            "text": text,
        }
        await world.quiet(world.telegram.push_update({"message": message}))
    assert group.messages == []


async def test_a_link_in_the_talk_of_a_group_is_left_alone(group: Say, shop: Shelf, world: World) -> None:
    message = {
        "message_id": 77,
        "date": 1_700_000_000,
        "chat": world.telegram.state.chat_api(GROUP),
        "from": world.telegram.state.user(ASHA).api(),
        "text": shop.lists("kettle", price="1999.00").url,
    }
    await world.quiet(world.telegram.push_update({"message": message}))
    assert group.messages == []
    assert await world.count(Preview) == 0


async def test_a_group_is_offered_the_one_command_that_works_there(world: World) -> None:
    offered = world.telegram.state.commands[("all_group_chats", "")]
    assert [command["command"] for command in offered] == ["add"]


async def test_everything_else_is_talked_about_in_private(group: Say) -> None:
    assert await group("/list") == [PRIVATE_ONLY]
    assert (await group("/add"))[0].startswith("Send the link behind the command")


async def test_another_member_cannot_confirm_what_was_not_theirs_to_add(
    group: Say, shop: Shelf, world: World
) -> None:
    await group(f"/add {shop.lists('kettle', price='1999.00').url}")
    ravi = group.as_user(RAVI)
    assert await ravi.tap("Track it") == []
    assert ravi.toast == NOT_YOURS
    assert await world.count(Watch) == 0
    await group.tap("Track it")
    assert await world.count(Watch) == 1


async def test_another_member_cannot_change_what_is_watched(group: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    shop.set(kettle, price="1499.00")
    alert = await group.hears("₹1,499", "instead of ₹1,999")
    ravi = group.as_user(RAVI)
    assert await ravi.tap("Pause", on=alert) == []
    assert ravi.toast == NOT_YOURS
    [watch] = await world.rows(Watch)
    assert watch.state == WatchState.ACTIVE
    await group.tap("Pause", on=alert)
    [watch] = await world.rows(Watch)
    assert watch.state == WatchState.PAUSED


async def test_a_target_is_typed_in_private(group: Say, shop: Shelf, world: World) -> None:
    await group(f"/add {shop.lists('kettle', price='1999.00').url}")
    [card] = await group.tap("target")
    assert card.startswith("✅ I watch this for you.")
    assert group.toast == "I watch it. Set its target in a private chat with me, from /list."
    assert await world.count(Watch) == 1


@pytest.mark.parametrize("is_seen", [True, False], ids=["by-a-member", "by-a-hidden-admin"])
async def test_a_group_that_throws_the_bot_out_pauses_what_was_watched_for_it(
    is_seen: bool, group: Say, say: Say, shop: Shelf, world: World
) -> None:
    kettle, lamp = shop.lists("kettle", price="1999.00"), shop.lists("lamp", price="499.00")
    await watches(group, kettle)
    await say(lamp.url)
    await say.tap("Track it")
    groups = world.telegram.groups
    await world.quiet(groups.throw_out(RAVI, GROUP) if is_seen else groups.throw_out_unseen(GROUP))
    for_group, own = await world.rows(Watch)
    assert (for_group.state, own.state) == (WatchState.PAUSED, WatchState.ACTIVE)
    unwatched, watched = await world.rows(Listing)
    assert unwatched.next_check_at is None
    assert watched.next_check_at is not None
    assert {user.state for user in await world.rows(User)} == {UserState.ACTIVE}
    assert say.last["text"] == (
        "I was removed from Group 500, so what you watch there is paused. "
        "Once I am in it again, /resume lets it go on."
    )


async def test_a_group_of_others_that_throws_the_bot_out_is_not_talked_about(
    group: Say, say: Say, world: World
) -> None:
    await say("/start")
    await world.quiet(world.telegram.groups.throw_out(RAVI, GROUP))
    assert len(say.messages) == 1


async def test_what_was_paused_for_a_group_goes_on_when_its_owner_says_so(
    group: Say, say: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    await world.quiet(world.telegram.groups.throw_out(RAVI, GROUP))
    await world.quiet(world.telegram.groups.take_in(RAVI, GROUP))
    [watch] = await world.rows(Watch)
    assert watch.state == WatchState.PAUSED
    await say("/resume kettle")
    shop.set(kettle, price="1499.00")
    await group.hears("₹1,499", "instead of ₹1,999")


async def test_a_deleted_group_says_nothing_about_the_person(group: Say, shop: Shelf, world: World) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    world.telegram.groups.delete(GROUP)
    shop.set(kettle, price="1499.00")
    await world.checked(kettle)
    await settled(world, AlertState.DEAD)
    [watch], [user] = await world.rows(Watch), await world.rows(User)
    assert (watch.state, user.state) == (WatchState.PAUSED, UserState.ACTIVE)


async def test_whoever_blocked_the_bot_closed_their_own_chat_and_no_group(
    group: Say, say: Say, shop: Shelf, world: World
) -> None:
    await say("/start")
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    await say.blocks()
    shop.set(kettle, price="1499.00")
    await group.hears("₹1,499", "instead of ₹1,999")
    [user] = await world.rows(User)
    assert user.state == UserState.BLOCKED


async def test_a_wrong_price_is_asked_about_in_the_group(group: Say, shop: Shelf, world: World) -> None:
    await watches(group, shop.lists("kettle", price="1999.00", mode="mislabelled"))
    [question] = await group.tap("Wrong price?")
    assert "Which is the right price?" in question
    ravi = group.as_user(RAVI)
    assert await ravi.tap("₹1,999") == []
    assert ravi.toast == NOT_YOURS
    [thanks] = await group.tap("₹1,999")
    assert "The price is ₹1,999" in thanks


async def test_a_question_that_finds_the_group_gone_says_nothing_about_the_person(
    group: Say, shop: Shelf, world: World
) -> None:
    await watches(group, shop.lists("kettle", price="1999.00", mode="mislabelled"))
    refused = "Forbidden: bot was kicked from the group chat"
    world.telegram.faults.add(
        Fault(FaultKind.ERROR, "sendMessage", GROUP, status=403, description=refused, times=2)
    )
    await group.tap("Wrong price?")
    [watch], [user] = await world.rows(Watch), await world.rows(User)
    assert (watch.state, user.state) == (WatchState.PAUSED, UserState.ACTIVE)


async def test_another_look_at_a_moved_group_takes_what_is_owed_along(
    group: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    shop.set(kettle, price="1499.00")
    await group.hears("₹1,499", "instead of ₹1,999")
    await settled(world, AlertState.SENT)
    message_id, data = group.button("Still this price?")
    asked = await world.telegram.tap(ASHA, message_id, data, chat=GROUP)
    world.telegram.groups.upgrade(GROUP)
    await world.quiet(world.telegram.state.queries[asked].update_id)
    await all_have(world, Watch, lambda watch: watch.chat_id == SUPERGROUP)


@on_both_databases
async def test_a_supergroup_is_told_what_the_group_was_to_be_told(
    group: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    world.telegram.groups.upgrade(GROUP)
    await world.quiet(world.telegram.groups.tell_upgrade(ASHA, GROUP))
    [watch] = await world.rows(Watch)
    assert watch.chat_id == SUPERGROUP
    shop.set(kettle, price="1499.00")
    supergroup = group.in_group(SUPERGROUP)
    await supergroup.hears("₹1,499", "instead of ₹1,999")
    assert len(supergroup.messages) == 1
    await settled(world, AlertState.SENT)
    [alert] = await world.rows(Alert)
    assert (alert.state, alert.chat_id, alert.attempts) == (AlertState.SENT, SUPERGROUP, 1)
    assert refusals(world) == []


@on_both_databases
async def test_an_alert_that_meets_a_moved_group_follows_it_at_no_cost(
    group: Say, shop: Shelf, world: World
) -> None:
    kettle = shop.lists("kettle", price="1999.00")
    await watches(group, kettle)
    world.telegram.groups.upgrade(GROUP)
    shop.set(kettle, price="1499.00")
    supergroup = group.in_group(SUPERGROUP)
    await supergroup.hears("₹1,499", "instead of ₹1,999")
    await settled(world, AlertState.SENT)
    [alert] = await world.rows(Alert)
    assert (alert.chat_id, alert.attempts) == (SUPERGROUP, 1)
    await world.quiet(world.telegram.groups.tell_upgrade(ASHA, GROUP))
    [watch] = await world.rows(Watch)
    assert (watch.chat_id, watch.state) == (SUPERGROUP, WatchState.ACTIVE)
    shop.set(kettle, price="1299.00")
    await supergroup.hears("₹1,299", "instead of ₹1,499")
    assert len(supergroup.messages) == 2


async def test_a_preview_that_meets_a_moved_group_follows_it(make_world: MakeWorld) -> None:
    world = await make_world(sweep_seconds=0.2)
    group = in_a_group(world)
    kettle = world.shop.lists("kettle", price="1999.00")
    asked = await world.telegram.say(ASHA, f"/add {kettle.url}", chat=GROUP)
    world.telegram.groups.upgrade(GROUP)
    await world.quiet(asked)
    supergroup = group.in_group(SUPERGROUP)
    [preview] = supergroup.messages
    assert preview["text"].startswith("Kettle")
    await supergroup.tap("Track it")
    [watch] = await world.rows(Watch)
    assert watch.chat_id == SUPERGROUP


async def test_a_group_where_only_pictures_are_forbidden_gets_the_words(
    group: Say, shop: Shelf, world: World
) -> None:
    refused = "Bad Request: not enough rights to send photos to the chat"
    world.telegram.faults.add(Fault(FaultKind.ERROR, "sendPhoto", GROUP, status=400, description=refused))
    [preview] = await group(f"/add {shop.lists('kettle', price='1999.00').url}")
    assert preview.startswith("Kettle")


async def settled(world: World, state: AlertState) -> None:
    """Return once there are alerts, and all in this state. Raises TimeoutError."""
    await all_have(world, Alert, lambda alert: alert.state == state)


async def all_have(world: World, table: type[Any], wanted: Callable[[Any], bool]) -> None:
    """Return once there are rows, and all are as wanted. Raises TimeoutError."""
    while True:
        seen = world.steps
        rows = await world.rows(table)
        if rows and all(wanted(row) for row in rows):
            return
        await world.telegram.wait_for(lambda seen=seen: world.steps != seen)  # type: ignore[misc]


def refusals(world: World) -> list[str]:
    return [call.description for call in world.telegram.calls if call.description]
