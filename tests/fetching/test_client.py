"""What a fetch gives, follows, sends, and keeps to itself."""

import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from tests.conftest import MakeSettings
from tests.fetching.conftest import AUTHORITIES, MakeFetcher
from tests.fetching.internet import Internet, Visit, redirects, response, says
from tracker.fetching.client import Fetcher, FetchProblem, public_authorities

Failure = Callable[[Fetcher, str], Any]
SHOP = "http://shop.example"


async def test_a_page_has_its_bytes_and_what_the_server_says_of_them(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response("चाय".encode(), content_type="Text/HTML; Charset='UTF-8'")))
    page = await fetcher().fetch(f"{SHOP}/tea?cup=2#steam")
    assert (page.status, page.body.decode()) == (200, "चाय")
    assert (page.content_type, page.charset) == ("text/html", "utf-8")
    assert page.url == page.requested_url == f"{SHOP}/tea?cup=2#steam"
    assert page.milliseconds > 0
    assert internet.visits[0].target == "/tea?cup=2"


@pytest.mark.parametrize(
    "status", ["403 Forbidden", "404 Not Found", "429 Slow down", "503 Busy", "304 Same"]
)
async def test_an_error_of_the_shop_is_a_page(status: str, internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response(b"" if status.startswith("304") else b"sorry", status=status)))
    page = await fetcher().fetch(SHOP)
    assert page.status == int(status[:3])


async def test_an_error_that_is_no_page_has_no_body(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response(b"\x89PNG", status="404 Not Found", content_type="image/png")))
    page = await fetcher().fetch(SHOP)
    assert (page.status, page.body, page.content_type) == (404, b"", "image/png")


@pytest.mark.parametrize(
    "content_type",
    [
        "text/html",
        "application/xhtml+xml",
        "application/json",
        "application/ld+json",
        "text/plain",
        "TEXT/HTML",
        "text/html, text/html",
        "",
        None,
    ],
)
async def test_this_content_type_is_read(
    content_type: str | None, internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(b"read", content_type=content_type)))
    assert (await fetcher().fetch(SHOP)).body == b"read"


@pytest.mark.parametrize(
    "content_type", ["image/png", "application/pdf", "application/octet-stream", "video/mp4", "texthtml"]
)
async def test_this_content_type_is_no_page(
    content_type: str, internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(says(response(b"?", content_type=content_type)))
    error = await failure(fetcher(), SHOP)
    assert error.details["problem"] == FetchProblem.NOT_A_PAGE
    assert error.text_key == "error.not_a_page"


@pytest.mark.parametrize(
    ("named", "charset"),
    [
        ("charset=utf-8", "utf-8"),
        ('charset="ISO-8859-1"', "iso-8859-1"),
        ("a=b; charset = windows-1252", "windows-1252"),
        ("charset=shift_jis", "shift_jis"),
        ("charset=punycode", None),
        ("charset=unicode_escape", None),
        ("charset=zlib", None),
        ("charset=utf-9", None),
        ("charset=", None),
        ("boundary=charset", None),
    ],
)
async def test_a_charset_is_reported_only_if_pages_are_written_in_it(
    named: str, charset: str | None, internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response(content_type=f"text/html; {named}")))
    assert (await fetcher().fetch(SHOP)).charset == charset


@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "303 Other", "307 Temporary", "308 Permanent"])
async def test_a_redirect_is_followed_and_the_page_named_by_its_end(
    status: str, internet: Internet, fetcher: MakeFetcher
) -> None:
    async def site(visit: Visit) -> None:
        moved = response(b"", status=status, headers="Location: ../kettle?in=red#top\r\n")
        await visit.send(response(b"kettle") if visit.target == "/kettle?in=red" else moved)

    await internet.site(site)
    page = await fetcher().fetch(f"{SHOP}/old/kettle")
    assert (page.status, page.body) == (200, b"kettle")
    assert page.url == f"{SHOP}/kettle?in=red#top"
    assert page.requested_url == f"{SHOP}/old/kettle"


