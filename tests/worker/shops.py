"""Shops that note when each page was asked for and when that ended, and that let an answer wait."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

_PAGE = """<html><head><title>Kettle</title><script type="application/ld+json">
{{"@type": "Product", "name": "Kettle {url}", "offers": {{"@type": "Offer", "price": "1999.00",
"priceCurrency": "INR", "availability": "https://schema.org/InStock"}}}}
</script></head><body><h1>Kettle</h1><p>₹1,999</p></body></html>"""


@dataclass
class Asked:
    """A request for a page: on the event loop's clock, from its arrival to its answer or its end without."""

    url: str
    began: float
    ended: float | None = None
    answered: bool = False

    @property
    def host(self) -> str:
        return urlsplit(self.url).netloc


@dataclass
class Shops:
    """Answers the replay of every address with the page of a kettle, after `seconds`, while it is open."""

    seconds: float = 0.0
    asked: list[Asked] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)
    origin: str = ""

    @property
    def waiting(self) -> list[Asked]:
        return [asked for asked in self.asked if asked.ended is None]

    @property
    def answers(self) -> Counter[str]:
        """How often each address was answered."""
        return Counter(asked.url for asked in self.asked if asked.answered)

    def overlaps(self) -> list[tuple[Asked, Asked]]:
        """Requests for one page of which the second began before the first had ended."""
        found: list[tuple[Asked, Asked]] = []
        last: dict[str, Asked] = {}
        for asked in self.asked:
            before = last.get(asked.url)
            if before is not None and (before.ended is None or asked.began < before.ended):
                found.append((before, asked))
            last[asked.url] = asked
        return found

    def most_at_once(self, host: str) -> int:
        moments = []
        for asked in self.asked:
            if asked.host == host:
                moments += [(asked.began, 1), (asked.ended or float("inf"), -1)]
        at_once = [0]
        for _, step in sorted(moments):
            at_once.append(at_once[-1] + step)
        return max(at_once)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            target = head.split(b" ", 2)[1].decode()
            loop = asyncio.get_running_loop()
            asked = Asked(parse_qs(urlsplit(target).query)["url"][0], loop.time())
            self.asked.append(asked)
            gone = asyncio.ensure_future(reader.read())  # returns when the other side has ended
            answer = asyncio.ensure_future(self._answer(asked, writer))
            await asyncio.wait({gone, answer}, return_when=asyncio.FIRST_COMPLETED)
            asked.ended = loop.time()
            for task in (gone, answer):
                task.cancel()
        finally:
            writer.close()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        await self.open.wait()
        await asyncio.sleep(self.seconds)
        body = _PAGE.format(url=asked.url).encode()
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        asked.answered = True


@asynccontextmanager
async def the_shops() -> AsyncIterator[Shops]:
    shops = Shops()
    server = await asyncio.start_server(shops.serve, "127.0.0.1", 0, backlog=256)
    shops.origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield shops
