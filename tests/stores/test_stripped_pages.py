"""Saved pages with their help for machines taken away: what is left to read must be read right or not at all.

Nothing can be tuned to one shop here: each page stands for one that forgot its markup, its
h1, or the names of its classes.
"""

import gzip
import json
import os
import re
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tracker.stores.page import decode
from tracker.stores.registry import read

SAVED = Path(os.environ.get("SAVED_PAGES", "/work/shared/pages"))
pytestmark = pytest.mark.skipif(
    not (SAVED / "manifest.jsonl").exists(), reason=f"no saved pages in {SAVED}; set SAVED_PAGES"
)

_SCRIPT = re.compile(r"<script[^>]*>.*?</script>", re.DOTALL | re.IGNORECASE)
_MICRODATA = re.compile(r"\sitem(?:prop|scope|type)(?:=\"[^\"]*\")?")
_PRICE_TAG = re.compile(r"<meta[^>]*(?:price|availab|product:)[^>]*>", re.IGNORECASE)
_NAMES = re.compile(r"\s(?:class|id)=(?:\"[^\"]*\"|'[^']*')")
_HEADING = re.compile(r"<(/?)h1\b", re.IGNORECASE)


def without_markup(html: str) -> str:
    return _PRICE_TAG.sub("", _MICRODATA.sub("", _SCRIPT.sub("", html)))


def without_headings(html: str) -> str:
    return _HEADING.sub(r"<\1div", html)


def without_names(html: str) -> str:
    return _NAMES.sub("", html)


@pytest.mark.parametrize(
    ("strip", "least"),
    [(without_markup, 0.8), (without_headings, 0.9), (without_names, 0.75)],
    ids=lambda value: getattr(value, "__name__", str(value)),
)
def test_what_a_stripped_page_still_shows_is_read_right_or_not_at_all(
    strip: Callable[[str], str], least: float
) -> None:
    right, priced, wrong = 0, 0, []
    for line in (SAVED / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        label: dict[str, Any] = json.loads(line)
        html = strip(decode(gzip.decompress((SAVED / label["file"]).read_bytes())))
        offer = read(html, label["url"], adapters=False).offer
        found = offer.price.amount if offer and offer.price else None
        meant = {Decimal(amount) for amount in [label["price"], *label.get("accept", [])] if amount}
        priced += bool(label["price"])
        right += found is not None and found in meant
        if found is not None and found not in meant:
            wrong.append((label["file"], str(found)))
    assert wrong == []
    assert right >= least * priced
