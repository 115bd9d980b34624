"""Tokens for the API, in the chat: made, shown once, listed and revoked, and refused to everybody else."""

import re

import pytest
from pydantic import SecretStr

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, has, heard
from tests.world import MEERA, Say, World
from tracker.admin import sessions
from tracker.admin.models import ApiSession
from tracker.admin.roles import Role
from tracker.admin.sessions import Bearer, NoGood
from tracker.users import api_tokens
from tracker.users.models import ApiToken

SECRET = SecretStr("the secret of a world, long enough for HS256")
OWNERS = frozenset({MEERA})


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL, api_secret=SECRET)


@pytest.fixture
def meera(say: Say) -> Say:
    """An admin."""
    return say.as_user(MEERA)


def shown(card: str) -> list[str]:
    """The secrets in a message."""
    return re.findall(r"^\S{40,}$", card, re.MULTILINE)


async def bearer(world: World, access_token: str) -> Bearer | NoGood:
    async with world.database.transaction() as session:
        return await sessions.bearer(session, access_token, OWNERS, SECRET)


@on_both_databases
async def test_staff_sign_in_and_end_it(meera: Say, world: World) -> None:
    card, listed = await meera("/apitoken")
    assert card.startswith("🔑 You are signed in to the admin API as owner.\n")
    assert card.endswith("delete this message when they are where they belong.")
    access, _ = shown(card)
    let_in = await bearer(world, access)
    assert isinstance(let_in, Bearer)
    assert (let_in.actor.telegram_id, let_in.actor.role) == (MEERA, Role.OWNER)
    assert listed.startswith("Your sign-ins to the admin API\n1. since ")
    await meera("/apitoken")
    [listed] = await meera("/apitoken list")
    assert meera.buttons() == ["🗑 Revoke 1", "🗑 Revoke 2"]
    [listed] = await meera.tap("Revoke 2")
    assert meera.toast == "Revoked: it lets nobody in any more."
    assert listed.count("since") == 1
    assert await bearer(world, access) is NoGood.REVOKED


async def test_a_sign_in_of_somebody_else_cannot_be_ended(say: Say, meera: Say, world: World) -> None:
    await meera("/apitoken")
    await say("/start")
    assert await say.tap("tk:staff:1", forced=True) == []
    assert await meera.tap("tk:staff:7", forced=True) == []
    assert meera.toast == "I cannot find that any more. Send /list to see what you watch."
    assert await world.count(ApiSession, ApiSession.revoked_at.is_not(None)) == 0


async def test_a_token_that_is_used_twice_is_told_to_its_holder(meera: Say, world: World) -> None:
    card, _ = await meera("/apitoken")
    _, refresh = shown(card)
    for _ in range(2):
        async with world.database.transaction() as session:
            await sessions.refresh(session, refresh, OWNERS, SECRET)
    await heard(meera, f"⚠️ A refresh token of {MEERA} for the admin API was used twice.")


async def test_without_a_secret_there_is_nothing_to_sign_in_to(make_world: MakeWorld) -> None:
    meera = Say(await make_world(**REAL)).as_user(MEERA)
    assert await meera("/apitoken") == ["The admin API is off: API_SECRET is not set."]


@on_both_databases
async def test_a_person_whose_plan_has_them_makes_tokens_and_revokes_them(say: Say, world: World) -> None:
    await say("/start")
    await has(world, "business", value_minor=99900)
    card, listed = await say("/apitoken")
    assert card.startswith("🔑 Your token for the API:\n")
    [token] = shown(card)
    assert token.startswith("ptp_")
    assert listed.startswith("Your tokens for the API\n1. made ")
    assert listed.endswith("not used yet")
    async with world.database.transaction() as session:
        assert await api_tokens.holder(session, token) is not None
    [listed] = await say("/apitoken list")
    assert ", last used " in listed
    meera = say.as_user(MEERA)
    await meera("/start")
    assert await meera.tap("tk:own:1", forced=True) == []
    assert await world.count(ApiToken, ApiToken.revoked_at.is_not(None)) == 0
    assert await say.tap("Revoke 1") == ["You have no token for the API. /apitoken makes one."]
    async with world.database.transaction() as session:
        assert await api_tokens.holder(session, token) is None


async def test_a_plan_without_them_makes_none(say: Say, world: World) -> None:
    await say("/start")
    [said] = await say("/apitoken")
    assert said.startswith("Your plan has no tokens for the API. They come with a larger plan.")
    assert say.buttons()[0].startswith("⬆")
    assert await say("/apitoken list") == ["You have no token for the API. /apitoken makes one."]
    assert await world.count(ApiToken) == 0


async def test_there_are_so_many_and_no_more(say: Say, world: World) -> None:
    await say("/start")
    await has(world, "business", value_minor=99900)
    for _ in range(api_tokens.MOST_TOKENS):
        await say("/apitoken")
    assert await say("/apitoken") == ["You have 5 tokens already. Revoke one first: /apitoken list"]
