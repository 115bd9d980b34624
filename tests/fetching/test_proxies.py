"""Pages through the operator's proxies: who dials, what is dialled, and what proxies learn."""

import asyncio
import base64
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
import structlog
from pydantic import SecretStr, ValidationError

from tests.conftest import MakeSettings
from tests.fetching.conftest import AUTHORITIES, SECONDS
from tests.fetching.internet import PUBLIC, Internet, redirects, response, says
from tests.services import free_port
from tracker.errors import FetchFailed
from tracker.fetching.client import Fetcher, FetchLimits, FetchProblem
from tracker.fetching.proxies import Proxy, ProxyNetwork

SHOP = "http://shop.example/kettle"
OPEN = b"HTTP/1.1 200 Connection established\r\n\r\n"


class RealProxy:
    """A proxy on loopback that dials into `internet`; `asked` holds the heads that it was sent."""

    def __init__(self, internet: Internet, answer: bytes = OPEN) -> None:
        self.asked: list[str] = []
        self.port = 0
        self._internet = internet
        self._answer = answer
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[Any]] = set()

    @property
    def targets(self) -> list[str]:
        return [head.split(" ")[1] for head in self.asked]

    async def open(self) -> "RealProxy":
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def close(self) -> None:
        assert self._server is not None
        self._server.close()
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                self.asked.append(head)
                writer.write(self._answer)
                if self._answer == OPEN:
                    host, _, port = head.split(" ")[1].rpartition(":")
                    inner = await asyncio.open_connection(
                        "127.0.0.1", self._internet.loopback(host, int(port))
                    )
                    await asyncio.gather(_pump(reader, inner[1]), _pump(inner[0], writer))
        finally:
            self._visits.discard(task)
            writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.close()


@pytest.fixture
async def proxy(internet: Internet) -> AsyncIterator[Callable[..., Awaitable[RealProxy]]]:
    async with AsyncExitStack() as stack:

        async def make(answer: bytes = OPEN) -> RealProxy:
            made = await RealProxy(internet, answer).open()
            stack.push_async_callback(made.close)
            return made

        yield make


@pytest.fixture
async def through(settings: MakeSettings, internet: Internet) -> AsyncIterator[Callable[..., Fetcher]]:
    """A fetcher through the proxies at these ports; nothing but a proxy can reach the internet."""
    async with AsyncExitStack() as stack:

        def make(*ports: int, user: str = "", tls: ssl.SSLContext = AUTHORITIES) -> Fetcher:
            urls = [SecretStr(f"http://{user}127.0.0.1:{port}") for port in ports]
            made = Fetcher(
                settings(),
                resolver=internet.resolve,
                limits=FetchLimits(**SECONDS),  # type: ignore[arg-type]
                tls=tls,
                network=ProxyNetwork([Proxy.at(number, url) for number, url in enumerate(urls, 1)]),
            )
            stack.push_async_callback(made.close)
            return made

        yield make


async def problem_of(fetcher: Fetcher, url: str = SHOP) -> str:
    with pytest.raises(FetchFailed) as caught:
        await fetcher.fetch(url)
    return str(caught.value.details["problem"])


async def test_a_proxy_is_told_the_address_that_was_judged_and_no_name(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response(b"kettle")))
    real = await proxy()
    page = await through(real.port).fetch(SHOP)
    assert (page.body, page.url) == (b"kettle", SHOP)
    assert real.targets == [f"{PUBLIC}:80"]
    assert internet.visits[0].header("host") == "shop.example"
    assert internet.visits[0].header("proxy-authorization") is None
    assert "shop.example" not in real.asked[0]


async def test_tls_is_spoken_with_the_shop_inside(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher], certificate: Path
) -> None:
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate)
    await internet.site(says(response(b"secure")), port=443, tls=serving)
    real = await proxy()
    trusting = ssl.create_default_context(cafile=str(certificate))
    assert (await through(real.port, tls=trusting).fetch("https://shop.example/")).body == b"secure"
    assert real.targets == [f"{PUBLIC}:443"]
    assert await problem_of(through(real.port), "https://shop.example/") == FetchProblem.CONNECT


