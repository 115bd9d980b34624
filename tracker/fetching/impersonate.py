"""Pages asked for with a browser's handshakes, for shops that turn programs away by their TLS and HTTP/2.

libcurl speaks, and decides nothing: names are resolved and judged here and pinned, redirects are followed
here, bodies are decoded here within our bound. Every request has handles of its own, so no cookie, no
connection and no name outlives it.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import certifi
import httpcore
from curl_cffi import AsyncCurl, Curl, CurlError, CurlInfo, CurlOpt
from curl_cffi.const import CurlECode
from curl_cffi.requests.impersonate import DEFAULT_CHROME

from tracker.config import Settings
from tracker.fetching.addresses import Address, parse
from tracker.fetching.body import BoundedBody
from tracker.fetching.following import REDIRECTS, Answer, FetchLimits, Headers, asked_of, follow, joined
from tracker.fetching.guard import GuardedNetwork, Resolver, SystemResolver
from tracker.fetching.page import Page, Validators
from tracker.fetching.problems import FetchProblem, failed

BROWSER = DEFAULT_CHROME
"""What is impersonated: the newest Chrome that curl_cffi knows."""

# Of curl's constants, those that curl_cffi does not name: TLS 1.2 at least, with what comes after it.
_TLS_1_2_AND_LATER = 6 | 1 << 16
_HEADERS = ("Accept-Language: en-IN,en;q=0.9", "Accept-Encoding: gzip")  # instead of the browser's own
_TIMEOUTS = frozenset({CurlECode.OPERATION_TIMEDOUT})
_UNCONNECTED = frozenset(
    {
        CurlECode.COULDNT_CONNECT,
        CurlECode.SSL_CONNECT_ERROR,
        CurlECode.PEER_FAILED_VERIFICATION,
        CurlECode.SSL_CERTPROBLEM,
        CurlECode.SEND_ERROR,
        CurlECode.RECV_ERROR,
    }
)


class Impersonator:
    """Fetches as a browser's network stack would. `authorities` is a file of certificates that it trusts."""

    def __init__(
        self,
        settings: Settings,
        *,
        resolver: Resolver | None = None,
        limits: FetchLimits | None = None,
        authorities: str | None = None,
    ) -> None:
        self._limits = limits or FetchLimits()
        self._allowed = frozenset(entry.lower() for entry in settings.fetch_allow_private)
        self._replay = parse(settings.fetch_replay_origin) if settings.fetch_replay_origin else None
        self._authorities = authorities or certifi.where()
        self._system_resolver = SystemResolver()
        self._guard = GuardedNetwork(
            resolver=resolver or self._system_resolver,
            network=httpcore.AnyIOBackend(),
            allowed=self._allowed | ({self._replay.endpoint} if self._replay else frozenset()),
            resolve_seconds=self._limits.resolve_seconds,
            head_bytes=self._limits.head_bytes,
        )

    async def fetch(self, url: str, *, validators: Validators | None = None) -> Page:
        """As `Fetcher.fetch`."""
        return await follow(url, self._ask, limits=self._limits, allowed=self._allowed, validators=validators)

    async def close(self) -> None:
        self._system_resolver.close()

    @asynccontextmanager
    async def _ask(self, address: Address, headers: Headers) -> AsyncIterator[Answer]:
        asked, target = asked_of(address, self._replay)
        judged = await self._guard.judged(asked.host, asked.port)
        reply = _Reply(self._limits)
        curl = self._handle(asked, target, judged, headers, reply)
        transfers = AsyncCurl(cacert=self._authorities)
        try:
            await transfers.add_handle(curl)
            _check_peer(curl, judged)
        except CurlError as error:
            if not reply.is_left_unread:
                raise _as_ours(error) from error
            _check_peer(curl, judged)
        finally:
            if curl in transfers._curl2future:  # cancelled: it has no public word for "still running"
                transfers.remove_handle(curl)
            await transfers.close()  # type: ignore[no-untyped-call]  # curl_cffi has not typed it
            curl.close()
        yield reply

    def _handle(
        self, asked: Address, target: str, judged: list[str], headers: Headers, reply: "_Reply"
    ) -> Curl:
        curl = Curl(cacert=self._authorities)
        if curl.impersonate(BROWSER):
            raise failed(FetchProblem.PROTOCOL, "the browser to impersonate is not known")
        pinned = ",".join(f"[{each}]" if ":" in each else each for each in judged)
        host = f"[{asked.host}]" if ":" in asked.host else asked.host
        options = {
            CurlOpt.URL: f"{asked.scheme}://{asked.netloc}{target}",
            CurlOpt.PATH_AS_IS: 1,
            CurlOpt.PROTOCOLS_STR: "http,https",
            CurlOpt.RESOLVE: [f"{host}:{asked.port}:{pinned}"],
            CurlOpt.PROXY: "",  # an empty one keeps those of the environment out
            CurlOpt.NOPROXY: "*",
            CurlOpt.FOLLOWLOCATION: 0,
            CurlOpt.HTTP_CONTENT_DECODING: 0,
            CurlOpt.SSLVERSION: _TLS_1_2_AND_LATER,
            CurlOpt.NOSIGNAL: 1,
            CurlOpt.CONNECTTIMEOUT_MS: int(self._limits.connect_seconds * 1000),
            CurlOpt.SERVER_RESPONSE_TIMEOUT_MS: int(self._limits.head_seconds * 1000),
            CurlOpt.TIMEOUT_MS: int(self._limits.total_seconds * 1000),
            CurlOpt.HTTPHEADER: [
                *(line.encode() for line in _HEADERS),
                *(f"{name}: {value}".encode() for name, value in headers),
            ],
            CurlOpt.HEADERFUNCTION: reply.take_head,
            CurlOpt.WRITEFUNCTION: reply.take_body,
        }
        for option, value in options.items():
            curl.setopt(option, value)
        return curl


