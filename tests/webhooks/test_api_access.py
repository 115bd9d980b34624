"""Who is let in, of every route that the app has: a new one is tested without a word here."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from unittest.mock import ANY

import jwt
import pytest
from sqlalchemy import select
from structlog.testing import capture_logs

from tests import rows
from tests.conftest import MakeSettings
from tests.webhooks.api import ASHA, OWNER, RAVI, SECRET, VIEWER, Api, Route, open_api
from tracker import clock
from tracker.admin import sessions
from tracker.admin.models import ApiSession, AuditEntry, Staff
from tracker.admin.roles import LEAST, Action, Actor, Door, Role
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.users.models import ApiToken


@pytest.fixture
async def api(settings: MakeSettings, sqlite_database: Database, queue: JobQueue) -> AsyncIterator[Api]:
    async with open_api(settings, sqlite_database, queue) as api:
        yield api


def claims(**changed: Any) -> dict[str, Any]:
    now = int(clock.now().timestamp())
    usual = {
        "iss": sessions.ISSUER,
        "aud": sessions.AUDIENCE,
        "sub": str(OWNER),
        "sid": "f" * 32,
        "jti": "j" * 32,
        "role": Role.OWNER,
        "iat": now,
        "exp": now + 3600,
    }
    return {name: value for name, value in (usual | changed).items() if value is not None}


def signed(key: str = SECRET.get_secret_value(), algorithm: str = "HS256", **changed: Any) -> str:
    return jwt.encode(claims(**changed), key, algorithm=algorithm)


FORGED = {
    "garbage": "garbage",
    "three parts": "a.b.c",
    "not ASCII": "é.é.é",
    "another key": signed("another secret of at least 32 characters"),
    "no signature": jwt.encode(claims(), None, algorithm="none"),
    "another algorithm": signed("x" * 64, "HS512"),
    "our key, another algorithm": signed(SECRET.get_secret_value() * 2, "HS384"),
    "another audience": signed(aud="somebody else"),
    "no audience": signed(aud=None),
    "another issuer": signed(iss="somebody else"),
    "no end": signed(exp=None),
    "no family": signed(sid=None),
    "an unknown role": signed(role="god"),
    "a name for an id": signed(sub="asha"),
    "a person's token": "ptp_" + "x" * 43,
}


async def knock(api: Api, route: Route, token: str | None, **how: Any) -> int:
    """What a route answers; each time from an address of its own, whose limits are nobody else's."""
    api.knocks += 1
    api.transport.client = (f"2001:db8:0:{api.knocks:x}::1", 1)
    answer = await api.ask(route.at(), token, method=route.method, **how)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["status"] == answer.status_code
    if answer.status_code == 401:
        assert answer.headers["www-authenticate"].startswith('Bearer realm="price-tracker-pro"')
    return answer.status_code


def guarded(api: Api) -> list[Route]:
    return [route for route in api.routes() if route.needs != "nobody"]


def of_staff(api: Api) -> list[Route]:
    return [route for route in guarded(api) if route.needs != "own"]


async def test_h05_every_route_says_what_it_takes_to_come_in(api: Api) -> None:
    """One that says nothing would be open: `auth.Guarded` makes none, and nobody else makes any here."""
    assert len(api.routes()) > 5
    assert {route.needs for route in api.routes()} <= {*Action, "own", "nobody"}
    assert [route.path for route in api.routes() if route.needs == "nobody"] == ["/api/auth/refresh"]
    assert all(route.path.startswith("/api/me/") == (route.needs == "own") for route in api.routes())


async def test_h05_no_route_answers_without_a_token_or_reads_a_body_before_it(api: Api) -> None:
    for route in guarded(api):
        bodies: list[dict[str, Any]] = [
            {},
            {"content": b"{", "headers": {"Content-Type": "application/json"}},
        ]
        for body in bodies:
            assert await knock(api, route, None, **body) == 401, route
            assert await knock(api, route, "garbage", **body) == 401, route
        answer = await api.ask(route.at(), method=route.method, headers={"Authorization": "Basic YTpi"})
        assert answer.status_code == 401


@pytest.mark.parametrize("kind", FORGED)
async def test_h03_a_token_that_we_never_made_lets_nobody_in(kind: str, api: Api) -> None:
    for route in guarded(api):
        assert await knock(api, route, FORGED[kind]) == 401, route


