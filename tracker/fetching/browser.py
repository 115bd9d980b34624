"""Pages as a browser shows them, for those that only their scripts fill.

Chromium opens no connection of its own: all it has is our proxy (`browser_proxy`), which judges and dials.
Names are not resolved in it, and the protocols that pass by a proxy are off.
"""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

import httpcore
import structlog
from playwright.async_api import Browser, BrowserContext, Error, Request, Response, Route, async_playwright
from playwright.async_api import Page as Tab

from tracker.config import Settings
from tracker.errors import BadLink, FetchFailed
from tracker.fetching.addresses import parse
from tracker.fetching.body import is_page, media_type
from tracker.fetching.browser_proxy import Allowance, BrowserProxy
from tracker.fetching.following import FetchLimits, log_failure, log_page, milliseconds_since
from tracker.fetching.guard import GuardedNetwork, Resolver, SystemResolver, check_address
from tracker.fetching.page import Page, Validators, retry_after
from tracker.fetching.problems import FetchProblem, failed

log = structlog.get_logger(__name__)

SWITCHES = (
    "--proxy-bypass-list=<-loopback>",  # loopback goes through the proxy too, and there it is refused
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",  # what it was called until 2025
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--disable-quic",
    "--dns-prefetch-disable",
    "--disable-features=DnsOverHttps,AsyncDns,WebTransport,WebRtcHideLocalIpsWithMdns,MediaRouter,"
    "DialMediaRouteProvider,Translate,OptimizationHints,AutofillServerCommunication",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-domain-reliability",
    "--disable-sync",
    "--disable-gpu",
    "--no-first-run",
    "--no-pings",
    "--js-flags=--max-old-space-size=256",
)
_NOT_LOADED = frozenset({"image", "media", "font"})
# In a world of our own, where what the page has done to its functions does not count.
_READ = (
    "(d => { const h = d ? d.outerHTML : ''; return h.length > %d ? null : h; })(document.documentElement)"
)
_CLOSING_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class BrowserLimits:
    """Seconds, bytes and pages."""

    total_seconds: float = 25
    settle_seconds: float = 8  # for scripts, after the document itself is there
    start_seconds: float = 20
    idle_seconds: float = 120  # after which an unused browser is closed
    pages: int = 50  # after which it is started anew
    wire_bytes: int = 25 * 1024 * 1024
    connections: int = 200
    decoded_bytes: int = 8 * 1024 * 1024


