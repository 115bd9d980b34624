"""What the text of a page shows, as one string: for checking what only machines were told."""

import re
from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from functools import cached_property
from itertools import pairwise

from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.currencies import INDIAN_GROUPING, NO_DECIMALS, THREE_DECIMALS
from tracker.stores.outline import LOOSE, TIGHT
from tracker.stores.page import Page

BORDER = "\x02"
"""Stands in the text wherever an element begins or ends."""

_RAISED_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_RAISED = re.compile(f"(?<=[0-9])[{_RAISED_DIGITS}]+")
_LOWERED = str.maketrans(_RAISED_DIGITS, "0123456789")

_GROUPING = "\u00a0\u2009\u202f '’"
_NUMBER = re.compile(rf"\d{{1,3}}(?:[{_GROUPING}]\d{{3}})+(?!\d)(?:[.,]\d{{1,2}}(?!\d))?|\d[\d.,]*")
_DIGIT = re.compile(r"\d")
_DECIMALS = re.compile(r"[.,](\d{1,2})$")
_PRICE = re.compile(
    r"(?:[$€£₹¥₺₽₩฿₫₪]|\b(?:Rs\.?|USD|EUR|GBP|INR|CHF|AUD|CAD|SEK|NOK|DKK|PLN|kr)(?![a-z]))[ \x02]{0,3}[1-9]"
    r"|[1-9][\d.,]*[ \x02]{0,3}(?:[€£₹₺₽₫]|(?:kr|zł|Kč|Ft|lei|USD|EUR|TND|DT)\b)"
)
_THRESHOLD = re.compile(
    r"(?:over|above|than|under|least|from|ab|über|dès|orders?|shipping|delivery|save)[^\w$]*$", re.IGNORECASE
)
_NEAR_HEADING = 6_000
_FURTHEST_NUMBER = 40_000
"""Characters of the text, from the heading on: what is numbered later belongs to other things."""

_LONGEST_PIECE = 300
_LONGEST_LABEL = 40
_LONGEST_NUMBER = 60
_MOST_TEXT = 300_000
_APART = re.compile(r"(\d[\d.,]*)[\s\x02]{1,6}[.,]?[\s\x02]{0,6}(\d\d)(?![\d.,%])")


class ShownText:
    """The text of a page and the numbers in it. Works on the first question."""

    def __init__(self, page: Page) -> None:
        self._page = page

    def holds(self, amount: Decimal) -> bool:
        """Whether a person could read this amount on the page."""
        return amount in self._numbers

    @cached_property
    def has_prices(self) -> bool:
        """Whether an amount stands beside a currency's mark near the heading, but for "free over $50"."""
        return any(
            not _THRESHOLD.search(self.text, max(0, price.start() - 40), price.start())
            for price in _PRICE.finditer(self.text[:_NEAR_HEADING])
        )

    def prices(self, amount: Decimal) -> bool:
        """Whether it stands beside a currency's mark near the heading, with its cents."""
        found = (
            _NUMBER.search(price[0] + self.text[price.end() : price.end() + 16].split(BORDER)[0])
            for price in _PRICE.finditer(self.text[:_NEAR_HEADING])
        )
        return any(number and _DECIMALS.search(number[0]) and _value(number[0]) == amount for number in found)

    @cached_property
    def text(self) -> str:
        """From the first heading on, then what stands before it."""
        outline = self._page.outline
        start = next((outline.starts[at] for at in outline.tagged("h1", 1)), 0)
        text = f"{outline.text[start:]}\n{outline.text[:start]}"[:_MOST_TEXT]
        # Thrice replaced is far quicker than once translated.
        text = text.replace("\n", BORDER).replace(TIGHT, BORDER).replace(LOOSE, BORDER)
        if text.isascii() or not any(raised in text for raised in _RAISED_DIGITS):
            return text
        return _RAISED.sub(lambda cents: f".{cents[0].translate(_LOWERED)}", text)

    @cached_property
    def about_numbers(self) -> tuple[str, ...]:
        """Short pieces that hold a digit, or after which one comes, each with the piece after it."""
        found = []
        pieces = self.text[:_FURTHEST_NUMBER].split(BORDER)
        for piece, following in pairwise([*(p for p in pieces if p not in (":", ": ", "#", "")), ""]):
            if len(piece) <= _LONGEST_PIECE and (_DIGIT.search(piece) or "SKU" in piece):
                found.append(f"{piece}{BORDER}{following[:_LONGEST_NUMBER]}")
            elif (
                len(piece) <= _LONGEST_LABEL
                and len(following) <= _LONGEST_NUMBER
                and _DIGIT.search(following)
            ):
                found.append(f"{piece}{BORDER}{following}")
        return tuple(found)

    @cached_property
    def _numbers(self) -> frozenset[Decimal]:
        found = {_value(number) for number in set(_NUMBER.findall(self.text))}
        # Cents that stand in an element of their own.
        found |= {_value(f"{match[1].rstrip('.,')}.{match[2]}") for match in _APART.finditer(self.text)}
        return frozenset(value for value in found if value is not None)


def in_major_units(claims: Iterable[Claim], shown: ShownText) -> list[Claim]:
    """The claims, with what counts hundredths put right: 129900 where the page shows "$1,299.00" alone."""
    return [
        replace(claim, quotes=tuple(_in_major_units(quote, shown) for quote in claim.quotes))
        if claim.weight in _DECLARED and any(_may_be_hundredths(quote.amount) for quote in claim.quotes)
        else claim
        for claim in claims
    ]


_DECLARED = (Weight.JSON_LD, Weight.MICRODATA, Weight.META, Weight.SOCIAL)


def _may_be_hundredths(amount: Decimal | None) -> bool:
    return amount is not None and amount >= 1000 and amount == amount.to_integral_value()


def _in_major_units(quote: Quote, shown: ShownText) -> Quote:
    if (
        quote.amount is None
        or not _may_be_hundredths(quote.amount)
        or quote.currency in (NO_DECIMALS | INDIAN_GROUPING | THREE_DECIMALS)
        or shown.holds(quote.amount)
        or not shown.prices(quote.amount / 100)
    ):
        return quote
    return replace(quote, amount=quote.amount / 100)


def _value(number: str) -> Decimal | None:
    number = number.strip(".,")
    decimals = _DECIMALS.search(number)
    whole = number[: decimals.start()] if decimals else number
    digits = "".join(sign for sign in whole if sign in "0123456789")
    return Decimal(f"{digits}.{decimals[1] if decimals else 0}") if 0 < len(digits) <= 12 else None
