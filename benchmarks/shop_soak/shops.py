"""`python -m benchmarks.shop_soak.shops`: shops that misbehave at random, as a process of their own.

Answers `GET /replay?url=…`. What an address answers the n-th time follows from the seed alone. Prints
its port once it listens, and writes a line of JSON for each request when it ends: `url`, `began` and `ended`
(seconds of the epoch), `kind`, and `done`: whether the whole answer was sent before the other side left.
"""

import argparse
import asyncio
import gzip
import json
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

_PAGE = """<html><head><title>Thing {number}</title><script type="application/ld+json">
{{"@context": "https://schema.org", "@type": "Product", "name": "Thing {number}", "offers":
{{"@type": "Offer", "price": "{price}.00", "priceCurrency": "INR", "availability": "https://schema.org/InStock"}}}}
</script></head><body><main><h1>Thing {number}</h1><p class="price">₹{price}</p><button>Add to cart</button>
</main></body></html>"""
_CAPTCHA = b"<html><body><h1>Robot check</h1><p>Type the characters you see in the picture.</p></body></html>"
_ALWAYS: dict[str, tuple[int, bytes, dict[str, str]]] = {
    "forbidden": (403, b"<h1>Access denied</h1>", {}),
    "captcha": (200, _CAPTCHA, {}),
    "bomb": (200, gzip.compress(bytes(12 * 2**20)), {"Content-Encoding": "gzip"}),
    "gone": (404, b"<h1>Not found</h1>", {}),
    "picture": (200, b"\x89PNG", {"Content-Type": "image/png"}),
}
_HUGE = 4 * 2**20
_PIECE = b"<p>so much to say</p>" * 400
_DRIPS_SECONDS = 30
_HEAD_LIMIT_SECONDS = 10
"""Beyond which the service waits for no answer."""

WEIGHTS = {
    "page": 70,
    "slow": 6,
    "error": 4,
    "forbidden": 2,
    "busy": 3,
    "captcha": 2,
    "closed": 3,
    "half": 2,
    "bomb": 1,
    "loop": 1,
    "gone": 1,
    "huge": 1,
    "picture": 1,
    "drip": 1,
}
"""What a shop does, out of about a hundred requests. A page that is as it was is answered with 304."""

REFUSING_SHOPS = 6
"""The first shops by number: each refuses everything for a while, and then answers again."""


def host_of(shop: int) -> str:
    return f"shop-{shop}.example"


def address_of(shop: int, number: int) -> str:
    return f"https://{host_of(shop)}/p/{number}"


