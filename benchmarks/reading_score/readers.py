"""The readers that are compared: ours, ours without what it knows of single shops, and extruct with
price-parser.
"""

from collections.abc import Callable, Iterator
from typing import Any

import extruct
from price_parser import Price

from benchmarks.reading_score.labels import Label
from benchmarks.reading_score.marking import Answer
from tracker.stores.offer import Availability, Reading
from tracker.stores.registry import read

Reader = Callable[[bytes, Label], Answer]

# RDFa is left out: it is the rare one, and takes extruct ten times as long as all others together.
_SYNTAXES = ["json-ld", "microdata", "opengraph"]
_PRODUCTS = frozenset("Product ProductGroup IndividualProduct ProductModel Book".split())
_DEEPEST = 12


def ours(html: bytes, label: Label) -> Answer:
    return _answer(read(html, label.url, status=label.status))


def without_adapters(html: bytes, label: Label) -> Answer:
    """As in a shop that nobody has written an adapter for."""
    return _answer(read(html, label.url, status=label.status, adapters=False))


def _answer(reading: Reading) -> Answer:
    offer = reading.offer
    if offer is None:
        return Answer()
    return Answer(
        price=offer.price.amount if offer.price else None,
        currency=offer.price.currency if offer.price else None,
        list_price=offer.list_price.amount if offer.list_price else None,
        availability=_said(offer.availability),
        title=offer.title,
        sku=offer.sku,
    )


def extruct_and_price_parser(html: bytes, label: Label) -> Answer:
    """The first product in the page's structured data, as its price is written there."""
    if label.status >= 400:
        return Answer()
    found = extruct.extract(html, base_url=label.url, syntaxes=_SYNTAXES, uniform=True, errors="ignore")
    for product in _products([found.get("json-ld"), found.get("microdata")]):
        offer = next(_dicts(product.get("offers")), {})
        price = Price.fromstring(
            _text(offer.get("price") or offer.get("lowPrice")),
            currency_hint=_text(offer.get("priceCurrency")),
        )
        return Answer(
            price=price.amount,
            currency=_text(offer.get("priceCurrency")) or price.currency,
            availability=_declared(offer.get("availability")),
            title=_text(product.get("name")),
            sku=_text(product.get("sku")),
        )
    tags = next(_dicts(found.get("opengraph")), {})
    amount = _text(tags.get("product:price:amount") or tags.get("og:price:amount"))
    price = Price.fromstring(amount)
    return Answer(
        price=price.amount,
        currency=_text(tags.get("product:price:currency") or tags.get("og:price:currency")),
        availability=_declared(tags.get("product:availability") or tags.get("og:availability")),
        title=_text(tags.get("og:title")),
    )


def _said(availability: Availability) -> str | None:
    return None if availability is Availability.UNKNOWN else availability.value


def _declared(value: Any) -> str | None:
    """Of schema.org's terms and the words of meta tags: "https://schema.org/InStock", "in stock"."""
    word = "".join(sign for sign in (_text(value) or "").rpartition("/")[2].lower() if sign.isalnum())
    if word in (
        "instock",
        "onlineonly",
        "limitedavailability",
        "preorder",
        "presale",
        "backorder",
        "available",
    ):
        return Availability.IN_STOCK.value
    return (
        Availability.OUT_OF_STOCK.value if word in ("outofstock", "oos", "soldout", "discontinued") else None
    )


def _products(data: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    for thing in _dicts(data):
        types = thing.get("@type")
        if _PRODUCTS.intersection(types if isinstance(types, list) else [types]):
            yield thing
        elif depth < _DEEPEST:
            for value in thing.values():
                yield from _products(value, depth + 1)


def _dicts(data: Any) -> Iterator[dict[str, Any]]:
    if isinstance(data, dict):
        yield data
    elif isinstance(data, list):
        for part in data:
            yield from _dicts(part)


def _text(value: Any) -> str | None:
    value = next(iter(value), None) if isinstance(value, list) else value
    return str(value) if isinstance(value, str | int | float) else None
