"""A browser's handshakes under our guard and our limits. The ids are those of the threat list (S and D)."""

import gzip
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("curl_cffi", reason="the extra `impersonate` is not installed")

from tests.conftest import MakeSettings
from tests.fetching.conftest import SECONDS
from tests.fetching.internet import Internet, Visit, redirects, response, says
from tests.fetching.test_guard import ATTACKS
from tests.fetching.test_hostile_sites import (
    CHUNKED,
    HEAD,
    MB,
    announced,
    chunk_flood,
    dripped_body,
    dripped_head,
    dripped_interim,
    endless_headers,
    endless_interim,
    flood,
    packed,
)
from tracker.errors import FetchFailed
from tracker.fetching.client import FetchLimits, FetchProblem, Validators
from tracker.fetching.impersonate import Impersonator

Make = Callable[..., Impersonator]
# A redirect needs a server of this machine: those are tried for themselves.
LINKS = {name: url for name, url in ATTACKS.items() if "redirect" not in name}


@pytest.fixture
async def impersonator(settings: MakeSettings, internet: Internet) -> AsyncIterator[Make]:
    """A factory; `port` is that of a shop on this machine, whose address is allowed for the test."""
    async with AsyncExitStack() as stack:

        def make(port: int = 0, *, authorities: Path | None = None, **limits: float) -> Impersonator:
            made = Impersonator(
                settings(fetch_allow_private=f"shop.example:{port},127.0.0.1:{port}"),
                resolver=internet.resolve,
                limits=FetchLimits(**(SECONDS | limits)),  # type: ignore[arg-type]
                authorities=str(authorities) if authorities else None,
            )
            stack.push_async_callback(made.close)
            return made

        internet.name("shop.example", ["127.0.0.1"])
        yield make


async def problem_of(fetcher: Impersonator, url: str) -> Any:
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(url)
    return caught.value.details["problem"]


async def test_a_page_is_asked_for_as_a_browser_does(internet: Internet, impersonator: Make) -> None:
    port = await internet.local(says(packed(b"kettle" * 99, "gzip")))
    page = await impersonator(port).fetch(f"http://shop.example:{port}/kettle?in=red#top")
    assert (page.status, page.body, page.content_type) == (200, b"kettle" * 99, "text/html")
    assert page.url == f"http://shop.example:{port}/kettle?in=red#top"
    visit = internet.visits[0]
    assert visit.target == "/kettle?in=red"
    assert "Chrome/" in (visit.header("user-agent") or "")
    assert visit.header("accept-encoding") == "gzip"
    assert visit.header("accept-language") == "en-IN,en;q=0.9"
    assert visit.header("host") == f"shop.example:{port}"


