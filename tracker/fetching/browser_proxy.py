"""The only way out of the browser: a small proxy on loopback that judges and dials as every fetch does.

It serves one page at a time and counts for it; while no page is open it serves nobody.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpcore

from tracker.errors import BadLink, FetchFailed
from tracker.fetching.addresses import Address, parse
from tracker.fetching.guard import GuardedNetwork, check_address
from tracker.fetching.problems import FetchProblem, failed

HEAD_BYTES = 64 * 1024
HEAD_SECONDS = 10.0
CONNECT_SECONDS = 5.0
_PIECE = 64 * 1024
_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
# What concerns one connection alone is not passed on (RFC 9110, 7.6.1).
_OF_THE_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"proxy-authorization", b"upgrade", b"te"}
)


@dataclass(slots=True)
class Allowance:
    """What one page may still take, everything that it loads included."""

    wire_bytes: int = 25 * 1024 * 1024
    connections: int = 200
    problems: dict[str, FetchProblem] = field(default_factory=dict)
    """What became of each `host:port` that could not be had."""
    exceeded: bool = False

    def take(self, count: int) -> None:
        self.wire_bytes -= count
        if self.wire_bytes < 0:
            self.exceeded = True
            raise failed(FetchProblem.TOO_LARGE, "more bytes than a page has")


class BrowserProxy:
    """A forward proxy (CONNECT, and http links in full) on a port of 127.0.0.1."""

    def __init__(self, network: GuardedNetwork, allowed: frozenset[str]) -> None:
        self._network = network
        self._allowed = allowed
        self._page: Allowance | None = None
        self._server: asyncio.Server | None = None
        self._visits: set[asyncio.Task[None]] = set()

    @property
    def port(self) -> int:
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def open(self) -> None:
        self._server = await asyncio.start_server(self._visited, "127.0.0.1", 0, limit=HEAD_BYTES)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._hang_up()

    @contextmanager
    def page(self, allowance: Allowance) -> Iterator[None]:
        """Serve within `allowance` for as long as the block runs; then every connection is cut."""
        self._page = allowance
        try:
            yield
        finally:
            self._page = None
            for visit in self._visits:
                visit.cancel()

    async def _hang_up(self) -> None:
        for visit in self._visits:
            visit.cancel()
        await asyncio.gather(*self._visits, return_exceptions=True)

    async def _visited(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._visits.add(task)
        try:
            if self._page is not None:
                await self._serve(self._page, reader, writer)
        except asyncio.CancelledError:
            pass  # the page is closed; nobody waits for this task
        except (
            OSError,
            FetchFailed,
            httpcore.NetworkError,
            httpcore.TimeoutException,
            asyncio.IncompleteReadError,
            asyncio.LimitOverrunError,
        ):
            pass  # the browser sees a connection that ends, and the allowance says why
        finally:
            writer.transport.abort() if task.cancelling() else writer.close()
            self._visits.discard(task)

    async def _serve(
        self, page: Allowance, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        async with asyncio.timeout(HEAD_SECONDS):
            head = await reader.readuntil(b"\r\n\r\n")
        method, target, headers = _request(head)
        try:
            address = parse(f"https://{target}" if method == b"CONNECT" else target)
        except BadLink as error:
            raise failed(FetchProblem.BAD_LINK, "no address of the web's") from error
        stream = await self._dialled(page, address)
        try:
            if method == b"CONNECT":
                writer.write(_ESTABLISHED)
                await _first_to_end(_to_shop(page, reader, stream), _to_browser(page, stream, writer))
            else:
                await stream.write(_head(b"%s %s HTTP/1.1" % (method, address.target.encode()), headers))
                await _answered(page, stream, writer, reader, _length(headers))
        finally:
            await stream.aclose()

    async def _dialled(self, page: Allowance, address: Address) -> httpcore.AsyncNetworkStream:
        page.connections -= 1
        try:
            if page.connections < 0:
                page.exceeded = True
                raise failed(FetchProblem.TOO_LARGE, "more connections than a page has")
            check_address(address, self._allowed)
            return await self._network.connect_tcp(address.host, address.port, CONNECT_SECONDS)
        except FetchFailed as failure:
            page.problems[address.endpoint] = failure.details["problem"]
            raise
        except (OSError, httpcore.NetworkError):
            page.problems[address.endpoint] = FetchProblem.CONNECT
            raise
        except httpcore.TimeoutException:
            page.problems[address.endpoint] = FetchProblem.TIMEOUT
            raise


Headers = list[tuple[bytes, bytes]]


def _request(head: bytes) -> tuple[bytes, str, Headers]:
    line, *rest = head[:-4].split(b"\r\n")
    parts = line.split(b" ")
    if len(parts) != 3:
        raise failed(FetchProblem.PROTOCOL, "no request of a proxy")
    headers = [(name.strip(), value.strip()) for name, _, value in (each.partition(b":") for each in rest)]
    return parts[0], parts[1].decode("ascii", "replace"), headers


def _length(headers: Headers) -> int:
    """The bytes of a request's body. A body of unknown length is refused: no page needs one."""
    named = {name.lower(): value for name, value in headers}
    length = named.get(b"content-length", b"0")
    if b"transfer-encoding" in named or not length.isdigit() or len(length) > 9:
        raise failed(FetchProblem.PROTOCOL, "a request without end")
    return int(length)


