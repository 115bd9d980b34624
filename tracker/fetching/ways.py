"""The ways to fetch a page, behind one door. The guard holds for all of them."""

import shutil
from collections.abc import Callable
from contextlib import AsyncExitStack
from enum import StrEnum
from importlib.util import find_spec
from typing import Protocol

import structlog

from tracker.config import Settings
from tracker.fetching.client import Fetcher
from tracker.fetching.page import Page, Validators

log = structlog.get_logger(__name__)


class Way(StrEnum):
    """How a store's pages are fetched."""

    DIRECT = "direct"
    PROXY = "proxy"
    """By proxies of the operator's (FETCH_PROXY_URL)."""
    IMPERSONATE = "impersonate"
    """With the handshakes of a browser, for shops that turn away by those (FETCH_WAYS, and its extra)."""
    BROWSER = "browser"
    """In a browser, for pages that only their scripts fill (FETCH_WAYS, its extra and a Chromium)."""


class WayOfFetching(Protocol):
    async def fetch(self, url: str, *, validators: Validators | None = None) -> Page: ...

    async def close(self) -> None: ...


class Fetchers:
    """Fetches by any way. What a way needs is loaded when the first page is fetched by it.

    A way that is not to be had here is replaced by the direct one, which is logged once.
    """

    def __init__(
        self, direct: WayOfFetching, others: dict[Way, Callable[[], WayOfFetching]] | None = None
    ) -> None:
        self._made: dict[Way, WayOfFetching] = {Way.DIRECT: direct}
        self._makers = others or {}
        self._missed: set[Way] = set()

    @classmethod
    def by(cls, settings: Settings) -> "Fetchers":
        return cls(Fetcher(settings), _others(settings))

    @property
    def ways(self) -> frozenset[Way]:
        """Those that are switched on, and can be had here."""
        return frozenset({Way.DIRECT, *self._makers})

    async def fetch(self, url: str, *, way: Way = Way.DIRECT, validators: Validators | None = None) -> Page:
        """The page at `url`, whatever its status; with `validators` it may be a 304 without a body.

        Raises FetchFailed with `problem` (a FetchProblem) and `detail`, and nothing else, by every way.
        """
        return await self._fetcher(way).fetch(url, validators=validators)

    async def close(self) -> None:
        async with AsyncExitStack() as stack:
            for fetcher in self._made.values():
                stack.push_async_callback(fetcher.close)

    def _fetcher(self, way: Way) -> WayOfFetching:
        if way not in self.ways:
            if way not in self._missed:
                self._missed.add(way)
                log.warning("way.missing", way=way.value)
            way = Way.DIRECT
        if way not in self._made:
            self._made[way] = self._makers[way]()
        return self._made[way]


def _others(settings: Settings) -> dict[Way, Callable[[], WayOfFetching]]:
    """What can be made here beside the direct way. Nothing is imported to find out."""
    makers: dict[Way, Callable[[], WayOfFetching]] = {}
    # What is replayed comes from a machine of ours, which is not to be asked by proxies or with a browser.
    if settings.fetch_proxy_url and not settings.fetch_replay_origin:
        makers[Way.PROXY] = lambda: _proxied(settings)
    if "impersonate" in settings.fetch_ways and find_spec("curl_cffi") is not None:
        makers[Way.IMPERSONATE] = lambda: _impersonating(settings)
    is_browsing = "browser" in settings.fetch_ways and find_spec("playwright") is not None
    path = chromium(settings) if is_browsing and not settings.fetch_replay_origin else None
    if path is not None:
        makers[Way.BROWSER] = lambda: _browsing(settings, path)
    return makers


def chromium(settings: Settings) -> str | None:
    """Where the browser is: as it was set, or the first that is found."""
    names = (settings.fetch_browser_path,) if settings.fetch_browser_path else _BROWSERS
    return next((path for name in names if (path := shutil.which(name))), None)


_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _proxied(settings: Settings) -> WayOfFetching:
    from tracker.fetching.proxies import Proxy, ProxyNetwork

    proxies = [Proxy.at(number, url) for number, url in enumerate(settings.fetch_proxy_url, 1)]
    return Fetcher(settings, network=ProxyNetwork(proxies))


def _impersonating(settings: Settings) -> WayOfFetching:
    from tracker.fetching.impersonate import Impersonator

    return Impersonator(settings)


def _browsing(settings: Settings, path: str) -> WayOfFetching:
    from tracker.fetching.browser import BrowserFetcher

    return BrowserFetcher(settings, path)