async def test_a_page_may_be_the_same(internet: Internet, impersonator: Make) -> None:
    port = await internet.local(
        says(b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n')
    )
    page = await impersonator(port).fetch(f"http://127.0.0.1:{port}/", validators=Validators('"1"'))
    assert (page.status, page.body, page.etag, page.retry_after) == (304, b"", '"1"', 7)
    assert internet.visits[0].header("if-none-match") == '"1"'


@pytest.mark.parametrize("url", LINKS.values(), ids=LINKS.keys())
async def test_an_attack_reaches_nothing_inside(url: str, internet: Internet, settings: MakeSettings) -> None:
    for word in "loopback metadata carrier nat64 sixtofour compatible oracle mixed-public-first".split():
        internet.name(f"{word}.example", ["93.184.216.34", "10.0.0.1"])
    internet.name("mixed-private-first.example", ["10.0.0.1", "93.184.216.34"])
    fetcher = Impersonator(settings(), resolver=internet.resolve, limits=FetchLimits(total_seconds=5))
    assert await problem_of(fetcher, url) in {FetchProblem.REFUSED_ADDRESS, FetchProblem.BAD_LINK}
    await fetcher.close()


@pytest.mark.parametrize(
    "target",
    [
        pytest.param("http://127.0.0.1:{inside}/", id="S37"),
        pytest.param("http://2130706433:{inside}/", id="S38"),
        pytest.param("//10.0.0.1/", id="S39"),
        pytest.param("http://169.254.169.254/", id="S40"),
        pytest.param("http://inside.example/", id="S41"),
        pytest.param("file:///etc/passwd", id="S42"),
        pytest.param("http://shop.example:6379/", id="S43"),
    ],
)
async def test_a_redirect_is_judged_like_a_link(target: str, internet: Internet, impersonator: Make) -> None:
    inside = await internet.local(says(response(b"inside")))
    internet.name("inside.example", ["127.0.0.1"])
    port = await internet.local(redirects(target.format(inside=inside)))
    problem = await problem_of(impersonator(port), f"http://shop.example:{port}/")
    assert problem in {FetchProblem.REFUSED_ADDRESS, FetchProblem.BAD_LINK}
    assert len(internet.visits) == 1


async def test_a_name_is_dialled_at_the_address_that_was_judged(
    internet: Internet, impersonator: Make
) -> None:
    """S36: it is resolved once a request, by us; curl has no name server to ask for `.example`."""
    port = await internet.local(says(response(b"kettle")))
    internet.name("shop.example", ["127.0.0.1"], ["10.0.0.1"])
    assert (await impersonator(port).fetch(f"http://shop.example:{port}/")).body == b"kettle"
    assert internet.resolved == ["shop.example"]


async def test_the_body_of_a_redirect_is_not_read(internet: Internet, impersonator: Make) -> None:
    async def site(visit: Visit) -> None:
        if visit.target == "/kettle":
            await visit.send(response(b"kettle"))
        else:
            await visit.send(b"HTTP/1.1 302 Found\r\nLocation: /kettle\r\n\r\n")
            await visit.flood(b"x" * 65536)

    port = await internet.local(site)
    assert (await impersonator(port).fetch(f"http://shop.example:{port}/")).body == b"kettle"


async def test_proxies_and_cookies_of_elsewhere_are_not_used(
    internet: Internet, impersonator: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S53 and S54."""
    proxied = await internet.local(says(response(b"from the proxy")))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{proxied}")
    port = await internet.local(says(response(b"from the shop", headers="Set-Cookie: id=7\r\n")))
    fetcher = impersonator(port)
    for _ in range(2):
        assert (await fetcher.fetch(f"http://shop.example:{port}/")).body == b"from the shop"
    assert [visit.header("cookie") for visit in internet.visits] == [None, None]


async def test_a_shop_has_to_prove_its_name(
    internet: Internet, impersonator: Make, certificate: Path
) -> None:
    """S55."""
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    port = await internet.local(says(response(b"secure")), tls=serving)
    trusting = impersonator(port, authorities=certificate)
    assert (await trusting.fetch(f"https://shop.example:{port}/")).body == b"secure"
    for fetcher, host in ((impersonator(port), "shop.example"), (trusting, "127.0.0.1")):
        assert await problem_of(fetcher, f"https://{host}:{port}/") == FetchProblem.CONNECT
    assert len(internet.visits) == 1


@pytest.mark.parametrize(
    ("site", "problem"),
    [
        pytest.param(says(packed(bytes(64 * MB), "gzip")), FetchProblem.TOO_LARGE, id="D01"),
        pytest.param(says(packed(bytes(64 * MB), "deflate", -15)), FetchProblem.TOO_LARGE, id="D02"),
        pytest.param(says(packed(gzip.compress(b"x"), "gzip,gzip")), FetchProblem.BAD_ENCODING, id="D03"),
        pytest.param(says(packed(b"x", "br")), FetchProblem.BAD_ENCODING, id="D04"),
        pytest.param(says(packed(b"x", "zstd")), FetchProblem.BAD_ENCODING, id="D05"),
        pytest.param(flood, FetchProblem.TOO_LARGE, id="D06"),
        pytest.param(chunk_flood, FetchProblem.TOO_LARGE, id="D06-chunks"),
        pytest.param(announced, FetchProblem.TIMEOUT, id="D06-announced"),
        pytest.param(dripped_body, FetchProblem.TIMEOUT, id="D07"),
        pytest.param(dripped_head, FetchProblem.TIMEOUT, id="D08"),
        pytest.param(endless_headers, FetchProblem.PROTOCOL, id="D09"),
        pytest.param(endless_interim, FetchProblem.PROTOCOL, id="D09-interim"),
        pytest.param(dripped_interim, FetchProblem.TIMEOUT, id="D10"),
        pytest.param(says(CHUNKED + b"5\r\nshort"), FetchProblem.TIMEOUT, id="half-a-chunk"),
        pytest.param(
            says(HEAD.replace(b"text/html", b"image/png") + b"Content-Length: 0\r\n\r\n"),
            FetchProblem.NOT_A_PAGE,
            id="a-picture",
        ),
    ],
)
async def test_a_hostile_site_gets_neither_memory_nor_time(
    site: Any, problem: FetchProblem, internet: Internet, impersonator: Make
) -> None:
    port = await internet.local(site)
    started = time.monotonic()
    fetcher = impersonator(port, total_seconds=1.5)
    assert await problem_of(fetcher, f"http://shop.example:{port}/") == problem
    assert time.monotonic() - started < 4


def test_nothing_of_it_is_loaded_by_the_other_ways() -> None:
    code = (
        "import sys, tracker.fetching.ways as ways; from tracker.config import Settings; "
        "ways.Fetchers.by(Settings(_env_file=None)); "
        "print({'curl_cffi', 'playwright'} & sys.modules.keys())"
    )
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert run.stdout.strip() == "set()"