async def test_a_redirect_leads_to_another_shop(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(redirects("//www.shop.example/kettle"), "amzn.example", address="93.184.216.40")
    await internet.site(says(response(b"kettle")), "www.shop.example")
    assert (await fetcher().fetch("http://amzn.example/d/x")).url == "http://www.shop.example/kettle"


@pytest.mark.parametrize(
    "odd", [response(b"", status="302 Found"), response(b"", status="300 Choose", headers="Location: /x\r\n")]
)
async def test_a_redirect_to_nowhere_is_a_page(odd: bytes, internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(odd))
    assert 300 <= (await fetcher().fetch(SHOP)).status < 303
    assert len(internet.visits) == 1


async def test_five_redirects_are_followed_and_a_sixth_is_a_loop(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    async def site(visit: Visit) -> None:
        left = int(visit.target[1:])
        moved = response(b"", status="302 Found", headers=f"Location: /{left - 1}\r\n")
        await visit.send(moved if left else response(b"the end"))

    await internet.site(site)
    client = fetcher()
    assert (await client.fetch(f"{SHOP}/5")).body == b"the end"
    error = await failure(client, f"{SHOP}/6")
    assert error.details["problem"] == FetchProblem.REDIRECT_LOOP
    assert error.text_key == "error.redirect_loop"


async def test_a_location_that_is_no_link_is_not_followed(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    await internet.site(redirects("http://[::1/"), "bracket.example", address="93.184.216.41")
    await internet.site(redirects("/x\\y"))
    for url in (SHOP, "http://bracket.example"):
        assert (await failure(fetcher(), url)).details["problem"] == FetchProblem.BAD_LINK


async def test_no_cookie_is_ever_sent_back(internet: Internet, fetcher: MakeFetcher) -> None:
    """S53: neither to the same shop in the next fetch nor to another by a redirect."""
    moved = response(
        b"",
        status="302 Found",
        headers="Location: http://other.example/\r\nSet-Cookie: id=7; Domain=.example; Path=/\r\n",
    )
    await internet.site(says(moved))
    await internet.site(
        says(response(headers="Set-Cookie: id=8\r\n")), "other.example", address="93.184.216.40"
    )
    client = fetcher()
    await client.fetch(SHOP)
    await client.fetch(SHOP)
    assert [visit.header("cookie") for visit in internet.visits] == [None] * 4
    assert [visit.header("referer") for visit in internet.visits] == [None] * 4


async def test_a_shop_is_asked_like_a_browser_asks_that_gives_its_name(
    internet: Internet, fetcher: MakeFetcher
) -> None:
    await internet.site(says(response()))
    await fetcher().fetch(SHOP)
    visit = internet.visits[0]
    assert visit.header("host") == "shop.example"
    assert visit.header("accept-encoding") == "gzip"
    assert visit.header("accept-language") == "en-IN,en;q=0.9"
    assert "PriceTrackerPro" in (visit.header("user-agent") or "")


async def test_proxies_of_the_environment_are_ignored(
    internet: Internet, fetcher: MakeFetcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S54."""
    proxied = await internet.local(says(response(b"from the proxy")))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxied}")
    await internet.site(says(response(b"from the shop")))
    assert (await fetcher().fetch(SHOP)).body == b"from the shop"
    assert internet.visits[0].target == "/"


async def test_every_page_is_dialled_and_so_judged_anew(internet: Internet, fetcher: MakeFetcher) -> None:
    await internet.site(says(response()))
    client = fetcher()
    await client.fetch(f"{SHOP}/1")
    await client.fetch(f"{SHOP}/2")
    assert len(internet.dialled) == 2


async def test_a_stranger_cannot_tell_refused_from_unknown_from_closed_from_slow(
    internet: Internet, fetcher: MakeFetcher, failure: Failure
) -> None:
    """S52: one sentence for all; only the operator's detail differs."""

    async def hangs_up(visit: Visit) -> None:
        visit.hang_up()

    await internet.site(hangs_up, "closed.example", address="93.184.216.40")
    await internet.site(Visit.hold, "slow.example", address="93.184.216.41")
    internet.name("silent.example", ["93.184.216.42"])
    internet.silent.add("93.184.216.42")
    client = fetcher(limits={"head_seconds": 0.2})
    hosts = ["10.0.0.5", "unknown.example", "silent.example", "closed.example", "slow.example"]
    errors = [await failure(client, f"http://{host}/") for host in hosts]
    assert {error.text_key for error in errors} == {"error.fetch_failed"}
    assert [error.details["problem"] for error in errors] == [
        FetchProblem.REFUSED_ADDRESS,
        FetchProblem.UNRESOLVABLE,
        FetchProblem.CONNECT,
        FetchProblem.PROTOCOL,
        FetchProblem.TIMEOUT,
    ]


async def test_no_link_query_or_page_is_logged(
    internet: Internet, fetcher: MakeFetcher, failure: Failure, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await internet.site(says(response(b"sensitive-body")))
    client = fetcher()
    with structlog.testing.capture_logs() as events:
        await client.fetch(f"{SHOP}/sensitive-path?sensitive=query")
        await failure(client, "http://10.0.0.1/sensitive-path?sensitive=query")
    assert [event["event"] for event in events] == ["page.fetched", "page.not_fetched"]
    assert "sensitive" not in f"{events}{caplog.text}"
    assert not [record for record in caplog.records if record.name.startswith("httpcore")]


class TestReplay:
    """Saved pages under the shops' own addresses, from a machine of ours outside of the internet."""

    @pytest.fixture
    async def replaying(self, settings: MakeSettings) -> AsyncIterator[Callable[[int], Fetcher]]:
        """A fetcher that replays from this port, and dials for real."""
        async with AsyncExitStack() as stack:

            def make(port: int) -> Fetcher:
                made = Fetcher(settings(fetch_replay_origin=f"http://127.0.0.1:{port}"), tls=AUTHORITIES)
                stack.push_async_callback(made.close)
                return made

            yield make

    async def test_a_page_is_asked_of_the_origin_and_named_by_the_shop(
        self, internet: Internet, replaying: Callable[[int], Fetcher]
    ) -> None:
        port = await internet.local(says(response(b"saved")))
        url = "https://www.amazon.in/dp/B0CYGXYXS6?th=1&psc=1#reviews"
        page = await replaying(port).fetch(url)
        assert (page.body, page.url) == (b"saved", url)
        asked = quote("https://www.amazon.in/dp/B0CYGXYXS6?th=1&psc=1", safe="")
        assert internet.visits[0].target == f"/replay?url={asked}"

    async def test_a_replayed_redirect_is_replayed(
        self, internet: Internet, replaying: Callable[[int], Fetcher]
    ) -> None:
        async def replay(visit: Visit) -> None:
            short = quote("https://amzn.in/d/x", safe="") in visit.target
            moved = response(b"", status="301 Moved", headers="Location: https://www.amazon.in/dp/X\r\n")
            await visit.send(moved if short else response(b"saved"))

        port = await internet.local(replay)
        page = await replaying(port).fetch("https://amzn.in/d/x")
        assert (page.url, page.body) == ("https://www.amazon.in/dp/X", b"saved")

    @pytest.mark.parametrize(
        "url",
        [
            "http://127.0.0.1/",
            "http://10.0.0.1/",
            "http://shop.example:6379/",
            "file:///etc/passwd",
            "http://user@shop.example/",
            "http://localhost/",
            "http://127.0.0.1:{port}/",
        ],
    )
    async def test_what_a_fetch_refuses_is_not_replayed(
        self, url: str, internet: Internet, replaying: Callable[[int], Fetcher], failure: Failure
    ) -> None:
        port = await internet.local(says(response(b"saved")))
        error = await failure(replaying(port), url.format(port=port))
        assert error.details["problem"] in {FetchProblem.REFUSED_ADDRESS, FetchProblem.BAD_LINK}
        assert internet.visits == []


class TestTls:
    """S55."""

    @pytest.fixture
    def serving(self, certificate: Path) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        return context

    async def test_a_shop_is_known_by_its_name_though_an_address_is_dialled(
        self, internet: Internet, fetcher: MakeFetcher, certificate: Path, serving: ssl.SSLContext
    ) -> None:
        names: list[str | None] = []
        serving.sni_callback = lambda _, name, __: names.append(name)
        await internet.site(says(response(b"secure")), port=443, tls=serving)
        trusting = ssl.create_default_context(cafile=str(certificate))
        page = await fetcher(tls=trusting).fetch("https://shop.example/")
        assert (page.body, names) == (b"secure", ["shop.example"])

    async def test_a_certificate_that_nobody_signed_is_refused(
        self, internet: Internet, fetcher: MakeFetcher, serving: ssl.SSLContext, failure: Failure
    ) -> None:
        await internet.site(says(response()), port=443, tls=serving)
        error = await failure(fetcher(), "https://shop.example/")
        assert error.details["problem"] == FetchProblem.CONNECT
        assert internet.visits == []

    async def test_a_certificate_of_another_shop_is_refused(
        self,
        internet: Internet,
        fetcher: MakeFetcher,
        certificate: Path,
        serving: ssl.SSLContext,
        failure: Failure,
    ) -> None:
        await internet.site(says(response()), "other.example", port=443, tls=serving)
        trusting = ssl.create_default_context(cafile=str(certificate))
        error = await failure(fetcher(tls=trusting), "https://other.example/")
        assert error.details["problem"] == FetchProblem.CONNECT
        assert internet.visits == []

    def test_the_public_authorities_are_asked_over_tls_1_2_at_least(self) -> None:
        context = public_authorities()
        assert context.verify_mode is ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version is ssl.TLSVersion.TLSv1_2
        assert context.cert_store_stats()["x509_ca"] > 50
