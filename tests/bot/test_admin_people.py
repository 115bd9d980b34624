"""Operators and people: found, suspended, written to, given a role, deleted. Nobody else can."""

from typing import Any

import pytest
from aiogram.filters.callback_data import CallbackData

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, heard, pays, user_of
from tests.world import ASHA, MEERA, RAVI, Say, World
from tracker import clock
from tracker.admin.models import AuditEntry, Staff
from tracker.billing.models import Coupon, Refund, Subscription, Term
from tracker.telegram.people_callbacks import (
    MAX_QUERY_BYTES,
    AuditButton,
    CouponButton,
    PeopleButton,
    PersonAction,
    PersonButton,
    SubscriptionAction,
    SubscriptionButton,
    SubscriptionsButton,
)
from tracker.users.models import User
from worker.upkeep import upkeep

LARGEST_ID = 2**63 - 1
UNKNOWN = ["I do not know that command. Send /help to see what I can do."]
COMMANDS = ("/users", "/subs", "/coupons", "/audit")


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


@pytest.fixture
def meera(say: Say) -> Say:
    """An owner."""
    return say.as_user(MEERA)


@pytest.fixture
def ravi(say: Say) -> Say:
    return say.as_user(RAVI)


async def id_of(world: World, telegram_id: int) -> int:
    [user] = await world.rows(User, User.telegram_id == telegram_id)
    return int(user.id)