async def test_an_expired_token_lets_nobody_in(api: Api) -> None:
    token = (await api.sign_in()).access
    for route in of_staff(api):
        assert await knock(api, route, signed(exp=int(clock.now().timestamp()) - 1)) == 401, route
        assert await knock(api, route, token, content=b"{") != 401, route


async def test_a_revoked_sign_in_lets_nobody_in_at_once(api: Api) -> None:
    token = (await api.sign_in()).access
    owner = Actor(OWNER, Role.OWNER, Door.CHAT)
    async with api.database.transaction() as session:
        [sign_in] = await sessions.of(session, owner)
        await sessions.revoke(session, owner, sign_in.id)
    for route in of_staff(api):
        assert await knock(api, route, token) == 401, route


async def test_a_role_that_is_too_small_is_refused_before_the_body_is_read(api: Api) -> None:
    tokens = {role: (await api.sign_in(9000 + rank, role)).access for rank, role in enumerate(Role, 10)}
    for route in of_staff(api):
        least = list(Role).index(LEAST[Action(route.needs)])
        for rank, role in enumerate(Role):
            answered = await knock(
                api, route, tokens[role], content=b"{", headers={"Content-Type": "application/json"}
            )
            assert (answered == 403) == (rank < least), (route, role)


async def test_a_person_who_lost_their_role_is_out_at_once_and_a_smaller_one_counts_at_once(
    api: Api,
) -> None:
    token = (await api.sign_in(VIEWER, Role.OWNER)).access
    [route] = [route for route in api.routes() if route.path == "/api/admin/audit"]
    assert await knock(api, route, token) == 200
    async with api.database.transaction() as session:
        (await session.get_one(Staff, VIEWER)).role = Role.VIEWER
    owners = [route for route in of_staff(api) if LEAST[Action(route.needs)] == Role.OWNER]
    for each in owners:
        assert await knock(api, each, token) == 403
    async with api.database.transaction() as session:
        await session.delete(await session.get_one(Staff, VIEWER))
    assert await knock(api, route, token) == 401


async def test_a_persons_own_token_never_reaches_what_is_for_staff_nor_the_other_way(api: Api) -> None:
    own, staff = await api.own_token(), (await api.sign_in()).access
    for route in guarded(api):
        assert await knock(api, route, staff if route.needs == "own" else own) == 401, route


async def test_nothing_of_somebody_else_is_there(api: Api) -> None:
    """Of every address with an id: the answer is the one for what does not exist."""
    watch = await rows.watch(api.database, RAVI)
    asha, ravi = await api.own_token(ASHA), await api.own_token(RAVI)
    own = [route for route in api.routes() if route.needs == "own"]
    assert len(own) == 3
    for route in own:
        theirs = await api.ask(route.at(watch.id), asha)
        if "{id}" in route.path:
            assert theirs.status_code == 404
            assert theirs.json() == (await api.ask(route.at(10**9), asha)).json() | {"reference": ANY}
        else:
            assert theirs.json()["items"] == []
        assert (await api.ask(route.at(watch.id), ravi)).status_code == 200
    assert (await api.ask(f"/api/me/alerts?watch_id={watch.id}", asha)).json()["items"] == []


async def test_what_does_not_exist_is_not_there(api: Api) -> None:
    token = (await api.sign_in()).access
    for route in of_staff(api):
        if "{id}" in route.path and route.method == "GET":
            assert (await api.ask(route.at(2**63 - 1), token)).status_code == 404, route
            assert (await api.ask(route.at(2**63), token)).status_code == 422, route
            assert (await api.ask(route.at(0), token)).status_code == 422, route


async def test_a_cursor_that_cannot_be_is_refused(api: Api) -> None:
    staff, own = (await api.sign_in()).access, await api.own_token()
    lists = [route for route in guarded(api) if route.method == "GET" and "before" in api.query_of(route)]
    assert len(lists) >= 3
    for route in lists:
        for before in ("x", "0", "-1", str(2**63), "1e3", "%00"):
            address = f"{route.at()}?before={before}"
            assert (await api.ask(address, own if route.needs == "own" else staff)).status_code == 422


