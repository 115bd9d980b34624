"""A public internet of our own: its names, addresses and sites are data, its sockets are on loopback.

Whatever is dialled that is no site here reaches a server that answers with `SECRET`: a guard that lets a
private address through is seen to leak, not merely to fail.
"""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress

import httpcore

PUBLIC = "93.184.216.34"
SECRET = b"<title>inside</title>"


class Visit:
    """One request that a site received."""

    def __init__(self, head: bytes, writer: asyncio.StreamWriter, closing: asyncio.Event) -> None:
        self.head = head.decode("latin-1")
        self.target = self.head.split(" ")[1]
        self._writer = writer
        self._closing = closing

    def header(self, name: str) -> str | None:
        for line in self.head.split("\r\n")[1:]:
            key, _, value = line.partition(": ")
            if key.lower() == name:
                return value
        return None

    async def send(self, data: bytes) -> None:
        self._writer.write(data)
        await self._writer.drain()

    def hang_up(self) -> None:
        self._writer.close()

    async def pause(self, seconds: float) -> None:
        """Let time pass on the server's side; over at once when the test is over."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._closing.wait(), seconds)

    async def hold(self) -> None:
        """Say nothing more until the test is over."""
        await self._closing.wait()

    async def flood(self, data: bytes) -> None:
        """Send `data` again and again until the other side has had enough."""
        while not self._closing.is_set():
            await self.send(data)


Site = Callable[[Visit], Awaitable[None]]


def response(
    body: bytes = b"<html></html>",
    *,
    status: str = "200 OK",
    content_type: str | None = "text/html; charset=utf-8",
    headers: str = "",
) -> bytes:
    typed = f"Content-Type: {content_type}\r\n" if content_type is not None else ""
    return f"HTTP/1.1 {status}\r\n{typed}{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


def says(data: bytes) -> Site:
    async def site(visit: Visit) -> None:
        await visit.send(data)

    return site


def redirects(location: str, status: str = "302 Found") -> Site:
    return says(response(b"", status=status, headers=f"Location: {location}\r\n"))


class Internet(httpcore.AsyncNetworkBackend):
    """Names, sites and what was asked of them; `network` and `resolver` of a Fetcher."""

    def __init__(self) -> None:
        self.answers: dict[str, list[list[str]]] = {}
        self.resolved: list[str] = []
        self.dialled: list[str] = []
        self.visits: list[Visit] = []
        self.silent: set[str] = set()
        self._ports: dict[tuple[str, int], int] = {}
        self._servers: list[asyncio.Server] = []
        self._visitors: dict[asyncio.Task[None], asyncio.StreamWriter] = {}
        self._closing = asyncio.Event()
        self._inside = 0
        self._sockets = httpcore.AnyIOBackend()

    def name(self, host: str, *answers: list[str]) -> None:
        """`host` resolves to these lists of addresses, one after the other; the last one stays."""
        self.answers[host] = list(answers)

    async def site(
        self,
        site: Site,
        host: str = "shop.example",
        *,
        address: str = PUBLIC,
        port: int = 80,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.answers.setdefault(host, [[address]])
        self._ports[address, port] = await self.local(site, tls=tls)

    async def local(self, site: Site, *, tls: ssl.SSLContext | None = None) -> int:
        """A server of this machine, outside of the internet; its port."""

        async def visited(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            self._visitors[task] = writer
            try:
                while not writer.is_closing():
                    visit = Visit(await reader.readuntil(b"\r\n\r\n"), writer, self._closing)
                    self.visits.append(visit)
                    await site(visit)
            except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
                pass  # the fetcher hung up, as it should on most of these sites
            finally:
                writer.transport.abort()
                del self._visitors[task]

        server = await asyncio.start_server(visited, "127.0.0.1", 0, ssl=tls)
        self._servers.append(server)
        port: int = server.sockets[0].getsockname()[1]
        return port

    async def resolve(self, host: str, port: int) -> list[str]:
        self.resolved.append(host)
        if answers := self.answers.get(host):
            return answers.pop(0) if len(answers) > 1 else answers[0]
        # What the system makes of a number, without asking a name server.
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        return [str(address[0]) for _, _, _, _, address in found]

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        self.dialled.append(host)
        if host in self.silent:
            raise httpcore.ConnectError("nobody is there")
        return await self._sockets.connect_tcp("127.0.0.1", self.loopback(host, port), timeout)

    def loopback(self, address: str, port: int) -> int:
        """The port of this machine behind an address of this internet."""
        return self._ports.get((address, port), self._inside)

    async def open(self) -> None:
        self._inside = await self.local(says(response(SECRET)))

    async def close(self) -> None:
        self._closing.set()
        for server in self._servers:
            server.close()
        for writer in self._visitors.values():
            writer.transport.abort()
        await asyncio.gather(*self._visitors)


@asynccontextmanager
async def public_internet() -> AsyncIterator[Internet]:
    internet = Internet()
    await internet.open()
    try:
        yield internet
    finally:
        await internet.close()
