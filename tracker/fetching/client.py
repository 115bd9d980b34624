"""A URL in, a page out: the only door to the internet for addresses that strangers choose."""

import asyncio
import logging
import ssl
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.parse import quote

import httpcore
import httpx
import structlog

from tracker.config import Settings
from tracker.errors import BadLink, FetchFailed
from tracker.fetching.addresses import Address, join, parse
from tracker.fetching.body import BoundedBody, charset, is_page, media_type
from tracker.fetching.guard import GuardedNetwork, MeteredStream, Resolver, SystemResolver, check_address
from tracker.fetching.problems import FetchProblem, failed

__all__ = ["FetchLimits", "FetchProblem", "Fetcher", "Page", "Resolver"]

log = structlog.get_logger(__name__)

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 PriceTrackerPro/0.1"
HEADERS = {
    "User-Agent": USER_AGENT,
    "Accept": "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8",
    "Accept-Language": "en-IN,en;q=0.9",
    "Accept-Encoding": "gzip",  # the only coding that is decoded within a bound, deflate apart
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_PIECES_BETWEEN_PAUSES = 64


@dataclass(frozen=True, slots=True)
class FetchLimits:
    """What one fetch may take. Seconds, and bytes on the wire or decoded."""

    total_seconds: float = 20
    head_seconds: float = 10  # to the end of a response's head, name and handshake included
    connect_seconds: float = 5
    resolve_seconds: float = 3
    head_bytes: int = 128 * 1024
    wire_bytes: int = 3 * 1024 * 1024
    decoded_bytes: int = 8 * 1024 * 1024
    pieces: int = 20_000  # a body in chunks of one byte costs more time than its size tells
    redirects: int = 5
    connections: int = 100


@dataclass(frozen=True, slots=True)
class Page:
    """A response of any status. `body` is decoded, at most 8 MB; empty when an error's body is no page."""

    url: str
    """Where the redirects ended."""
    requested_url: str
    status: int
    body: bytes
    content_type: str
    """The media type alone, lower case; empty when the server named none."""
    charset: str | None
    milliseconds: float


class Fetcher:
    """Fetches pages over one pool of connections, each dialled by the guard.

    With `settings.fetch_replay_origin` every page comes from `{origin}/replay?url=…` instead, while links are
    judged, redirects followed and pages named by the shops' own addresses.
    `tls` trusts what it is told to instead of the public authorities; `network` opens the sockets.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        resolver: Resolver | None = None,
        limits: FetchLimits | None = None,
        tls: ssl.SSLContext | None = None,
        network: httpcore.AsyncNetworkBackend | None = None,
    ) -> None:
        self._limits = limits or FetchLimits()
        self._allowed = frozenset(entry.lower() for entry in settings.fetch_allow_private)
        self._replay = parse(settings.fetch_replay_origin) if settings.fetch_replay_origin else None
        self._own_resolver = SystemResolver() if resolver is None else None
        self._client = httpx.AsyncClient(
            transport=_GuardedTransport(
                httpcore.AsyncConnectionPool(
                    ssl_context=tls or _public_authorities(),
                    max_connections=self._limits.connections,
                    max_keepalive_connections=self._limits.connections // 4,
                    keepalive_expiry=5,
                    network_backend=GuardedNetwork(
                        resolver=resolver or self._own_resolver or SystemResolver(),
                        network=network or httpcore.AnyIOBackend(),
                        allowed=self._allowed | ({self._replay.endpoint} if self._replay else frozenset()),
                        resolve_seconds=self._limits.resolve_seconds,
                        head_bytes=self._limits.head_bytes,
                    ),
                )
            ),
            headers=HEADERS,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            timeout=httpx.Timeout(self._limits.total_seconds, connect=self._limits.connect_seconds),
            follow_redirects=False,
            trust_env=False,
        )
        # httpx names every link at INFO, httpcore every header at DEBUG; links are what people watch.
        for chatty in ("httpx", "httpcore"):
            logging.getLogger(chatty).setLevel(logging.WARNING)

    async def fetch(self, url: str) -> Page:
        """The page at `url`, whatever its status.

        Raises FetchFailed with `problem` (a FetchProblem) and `detail`: one sentence for refused, unknown,
        closed and slow hosts; own ones for a page too large, a redirect loop, and what is no page.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._limits.total_seconds):
                page = await self._follow(url, started)
        except FetchFailed as failure:
            error = failure
        except BadLink as bad:
            error = failed(FetchProblem.BAD_LINK, str(bad.details.get("reason", "another scheme")))
            error.__cause__ = bad
        except (TimeoutError, httpcore.TimeoutException) as late:
            error = failed(FetchProblem.TIMEOUT, type(late).__name__)
            error.__cause__ = late
        except httpcore.ProtocolError as broken:
            error = failed(FetchProblem.PROTOCOL, type(broken).__name__)
            error.__cause__ = broken
        except (httpcore.NetworkError, OSError) as closed:
            error = failed(FetchProblem.CONNECT, type(closed).__name__)
            error.__cause__ = closed
        else:
            log.debug("page.fetched", status=page.status, bytes=len(page.body), ms=round(page.milliseconds))
            return page
        log.info("page.not_fetched", **error.details, ms=round((time.monotonic() - started) * 1000))
        raise error

    async def close(self) -> None:
        await self._client.aclose()
        if self._own_resolver is not None:
            self._own_resolver.close()

    async def _follow(self, url: str, started: float) -> Page:
        address = parse(url)
        for _ in range(self._limits.redirects + 1):
            check_address(address, self._allowed)
            response = await self._head(address)
            try:
                location = response.headers.get("location")
                if response.status_code not in _REDIRECTS or location is None:
                    body = await self._body(response)
                    content_type = response.headers.get("content-type", "")
                    return Page(
                        url=str(address),
                        requested_url=url,
                        status=response.status_code,
                        body=body,
                        content_type=media_type(content_type),
                        charset=charset(content_type),
                        milliseconds=(time.monotonic() - started) * 1000,
                    )
                address = join(address, location)
            finally:
                await response.aclose()
        raise failed(FetchProblem.REDIRECT_LOOP, f"more than {self._limits.redirects} redirects")

    async def _head(self, address: Address) -> httpx.Response:
        """The response with its body unread. httpcore bounds each read; the outer limit bounds their sum."""
        request = self._client.build_request("GET", self._where(address))
        async with asyncio.timeout(self._limits.head_seconds):
            return await self._client.send(request, stream=True)

    def _where(self, address: Address) -> str:
        plain = str(address).partition("#")[0]
        if self._replay is None:
            return plain
        return f"{self._replay.scheme}://{self._replay.netloc}/replay?url={quote(plain, safe='')}"

    async def _body(self, response: httpx.Response) -> bytes:
        if not is_page(media_type(response.headers.get("content-type", ""))):
            if response.is_success:
                raise failed(FetchProblem.NOT_A_PAGE, "the content type is not a page's")
            return b""
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and int(announced[:20]) > self._limits.wire_bytes:
            raise failed(FetchProblem.TOO_LARGE, "the announced length is too large")
        stream = response.extensions["network_stream"]
        assert isinstance(stream, MeteredStream)
        stream.allow_body(self._limits.wire_bytes)
        body = BoundedBody(response.headers.get("content-encoding", ""), self._limits.decoded_bytes)
        pieces = 0
        async for piece in response.aiter_raw():
            body.add(piece)
            pieces += 1
            if pieces > self._limits.pieces:
                raise failed(FetchProblem.TOO_LARGE, "the page comes in too many pieces")
            if pieces % _PIECES_BETWEEN_PAUSES == 0:
                await asyncio.sleep(0)  # what has arrived already is read without a pause of its own
        return body.finished()


class _GuardedTransport(httpx.AsyncBaseTransport):
    """Hands httpx's requests to our own pool, by the public interfaces of both."""

    def __init__(self, pool: httpcore.AsyncConnectionPool) -> None:
        self._pool = pool

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        response = await self._pool.handle_async_request(
            httpcore.Request(
                method=request.method,
                url=httpcore.URL(
                    scheme=request.url.raw_scheme,
                    host=request.url.raw_host,
                    port=request.url.port,
                    target=request.url.raw_path,
                ),
                headers=request.headers.raw,
                extensions=request.extensions,
            )
        )
        return httpx.Response(
            response.status, headers=response.headers, stream=_Raw(response), extensions=response.extensions
        )

    async def aclose(self) -> None:
        await self._pool.aclose()


class _Raw(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._response.aiter_stream()

    async def aclose(self) -> None:
        await self._response.aclose()


def _public_authorities() -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