def _head(line: bytes, headers: Headers) -> bytes:
    """A head to pass on: after it the connection ends, so that no answer is taken for another request's."""
    kept = [(name, value) for name, value in headers if name.lower() not in _OF_THE_CONNECTION]
    lines = [line, *(name + b": " + value for name, value in kept), b"Connection: close"]
    return b"\r\n".join(lines) + b"\r\n\r\n"


async def _answered(
    page: Allowance,
    stream: httpcore.AsyncNetworkStream,
    writer: asyncio.StreamWriter,
    reader: asyncio.StreamReader,
    length: int,
) -> None:
    """Pass on the body of the request, then the answer with a head of ours."""
    if length:
        page.take(length)
        await stream.write(await reader.readexactly(length))
    head, rest = await _answers_head(page, stream)
    while head.split(b" ", 2)[1][:1] == b"1":  # interim answers are of no use to a page
        head, rest = await _answers_head(page, stream, rest)
    line, *lines = head.split(b"\r\n")
    headers = [(name.strip(), value.strip()) for name, _, value in (each.partition(b":") for each in lines)]
    writer.write(_head(line, headers) + rest)
    await _to_browser(page, stream, writer)


async def _answers_head(
    page: Allowance, stream: httpcore.AsyncNetworkStream, read: bytes = b""
) -> tuple[bytes, bytes]:
    while b"\r\n\r\n" not in read:
        piece = await stream.read(_PIECE)
        page.take(len(piece))
        read += piece
        if not piece or len(read) > 2 * HEAD_BYTES:
            raise failed(FetchProblem.PROTOCOL, "a head without end")
    head, _, rest = read.partition(b"\r\n\r\n")
    if not head.startswith(b"HTTP/1.") or head.count(b" ") < 1:
        raise failed(FetchProblem.PROTOCOL, "no answer of a web server")
    return head, rest


async def _to_shop(
    page: Allowance, reader: asyncio.StreamReader, stream: httpcore.AsyncNetworkStream
) -> None:
    while piece := await reader.read(_PIECE):
        page.take(len(piece))
        await stream.write(piece)


async def _to_browser(
    page: Allowance, stream: httpcore.AsyncNetworkStream, writer: asyncio.StreamWriter
) -> None:
    while piece := await stream.read(_PIECE):
        page.take(len(piece))
        writer.write(piece)
        await writer.drain()


async def _first_to_end(*pumps: Any) -> None:
    """Run until one direction of a tunnel has ended: then so has the other."""
    tasks = [asyncio.ensure_future(pump) for pump in pumps]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*tasks, return_exceptions=True)
