"""A real Chromium reads what scripts fill in, and reaches nothing that the guard refuses."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from starlette.applications import Starlette

pytest.importorskip("playwright", reason="the extra `browser` is not installed")

from sandbox.shop import DemoShop
from tests.conftest import MakeSettings
from tests.fetching.conftest import MakeFetcher
from tests.fetching.internet import Internet, Visit, redirects, response, says
from tests.serving import run_app
from tracker.errors import FetchFailed
from tracker.fetching.browser import BrowserFetcher, BrowserLimits
from tracker.fetching.client import Fetcher, FetchProblem
from tracker.fetching.ways import Fetchers, Way
from tracker.money import Money
from tracker.stores import registry
from tracker.stores.offer import Outcome

pytestmark = pytest.mark.browser
Make = Callable[..., BrowserFetcher]
SHOP = "http://shop.example/kettle"


@pytest.fixture
async def browser(chromium: str, settings: MakeSettings, internet: Internet) -> AsyncIterator[Make]:
    """A factory of browsers in `internet`."""
    async with AsyncExitStack() as stack:

        def make(limits: dict[str, Any] | None = None, **values: Any) -> BrowserFetcher:
            made = BrowserFetcher(
                settings(**values),
                chromium,
                resolver=internet.resolve,
                limits=BrowserLimits(**({"settle_seconds": 2.0} | (limits or {}))),
                network=internet,
            )
            stack.push_async_callback(made.close)
            return made

        yield make


async def problem_of(fetcher: BrowserFetcher, url: str = SHOP) -> Any:
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(url)
    return caught.value.details["problem"]


@pytest.mark.parametrize("slug", ["kettle", "scripted"])
async def test_a_page_that_scripts_fill_is_read_by_the_browser_alone(
    slug: str, chromium: str, settings: MakeSettings
) -> None:
    shop = DemoShop()
    async with run_app(Starlette(routes=shop.routes())) as origin:
        shop.origin = origin
        shop.lists("scripted", price="1234.00", style="script")
        shop.set("kettle", price="1999.00", mode="needs_script")
        here = settings(
            fetch_allow_private=origin.removeprefix("http://"),
            fetch_ways="browser",
            fetch_browser_path=chromium,
        )
        fetchers = Fetchers.by(here)
        try:
            assert Way.BROWSER in fetchers.ways
            readings = {}
            for way in (Way.DIRECT, Way.BROWSER):
                page = await fetchers.fetch(shop.url(slug), way=way)
                assert (page.status, page.url) == (200, shop.url(slug))
                readings[way] = registry.read(page.body, page.url, status=page.status, charset=page.charset)
        finally:
            await fetchers.close()
    assert readings[Way.DIRECT].offer is None
    assert readings[Way.DIRECT].outcome is not Outcome.OFFER
    offer = readings[Way.BROWSER].offer
    assert offer is not None
    assert offer.price == Money(123400 if slug == "scripted" else 199900, "INR")


@pytest.mark.parametrize(
    "inside",
    [
        pytest.param("<script src='http://127.0.0.1:{port}/s.js'></script>", id="script"),
        pytest.param("<iframe src='http://127.0.0.1:{port}/'></iframe>", id="iframe"),
        pytest.param("<img src='http://localhost:{port}/i.png'>", id="img"),
        pytest.param("<link rel=stylesheet href='http://[::1]:{port}/c.css'>", id="style"),
        pytest.param("<link rel=prefetch href='http://127.0.0.1:{port}/'>", id="prefetch"),
        pytest.param("<script>fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}})</script>", id="fetch"),
        pytest.param("<script>navigator.sendBeacon('http://127.0.0.1:{port}/', 'x')</script>", id="beacon"),
        pytest.param("<script>new WebSocket('ws://127.0.0.1:{port}/')</script>", id="websocket"),
        pytest.param("<script>new EventSource('http://127.0.0.1:{port}/')</script>", id="events"),
        pytest.param("<script>open('http://127.0.0.1:{port}/')</script>", id="popup"),
        pytest.param("<meta http-equiv=refresh content='0; url=http://127.0.0.1:{port}/'>", id="refresh"),
        pytest.param("<script>location = 'http://127.0.0.1:{port}/'</script>", id="location"),
        pytest.param("<script src='http://inside.example/'></script>", id="a name of inside"),
        pytest.param("<script src='http://to-inside.example/'></script>", id="a redirect to inside"),
        pytest.param(
            "<form action='http://127.0.0.1:{port}/' method=post></form><script>document.forms[0].submit()"
            "</script>",
            id="form",
        ),
    ],
)
async def test_a_page_in_the_browser_reaches_nothing_inside(
    inside: str, internet: Internet, browser: Make
) -> None:
    port = await internet.local(says(response(b"inside")))
    internet.name("inside.example", ["127.0.0.1"])
    await internet.site(redirects(f"http://127.0.0.1:{port}/"), "to-inside.example", address="93.184.216.40")
    body = f"<title>kettle</title><body>{inside.format(port=port)}".encode()
    await internet.site(says(response(body)))
    try:
        page = await browser().fetch(SHOP)
    except FetchFailed:
        pass  # the page has led itself away to where it may not go
    else:
        assert b"kettle" in page.body
    assert {visit.header("host") for visit in internet.visits} <= {"shop.example", "to-inside.example"}
    assert set(internet.dialled) <= {"93.184.216.34", "93.184.216.40"}


async def test_these_tests_would_show_a_leak(internet: Internet, browser: Make) -> None:
    port = await internet.local(says(response(b"inside")))
    internet.name("127.0.0.1", ["127.0.0.1"])
    body = f"<script>fetch('http://127.0.0.1:{port}/', {{mode: 'no-cors'}})</script>".encode()
    await internet.site(says(response(body)))
    internet._ports["127.0.0.1", port] = port
    await browser(fetch_allow_private=f"127.0.0.1:{port}").fetch(SHOP)
    assert {visit.header("host") for visit in internet.visits} == {"shop.example", f"127.0.0.1:{port}"}


class Datagrams(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.received = 0

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received += 1


async def test_nothing_leaves_beside_the_proxy(internet: Internet, browser: Make) -> None:
    """WebRTC and WebTransport speak UDP, past every proxy."""
    transport, ear = await asyncio.get_running_loop().create_datagram_endpoint(
        Datagrams, local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    body = (
        "<script>"
        f"const p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{port}'}}]}});"
        "p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o));"
        f"try {{ new WebTransport('https://127.0.0.1:{port}/').ready.catch(() => 0) }} catch (e) {{}}"
        "setTimeout(() => document.title = 'waited', 1500)</script>"
    ).encode()

    async def site(visit: Visit) -> None:
        if visit.target == "/kettle":
            await visit.send(response(body + b"<script src=/slow.js></script>"))
        else:
            await visit.pause(1.8)  # the page is not at rest until then
            await visit.send(response(b"", content_type="text/javascript"))

    await internet.site(site)
    page = await browser({"settle_seconds": 4.0}).fetch(SHOP)
    transport.close()
    assert b"kettle" in page.url.encode()
    assert ear.received == 0


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/", "http://inside.example/", "http://to-inside.example/", "file:///etc/passwd"]
)
async def test_a_link_to_inside_is_refused(url: str, internet: Internet, browser: Make) -> None:
    internet.name("inside.example", ["10.0.0.1"])
    await internet.site(redirects("http://inside.example/"), "to-inside.example")
    problem = await problem_of(browser(), url)
    assert problem in {FetchProblem.REFUSED_ADDRESS, FetchProblem.BAD_LINK}
    assert len(internet.visits) == ("to-" in url)


async def test_a_document_has_its_status_its_end_and_no_pictures(internet: Internet, browser: Make) -> None:
    async def site(visit: Visit) -> None:
        if visit.target == "/kettle":
            await visit.send(response(b"", status="302 Found", headers="Location: /new\r\n"))
        else:
            gone = "<img src=/i.png><video src=/v.mp4></video><p>gone – चाय</p>".encode()
            await visit.send(response(gone, status="404 Not Found", headers="Retry-After: 9\r\n"))

    await internet.site(site)
    page = await browser().fetch(SHOP)
    assert (page.status, page.url, page.requested_url) == (404, "http://shop.example/new", SHOP)
    assert (page.content_type, page.charset, page.retry_after) == ("text/html", "utf-8", 9)
    assert "gone – चाय" in page.body.decode()
    assert {visit.target for visit in internet.visits} <= {"/kettle", "/new", "/favicon.ico"}


async def test_no_cookie_and_nothing_stored_outlives_a_page(internet: Internet, browser: Make) -> None:
    body = b"<script>document.title = localStorage.length; localStorage.x = 1</script>"
    await internet.site(says(response(body, headers="Set-Cookie: id=7; Max-Age=999\r\n")))
    fetcher = browser()
    pages = [await fetcher.fetch(SHOP) for _ in range(2)]
    assert all(b"<title>0</title>" in page.body for page in pages)
    first = [visit for visit in internet.visits if visit.target == "/kettle"]
    assert [visit.header("cookie") for visit in first] == [None, None]


async def test_an_answer_is_never_taken_for_another_requests(internet: Internet, browser: Make) -> None:
    """A server that keeps a connection open and says more than it was asked."""
    await internet.site(
        says(response(b"kettle", headers="Connection: keep-alive\r\n") + response(b"smuggled"))
    )
    await internet.site(says(response(b"other")), "other.example", address="93.184.216.40")
    fetcher = browser()
    assert b"kettle" in (await fetcher.fetch(SHOP)).body
    assert b"other" in (await fetcher.fetch("http://other.example/")).body


async def endless(visit: Visit) -> None:
    await visit.send(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n")
    await visit.flood(b"<p>" + b"x" * 65536)


@pytest.mark.parametrize(
    ("site", "limits", "problem"),
    [
        pytest.param(endless, {"wire_bytes": 1_000_000}, FetchProblem.TOO_LARGE, id="endless"),
        pytest.param(
            says(response(b"<script>document.write('x'.repeat(3e6))</script>")),
            {"decoded_bytes": 1_000_000},
            FetchProblem.TOO_LARGE,
            id="a script that writes much",
        ),
        pytest.param(
            says(response(b"<script>while (true);</script>")),
            {"total_seconds": 2.0},
            FetchProblem.TIMEOUT,
            id="a script without end",
        ),
        pytest.param(Visit.hold, {"total_seconds": 2.0}, FetchProblem.TIMEOUT, id="silence"),
        pytest.param(
            says(response(b"\x89PNG", content_type="image/png")), {}, FetchProblem.NOT_A_PAGE, id="a picture"
        ),
        pytest.param(
            says(response(b"PK", content_type="application/zip")), {}, FetchProblem.NOT_A_PAGE, id="a file"
        ),
        pytest.param(redirects("/kettle"), {}, FetchProblem.REDIRECT_LOOP, id="a loop"),
        pytest.param(says(b"SSH-2.0\r\n\r\n"), {}, FetchProblem.CONNECT, id="no web server"),
    ],
)
async def test_a_hostile_page_is_given_up_and_the_next_one_read(
    site: Any, limits: dict[str, Any], problem: FetchProblem, internet: Internet, browser: Make
) -> None:
    await internet.site(site)
    await internet.site(says(response(b"<p>good")), "good.example", address="93.184.216.40")
    fetcher = browser(limits)
    assert await problem_of(fetcher) == problem
    assert b"good" in (await fetcher.fetch("http://good.example/")).body


async def test_a_page_that_never_rests_is_read_as_it_stands(internet: Internet, browser: Make) -> None:
    body = b"<p>kettle</p><script>setInterval(() => fetch('/tick'), 50); alert('stop')</script>"
    await internet.site(says(response(body)))
    assert b"kettle" in (await browser({"settle_seconds": 0.5}).fetch(SHOP)).body


async def test_a_browser_that_crashed_is_started_anew(internet: Internet, browser: Make) -> None:
    await internet.site(says(response(b"<p>kettle")))
    fetcher = browser()
    await fetcher.fetch(SHOP)
    assert fetcher._browser is not None
    gone = asyncio.Event()
    fetcher._browser.on("disconnected", lambda _: gone.set())
    devtools = await fetcher._browser.new_browser_cdp_session()
    processes = (await devtools.send("SystemInfo.getProcessInfo"))["processInfo"]
    os.kill(next(each["id"] for each in processes if each["type"] == "browser"), signal.SIGKILL)
    await asyncio.wait_for(gone.wait(), 10)
    assert b"kettle" in (await fetcher.fetch(SHOP)).body


async def test_a_browser_is_replaced_after_its_pages_and_closed_when_idle(
    internet: Internet, browser: Make
) -> None:
    await internet.site(says(response(b"<p>kettle")))
    fetcher = browser({"pages": 1, "idle_seconds": 0.0})
    await fetcher.fetch(SHOP)
    first = fetcher._browser
    assert fetcher._idle is not None
    await fetcher._idle
    assert fetcher._browser is None
    await fetcher.fetch(SHOP)
    assert fetcher._browser is not first


async def test_a_browser_that_does_not_start_is_a_failed_fetch(
    settings: MakeSettings, internet: Internet
) -> None:
    await internet.site(says(response()))
    fetcher = BrowserFetcher(settings(), "/bin/false", resolver=internet.resolve, network=internet)
    assert await problem_of(fetcher) == FetchProblem.BROWSER
    await fetcher.close()


async def test_the_same_page_is_the_same_directly(
    internet: Internet, browser: Make, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(b"<p>kettle</p>")))
    direct: Fetcher = fetcher()
    assert b"<p>kettle</p>" in (await browser().fetch(SHOP)).body
    assert (await direct.fetch(SHOP)).body == b"<p>kettle</p>"
