"""What the scripts inside a page hold as data: JSON blocks, assignments, and what is pushed to trackers.

Nothing is run. A value is found by the text before it and read as JSON, or else as a plain object of
JavaScript (`loose_json.literal`). The work is bounded: how much text, how many values, how large each is.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from selectolax.lexbor import LexborNode

from tracker.stores import loose_json
from tracker.stores.page import Page

_LARGEST_SCRIPT = 3 * 2**20
_MOST_SCRIPTS = 300
_MOST_VALUES = 60
_MOST_STARTS = 1_500
_MOST_FAILURES = 8

# Only scripts that speak of a price or an article number are worth reading.
_WORDS = ("price", "Price", "PRICE", "sku", "amount", "ViewContent")

_START = re.compile(r"[=(,]\s{0,8}(?:JSON\.parse\(\s{0,4}(?=[\"'])|(?=[{\[]))")
# A call that hands over data, with the words before the value: `gtag('event', 'view_item', `.
_CALLED = re.compile(
    r"\b(push|gtag|fbq|ga|pintrk|snaptr|ttq|track|Config|OptionsPrice|set|extend)\s{0,3}\(\s{0,3}"
    r"((?:[\"'][\w :.-]{1,40}[\"']\s{0,3},?\s{0,3}){0,4})$"
)
_CALLS = (
    "push",
    "gtag",
    "fbq",
    "ga(",
    "pintrk",
    "snaptr",
    "ttq",
    "track",
    "Config",
    "OptionsPrice",
    "set",
    "extend",
)
_WORTHY = re.compile(
    r"product|state|utag_?data|digital_?data|data_?layer|^meta$|bcdata|__|item|^data$|^config$|props|pdp|sku|"
    r"view|detail|currency|variant|page_?data|tc_vars|universal_variable|price",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """One value in a page's scripts. `name` is the variable or the id of its element, or for a call its name
    and its first words ("fbq track ViewContent").
    """

    name: str
    value: Any


def embedded_values(page: Page) -> list[Embedded]:
    """The values of the page's scripts that may speak of a product, in the order of the page."""
    found: list[Embedded] = []
    left = _LARGEST_SCRIPT
    for node in page.tree.css("script:not([src])")[:_MOST_SCRIPTS]:
        kind = (node.attributes.get("type") or "").lower()
        if "ld+json" in kind or "template" in kind or "html" in kind:
            continue
        text = node.text()
        if len(text) > left or not any(word in text for word in _WORDS):
            continue
        left -= len(text)
        if "json" in kind:
            found.extend(Embedded(_name(node), value) for value in loose_json.loads(text)[:3])
        else:
            found.extend(_spoken(text, _MOST_VALUES - len(found)))
        if len(found) >= _MOST_VALUES:
            break
    return found


def _name(node: LexborNode) -> str:
    attributes = node.attributes
    marks = [key for key in attributes if key.startswith("data-")][:5]
    return " ".join([attributes.get("id") or "", *marks])[:100].strip()


def _spoken(text: str, most: int) -> Iterator[Embedded]:
    """The values that are assigned or handed over in a script; one inside another is not told again."""
    at = failed = 0
    for _ in range(_MOST_STARTS):
        start = _START.search(text, at)
        if start is None or most <= 0 or failed > _MOST_FAILURES:
            return
        at = start.end()
        name = _spoken_name(text[max(0, start.start() - 120) : start.start()], text[start.start()])
        if name is None:
            continue
        found = loose_json.literal(text, start.end())
        if found is None:
            failed += 1
            continue
        value, at = found
        if isinstance(value, str):
            values = loose_json.loads(value)
            value = values[0] if values else None
        if isinstance(value, dict | list) and value:
            most -= 1
            yield Embedded(name, value)


def _spoken_name(before: str, sign: str) -> str | None:
    """The name of what follows, when it is worth reading."""
    if sign == "=":
        name = _last_word(before)
        return name if name and _WORTHY.search(name) else None
    if not any(call in before for call in _CALLS):
        return None
    called = _CALLED.search(before + sign if sign == "(" else before)
    return " ".join([called[1], *re.sub(r"[\"',]+", " ", called[2]).split()]) if called else None


def _last_word(text: str) -> str:
    """The identifier at the end, also in brackets and quotes: `window["x"]` ends with x."""
    end = len(text.rstrip(" \n\t\r]\"'"))
    start = end
    while start > 0 and (text[start - 1].isalnum() or text[start - 1] in "_$"):
        start -= 1
    return text[start:end]
