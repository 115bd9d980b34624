"""Refreshing, and what becomes of a refresh token in two hands, on both databases."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine
from sqlalchemy import select

from tests.conftest import MakeSettings
from tests.webhooks.api import OWNER, SUPPORT, Api, open_api
from tracker.admin import sessions
from tracker.admin.models import Staff
from tracker.admin.roles import Actor, Door, Role
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.notices.models import Notice

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
async def api(settings: MakeSettings, database: Database, queue: JobQueue) -> AsyncIterator[Api]:
    async with open_api(settings, database, queue) as api:
        yield api


async def refresh(api: Api, token: str) -> httpx.Response:
    return await api.ask("/api/auth/refresh", method="POST", json={"refresh_token": token})


async def is_let_in(api: Api, access_token: str) -> bool:
    answer = await api.ask("/api/admin/audit", access_token)
    assert answer.status_code in (200, 401)
    return answer.status_code == 200


async def told(api: Api) -> list[tuple[int, str]]:
    async with api.database.transaction() as session:
        notices = await session.scalars(select(Notice).order_by(Notice.chat_id))
        return [(notice.chat_id, notice.kind) for notice in notices]


async def test_a_refresh_gives_the_next_of_both(api: Api) -> None:
    first = await api.sign_in()
    answer = await refresh(api, first.refresh)
    assert answer.status_code == 200
    next_ones = answer.json()
    assert next_ones.keys() == {"access_token", "token_type", "expires_in", "refresh_token", "role"}
    assert (next_ones["token_type"], next_ones["role"]) == ("Bearer", "owner")
    assert 3590 < next_ones["expires_in"] <= 3600
    assert await is_let_in(api, first.access)
    assert await is_let_in(api, next_ones["access_token"])
    assert (await refresh(api, next_ones["refresh_token"])).status_code == 200


async def test_a_refresh_token_in_two_hands_ends_the_sign_in_of_both_and_is_told(api: Api) -> None:
    stolen = await api.sign_in(SUPPORT, Role.SUPPORT)
    elsewhere = await api.sign_in(SUPPORT, Role.SUPPORT)
    thief = (await refresh(api, stolen.refresh)).json()
    answer = await refresh(api, stolen.refresh)
    assert answer.status_code == 401
    assert answer.json()["detail"] == "The refresh token is no good."
    assert answer.headers["www-authenticate"].endswith('error="invalid_grant"')
    assert not await is_let_in(api, stolen.access)
    assert not await is_let_in(api, thief["access_token"])
    assert (await refresh(api, thief["refresh_token"])).status_code == 401
    assert await is_let_in(api, elsewhere.access)
    assert await told(api) == [(OWNER, "admin_token_stolen"), (SUPPORT, "admin_token_stolen")]


async def test_of_two_refreshes_at_once_one_is_a_second_use(api: Api) -> None:
    tokens = await api.sign_in()
    answers = await asyncio.gather(*(refresh(api, tokens.refresh) for _ in range(2)))
    assert sorted(answer.status_code for answer in answers) == [200, 401]
    [good] = [answer.json() for answer in answers if answer.status_code == 200]
    assert not await is_let_in(api, good["access_token"])
    assert len(await told(api)) == 1


async def test_the_role_is_looked_up_again(api: Api) -> None:
    tokens = await api.sign_in(SUPPORT, Role.SUPPORT)
    async with api.database.transaction() as session:
        (await session.get_one(Staff, SUPPORT)).role = Role.VIEWER
    answer = (await refresh(api, tokens.refresh)).json()
    assert answer["role"] == "viewer"
    async with api.database.transaction() as session:
        await session.delete(await session.get_one(Staff, SUPPORT))
    assert (await refresh(api, answer["refresh_token"])).status_code == 401


async def test_a_sign_in_ends_when_it_is_not_used_for_a_month(api: Api) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        tokens = await api.sign_in()
        travel.shift(sessions.ACCESS_LASTS - timedelta(seconds=1))
        assert await is_let_in(api, tokens.access)
        travel.shift(timedelta(seconds=1))
        assert not await is_let_in(api, tokens.access)
        travel.move_to(NOON + sessions.REFRESH_LASTS)
        assert (await refresh(api, tokens.refresh)).status_code == 401
        async with api.database.transaction() as session:
            assert await sessions.of(session, Actor(OWNER, Role.OWNER, Door.CHAT)) == []


async def test_a_revoked_sign_in_is_refreshed_no_more_and_nobody_is_alarmed(api: Api) -> None:
    tokens, owner = await api.sign_in(), Actor(OWNER, Role.OWNER, Door.CHAT)
    async with api.database.transaction() as session:
        [sign_in] = await sessions.of(session, owner)
        await sessions.revoke(session, owner, sign_in.id)
    assert (await refresh(api, tokens.refresh)).status_code == 401
    assert await told(api) == []


@pytest.mark.parametrize("body", [{}, {"refresh_token": ""}, {"refresh_token": "x" * 129}, [], None, 7])
async def test_what_is_no_refresh_token_is_refused_and_not_repeated(body: object, api: Api) -> None:
    answer = await api.ask("/api/auth/refresh", method="POST", json=body)
    assert answer.status_code == 422
    assert "xxx" not in answer.text
