"""Attacks by way of Telegram that other files do not try: T06, T07, T09, T10, T11, and T03 and T08 for what
writes to many. T01 and T02 are in `test_webhook_mode.py`, T03 to T05 in `test_buttons.py`, T08 for all other
commands in `test_admin_people.py`, T10 about a watch that is gone in `test_targets.py`.
"""

import pytest

from tests.bot.conftest import MakeWorld
from tests.world import ASHA, MEERA, RAVI, Say, World
from tracker.admin import broadcasts, erasing
from tracker.admin.models import AuditEntry, Broadcast, Switch
from tracker.admin.roles import Actor, Door, Role
from tracker.billing.models import Referral, Term, Trial
from tracker.billing.plans import DEFAULT
from tracker.notices.models import Notice
from tracker.telegram.reach_callbacks import BroadcastAction
from tracker.users.models import User

UNKNOWN = ["I do not know that command. Send /help to see what I can do."]
OWNER = Actor(MEERA, Role.OWNER, Door.CHAT)


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(plans_file=None, admin_ids=frozenset({MEERA}))


async def invitation_of(person: Say) -> str:
    [card] = await person("/invite")
    return card.partition("start=")[2].split()[0]


async def test_t03_nobody_else_moves_a_broadcast_or_the_switch(say: Say, world: World) -> None:
    await say.as_user(MEERA)("/start")
    async with world.database.transaction() as session:
        await broadcasts.draft(session, OWNER, broadcasts.Segment(), "Not yet")
    await say("/start")
    for action in BroadcastAction:
        assert await say.tap(f"bc:{action}:1", forced=True) == []
    await say.tap("mt:1", forced=True)
    [broadcast] = await world.rows(Broadcast)
    assert broadcast.state == "draft"
    assert await world.count(Switch) == await world.count(Notice) == 0


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "99", "x"])
async def test_t05_a_broadcast_that_is_none_is_refused(number: str, say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/start")
    for action in BroadcastAction.SURE, BroadcastAction.PAUSE, BroadcastAction.CANCEL_SURE:
        assert await meera.tap(f"bc:{action}:{number}", forced=True) == []
        assert meera.toast
    assert await world.count(AuditEntry) == 0


async def test_t06_no_circle_of_invitations_and_none_by_oneself_or_twice(say: Say, world: World) -> None:
    asha, ravi, meera = say, say.as_user(RAVI), say.as_user(MEERA)
    await asha("/start")
    of_asha = await invitation_of(asha)
    await asha(f"/start {of_asha}")
    assert await world.count(Referral) == 0
    await ravi(f"/start {of_asha}")
    await asha(f"/start {await invitation_of(ravi)}")
    await meera(f"/start {await invitation_of(ravi)}")
    for payload in (of_asha, await invitation_of(meera), "ref_", "ref_zz", "ref_-1", "ref_ffffffffffffffff"):
        await ravi(f"/start {payload}")
    invited = {referral.user_id: referral.invited_by for referral in await world.rows(Referral)}
    ids = {user.telegram_id: user.id for user in await world.rows(User)}
    assert invited == {ids[RAVI]: ids[ASHA], ids[MEERA]: ids[RAVI]}


async def test_t06_many_fresh_accounts_give_nothing_until_each_has_paid(say: Say, world: World) -> None:
    payload = await invitation_of(say)
    for number in range(20):
        await say.as_user(3000 + number, first_name="Fresh")(f"/start {payload}")
    assert await world.count(Referral) == 20
    assert await world.count(Referral, Referral.rewarded_at.is_not(None)) == await world.count(Term) == 0


async def test_t07_a_trial_is_not_for_whoever_was_deleted_and_comes_back(say: Say, world: World) -> None:
    await say("/trial")
    assert await world.count(Trial) == 1
    async with world.database.transaction() as session:
        await erasing.erase(session, DEFAULT, OWNER, 1, owners={MEERA})
    await say("/start")
    [_, back] = await world.rows(User)
    assert (back.telegram_id, back.plan) == (ASHA, "free")
    [answer] = await say("/trial")
    assert answer.startswith("You have tried it before")


@pytest.mark.parametrize("command", ["/broadcast everybody", "/maintenance on", "/export users"])
async def test_t08_a_name_and_forwarded_words_make_nobody_an_owner(
    command: str, say: Say, world: World
) -> None:
    await say.as_user(MEERA)(command)
    thief = say.as_user(4242, first_name="Meera", username="meera")
    assert await thief(command) == UNKNOWN
    assert await thief(command, forward="Meera") == UNKNOWN
    assert await world.count(Switch) == await world.count(Broadcast) == 0


@pytest.mark.parametrize(
    "words",
    [
        '<a href="tg://user?id=1001">Support</a> &lt;b&gt; <b>bold',
        "<script>alert(1)</script></b></a>",
        "5 < 6 && 7 > 3",
        "{name} %s {0} \\n &#60;",
    ],
)
async def test_t09_markup_of_an_admin_is_read_as_it_was_typed(words: str, say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/broadcast everybody")
    [preview] = await meera(words)
    assert preview.endswith(f"\n\n{words}")
    [tried] = await meera.tap("Test to me")
    assert tried == words
    assert {entity["type"] for entity in meera.messages[-1].get("entities") or []} <= {"url"}


async def test_t09_what_no_message_holds_is_refused_before_it_is_owed(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/broadcast everybody")
    assert await meera("\u202e\u200b\u0000") == [
        "There is no text in that. Send the words that people shall read."
    ]
    assert await meera("😀" * 1501) == ["That is too long: at most 3000 characters."]
    [preview] = await meera("line\n\n\n\nline\u202e")
    assert preview.endswith("line\n\nline")


async def test_t10_a_question_is_answered_once_and_left_by_cancel(say: Say, world: World) -> None:
    meera = say.as_user(MEERA)
    await meera("/broadcast everybody")
    last = [await world.telegram.say(MEERA, words) for words in ("First", "Second")][-1]
    await world.quiet(last)
    [written] = await world.rows(Broadcast)
    assert written.text == "First"
    await meera("/broadcast everybody")
    assert (await meera("/cancel"))[0]
    await meera("Third")
    assert await world.count(Broadcast) == 1


async def test_t11_no_address_that_others_see_holds_the_token(make_world: MakeWorld) -> None:
    world = await make_world(by_webhook=True, telegram_webhook_secret="the-secret-token")
    address = world.telegram.api.delivery.webhook.url
    assert address.endswith("/telegram/webhook")
    for part in (world.telegram.token, world.telegram.token.partition(":")[2], "the-secret-token"):
        assert part not in address