async def test_a_parameter_that_there_is_not_is_refused(api: Api) -> None:
    """Passed over, a misspelt filter would find everything."""
    token = (await api.sign_in()).access
    answer = await api.ask("/api/admin/alerts?stat=dead", token)
    assert answer.status_code == 422
    assert answer.json()["detail"] == "The parameters are: before, limit, state."


# Where it is off


async def test_h01_without_a_secret_there_is_no_admin_api_and_no_description(
    settings: MakeSettings, sqlite_database: Database, queue: JobQueue
) -> None:
    async with open_api(settings, sqlite_database, queue, api_secret=None) as api:
        for route in api.routes():
            status = 401 if route.needs == "own" else 503
            assert (await api.ask(route.at(), signed(), method=route.method)).status_code == status, route
        assert (await api.ask("/api/openapi.json", signed())).status_code == 404
        assert (await api.ask("/api/me/watches", await api.own_token())).status_code == 200


async def test_h01_the_description_takes_a_token_and_there_is_no_page_of_it(api: Api) -> None:
    assert (await api.ask("/api/openapi.json")).status_code == 401
    token = (await api.sign_in(VIEWER, Role.VIEWER)).access
    document = (await api.ask("/api/openapi.json", token)).json()
    described = {(path, method) for path, ways in document["paths"].items() for method in ways}
    there = {(route.path, route.method.lower()) for route in api.routes()}
    assert described == there - {("/api/openapi.json", "get")}
    for path in ("/docs", "/redoc", "/openapi.json", "/api/docs", "/api/redoc", "/api/admin/docs"):
        assert (await api.ask(path, token)).status_code == 404


# What is kept, and what is told


async def test_h02_only_digests_of_tokens_are_stored(api: Api) -> None:
    tokens, own = await api.sign_in(), await api.own_token()
    async with api.database.transaction() as session:
        [session_row] = (await session.scalars(select(ApiSession))).all()
        [token_row] = (await session.scalars(select(ApiToken))).all()
        entries = (await session.scalars(select(AuditEntry))).all()
    for row in (session_row, token_row, *entries):
        kept = repr(vars(row))
        assert not any(secret in kept for secret in (tokens.access, tokens.refresh, own, own[4:]))
    assert len(session_row.refresh_hash) == len(token_row.token_hash) == 64
    assert [entry.action for entry in entries] == ["use_api"]


async def test_the_log_names_the_token_by_its_id_and_no_secret(api: Api) -> None:
    tokens, own = await api.sign_in(), await api.own_token()
    with capture_logs() as logs:
        await api.ask("/api/admin/audit", tokens.access)
        await api.ask("/api/me/watches?token=" + own, own)
        await api.ask("/api/auth/refresh", method="POST", json={"refresh_token": tokens.refresh})
    requests = [entry for entry in logs if entry["event"] == "http.request"]
    claimed = jwt.decode(tokens.access, options={"verify_signature": False})
    assert [entry.get("token_id") for entry in requests] == [claimed["jti"], "user:1", None]
    assert not any(secret in repr(logs) for secret in (tokens.access, tokens.refresh, own))


async def test_h06_answers_of_the_api_have_the_safe_headers(api: Api) -> None:
    answer = await api.ask("/api/admin/audit", (await api.sign_in()).access, headers={"Origin": "https://x"})
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-frame-options"] == "DENY"
    assert answer.headers["strict-transport-security"].startswith("max-age=31536000")
    assert not [name for name in answer.headers if name.startswith("access-control-") or name == "server"]


async def test_a_body_of_the_api_is_small(api: Api) -> None:
    token = {"refresh_token": "x"}
    body = str(token).replace("'", '"').encode()
    for size, status in ((64 << 10, 401), ((64 << 10) + 1, 413)):
        padded = body + b" " * (size - len(body))
        headers = {"Content-Type": "application/json"}
        answer = await api.ask("/api/auth/refresh", method="POST", content=padded, headers=headers)
        assert answer.status_code == status


async def test_the_tokens_last_an_hour(api: Api) -> None:
    tokens = await api.sign_in()
    said = jwt.decode(tokens.access, SECRET.get_secret_value(), ["HS256"], audience=sessions.AUDIENCE)
    assert said["exp"] - said["iat"] == 3600
    assert tokens.expires_at - clock.now() <= timedelta(hours=1)
