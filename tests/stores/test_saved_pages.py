"""How well real shops' pages are read. They are no part of this repository: without them this is skipped.

`pytest tests/stores/test_saved_pages.py -o log_cli=true -o log_cli_level=INFO` lists what is missed.
"""

import gzip
import json
import logging
import os
import statistics
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tracker.stores.offer import Reading
from tracker.stores.registry import read

log = logging.getLogger(__name__)

SAVED = Path(os.environ.get("SAVED_PAGES", "/work/shared/pages"))
pytestmark = pytest.mark.skipif(
    not (SAVED / "manifest.jsonl").exists(), reason=f"no saved pages in {SAVED}; set SAVED_PAGES"
)


@dataclass(frozen=True)
class Result:
    label: dict[str, Any]
    reading: Reading
    milliseconds: float

    @property
    def found(self) -> tuple[Decimal, str] | None:
        price = self.reading.offer.price if self.reading.offer else None
        return (price.amount, price.currency) if price else None

    @property
    def expected(self) -> tuple[Decimal, str] | None:
        return (Decimal(self.label["price"]), self.label["currency"]) if self.label["price"] else None

    @property
    def is_wrong(self) -> bool:
        """A page that can be read in several ways names them all."""
        accepted = [text for text in self.label.get("accept", ()) if text]
        also = {(Decimal(text), self.label["currency"]) for text in accepted}
        return self.found is not None and self.found not in also | {self.expected}


@pytest.fixture(scope="module")
def results() -> list[Result]:
    labels = [
        json.loads(line) for line in (SAVED / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    found = []
    for label in labels:
        html = gzip.decompress((SAVED / label["file"]).read_bytes())
        started = time.perf_counter()
        reading = read(html, label["url"])
        found.append(Result(label, reading, (time.perf_counter() - started) * 1000))
    for result in found:
        if result.found != result.expected:
            label = result.label
            log.info("%s %s: %s, not %s", label["kind"], label["file"], result.found, result.expected)
    return found


def test_structured_pages_are_read_right(results: list[Result]) -> None:
    structured = [result for result in results if result.label["kind"] == "structured"]
    right = [result for result in structured if result.found == result.expected]
    assert len(right) >= 0.95 * len(structured)


def test_no_page_is_read_with_a_wrong_price(results: list[Result]) -> None:
    assert [result.label["file"] for result in results if result.is_wrong] == []


def test_no_trap_has_a_price(results: list[Result]) -> None:
    traps = [result for result in results if result.label["kind"] == "trap"]
    assert traps
    assert [result.label["file"] for result in traps if result.found] == []


def test_no_list_price_is_wrong(results: list[Result]) -> None:
    wrong = []
    for result in results:
        listed = result.reading.offer.list_price if result.reading.offer else None
        if listed and (
            not result.label["list_price"] or listed.amount != Decimal(result.label["list_price"])
        ):
            wrong.append((result.label["file"], str(listed.amount)))
    assert wrong == []


@pytest.mark.skipif(sys.gettrace() is not None, reason="a tracer slows the reading down")
def test_reading_is_fast(results: list[Result]) -> None:
    taken = sorted(result.milliseconds for result in results)
    median, late = statistics.median(taken), taken[int(len(taken) * 0.95)]
    log.info("median %.1f ms, 95th percentile %.1f ms, longest %.1f ms", median, late, taken[-1])
    assert median < 40  # 4 times what two shared cores were measured to take
    assert late < 240
