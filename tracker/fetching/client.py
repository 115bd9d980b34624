"""A URL in, a page out: the only door to the internet for addresses that strangers choose."""

import asyncio
import logging
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import httpcore
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
HEADERS = (
    ("User-Agent", USER_AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-IN,en;q=0.9"),
    ("Accept-Encoding", "gzip"),  # no coding is asked for that is not decoded within a bound
)
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

    It stands on httpcore's pool itself. A client above it would parse links and `Location` once more, keep
    cookies, decode bodies and read proxies from the environment: all that has to be ours, or off.

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
        self._system_resolver = SystemResolver()
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=tls or public_authorities(),
            max_connections=self._limits.connections,
            # A connection carries one page: what a server sends too much is never taken for the next one's,
            # and every fetch is judged anew. Reuse is not even cheaper here: the pool polls idle sockets.
            max_keepalive_connections=0,
            network_backend=GuardedNetwork(
                resolver=resolver or self._system_resolver,
                network=network or httpcore.AnyIOBackend(),
                allowed=self._allowed | ({self._replay.endpoint} if self._replay else frozenset()),
                resolve_seconds=self._limits.resolve_seconds,
                head_bytes=self._limits.head_bytes,
            ),
        )
        # At DEBUG httpcore logs every link and header; links are what people watch.
        logging.getLogger("httpcore").setLevel(logging.WARNING)

    async def fetch(self, url: str) -> Page:
        """The page at `url`, whatever its status.

        Raises FetchFailed with `problem` (a FetchProblem) and `detail`: one sentence for refused, unknown,
        closed and slow hosts; own ones for a page too large, a redirect loop, and what is no page.
        """
        started = time.monotonic()
        try:
            with _failing_as_ours():
                async with asyncio.timeout(self._limits.total_seconds):
                    page = await self._follow(url, started)
        except FetchFailed as failure:
            log.info("page.not_fetched", **failure.details, ms=_milliseconds_since(started))
            raise
        log.debug("page.fetched", status=page.status, bytes=len(page.body), ms=page.milliseconds)
        return page

    async def close(self) -> None:
        await self._pool.aclose()
        self._system_resolver.close()

    async def _follow(self, url: str, started: float) -> Page:
        address = parse(url)
        for _ in range(self._limits.redirects + 1):
            check_address(address, self._allowed)
            response = await self._head(address)
            try:
                location = _header(response, b"location")
                if response.status not in _REDIRECTS or not location:
                    content_type = _header(response, b"content-type")
                    return Page(
                        url=str(address),
                        requested_url=url,
                        status=response.status,
                        body=await self._body(response),
                        content_type=media_type(content_type),
                        charset=charset(content_type),
                        milliseconds=_milliseconds_since(started),
                    )
                address = join(address, location)
            finally:
                await response.aclose()
        raise failed(FetchProblem.REDIRECT_LOOP, f"more than {self._limits.redirects} redirects")

    async def _head(self, address: Address) -> httpcore.Response:
        """The response with its body unread. httpcore bounds each read; the limit here bounds their sum."""
        asked, target = address, address.target
        if self._replay is not None:
            asked, target = self._replay, f"/replay?url={quote(str(address).partition('#')[0], safe='')}"
        # The parts are handed over as they were read: nobody parses the link a second time.
        request = httpcore.Request(
            "GET",
            httpcore.URL(scheme=asked.scheme, host=asked.host, port=asked.port, target=target),
            headers=[("Host", asked.netloc), *HEADERS],
            extensions={
                "timeout": {
                    "connect": self._limits.connect_seconds,
                    "read": self._limits.total_seconds,
                    "write": self._limits.total_seconds,
                    "pool": self._limits.total_seconds,
                }
            },
        )
        async with asyncio.timeout(self._limits.head_seconds):
            return await self._pool.handle_async_request(request)

    async def _body(self, response: httpcore.Response) -> bytes:
        if not is_page(media_type(_header(response, b"content-type"))):
            if 200 <= response.status < 300:
                raise failed(FetchProblem.NOT_A_PAGE, "the content type is not a page's")
            return b""
        if int(_header(response, b"content-length")[:20] or 0) > self._limits.wire_bytes:
            raise failed(FetchProblem.TOO_LARGE, "the announced length is too large")
        stream = response.extensions["network_stream"]
        assert isinstance(stream, MeteredStream)
        stream.allow_body(self._limits.wire_bytes)
        body = BoundedBody(_header(response, b"content-encoding"), self._limits.decoded_bytes)
        pieces = 0
        async for piece in response.aiter_stream():
            body.add(piece)
            pieces += 1
            if pieces > self._limits.pieces:
                raise failed(FetchProblem.TOO_LARGE, "the page comes in too many pieces")
            if pieces % _PIECES_BETWEEN_PAUSES == 0:
                await asyncio.sleep(0)  # what has arrived already is read without a pause of its own
        return body.finished()


@contextmanager
def _failing_as_ours() -> Iterator[None]:
    """Turns what the layers below raise into FetchFailed, with the cause kept for operators."""
    try:
        yield
    except BadLink as error:
        raise failed(FetchProblem.BAD_LINK, str(error.details.get("reason", "another scheme"))) from error
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise failed(FetchProblem.TIMEOUT, type(error).__name__) from error
    except httpcore.ProtocolError as error:
        raise failed(FetchProblem.PROTOCOL, type(error).__name__) from error
    except (httpcore.NetworkError, OSError) as error:
        raise failed(FetchProblem.CONNECT, type(error).__name__) from error


def _header(response: httpcore.Response, name: bytes) -> str:
    """A response's header; empty when it is missing, joined when it stands there several times."""
    values = [value.decode("utf-8", "replace") for key, value in response.headers if key.lower() == name]
    return ", ".join(values)


def _milliseconds_since(started: float) -> float:
    return round((time.monotonic() - started) * 1000, 1)


def public_authorities() -> ssl.SSLContext:
    """Verifies servers and their names against the public authorities; TLS 1.2 or later."""
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
