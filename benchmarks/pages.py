"""Saved pages to measure with."""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tracker.stores.offer import Availability, Offer
from tracker.stores.registry import read

_ROOT = Path(__file__).parent.parent
_REAL = _ROOT.parent / "shared" / "pages"
_OURS = _ROOT / "tests" / "pages"


@dataclass(frozen=True, slots=True)
class SavedPage:
    url: str
    packed: bytes
    """The HTML as gzip."""
    charset: str = "utf-8"

    def html(self) -> bytes:
        return gzip.decompress(self.packed)


@dataclass(frozen=True, slots=True)
class Pages:
    """`origin` says where they come from, for a row's setting."""

    origin: str
    pages: list[SavedPage]

    def copies(self, count: int, *, for_sale: bool = False) -> list[tuple[str, Offer | None]]:
        """`count` distinct addresses in turn over the pages, each with the offer that its page gives.

        `for_sale` leaves out the pages that tell no price or that it is sold out.
        """
        known = [(page.url, read(page.html(), page.url, charset=page.charset).offer) for page in self.pages]
        if for_sale:
            known = [
                (url, offer)
                for url, offer in known
                if offer and offer.price and offer.availability != Availability.OUT_OF_STOCK
            ]
        return [
            (copy_of(url, number), offer)
            for number in range(count)
            for url, offer in [known[number % len(known)]]
        ]


def load() -> Pages:
    """The folder with a manifest.jsonl that BENCH_PAGES names, else real pages beside the repository,
    else the small pages of the tests.
    """
    folder = Path(os.environ.get("BENCH_PAGES") or _REAL)
    if (folder / "manifest.jsonl").exists():
        pages = list(_listed(folder))
        return Pages(f"{len(pages)} real shop pages", pages)
    pages = list(_of_the_tests())
    return Pages(f"{len(pages)} small pages of the tests", pages)


def _listed(folder: Path) -> Iterator[SavedPage]:
    for line in (folder / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        body = (folder / row["file"]).read_bytes()
        packed = body if row["file"].endswith(".gz") else gzip.compress(body)
        yield SavedPage(row["url"], packed, row.get("charset") or "utf-8")


def _of_the_tests() -> Iterator[SavedPage]:
    for path in sorted(_OURS.glob("*/*.html")):
        told = json.loads(path.with_suffix(".json").read_text("utf-8"))
        if told.get("status", 200) == 200:
            yield SavedPage(told["url"], gzip.compress(path.read_bytes()))


def copy_of(url: str, number: int) -> str:
    """An address of the same page at the same shop that no other number has."""
    url = url.partition("#")[0]
    return f"{url}{'&' if '?' in url else '?'}bench={number}"


def original(url: str) -> str:
    """The address that `copy_of` began with."""
    return url.rpartition("bench=")[0][:-1]