class _Reply:
    """Takes what curl hands over, within the limits: the last head, and its body unless that redirects."""

    def __init__(self, limits: FetchLimits) -> None:
        self._limits = limits
        self._head_left = limits.head_bytes
        self._wire_left = limits.wire_bytes
        self._pieces_left = limits.pieces
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: BoundedBody | None = None
        self.status = 0
        self.is_left_unread = False
        """Whether the transfer was ended by us, before the body of a redirect."""

    def header(self, name: str) -> str:
        return joined(value for key, value in self._headers if key == name.encode())

    async def body(self) -> bytes:
        return b"" if self._body is None else self._body.finished()

    def take_head(self, line: bytes) -> int:
        """A line of a head; interim answers and trailers come here too."""
        self._head_left -= len(line)
        if self._head_left < 0:
            raise failed(FetchProblem.PROTOCOL, "more bytes than a head has")
        if line.startswith(b"HTTP/"):
            self._headers = []
            status = line.split(b" ", 2)[1:2]
            self.status = int(status[0]) if status and status[0].strip().isdigit() else 0
        elif self._body is None:
            name, _, value = line.partition(b":")
            self._headers.append((name.strip().lower(), value.strip()))
        return len(line)

    def take_body(self, piece: bytes) -> int:
        if self.status in REDIRECTS:
            self.is_left_unread = True
            return 0xFFFFFFFF  # CURL_WRITEFUNC_ERROR: ends the transfer
        self._wire_left -= len(piece)
        self._pieces_left -= 1
        if self._wire_left < 0 or self._pieces_left < 0:
            raise failed(FetchProblem.TOO_LARGE, "more bytes than a page has")
        if self._body is None:
            self._body = BoundedBody(self.header("content-encoding"), self._limits.decoded_bytes)
        self._body.add(piece)
        return len(piece)


def _check_peer(curl: Curl, judged: list[str]) -> None:
    """Whoever answered has to be one of those whom we judged."""
    peer = curl.getinfo(CurlInfo.PRIMARY_IP)
    assert isinstance(peer, bytes)
    if peer.decode() not in judged:
        raise failed(FetchProblem.REFUSED_ADDRESS, "another address answered than the one that was judged")


def _as_ours(error: CurlError) -> Exception:
    name = CurlECode(error.code).name if error.code else type(error).__name__
    if error.code in _TIMEOUTS:
        return failed(FetchProblem.TIMEOUT, name)
    return failed(FetchProblem.CONNECT if error.code in _UNCONNECTED else FetchProblem.PROTOCOL, name)