@on_both_databases
async def test_somebody_is_suspended_asks_and_goes_on(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    [card] = await meera("/users ash")
    assert card.startswith("Asha  · 1001 · user:")
    [asked] = await meera.tap("Suspend")
    assert asked.startswith("About Asha (1001):\nSend the reason, a comma, and for how long")
    assert await meera("spam") == [
        "Send the reason, a comma, and for how long: spam, 7 days or spam, for good. Or /cancel."
    ]
    [card] = await meera("links, and more spam, 7 days")
    assert card.startswith("⛔ Suspended: nothing is checked or sent for them.")
    assert "links, and more spam" in card
    [told] = await say("https://shop.example/p/kettle")
    assert told.startswith("Your account is suspended until ")
    assert "/paysupport" in told
    assert "spam" not in told
    assert (await say("/billing"))[0].startswith("Your plan")
    assert await say.tap("b:plans::::", forced=True) == []
    assert (say.toast or "").startswith("Your account is suspended until ")
    await upkeep(world.worker.bench)
    [told] = await say("/list")
    assert told.startswith("Your account is suspended until ")
    async with world.database.transaction() as session:
        (await user_of(session)).suspended_until = clock.now()
    await upkeep(world.worker.bench)
    assert (await say("/list"))[0].startswith("You watch nothing yet")
    await meera("/users ash")
    await meera.tap("Suspend")
    await meera("spam, for good")
    [told] = await say("/list")
    assert told.startswith("Your account is suspended, for a reason")
    [card] = await meera.tap("Activate")
    assert card.startswith("✅ Active again.")
    assert (await say("/list"))[0].startswith("You watch nothing yet")
    [log] = await meera.tap("Audit")
    assert log.index("activate_user") < log.index("suspend_user")


async def test_people_are_helped_with_words_days_and_notes(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    await meera("/users 1001")
    await meera.tap("Write")
    await meera("We <b>found</b> it")
    await heard(say, "From the people who run this service:\n\nWe <b>found</b> it")
    await meera.tap("Note")
    [card] = await meera("called twice")
    assert "called twice" in card
    await meera.tap("Give days")
    [card] = await meera("pro 30")
    assert card.startswith("🎁 30 days more of Pro.")
    await heard(say, "🎁 You are given 30 days of Pro.")
    [seen] = await meera.tap("What they see")
    assert seen.startswith("What Asha sees:\n\nYou watch nothing yet")
    assert len(meera.buttons()) == 1
    await meera.tap("Back")
    [card] = await meera.tap("Subscription")
    assert "Asha (1001) · Pro, active, until " in card
    await meera.tap("Make longer")
    [card] = await meera("5")
    assert card.startswith("🎁 5 days more.")
    await meera.tap("End the plan")
    [card] = await meera.tap("End it now")
    assert card.startswith("The plan has ended.")
    [subscription] = await world.rows(Subscription)
    assert (subscription.plan, subscription.state) == ("free", "lapsed")
    await heard(say, "Pro has been ended for you by the people who run this service.")
    assert (await meera("/subs plan:pro")) == ["There is no such subscription."]
    [listed] = await meera("/audit action:extend_subscription by:1003")
    assert "extend_subscription subscription:1 days 5" in listed


async def test_a_viewer_looks_and_is_told_what_it_takes(
    say: Say, meera: Say, ravi: Say, world: World
) -> None:
    await say("/start")
    await ravi("/start")
    await pays(world, "pro")
    asha = await id_of(world, ASHA)
    assert await ravi("/users") == UNKNOWN
    await meera("/users Ravi")
    await meera.tap("Role")
    await meera.tap("Viewer")
    assert await world.count(Staff, Staff.telegram_id == RAVI, Staff.role == "viewer") == 1
    [card] = await ravi("/users Asha")
    assert "Paid: ₹299" in card
    assert not any(word in label for label in ravi.buttons() for word in ("Suspend", "Write", "Delete"))
    for button in (
        "y:refund:1:0:0",
        "y:sure:1:0:0",
        f"up:suspend:{asha}:",
        f"up:activate:{asha}:",
        f"up:delete:{asha}:",
        f"up:deleted:{asha}:",
        f"up:setrole:{await id_of(world, RAVI)}:owner",
        "su:now:1",
        "su:extend:1",
    ):
        assert await ravi.tap(button, forced=True) == [], button
        assert (ravi.toast or "").startswith("Your role does not allow that: it takes the role "), button
    [told] = await ravi("/coupon NEW 20%")
    assert told == "Your role does not allow that: it takes the role “owner”."
    assert await world.count(Refund) == await world.count(Coupon) == 0
    assert [entry.action for entry in await world.rows(AuditEntry)] == ["change_role"]


async def test_somebody_is_deleted_in_two_steps_and_begins_anew(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    first = await id_of(world, ASHA)
    await meera("/users Asha")
    [asked] = await meera.tap("Delete")
    assert asked.startswith("🗑 Delete Asha (1001)? It cannot be undone.")
    assert await id_of(world, ASHA) == first
    assert await meera.tap("Yes, delete") == [f"🗑 user:{first} is deleted."]
    assert await world.count(User, User.telegram_id == ASHA) == 0
    await say("/start")
    assert await id_of(world, ASHA) != first


async def test_a_coupon_is_ended_by_its_button(meera: Say) -> None:
    await meera("/coupon diwali 20%")
    [listed] = await meera("/coupons")
    assert "DIWALI: 20 % less · used 0 of ∞" in listed
    [listed] = await meera.tap("End DIWALI")
    assert listed.startswith("🎟 DIWALI has ended")
    assert meera.buttons() == []


@pytest.mark.parametrize("command", ["/users state:none", "/users a:b", "/subs pro", "/audit pro"])
async def test_a_search_that_cannot_be_is_explained(command: str, meera: Say) -> None:
    [told] = await meera(command)
    assert told.startswith(f"Send {command.partition(' ')[0]}")


async def test_t08_nobody_else_does_anything_by_command_or_button(say: Say, meera: Say, world: World) -> None:
    """Whatever they are called, and whoever wrote the words first."""
    await meera("/start")
    owner = await id_of(world, MEERA)
    thief = say.as_user(4242, first_name="Meera", username="meera")
    for command in COMMANDS:
        assert await thief(command) == UNKNOWN
        assert await thief(command, forward="Meera") == UNKNOWN
    buttons = [
        *(f"up:{action}:{owner}:" for action in PersonAction),
        *(f"su:{action}:1" for action in SubscriptionAction),
        *("ul|0|", "sl|0|", "al|0|", "cp:1:0", "y:list:0:0:0"),
    ]
    for number, button in enumerate(buttons):
        if number % 8 == 0:  # one alone would soon be asked to go slower
            thief = say.as_user(5000 + number, first_name="Meera")
            await thief("/start")
        assert await thief.tap(button, forced=True) == [], button
        assert (thief.toast or "").startswith("This button is too old"), button
    position = world.telegram.state.position
    channel = {"id": -100600, "type": "channel", "title": "Meera", "username": "meera"}
    post = {"message_id": 1, "date": 1_700_000_000, "chat": channel, "text": "/users", "sender_chat": channel}
    for kind in ("channel_post", "message"):
        assert await meera.followed(world.telegram.push_update({kind: post}), position) == []
    assert await world.count(AuditEntry) == await world.count(Staff) == await world.count(Term) == 0


async def test_an_owner_who_forwards_a_command_did_not_give_it(meera: Say, world: World) -> None:
    await meera("/start")
    assert await meera(f"/gift {MEERA} pro 30", forward="Somebody") == UNKNOWN
    assert await meera("/users", forward="Somebody") == UNKNOWN
    assert await world.count(Term) == 0


def test_every_button_fits_and_has_a_prefix_of_its_own() -> None:
    query = "q" * MAX_QUERY_BYTES
    largest: list[CallbackData] = [
        *(PersonButton(action=each, user_id=LARGEST_ID, value="v" * 7) for each in PersonAction),
        *(SubscriptionButton(action=each, subscription_id=LARGEST_ID) for each in SubscriptionAction),
        *(made(before=LARGEST_ID, query=query) for made in (PeopleButton, SubscriptionsButton, AuditButton)),
        CouponButton(coupon_id=LARGEST_ID, before=LARGEST_ID),
    ]
    for button in largest:
        assert len(button.pack().encode()) <= 64
    prefixes = [button.__prefix__ for button in _all_buttons(CallbackData)]
    assert len(prefixes) == len(set(prefixes))


def _all_buttons(above: type[CallbackData]) -> list[Any]:
    return [button for button in above.__subclasses__() if button.__module__.startswith("tracker.telegram")]