class BrowserFetcher:
    """Fetches in the Chromium at `path`, one page at a time, each in a profile of its own."""

    def __init__(
        self,
        settings: Settings,
        path: str,
        *,
        resolver: Resolver | None = None,
        limits: BrowserLimits | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._path = path
        self._limits = limits or BrowserLimits()
        self._allowed = frozenset(entry.lower() for entry in settings.fetch_allow_private)
        self._system_resolver = SystemResolver()
        guarded = GuardedNetwork(
            resolver=resolver or self._system_resolver,
            network=network or httpcore.AnyIOBackend(),
            allowed=self._allowed,
            resolve_seconds=FetchLimits().resolve_seconds,
            head_bytes=2 * self._limits.wire_bytes,  # the proxy counts for the page as a whole
        )
        self._proxy = BrowserProxy(guarded, self._allowed)
        self._turn = asyncio.Lock()
        self._running: AsyncExitStack | None = None
        self._browser: Browser | None = None
        self._pages = 0
        self._idle: asyncio.Task[None] | None = None

    async def fetch(self, url: str, *, validators: Validators | None = None) -> Page:
        """The page at `url` as its scripts leave it, as UTF-8. `validators` say nothing here: what scripts
        fill changes while the document is the same.

        Raises FetchFailed as `Fetcher.fetch` does, and with FetchProblem.BROWSER when the browser fails.
        """
        async with self._turn:
            started = time.monotonic()
            try:
                page = await self._fetched(url, started)
            except FetchFailed as failure:
                log_failure(failure, started)
                raise
            finally:
                self._rest()
        log_page(page)
        return page

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        async with self._turn:
            await self._stop()
        self._system_resolver.close()

    async def _fetched(self, url: str, started: float) -> Page:
        try:
            address = parse(url)
        except BadLink as error:
            raise failed(FetchProblem.BAD_LINK, str(error.details.get("reason", "another scheme"))) from error
        check_address(address, self._allowed)
        browser = await self._started()
        allowance = Allowance(self._limits.wire_bytes, self._limits.connections)
        self._pages += 1
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                with self._proxy.page(allowance):
                    async with _tab(browser) as tab:
                        return await _Visit(tab, allowance, self._limits).page(str(address), url, started)
        except TimeoutError as error:
            await self._stop()  # a browser that hangs on one page serves no other one
            raise failed(FetchProblem.TIMEOUT, "the page does not come to rest") from error
        except Error as error:
            await self._stop()
            raise failed(FetchProblem.BROWSER, type(error).__name__) from error

    async def _started(self) -> Browser:
        """The running browser, or a new one when there is none, it has crashed, or it served long enough."""
        if self._browser is not None and (
            not self._browser.is_connected() or self._pages >= self._limits.pages
        ):
            await self._stop()
        if self._browser is None:
            try:
                async with asyncio.timeout(self._limits.start_seconds):
                    await self._start()
            except (Error, OSError) as error:  # a TimeoutError is an OSError
                await self._stop()
                log.exception("browser.not_started")
                raise failed(FetchProblem.BROWSER, "the browser does not start") from error
        assert self._browser is not None
        return self._browser

    async def _start(self) -> None:
        self._running = AsyncExitStack()
        await self._proxy.open()
        self._running.push_async_callback(self._proxy.close)
        playwright = await self._running.enter_async_context(async_playwright())
        as_root = ("--no-sandbox",) if os.geteuid() == 0 else ()
        self._browser = await playwright.chromium.launch(
            executable_path=self._path,
            args=[f"--proxy-server=http://127.0.0.1:{self._proxy.port}", *SWITCHES, *as_root],
            chromium_sandbox=not as_root,
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
        )
        self._running.push_async_callback(self._browser.close)
        self._pages = 0
        log.info("browser.started")

    async def _stop(self) -> None:
        running, self._running, self._browser = self._running, None, None
        if running is not None:
            with suppress(Error, TimeoutError):
                async with asyncio.timeout(_CLOSING_SECONDS):
                    await running.aclose()

    def _rest(self) -> None:
        """Close the browser unless it is used again soon."""
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.create_task(self._close_when_idle())

    async def _close_when_idle(self) -> None:
        await asyncio.sleep(self._limits.idle_seconds)
        async with self._turn:
            await self._stop()


@asynccontextmanager
async def _tab(browser: Browser) -> AsyncIterator[Tab]:
    """A page of a fresh profile, which loads no pictures, films and fonts."""
    version = browser.version.partition(".")[0]
    context: BrowserContext = await browser.new_context(
        accept_downloads=False,
        locale="en-IN",
        service_workers="block",
        user_agent=f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{version}.0.0.0 Safari/537.36 PriceTrackerPro/0.1",
    )
    try:
        await context.route("**/*", _load)
        yield await context.new_page()
    finally:
        with suppress(Error, TimeoutError):
            async with asyncio.timeout(_CLOSING_SECONDS):
                await context.close()


async def _load(route: Route) -> None:
    with suppress(Error):  # the page may be gone by now
        if route.request.resource_type in _NOT_LOADED:
            await route.abort()
        else:
            await route.continue_()


class _Visit:
    """One page in one tab: the document that it ends at, and what its scripts make of it."""

    def __init__(self, tab: Tab, allowance: Allowance, limits: BrowserLimits) -> None:
        self._tab = tab
        self._allowance = allowance
        self._limits = limits
        self._wanted = ""
        self._document: Response | None = None
        tab.on("request", self._asked)
        tab.on("response", self._answered)
        tab.on("dialog", lambda dialog: asyncio.ensure_future(dialog.dismiss()))

    async def page(self, address: str, url: str, started: float) -> Page:
        self._wanted = address
        try:
            await self._tab.goto(
                address, wait_until="domcontentloaded", timeout=self._limits.total_seconds * 1000
            )
        except Error as error:
            raise self._why(error.message) from error
        with suppress(Error):  # a page that never is at rest is read as it stands
            await self._tab.wait_for_load_state("networkidle", timeout=self._limits.settle_seconds * 1000)
        if self._allowance.exceeded:
            raise failed(FetchProblem.TOO_LARGE, "the page takes more than a page has")
        if self._document is None:
            raise failed(FetchProblem.NOT_A_PAGE, "no document")
        headers = self._document.headers
        media = media_type(headers.get("content-type", ""))
        if not is_page(media):
            raise failed(FetchProblem.NOT_A_PAGE, "the content type is not a page's")
        return Page(
            url=self._end(),
            requested_url=url,
            status=self._document.status,
            body=await self._body(),
            content_type="text/html",
            charset="utf-8",
            milliseconds=milliseconds_since(started),
            retry_after=retry_after(headers.get("retry-after", "")),
        )

    def _end(self) -> str:
        """Where the tab stands; on an error of the browser's own when a script led where it may not go."""
        try:
            return str(parse(self._tab.url))
        except BadLink as error:
            raise self._why("") from error

    async def _body(self) -> bytes:
        devtools = await self._tab.context.new_cdp_session(self._tab)
        tree = await devtools.send("Page.getFrameTree")
        world = await devtools.send(
            "Page.createIsolatedWorld", {"frameId": tree["frameTree"]["frame"]["id"], "worldName": "reader"}
        )
        read = await devtools.send(
            "Runtime.evaluate",
            {
                "expression": _READ % self._limits.decoded_bytes,
                "contextId": world["executionContextId"],
                "returnByValue": True,
            },
        )
        html = read["result"].get("value")
        body = b"" if html is None else b"<!doctype html>" + html.encode("utf-8", "replace")
        if html is None or len(body) > self._limits.decoded_bytes:
            raise failed(FetchProblem.TOO_LARGE, "the page is too large")
        return body

    def _asked(self, request: Request) -> None:
        if request.is_navigation_request() and request.frame == self._tab.main_frame:
            self._wanted = request.url

    def _answered(self, response: Response) -> None:
        """Keeps the document that is shown: scripts may lead on to another one."""
        request = response.request
        if request.is_navigation_request() and request.frame == self._tab.main_frame:
            self._document = response

    def _why(self, message: str) -> FetchFailed:
        """Why the document did not come: what became of the host that was asked for last."""
        try:
            problem = self._allowance.problems.get(parse(self._wanted).endpoint)
        except BadLink:
            return failed(FetchProblem.BAD_LINK, "a redirect to no address of the web's")
        if problem is None and self._allowance.exceeded:
            problem = FetchProblem.TOO_LARGE
        if problem is None and "ERR_TOO_MANY_REDIRECTS" in message:
            problem = FetchProblem.REDIRECT_LOOP
        if problem is None and ("Download is starting" in message or "ERR_ABORTED" in message):
            problem = FetchProblem.NOT_A_PAGE
        if problem is None and "Timeout" in message:
            problem = FetchProblem.TIMEOUT
        return failed(problem or FetchProblem.CONNECT, "the document does not come")
