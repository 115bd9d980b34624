"""Sockets that are opened by proxies of the operator's, taken in turn.

A proxy is told the address that the guard has judged, never a name: what it dials was decided here. TLS is
spoken with the shop, inside.
"""

import asyncio
import base64
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import httpcore
import structlog
from pydantic import SecretStr

from tracker.fetching.addresses import endpoint
from tracker.fetching.problems import FetchProblem, failed

log = structlog.get_logger(__name__)

REST_SECONDS = 60.0
"""For how long a proxy that could not be connected to is left alone."""

MAX_ANSWER = 16 * 1024
"""Bytes of a proxy's answer to CONNECT."""


@dataclass(slots=True)
class Proxy:
    """An HTTP proxy of the operator's. Its address may be private: no stranger has chosen it."""

    number: int
    """Its place in the setting, from 1: what operators are told instead of its address."""
    host: str
    port: int
    authorization: bytes = field(default=b"", repr=False)
    rests_until: float = 0.0

    @classmethod
    def at(cls, number: int, url: SecretStr) -> "Proxy":
        """By `http://user:password@host:port`; user and password may be percent-encoded."""
        parts = urlsplit(url.get_secret_value())
        assert parts.hostname is not None  # the settings were judged when they were read
        assert parts.port is not None
        authorization = b""
        if parts.username is not None:
            pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
            authorization = b"Proxy-Authorization: Basic " + base64.b64encode(pair.encode()) + b"\r\n"
        return cls(number, parts.hostname, parts.port, authorization)


class ProxyAway(httpcore.ConnectError):
    """The proxy itself could not be had; nothing is known about the shop."""


class ProxyNetwork(httpcore.AsyncNetworkBackend):
    """Opens connections through `proxies`, each connection through the next one (CONNECT, RFC 9110, 9.3.6).

    A proxy that is away rests, and the next one is tried once.
    """

    def __init__(self, proxies: Sequence[Proxy], network: httpcore.AsyncNetworkBackend | None = None) -> None:
        self._proxies = list(proxies)
        self._network = network or httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """`host` is an address that was judged. Raises FetchFailed when no proxy can be had, httpcore's
        errors when the shop cannot.
        """
        seconds = None if timeout is None else timeout / 2
        for _ in range(min(2, len(self._proxies))):
            proxy = self._next()
            try:
                return await self._through(proxy, endpoint(host, port), seconds)
            except ProxyAway as error:
                proxy.rests_until = time.monotonic() + REST_SECONDS
                log.warning("proxy.away", number=proxy.number, error=str(error))
        raise failed(FetchProblem.PROXY, "no proxy can be connected to")

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise failed(FetchProblem.REFUSED_ADDRESS, "a socket of this machine")

    def _next(self) -> Proxy:
        """The one whose turn it is, of those that do not rest; when all rest, the one that rests longest."""
        now = time.monotonic()
        proxy = min(self._proxies, key=lambda each: max(each.rests_until - now, 0.0))
        self._proxies.remove(proxy)
        self._proxies.append(proxy)
        return proxy

    async def _through(
        self,
        proxy: Proxy,
        target: str,
        seconds: float | None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            stream = await self._network.connect_tcp(proxy.host, proxy.port, seconds)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise ProxyAway("not connected") from error
        try:
            async with asyncio.timeout(seconds):
                await stream.write(
                    f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n".encode()
                    + proxy.authorization
                    + b"\r\n"
                )
                status = await _answered(stream)
            if status == 407:
                raise ProxyAway("it does not know us")  # noqa: TRY301 - closed below like all the others
            if not 200 <= status < 300:
                raise httpcore.ConnectError(f"the proxy answers {status}")  # noqa: TRY301 - so is this
        except (TimeoutError, httpcore.TimeoutException) as error:
            await stream.aclose()
            raise httpcore.ConnectTimeout("the proxy does not answer") from error
        except BaseException:
            await stream.aclose()
            raise
        return stream


async def _answered(stream: httpcore.AsyncNetworkStream) -> int:
    """The status with which a proxy answers CONNECT, its head read to the end."""
    head = b""
    while b"\r\n\r\n" not in head:
        try:
            piece = await stream.read(MAX_ANSWER - len(head))
        except httpcore.ReadError as error:
            raise ProxyAway("it hangs up") from error
        if not piece:
            raise ProxyAway("it hangs up")
        head += piece
        if len(head) >= MAX_ANSWER:
            raise ProxyAway("its answer does not end")
    line = head.split(b"\r\n", 1)[0].split(b" ")
    # The shop speaks after us, so nothing may follow the head yet.
    if not head.endswith(b"\r\n\r\n") or len(line) < 2 or not line[0].startswith(b"HTTP/1."):
        raise ProxyAway("it is no proxy")
    return int(line[1]) if line[1].isdigit() and len(line[1]) == 3 else 0
