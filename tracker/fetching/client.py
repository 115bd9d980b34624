"""A URL in, a page out: the plain way to the internet for addresses that strangers choose."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import httpcore

from tracker.config import Settings
from tracker.fetching.addresses import Address, parse
from tracker.fetching.body import BoundedBody
from tracker.fetching.following import Answer, FetchLimits, Headers, asked_of, follow, joined
from tracker.fetching.guard import GuardedNetwork, MeteredStream, Resolver, SystemResolver
from tracker.fetching.page import Page, Validators
from tracker.fetching.problems import FetchProblem, failed

__all__ = ["FetchLimits", "FetchProblem", "Fetcher", "Page", "Resolver", "Validators"]

USER_AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0 PriceTrackerPro/0.1"
HEADERS = (
    ("User-Agent", USER_AGENT),
    ("Accept", "text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"),
    ("Accept-Language", "en-IN,en;q=0.9"),
    ("Accept-Encoding", "gzip"),  # no coding is asked for that is not decoded within a bound
)
_PIECES_BETWEEN_PAUSES = 64


class Fetcher:
    """Fetches pages, each over a connection of its own, dialled by the guard.

    It stands on httpcore's connection itself. A client above it would parse links and `Location` once more,
    keep cookies, decode bodies and read proxies from the environment: all that has to be ours, or off. Its
    pool would keep connections, and what a server sends too much is never to be taken for the next page.

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
        self._places = asyncio.Semaphore(self._limits.connections)
        self._tls = tls or public_authorities()
        self._tls.set_alpn_protocols(["http/1.1"])
        self._network = GuardedNetwork(
            resolver=resolver or self._system_resolver,
            network=network or httpcore.AnyIOBackend(),
            allowed=self._allowed | ({self._replay.endpoint} if self._replay else frozenset()),
            resolve_seconds=self._limits.resolve_seconds,
            head_bytes=self._limits.head_bytes,
        )
        # At DEBUG httpcore logs every link and header; links are what people watch.
        logging.getLogger("httpcore").setLevel(logging.WARNING)

    async def fetch(self, url: str, *, validators: Validators | None = None) -> Page:
        """The page at `url`, whatever its status; with `validators` it may be a 304 without a body.

        Raises FetchFailed with `problem` (a FetchProblem) and `detail`: one sentence for refused, unknown,
        closed and slow hosts; own ones for a page too large, a redirect loop, and what is no page.
        """
        return await follow(url, self._ask, limits=self._limits, allowed=self._allowed, validators=validators)

    async def close(self) -> None:
        self._system_resolver.close()

    @asynccontextmanager
    async def _ask(self, address: Address, headers: Headers) -> AsyncIterator[Answer]:
        """The response with its body unread, which `follow` bounds in time."""
        asked, target = asked_of(address, self._replay)
        # The parts are handed over as they were read: nobody parses the link a second time.
        request = httpcore.Request(
            "GET",
            httpcore.URL(scheme=asked.scheme, host=asked.host, port=asked.port, target=target),
            headers=[("Host", asked.netloc), *HEADERS, *headers],
        )
        with _failing_as_ours():
            async with asyncio.timeout(self._limits.head_seconds) as head, self._places:
                stream = await self._connected(asked)
                try:
                    connection = httpcore.AsyncHTTP11Connection(request.url.origin, stream)
                    response = await connection.handle_async_request(request)
                    head.reschedule(None)
                    try:
                        yield _StreamedAnswer(response, stream, self._limits)
                    finally:
                        await response.aclose()
                finally:
                    await stream.aclose()

    async def _connected(self, asked: Address) -> MeteredStream:
        seconds = self._limits.connect_seconds
        stream = await self._network.connect_tcp(asked.host, asked.port, seconds)
        if asked.scheme != "https":
            return stream
        try:
            return await stream.start_tls(self._tls, asked.host, seconds)
        except BaseException:  # a handshake that is cut short leaves its connection to us
            await stream.aclose()
            raise


class _StreamedAnswer:
    def __init__(self, response: httpcore.Response, stream: MeteredStream, limits: FetchLimits) -> None:
        self._response = response
        self._stream = stream
        self._limits = limits
        self.status = response.status

    def header(self, name: str) -> str:
        return joined(value for key, value in self._response.headers if key.lower() == name.encode())

    async def body(self) -> bytes:
        self._stream.allow_body(self._limits.wire_bytes)
        body = BoundedBody(self.header("content-encoding"), self._limits.decoded_bytes)
        pieces = 0
        async for piece in self._response.aiter_stream():
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
    except (TimeoutError, httpcore.TimeoutException) as error:
        raise failed(FetchProblem.TIMEOUT, type(error).__name__) from error
    except httpcore.ProtocolError as error:
        raise failed(FetchProblem.PROTOCOL, type(error).__name__) from error
    except (httpcore.NetworkError, OSError) as error:
        raise failed(FetchProblem.CONNECT, type(error).__name__) from error


def public_authorities() -> ssl.SSLContext:
    """Verifies servers and their names against the public authorities; TLS 1.2 or later."""
    context = httpcore.default_ssl_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context
