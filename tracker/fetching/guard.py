"""Keeps fetches out of every network but the public internet.

The decision is made about the address that is dialled, at the moment of dialling: a name that answers
differently the second time, a redirect and an odd spelling all end here. IPv4 is judged by the list of
special ranges; IPv6 by a list of what is allowed, since every list of forbidden ranges has been found short.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpcore

from tracker.fetching.addresses import Address, endpoint
from tracker.fetching.problems import FetchProblem, failed

Resolver = Callable[[str, int], Awaitable[Sequence[str]]]
"""Every address of a host name; raises OSError when it has none."""

PORTS = frozenset({80, 443})
MAX_DIALS = 3

# IANA IPv4 Special-Purpose Address Registry, plus multicast, 6to4 relays and Azure's host agent, which
# listens on an address that is otherwise public.
_SPECIAL_IPV4 = tuple(
    ipaddress.IPv4Network(network)
    for network in (
        "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 168.63.129.16/32 169.254.0.0/16 172.16.0.0/12 "
        "192.0.0.0/24 192.0.2.0/24 192.31.196.0/24 192.52.193.0/24 192.88.99.0/24 192.168.0.0/16 "
        "192.175.48.0/24 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 224.0.0.0/4 240.0.0.0/4"
    ).split()
)
# IANA IPv6 Global Unicast Address Assignments: everything global is inside 2000::/3. Out of it fall protocol
# assignments (Teredo, ORCHID), documentation and 6to4, which hides an IPv4 address.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_SPECIAL_IPV6 = tuple(
    ipaddress.IPv6Network(network)
    for network in "2001::/23 2001:db8::/32 2002::/16 2620:4f:8000::/48 3fff::/20".split()
)
# Names that never leave a network: RFC 6761, 6762, 7686, 8375, ICANN's .internal, and what routers hand out.
_INSIDE_NAMES = frozenset("localhost local internal onion arpa lan intranet corp home private".split())


def is_public(address: str) -> bool:
    """Whether an IP address is a host of the public internet; False for what is no IP address."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv4Address):
        return not any(ip in network for network in _SPECIAL_IPV4)
    if ip.scope_id is not None or ip not in _GLOBAL_IPV6:
        return False
    return not any(ip in network for network in _SPECIAL_IPV6)


def check_address(address: Address, allowed: frozenset[str]) -> None:
    """Refuses what can be refused by reading alone; the dial decides about the rest.

    `allowed` holds the `host:port` pairs that may be fetched though private. Raises FetchFailed.
    """
    if address.endpoint in allowed:
        return
    if address.port not in PORTS:
        raise failed(FetchProblem.REFUSED_ADDRESS, "the port is not one of the web's")
    if _is_ip(address.host):
        if not is_public(address.host):
            raise failed(FetchProblem.REFUSED_ADDRESS, "the address is not public")
        return
    labels = address.host.split(".")
    if len(labels) == 1 or labels[-1] in _INSIDE_NAMES:
        raise failed(FetchProblem.REFUSED_ADDRESS, "the name is not public")


class SystemResolver:
    """The system's resolver on threads of its own, so that a slow name server starves nothing else."""

    def __init__(self, threads: int = 16) -> None:
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="resolve")

    async def __call__(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        answers = await loop.run_in_executor(self._threads, _getaddrinfo, host, port)
        return list(dict.fromkeys(answers))

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


class GuardedNetwork(httpcore.AsyncNetworkBackend):
    """Resolves once, judges every answer, and dials exactly the addresses that it judged."""

    def __init__(
        self,
        *,
        resolver: Resolver,
        network: httpcore.AsyncNetworkBackend,
        allowed: frozenset[str],
        resolve_seconds: float,
        head_bytes: int,
    ) -> None:
        self._resolver = resolver
        self._network = network
        self._allowed = allowed
        self._resolve_seconds = resolve_seconds
        self._head_bytes = head_bytes

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> "MeteredStream":
        """Raises FetchFailed for a refused or unknown host, httpcore's errors for one that is silent."""
        *earlier, last = await self.judged(host, port)
        share = None if timeout is None else timeout / (len(earlier) + 1)
        for address in earlier:
            with suppress(httpcore.ConnectError, httpcore.ConnectTimeout):
                return await self._dial(address, port, share, local_address, socket_options)
        return await self._dial(last, port, share, local_address, socket_options)

    async def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        raise failed(FetchProblem.REFUSED_ADDRESS, "a socket of this machine")

    async def _dial(
        self,
        address: str,
        port: int,
        timeout: float | None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None,
    ) -> "MeteredStream":
        stream = await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
        return MeteredStream(stream, self._head_bytes)

    async def judged(self, host: str, port: int) -> list[str]:
        """The addresses to dial in order, IPv4 first: a machine without IPv6 routes loses no time.

        Raises FetchFailed for a refused or unknown host.
        """
        allowed = endpoint(host, port) in self._allowed
        if not allowed and port not in PORTS:
            raise failed(FetchProblem.REFUSED_ADDRESS, "the port is not one of the web's")
        answers = [host] if _is_ip(host) else await self._resolved(host, port)
        if not allowed and not all(is_public(answer) for answer in answers):
            raise failed(FetchProblem.REFUSED_ADDRESS, "an address of the host is not public")
        return sorted(answers, key=lambda answer: ":" in answer)[:MAX_DIALS]

    async def _resolved(self, host: str, port: int) -> list[str]:
        try:
            async with asyncio.timeout(self._resolve_seconds):
                answers = list(await self._resolver(host, port))
        except TimeoutError as error:
            raise failed(FetchProblem.UNRESOLVABLE, "the name server is slow") from error
        except (OSError, UnicodeError) as error:
            raise failed(FetchProblem.UNRESOLVABLE, "the host has no address") from error
        if not answers:
            raise failed(FetchProblem.UNRESOLVABLE, "the host has no address")
        return answers


class MeteredStream(httpcore.AsyncNetworkStream):
    """A connection for one page, which counts what it reads.

    A head may take `head_bytes`, interim responses included; `allow_body` then grants the body's share. The
    count is of bytes on the wire, so it also bounds what no parser reports: chunk extensions, trailers.
    """

    def __init__(self, stream: httpcore.AsyncNetworkStream, head_bytes: int) -> None:
        self._stream = stream
        self._head_bytes = head_bytes
        self._left = head_bytes
        self._excess = FetchProblem.PROTOCOL

    def allow_body(self, wire_bytes: int) -> None:
        self._left = wire_bytes
        self._excess = FetchProblem.TOO_LARGE

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data = await self._stream.read(max_bytes, timeout)
        self._left -= len(data)
        if self._left < 0:
            raise failed(self._excess, "more bytes than a page has")
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
    ) -> "MeteredStream":
        secured = await self._stream.start_tls(ssl_context, server_hostname, timeout)
        return MeteredStream(secured, self._head_bytes)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _getaddrinfo(host: str, port: int) -> list[str]:
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for _, _, _, _, address in answers]
