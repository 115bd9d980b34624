"""An answer held against its label, field by field, and what many such marks come to."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from benchmarks.reading_score.labels import Label

FIELDS = ("price", "currency", "list_price", "availability", "title", "sku")
_ALIKE = 0.8
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a reader said of one page; `availability` is None when it said nothing."""

    price: Decimal | None = None
    currency: str | None = None
    list_price: Decimal | None = None
    availability: str | None = None
    title: str | None = None
    sku: str | None = None


class Mark(StrEnum):
    RIGHT = "right"
    MISSING = "missing"
    WRONG = "wrong"
    INVENTED = "invented"  # an answer where there is none: a trap's price, a list price of nobody
    RIGHTLY_NONE = "rightly none"


def marks(label: Label, answer: Answer) -> dict[str, Mark]:
    """A mark for each field that the label speaks of. A price in another currency is a wrong price."""
    found = {}
    if "price" in label.said:
        found["price"] = _of_choices(answer.price, label.prices())
        if found["price"] is Mark.RIGHT and answer.currency != label.said.get("currency", answer.currency):
            found["price"] = Mark.WRONG
    if label.is_priced:
        if answer.price is not None and label.said.get("currency"):
            found["currency"] = _of_choices(answer.currency, {label.said["currency"]})
        if "list_price" in label.said:
            found["list_price"] = _of_choices(answer.list_price, label.list_prices())
        if label.said.get("title"):
            alike = likeness(answer.title or "", label.said["title"]) >= _ALIKE
            found["title"] = _of_choices(alike or answer.title, {True})
    if label.said.get("availability") in ("in_stock", "out_of_stock"):
        found["availability"] = _of_choices(answer.availability, {label.said["availability"]})
    if label.said.get("sku"):
        found["sku"] = _of_choices(answer.sku, {label.said["sku"]})
    return found


def _of_choices(found: object, right: Iterable[object]) -> Mark:
    choices = set(right)
    if found in choices:
        return Mark.RIGHTLY_NONE if found is None else Mark.RIGHT
    if choices == {None}:
        return Mark.INVENTED
    return Mark.MISSING if found is None else Mark.WRONG


def likeness(one: str, other: str) -> float:
    """The share of words that two titles have in common, whatever their case and order: 0 to 1."""
    words, others = (frozenset(_WORD.findall(text.casefold())) for text in (one, other))
    return 2 * len(words & others) / ((len(words) + len(others)) or 1)


@dataclass(frozen=True, slots=True)
class Score:
    """What marks of one field come to. A wrong answer costs both precision and recall."""

    right: int
    missing: int
    wrong: int
    invented: int

    @classmethod
    def of(cls, given: Iterable[Mark | None]) -> "Score":
        counts = list(given)
        return cls(*(counts.count(mark) for mark in (Mark.RIGHT, Mark.MISSING, Mark.WRONG, Mark.INVENTED)))

    @property
    def asked(self) -> int:
        """Pages that have an answer."""
        return self.right + self.missing + self.wrong

    @property
    def precision(self) -> float:
        answered = self.right + self.wrong + self.invented
        return self.right / answered if answered else 1.0

    @property
    def recall(self) -> float:
        return self.right / self.asked if self.asked else 1.0

    @property
    def f1(self) -> float:
        both = self.precision + self.recall
        return 2 * self.precision * self.recall / both if both else 0.0
