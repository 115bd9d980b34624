"""What shops ask programs not to read: robots.txt (RFC 9309), for those who run with FETCH_ROBOTS."""

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import structlog
from protego import Protego
from redis.asyncio import Redis
from redis.exceptions import RedisError

from tracker.errors import BadLink, FetchFailed
from tracker.fetching.addresses import Address, parse
from tracker.fetching.page import Page
from tracker.fetching.problems import FetchProblem, failed

log = structlog.get_logger(__name__)

AGENT = "PriceTrackerPro"
KEPT_SECONDS = 24 * 3600
"""RFC 9309, 2.4: no longer than a day."""
UNREACHABLE_SECONDS = 5 * 60
MAX_BYTES = 500 * 1024
"""RFC 9309, 2.5: at least so much is read; what comes after is ignored."""
MAX_DELAY = 3600.0
_IN_PROCESS = 200
_UNREACHABLE = b"!unreachable"
_NOTHING_FORBIDDEN = b""
# What says nothing about the shop's wishes, only that it could not be asked.
_ANSWERED = frozenset({FetchProblem.NOT_A_PAGE, FetchProblem.TOO_LARGE, FetchProblem.BAD_ENCODING})


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a page may be read, and how far apart reads should be (seconds), if the shop says."""

    allowed: bool
    crawl_delay: float | None


class Asks(Protocol):
    async def fetch(self, url: str) -> Page: ...


class Robots:
    """Whether a page may be read, and how many seconds apart reads should be, if the shop says."""

    def __init__(self, fetcher: Asks, redis: Redis) -> None:
        self._fetcher = fetcher
        self._redis = redis
        self._own: OrderedDict[str, tuple[float, bytes]] = OrderedDict()

    async def allows(self, url: str) -> Verdict:
        """Raises FetchFailed: ROBOTS_UNREACHABLE, which passes, or BAD_LINK."""
        try:
            address = parse(url)
        except BadLink as error:
            raise failed(FetchProblem.BAD_LINK, str(error.details.get("reason", "another scheme"))) from error
        text = await self._text(address)
        if text == _UNREACHABLE:
            raise failed(FetchProblem.ROBOTS_UNREACHABLE, "robots.txt cannot be had just now")
        rules = Protego.parse(text.decode("utf-8", "replace"))
        delay = rules.crawl_delay(AGENT)
        return Verdict(
            allowed=rules.can_fetch(url, AGENT),
            crawl_delay=None if delay is None or not delay >= 0 else min(float(delay), MAX_DELAY),
        )

    async def _text(self, address: Address) -> bytes:
        key = f"robots:{address.scheme}://{address.host}:{address.port}"
        kept = await self._kept(key)
        if kept is not None:
            return kept
        text, seconds = await self._asked(f"{address.scheme}://{address.netloc}/robots.txt")
        await self._keep(key, text, seconds)
        return text

    async def _asked(self, url: str) -> tuple[bytes, int]:
        """The text, and for how many seconds it holds."""
        try:
            page = await self._fetcher.fetch(url)
        except FetchFailed as failure:
            if failure.details["problem"] in _ANSWERED:  # it has no robots.txt that anybody could read
                return _NOTHING_FORBIDDEN, KEPT_SECONDS
            return _UNREACHABLE, UNREACHABLE_SECONDS
        if page.status == 429 or page.status >= 500:
            return _UNREACHABLE, UNREACHABLE_SECONDS
        if page.status != 200:  # RFC 9309, 2.3.1.3: nothing is forbidden where there is no robots.txt
            return _NOTHING_FORBIDDEN, KEPT_SECONDS
        return page.body[:MAX_BYTES], KEPT_SECONDS

    async def _kept(self, key: str) -> bytes | None:
        try:
            kept = await self._redis.get(key)
        except (RedisError, OSError) as error:
            log.info("robots.alone", error=type(error).__name__)
        else:
            if kept is not None:
                return kept if isinstance(kept, bytes) else str(kept).encode()
        until, text = self._own.get(key, (0.0, b""))
        return text if until > time.monotonic() else None

    async def _keep(self, key: str, text: bytes, seconds: int) -> None:
        try:
            await self._redis.set(key, text, ex=seconds)
        except (RedisError, OSError):
            self._own[key] = (time.monotonic() + seconds, text)
            self._own.move_to_end(key)
            while len(self._own) > _IN_PROCESS:
                self._own.popitem(last=False)