@dataclass
class _Shops:
    record: Path
    seed: int
    lasts: float
    began: float = field(default_factory=time.monotonic)
    asked: Counter[str] = field(default_factory=Counter)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except (asyncio.IncompleteReadError, OSError):
            writer.close()
            return
        url = parse_qs(urlsplit(head.split(" ", 2)[1]).query)["url"][0]
        if "hop=" in url:
            await _answer(writer, 302, headers={"Location": _next_hop(url)})
            writer.close()
            return
        began, kind, done = time.time(), self._kind(url), False
        answer = asyncio.ensure_future(self._behave(kind, url, head, writer))
        gone = asyncio.ensure_future(reader.read())  # returns when the other side leaves
        await asyncio.wait({answer, gone}, return_when=asyncio.FIRST_COMPLETED)
        if answer.done():
            done = answer.exception() is None
            kind = answer.result() if done else kind
        ended = time.time()
        for task in (answer, gone):
            task.cancel()
        writer.close()
        line = {"url": url, "began": began, "ended": ended, "kind": kind, "done": done}
        with self.record.open("a", encoding="utf-8") as record:
            record.write(json.dumps(line) + "\n")

    def _kind(self, url: str) -> str:
        shop = int(urlsplit(url).netloc.partition(".")[0].removeprefix("shop-"))
        if shop < REFUSING_SHOPS:
            since = (time.monotonic() - self.began) / self.lasts
            begins = 0.1 + 0.05 * shop
            if begins <= since < begins + 0.2:
                return "forbidden"
        random = self._random(url, "kind")
        return random.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]

    def _random(self, url: str, what: str) -> Random:
        if what == "kind":
            self.asked[url] += 1
        return Random(f"{self.seed} {url} {self.asked[url]} {what}")

    def _price(self, url: str) -> int:
        """It moves every other time on average, within what is believed at once."""
        base = Random(f"{self.seed} {url}").randint(500, 5000)
        turn = self.asked[url]
        while turn > 0 and Random(f"{self.seed} {url} {turn} moves").random() < 0.5:
            turn -= 1
        return round(base * Random(f"{self.seed} {url} {turn} price").uniform(0.9, 1.1))

    async def _behave(self, kind: str, url: str, head: str, writer: asyncio.StreamWriter) -> str:
        """Answer; returns what was answered in the end."""
        random = self._random(url, "how")
        await asyncio.sleep(random.uniform(0.02, 0.4))
        if kind in ("page", "slow"):
            if kind == "slow":
                await asyncio.sleep(random.uniform(1, _HEAD_LIMIT_SECONDS * 1.3))
            return await self._page(url, head, writer)
        match kind:
            case "error":
                await _answer(writer, random.choice((500, 502, 504)), b"<h1>Sorry</h1>")
            case "busy":
                await _answer(writer, 429, b"<h1>Too many</h1>", {"Retry-After": str(random.randint(2, 8))})
            case "half":
                body = self._html(url)
                await _answer(writer, 200, body[: len(body) // 2], length=len(body))
            case "loop":
                await _answer(writer, 302, headers={"Location": _next_hop(url)})
            case "huge":
                await _answer(writer, 200, length=None)
                await _go_on(writer, _PIECE, _HUGE // len(_PIECE), pause=0)
            case "drip":
                await _answer(writer, 200, b"<html>", length=100_000)
                await _go_on(writer, b" ", _DRIPS_SECONDS * 5, pause=0.2)
            case "closed":
                pass
            case _:
                status, body, headers = _ALWAYS[kind]
                await _answer(writer, status, body, headers)
        return kind

    async def _page(self, url: str, head: str, writer: asyncio.StreamWriter) -> str:
        etag = f'"{self._price(url)}"'
        if f"if-none-match: {etag}" in head.lower():
            await _answer(writer, 304, headers={"ETag": etag}, length=None)
            return "unchanged"
        await _answer(writer, 200, self._html(url), {"ETag": etag})
        return "page"

    def _html(self, url: str) -> bytes:
        return _PAGE.format(number=url.rpartition("/")[2], price=self._price(url)).encode()


def _next_hop(url: str) -> str:
    before, _, hop = url.partition("?hop=")
    return f"{before}?hop={int(hop or 0) + 1}"


async def _go_on(writer: asyncio.StreamWriter, piece: bytes, pieces: int, *, pause: float) -> None:
    for _ in range(pieces):
        await asyncio.sleep(pause)
        writer.write(piece)
        await writer.drain()


_WHOLE = -1


async def _answer(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] = MappingProxyType({}),
    *,
    length: int | None = _WHOLE,
) -> None:
    """`length` is what is announced: the body's own, another one, or none."""
    named = {"Content-Type": "text/html; charset=utf-8", **headers}
    lines = [f"HTTP/1.1 {status} -", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in named.items()]
    if length is not None:
        lines.append(f"Content-Length: {len(body) if length == _WHOLE else length}")
    writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
    await writer.drain()


async def _serve(shops: _Shops) -> None:
    server = await asyncio.start_server(shops.serve, "127.0.0.1", 0, backlog=1024)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--record", type=Path, required=True)
    words.add_argument("--seed", type=int, required=True)
    words.add_argument("--lasts", type=float, required=True, help="seconds of the run")
    given = words.parse_args()
    asyncio.run(_serve(_Shops(given.record, given.seed, given.lasts)))
