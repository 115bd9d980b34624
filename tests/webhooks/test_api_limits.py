"""How often the API may be asked: by address before anybody is known, by person after it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest
import time_machine
from fastapi import Request

from tests.conftest import MakeSettings
from tests.services import RedisServer
from tests.webhooks.api import ASHA, BUSINESS, OWNER, RAVI, Api, open_api
from tracker import jobs
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.limits import Limiter, Rate
from webhooks.auth import BY_ADDRESS, FAILED_SIGN_INS, OF_STAFF, REFRESHES_BY_ADDRESS, client_address

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HERE, ELSEWHERE = ("203.0.113.7", 1), ("198.51.100.9", 1)


@pytest.fixture
async def api(settings: MakeSettings, sqlite_database: Database, queue: JobQueue) -> AsyncIterator[Api]:
    async with open_api(settings, sqlite_database, queue) as api:
        yield api


async def use_up(api: Api, key: str, limit: int, *, leave: int = 0) -> None:
    """Take what is allowed of a key without as many requests."""
    verdict = await Limiter(api.queue.redis).take(key, Rate(limit), cost=limit - leave)
    assert verdict.allowed


async def test_h04_a_person_has_as_many_requests_a_minute_as_the_plan_says(api: Api) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        token, other = await api.own_token(ASHA), await api.own_token(RAVI)
        limit = BUSINESS.allowance.requests_per_minute
        answer = await api.ask("/api/me/watches", token)
        assert answer.headers["ratelimit-limit"] == str(limit)
        assert answer.headers["ratelimit-remaining"] == str(limit - 1)
        assert answer.headers["ratelimit-reset"] == "1"
        await use_up(api, "api:user:1", limit, leave=1)
        refused = await api.ask("/api/me/watches", await api.own_token(ASHA))
        assert refused.status_code == 429
        assert refused.json()["detail"] == "Too many requests."
        assert (refused.headers["retry-after"], refused.headers["ratelimit-remaining"]) == ("1", "0")
        assert refused.headers["ratelimit-limit"] == str(limit)
        assert (await api.ask("/api/me/watches", other)).status_code == 200
        travel.shift(int(refused.headers["retry-after"]))
        assert (await api.ask("/api/me/watches", token)).status_code == 200


async def test_h04_staff_have_theirs(api: Api) -> None:
    with time_machine.travel(NOON, tick=False):
        token = (await api.sign_in()).access
        answer = await api.ask("/api/admin/audit", token)
        assert answer.headers["ratelimit-limit"] == str(OF_STAFF.limit) == "300"
        await use_up(api, f"api:staff:{OWNER}", 300, leave=1)
        assert (await api.ask("/api/admin/audit", token)).status_code == 429


async def test_h04_an_address_has_its_own_before_any_token_is_looked_at(api: Api) -> None:
    with time_machine.travel(NOON, tick=False):
        token = (await api.sign_in()).access
        await use_up(api, f"api:address:{HERE[0]}", BY_ADDRESS.limit)
        for given in (None, "garbage", token):
            answer = await api.ask("/api/admin/audit", given)
            assert answer.status_code == 429
            assert answer.headers["ratelimit-limit"] == str(BY_ADDRESS.limit)
        api.transport.client = ELSEWHERE
        assert (await api.ask("/api/admin/audit", token)).status_code == 200


async def test_h04_refreshing_has_a_smaller_one(api: Api) -> None:
    with time_machine.travel(NOON, tick=False):
        await use_up(api, f"api:refresh:{HERE[0]}", REFRESHES_BY_ADDRESS.limit)
        answer = await api.ask("/api/auth/refresh", method="POST", json={"refresh_token": "x"})
        assert answer.status_code == 429


@pytest.mark.parametrize("secret", ["staff", "own", "refresh"])
async def test_h04_failed_sign_ins_lock_an_address_out_for_a_while(secret: str, api: Api) -> None:
    good = (await api.sign_in()).access
    for _ in range(FAILED_SIGN_INS.strikes):
        assert (await api.ask("/api/admin/audit", good)).status_code == 200
        if secret == "refresh":
            answer = await api.ask("/api/auth/refresh", method="POST", json={"refresh_token": "guess"})
        else:
            place = "/api/admin/audit" if secret == "staff" else "/api/me/watches"
            answer = await api.ask(place, "guess")
        assert answer.status_code == 401
    locked = await api.ask("/api/admin/audit", good)
    assert locked.status_code == 429
    assert locked.json()["detail"] == "Too many sign-ins of this address have failed."
    assert 890 <= int(locked.headers["retry-after"]) <= 900
    api.transport.client = ELSEWHERE
    assert (await api.ask("/api/admin/audit", good)).status_code == 200


async def test_a_script_that_comes_without_a_token_or_with_an_old_one_locks_nobody_out(api: Api) -> None:
    with time_machine.travel(NOON, tick=False) as travel:
        old = (await api.sign_in()).access
        travel.shift(3600)
        for _ in range(FAILED_SIGN_INS.strikes):
            assert (await api.ask("/api/admin/audit")).status_code == 401
            assert (await api.ask("/api/admin/audit", old)).status_code == 401
        assert (await api.ask("/api/admin/audit", (await api.sign_in()).access)).status_code == 200


async def test_while_redis_is_away_everybody_is_let_through(
    settings: MakeSettings, sqlite_database: Database, redis_server: RedisServer
) -> None:
    queue = JobQueue(jobs.connect(redis_server.url))
    redis_server.kill()
    async with open_api(settings, sqlite_database, queue) as api:
        assert (await api.ask("/api/admin/audit", (await api.sign_in()).access)).status_code == 200
        assert (await api.ask("/api/admin/audit", "garbage")).status_code == 401
    await queue.redis.aclose(close_connection_pool=True)


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "address"),
    [
        ("203.0.113.7", [], "", "203.0.113.7"),
        pytest.param("203.0.113.7", ["1.1.1.1"], "", "203.0.113.7", id="nobody is trusted"),
        pytest.param("203.0.113.7", ["1.1.1.1"], "10.0.0.0/8", "203.0.113.7", id="not this one"),
        pytest.param("10.0.0.2", ["198.51.100.9"], "10.0.0.0/8", "198.51.100.9", id="a proxy"),
        pytest.param("10.0.0.2", ["1.1.1.1, 198.51.100.9"], "10.0.0.0/8", "198.51.100.9", id="made up"),
        pytest.param("10.0.0.2", ["1.1.1.1", "198.51.100.9"], "10.0.0.0/8", "198.51.100.9", id="twice"),
        pytest.param("10.0.0.2", ["198.51.100.9, 10.0.0.9"], "10.0.0.0/8", "198.51.100.9", id="two proxies"),
        pytest.param("10.0.0.2", ["hello"], "10.0.0.0/8", "10.0.0.2", id="no address"),
        pytest.param("::ffff:10.0.0.2", ["198.51.100.9"], "10.0.0.0/8", "198.51.100.9", id="mapped"),
        pytest.param("2001:db8:1:2:3::4", [], "", "2001:db8:1:2::/64", id="a home's network"),
    ],
)
def test_a_forwarded_address_is_believed_from_a_proxy_that_a_setting_names(
    peer: str, forwarded: list[str], trusted: str, address: str, settings: MakeSettings
) -> None:
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    request = Request({"type": "http", "client": (peer, 1), "headers": headers})
    assert client_address(request, settings(trusted_proxies=trusted).trusted_proxies) == address
