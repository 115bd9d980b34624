"""An owner writes to many, in two steps; whoever wants no more of it says so with one tap."""

import re

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, MEERA, PATIENCE, RAVI, Say, World
from tracker.admin.models import AuditEntry, Broadcast, Staff
from tracker.notices.models import Notice
from tracker.users.models import User
from worker.broadcasts import broadcasts

WORDS = "<b>Sale</b> & more\n\nsee https://example.com"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(admin_ids=frozenset({MEERA}))


@pytest.fixture
async def meera(say: Say) -> Say:
    """An owner, who has a chat as Asha and Ravi do."""
    for user in (ASHA, RAVI, MEERA):
        await say.as_user(user)("/start")
    return say.as_user(MEERA)


async def sent_to(say: Say, world: World) -> None:
    """Let a worker say what is under way, until it has arrived."""
    await broadcasts(world.worker.bench)
    await world.telegram.wait_for(lambda: say.messages[-1]["text"].startswith("<b>Sale"), PATIENCE)


@on_both_databases
async def test_it_is_shown_tried_and_sent_in_two_steps(meera: Say, say: Say, world: World) -> None:
    [asked] = await meera("/broadcast")
    assert asked.startswith("Who is it for?")
    [asked] = await meera.tap("Everybody")
    assert asked.startswith("For: everybody. Send me the text now")
    [preview] = await meera(WORDS)
    assert preview == f"Draft · for everybody: 3 people now. So it will look:\n\n{WORDS}"
    [tried] = await meera.tap("Test to me")
    assert tried == WORDS
    assert await world.count(Notice) == 0
    [effect] = await meera.tap("Send now…")
    assert effect.startswith("This goes to 3 people (everybody), beginning now.")
    [card] = await meera.tap("Yes, send to 3")
    assert card.startswith("📣 Broadcast 1 · being sent\nFor: everybody\nSent: ")
    await sent_to(say, world)
    assert say.messages[-1]["text"] == WORDS
    assert say.buttons() == ["🔕 No more of these"]
    assert [entry.details["step"] for entry in await world.rows(AuditEntry)] == ["draft", "start"]


async def test_whoever_wants_no_more_says_so_and_can_turn_back(meera: Say, say: Say, world: World) -> None:
    await meera("/broadcast everybody")
    await meera(WORDS)
    await meera.tap("Send now…")
    await meera.tap("Yes, send to 3")
    await sent_to(say, world)
    await say.tap("No more of these")
    assert say.toast is not None
    assert say.toast.startswith("You get no more news from us.")
    assert say.buttons() == []
    await meera("/broadcast everybody")
    [preview] = await meera(WORDS)
    assert "2 people" in preview
    await say("/settings")
    await say.tap("News from us: off")
    assert {user.hears_broadcasts for user in await world.rows(User)} == {True}


async def test_it_is_planned_on_the_admins_clock_and_can_be_stopped(meera: Say, world: World) -> None:
    await meera("/broadcast plan free, active 3")
    await meera("Soon")
    [asked] = await meera.tap("Later…")
    example = re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d", asked)
    assert example is not None
    assert await meera("yesterday") == [
        "That is no time ahead that I understand. Send it like 2026-12-24 18:30, within a year."
    ]
    [effect] = await meera(example[0])
    assert effect.startswith("This goes to 3 people (plan free, active within 3 days; whoever they are then)")
    assert ", 18:30." in effect
    [card] = await meera.tap("Yes, send to 3")
    assert card.startswith("📣 Broadcast 1 · scheduled")
    [card] = await meera.tap("Pause")
    assert "· paused" in card
    [card] = await meera.tap("Resume")
    assert "· scheduled" in card
    await meera.tap("Cancel…")
    [card] = await meera.tap("Yes, cancel it")
    assert "· cancelled" in card
    [broadcast] = await world.rows(Broadcast)
    assert broadcast.ended_at is not None


@pytest.mark.parametrize(
    "words", ["plan gold", "language xx", "active", "active 0", "age 7", "plan free plan free"]
)
async def test_people_who_cannot_be_are_asked_for_again(words: str, meera: Say) -> None:
    await meera("/broadcast")
    [said] = await meera(words)
    assert said.startswith("I do not know whom you mean.")
    [said] = await meera("everybody")
    assert said.startswith("For: everybody.")


@pytest.mark.parametrize("role", ["viewer", "support"])
async def test_only_an_owner_writes_to_many(role: str, meera: Say, say: Say, world: World) -> None:
    async with world.database.transaction() as session:
        session.add(
            Staff(
                telegram_id=ASHA, role=role, given_by=MEERA, given_at=(await world.rows(User))[0].created_at
            )
        )
    refused = ["Your role does not allow that: it takes the role “owner”."]
    assert await say("/broadcast everybody") == refused
    await meera("/broadcast everybody")
    await meera(WORDS)
    for button in ("bc:sure:1", "bc:test:1", "bc:cancelled:1"):
        await say.tap(button, forced=True)
        assert say.toast == refused[0]
    [broadcast] = await world.rows(Broadcast)
    assert broadcast.state == "draft"
