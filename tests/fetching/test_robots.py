"""What shops ask programs not to read."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from redis.asyncio import Redis

from tests.fetching.conftest import MakeFetcher
from tests.fetching.internet import Internet, Visit, response, says
from tests.services import free_port
from tracker.errors import FetchFailed
from tracker.fetching.client import FetchProblem
from tracker.fetching.robots import KEPT_SECONDS, Robots, Verdict

SHOP = "http://shop.example"
RULES = b"User-agent: *\nDisallow: /\n\nUser-agent: pricetrackerpro\nDisallow: /cart\nCrawl-delay: 7\n"


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def robots(fetcher: MakeFetcher, redis: Redis) -> Callable[[], Robots]:
    return lambda: Robots(fetcher(), redis)


@pytest.mark.parametrize(("path", "allowed"), [("/kettle", True), ("/cart", False), ("/cart/7", False)])
async def test_a_shop_is_obeyed_where_it_speaks_of_us(
    path: str, allowed: bool, internet: Internet, robots: Callable[[], Robots]
) -> None:
    await internet.site(says(response(RULES, content_type="text/plain")))
    assert await robots().allows(SHOP + path) == Verdict(allowed, 7.0)
    assert internet.visits[0].target == "/robots.txt"


async def test_it_is_asked_once_a_day_by_all_processes(
    internet: Internet, robots: Callable[[], Robots], redis: Redis
) -> None:
    await internet.site(says(response(RULES, content_type="text/plain")))
    for each in (robots(), robots()):
        await each.allows(f"{SHOP}/kettle")
    assert len(internet.visits) == 1
    assert KEPT_SECONDS - 60 < await redis.ttl("robots:http://shop.example:80") <= KEPT_SECONDS


@pytest.mark.parametrize(
    "answer",
    [
        response(b"Disallow", status="404 Not Found"),
        response(RULES, status="403 No"),
        response(b"\x89PNG", content_type="image/png"),
        response(b"<html>Welcome</html>"),
    ],
)
async def test_a_shop_without_robots_txt_forbids_nothing(
    answer: bytes, internet: Internet, robots: Callable[[], Robots]
) -> None:
    await internet.site(says(answer))
    assert await robots().allows(f"{SHOP}/cart") == Verdict(True, None)


@pytest.mark.parametrize("status", ["500 Broken", "503 Busy", "429 Slow down", None])
async def test_a_shop_that_cannot_be_asked_is_not_read_for_minutes(
    status: str | None, internet: Internet, robots: Callable[[], Robots], redis: Redis
) -> None:
    async def silent(visit: Visit) -> None:
        visit.hang_up()

    await internet.site(says(response(status=status)) if status else silent)
    for _ in range(2):
        with pytest.raises(FetchFailed) as caught:
            await robots().allows(f"{SHOP}/kettle")
        assert caught.value.details["problem"] == FetchProblem.ROBOTS_UNREACHABLE
    assert len(internet.visits) == 1
    assert 0 < await redis.ttl("robots:http://shop.example:80") <= 300


async def test_what_comes_after_500_kb_is_ignored(internet: Internet, robots: Callable[[], Robots]) -> None:
    padded = b"User-agent: *\nDisallow: /first\n" + b"#" * 600_000 + b"\nDisallow: /last\n"
    await internet.site(says(response(padded, content_type="text/plain")))
    judge = robots()
    assert [(await judge.allows(f"{SHOP}/{each}")).allowed for each in ("first", "last")] == [False, True]


async def test_without_redis_a_process_remembers_by_itself(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response(RULES, content_type="text/plain")))
    away = Redis(host="127.0.0.1", port=free_port())
    judge = Robots(fetcher(), away)
    verdicts: list[Any] = [(await judge.allows(f"{SHOP}/cart")).allowed for _ in range(2)]
    await away.aclose()
    assert (verdicts, len(internet.visits)) == ([False, False], 1)


async def test_robots_txt_of_inside_is_not_fetched(internet: Internet, robots: Callable[[], Robots]) -> None:
    with pytest.raises(FetchFailed):
        await robots().allows("http://10.0.0.1/")
    assert internet.dialled == []
