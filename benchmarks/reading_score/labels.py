"""Pages whose right answer is known: real ones beside the repository, and the small ones of the tests."""

import gzip
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from tracker.stores.registry import store_of

_ROOT = Path(__file__).parents[2]
REAL = Path(os.environ.get("SAVED_PAGES") or _ROOT.parent / "shared" / "pages")
"""The folder of real pages with its manifest.jsonl; `SAVED_PAGES` names another."""
OURS = _ROOT / "tests" / "pages"


@dataclass(frozen=True, slots=True)
class Label:
    """What a person found on a page. A field that nobody looked for is not in `said`."""

    key: str
    """Unique over all collections: "real/…" or "ours/…"."""
    store: str
    kind: str
    url: str
    status: int
    path: Path
    said: dict[str, Any]

    def html(self) -> bytes:
        body = self.path.read_bytes()
        return gzip.decompress(body) if self.path.suffix == ".gz" else body

    @property
    def is_priced(self) -> bool:
        return self.said.get("price") is not None

    @property
    def is_trap(self) -> bool:
        """There is no price on it to be paid, and to read one would be wrong."""
        return "price" in self.said and self.said["price"] is None

    def prices(self) -> set[Decimal | None]:
        """Every answer that is right: pages where people would differ accept several, and may accept none."""
        return _amounts([self.said["price"], *self.said.get("accept", [])])

    def list_prices(self) -> set[Decimal | None]:
        return _amounts([self.said["list_price"], *self.said.get("accept_list_price", [])])


def _amounts(texts: list[str | None]) -> set[Decimal | None]:
    return {None if text is None else Decimal(text) for text in texts}


def load() -> tuple[list[Label], str | None]:
    """All labels, and why the real pages are left out if they are."""
    if (REAL / "manifest.jsonl").exists():
        return [*_real(), *_ours()], None
    return [*_ours()], f"no real pages in {REAL}; set SAVED_PAGES to a folder with a manifest.jsonl"


def _real() -> Iterator[Label]:
    for line in (REAL / "manifest.jsonl").read_text("utf-8").splitlines():
        said = json.loads(line)
        yield Label(
            f"real/{said['key']}",
            said["store"],
            said["kind"],
            said["url"],
            said.get("status") or 200,
            REAL / said["file"],
            said,
        )


def _ours() -> Iterator[Label]:
    for path in sorted(OURS.glob("*/*.html")):
        said = json.loads(path.with_suffix(".json").read_text("utf-8"))
        if said["outcome"] != "offer":
            said.setdefault("price", None)
        url = said["url"]
        kind = f"ours: {path.parent.name}"
        key = f"ours/{path.parent.name}/{path.stem}"
        yield Label(key, store_of(url).code, kind, url, said.get("status", 200), path, said)
