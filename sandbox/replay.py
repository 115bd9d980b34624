"""Saved pages under their own addresses: `GET /replay?url=<the original URL, percent-encoded>`.

The other half of `FETCH_REPLAY_ORIGIN`. A folder of pages has a `manifest.jsonl` whose rows name a `file`
(`.html` or `.html.gz`), its `url` and, unless it is UTF-8, its `charset`. Of two rows with
one address the first counts.
"""

import asyncio
import gzip
import json
import random
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route, Router
from starlette.types import Receive, Scope, Send

from sandbox.shop import DemoShop
from tracker.errors import BadLink
from tracker.fetching.canonical import canonical

Override = str | bytes | Callable[[str], str]
"""A page, or what makes one of the page that stands at the address now."""

_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class _SavedPage:
    """A page's bytes: `packed` with gzip, or as they are."""

    read: Callable[[], bytes]
    packed: bool
    charset: str = "utf-8"

    def plain(self) -> bytes:
        return gzip.decompress(self.read()) if self.packed else self.read()


class Replay:
    """Serves the pages of a folder, of `overrides`, and of a demo shop at whatever origin it claims.

    An address is looked for as it is, then by its canonical form, whatever its scheme and closing slash.
    `delay_ms` (from, to) makes each answer wait, for benchmarks. `requests` counts answers by address.
    Raises ValueError for a manifest that names a file outside its folder.
    """

    def __init__(
        self,
        pages: Path | None = None,
        overrides: Mapping[str, Override] | None = None,
        *,
        shop: DemoShop | None = None,
        delay_ms: tuple[float, float] | None = None,
    ) -> None:
        self.requests: Counter[str] = Counter()
        self.delay_ms = delay_ms
        self._pages: dict[str, _SavedPage] = {}
        self._by_key: dict[str, str] = {}
        self._shop = shop
        self._shop_pages = Router(routes=shop.routes()) if shop else None
        self._chance = random.Random(0)
        if pages is not None:
            self._load(pages)
        for url, override in (overrides or {}).items():
            self.override(url, override)

    @property
    def urls(self) -> list[str]:
        """The addresses that have a page, in the manifest's order."""
        return list(self._pages)

    def override(self, url: str, html: Override) -> None:
        """Let the page at `url` be `html` from now on; a function is given the page that stands there now.

        Raises KeyError when there is no page that a function could change.
        """
        if callable(html):
            standing = self._pages[self._known(url)]
            encoding = standing.charset
            text = html(standing.plain().decode(encoding, "surrogateescape"))
            body = text.encode(encoding, "surrogateescape")
        else:
            encoding = "utf-8"
            body = html.encode() if isinstance(html, str) else html
        packed = gzip.compress(body, compresslevel=1, mtime=0)
        self._put(self._find(url) or url, _SavedPage(lambda: packed, packed=True, charset=encoding))

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/replay", self._serve, methods=["GET"]),
            Route("/replay", self._change, methods=["PUT"]),
        ]

    def _load(self, folder: Path) -> None:
        folder = folder.resolve()
        for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
            row = json.loads(line)
            file = (folder / row["file"]).resolve()
            if not file.is_relative_to(folder):
                raise ValueError(f"the manifest names a file outside its folder: {row['file']}")
            page = _SavedPage(file.read_bytes, file.suffix == ".gz", row.get("charset", "utf-8"))
            if row["url"] not in self._pages:
                self._put(row["url"], page)

    def _put(self, url: str, page: _SavedPage) -> None:
        self._pages[url] = page
        self._by_key.setdefault(_key(url), url)

    def _find(self, url: str) -> str | None:
        return url if url in self._pages else self._by_key.get(_key(url))

    def _known(self, url: str) -> str:
        found = self._find(url)
        if found is None:
            raise KeyError(url)
        return found

    async def _serve(self, request: Request) -> Response:
        url = request.query_params.get("url")
        if not url:
            return JSONResponse({"error": "The query must name a url."}, 400)
        self.requests[url] += 1
        if self.delay_ms is not None:
            await asyncio.sleep(self._chance.uniform(*self.delay_ms) / 1000)
        if self._shop_pages is not None and self._is_of_the_shop(url):
            return _Forwarded(self._shop_pages, url)
        found = self._find(url)
        if found is None:
            return JSONResponse({"error": "No page is saved under this address."}, 404)
        return _answer(self._pages[found], packed=_takes_gzip(request.headers.get("accept-encoding", "")))

    async def _change(self, request: Request) -> Response:
        """`{"url": …, "replace": [[old, new], …]}`: the same page with other words, such as a lower price."""
        try:
            url, replacements = _wanted(await request.body())
            self.override(url, lambda html: _replaced(html, replacements))
        except ValueError as problem:
            return JSONResponse({"error": str(problem)}, 400)
        except KeyError:
            return JSONResponse({"error": "No page is saved under this address."}, 404)
        return JSONResponse({"url": url})

    def _is_of_the_shop(self, url: str) -> bool:
        return self._shop is not None and _origin(url) == _origin(self._shop.origin)


class _Forwarded(Response):
    """The demo shop's own answer to a GET of `url`."""

    def __init__(self, shop: Router, url: str) -> None:
        super().__init__()
        self._shop = shop
        self._parts = urlsplit(url)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = self._parts.path or "/"
        address = {
            "path": unquote(path),
            "raw_path": path.encode(),
            "root_path": "",
            "query_string": self._parts.query.encode(),
        }
        await self._shop({**scope, **address}, receive, send)


def _answer(page: _SavedPage, *, packed: bool) -> Response:
    headers = {"Content-Type": f"text/html; charset={page.charset}", "Vary": "Accept-Encoding"}
    if packed and page.packed:
        return Response(page.read(), headers=headers | {"Content-Encoding": "gzip"})
    return Response(page.plain(), headers=headers)


def _takes_gzip(accepted: str) -> bool:
    """Source: RFC 9110, 12.5.3."""
    for choice in accepted.lower().split(","):
        coding, _, weight = choice.partition(";")
        if coding.strip() in {"gzip", "x-gzip", "*"}:
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


def _key(url: str) -> str:
    """What addresses of one page have in common: no tracking, scheme, fragment or closing slash."""
    try:
        parts = urlsplit(canonical(url))
    except BadLink:
        return url  # a page may be saved under an address that nobody could watch
    return f"{parts.netloc}{parts.path.rstrip('/')}?{parts.query}"


def _origin(url: str) -> tuple[str, str | None, int | None] | None:
    try:
        parts = urlsplit(url)
        return parts.scheme, parts.hostname, parts.port or _DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None


def _wanted(body: bytes) -> tuple[str, list[tuple[str, str]]]:
    """Raises ValueError, with one clear sentence, for anything but a url and pairs of texts."""
    try:
        wanted: dict[str, Any] = {} | json.loads(body)
        url = wanted["url"]
        pairs = [(old, new) for old, new in wanted["replace"]]
    except (KeyError, ValueError, TypeError, RecursionError):
        raise ValueError('The body must be {"url": …, "replace": [[old, new], …]}.') from None
    if not all(isinstance(text, str) for text in (url, *(text for pair in pairs for text in pair))):
        raise ValueError("The url, and what is replaced, must be texts.")
    return url, pairs


def _replaced(html: str, pairs: list[tuple[str, str]]) -> str:
    for old, new in pairs:
        if not old or old not in html:
            raise ValueError(f"The page does not hold {old!r}.")
        html = html.replace(old, new)
    return html