@pytest.mark.parametrize("url", ["http://127.0.0.1/", "http://inside.example/", "http://to-inside.example/"])
async def test_what_is_refused_is_not_asked_of_a_proxy(
    url: str, internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    internet.name("inside.example", ["10.0.0.1"])
    await internet.site(redirects("http://inside.example/"), "to-inside.example")
    real = await proxy()
    assert await problem_of(through(real.port), url) == FetchProblem.REFUSED_ADDRESS
    assert real.targets == [f"{PUBLIC}:80"] * ("to-" in url)


async def test_user_and_password_are_said_to_the_proxy_alone(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response()))
    real = await proxy()
    await through(real.port, user="me:p%40ss@").fetch(SHOP)
    basic = base64.b64encode(b"me:p@ss").decode()
    assert f"Proxy-Authorization: Basic {basic}\r\n" in real.asked[0]
    assert basic not in internet.visits[0].head


async def test_proxies_are_taken_in_turn(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response()))
    proxies = [await proxy() for _ in range(3)]
    fetcher = through(*(each.port for each in proxies))
    for _ in range(6):
        await fetcher.fetch(SHOP)
    assert [len(each.asked) for each in proxies] == [2, 2, 2]


@pytest.mark.parametrize("answer", [b"HTTP/1.1 407 Who are you\r\n\r\n", b"SSH-2.0-x\r\n\r\n", b"x" * 20_000])
async def test_a_proxy_that_is_none_rests_and_the_next_one_serves(
    answer: bytes, internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response(b"kettle")))
    bad, good = await proxy(answer), await proxy()
    fetcher = through(bad.port, good.port)
    assert [(await fetcher.fetch(SHOP)).body for _ in range(3)] == [b"kettle"] * 3
    assert (len(bad.asked), len(good.asked)) == (1, 3)


async def test_a_proxy_that_rested_for_a_minute_is_tried_again(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher], monkeypatch: pytest.MonkeyPatch
) -> None:
    await internet.site(says(response()))
    bad, good = await proxy(b"HTTP/1.1 407 Who are you\r\n\r\n"), await proxy()
    fetcher = through(bad.port, good.port)
    await fetcher.fetch(SHOP)
    later = time.monotonic() + 61
    monkeypatch.setattr(time, "monotonic", lambda: later)
    await fetcher.fetch(SHOP)
    assert (len(bad.asked), len(good.asked)) == (2, 2)


async def test_when_no_proxy_is_there_the_shop_is_not_to_blame(
    internet: Internet, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response()))
    fetcher = through(free_port(), free_port(), free_port())
    with structlog.testing.capture_logs() as events:
        assert await problem_of(fetcher) == FetchProblem.PROXY
    assert [event.get("number") for event in events if event["event"] == "proxy.away"] == [1, 2]
    assert internet.visits == []


async def test_a_shop_that_a_proxy_cannot_reach_is_a_failed_connection(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    await internet.site(says(response()))
    real = await proxy(b"HTTP/1.1 502 Bad gateway\r\nX: y\r\n\r\n")
    assert await problem_of(through(real.port)) == FetchProblem.CONNECT


async def test_what_follows_a_proxys_answer_at_once_is_not_taken_for_the_shops(
    internet: Internet, proxy: Any, through: Callable[..., Fetcher]
) -> None:
    real = await proxy(OPEN + response(b"not the shop's"))
    await internet.site(says(response()))
    assert await problem_of(through(real.port)) == FetchProblem.PROXY


def test_a_proxy_does_not_tell_its_password(settings: MakeSettings) -> None:
    read = settings(fetch_proxy_url="http://me:hunter2@10.0.0.1:3128, http://[::1]:80")
    assert [each.get_secret_value()[:10] for each in read.fetch_proxy_url] == ["http://me:", "http://[::"]
    assert "hunter2" not in f"{read!r}{Proxy.at(1, read.fetch_proxy_url[0])!r}"


@pytest.mark.parametrize(
    "url", ["socks5://h:1", "https://h:1", "h:1", "http://h", "http://u:p@h/x", "http://h:1/hunter2"]
)
def test_what_is_no_proxy_is_refused_without_repeating_it(url: str, settings: MakeSettings) -> None:
    with pytest.raises(ValidationError, match="a proxy looks like") as refusal:
        settings(fetch_proxy_url=url)
    assert url not in str(refusal.value)
