"""What a shop's own script knows of the product, at the places where this shop keeps it."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tracker.stores import loose_json
from tracker.stores.adapter import is_range
from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price

_MOST_MENTIONS = 12


@dataclass(frozen=True, slots=True)
class State:
    """A value in the page's scripts, and where in it the shop keeps what.

    `variable` is the name to which it is assigned, "#id" of a JSON block, or a CSS selector and " @name" of
    an attribute. Places are dotted paths, the surest first: those of `product` start at the value ("" is the
    value itself), all others at the product. `available` may be a truth, a number of pieces, or words.
    """

    name: str
    variable: str
    product: tuple[str, ...]
    selling: tuple[str, ...]
    listed: tuple[str, ...] = ()
    available: tuple[str, ...] = ()
    sold_out: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    seller: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    currency: str | None = None
    weight: Weight = Weight.STORE

    def __call__(self, page: Page) -> list[Claim]:
        for value in values_of(page, self.variable):
            for path in self.product:
                product = at(value, path)
                if isinstance(product, dict) and (quote := self._quote(page, product)):
                    return [self._claim(product, quote)]
        return []

    def _quote(self, page: Page, product: dict[str, Any]) -> Quote | None:
        price = _price(page, product, self.selling, self.currency)
        if price is None:
            return None
        listed = _price(page, product, self.listed, price[1])
        return Quote(
            evidence=Evidence(self.name, f"price {price[0].normalize():f} {price[1] or ''}".strip()),
            amount=price[0],
            currency=price[1],
            list_amount=listed[0] if listed and listed[0] > price[0] else None,
            availability=self._availability(product),
            seller=_text(product, self.seller),
            variant=_text(product, self.variant),
        )

    def _claim(self, product: dict[str, Any], quote: Quote) -> Claim:
        return Claim(
            source=self.name,
            weight=self.weight,
            quotes=(quote,),
            title=_text(product, self.title),
            image=_text(product, self.image),
            sku=_text(product, self.sku),
            brand=_text(product, self.brand),
        )

    def _availability(self, product: dict[str, Any]) -> Availability:
        if any(_truth(at(product, path)) for path in self.sold_out):
            return Availability.OUT_OF_STOCK
        for path in self.available:
            value = at(product, path)
            truth = _truth(value)
            if truth is not None:
                return Availability.IN_STOCK if truth else Availability.OUT_OF_STOCK
            said = availability_of(value[:100].replace("_", " ")) if isinstance(value, str) else None
            if said in (Availability.IN_STOCK, Availability.OUT_OF_STOCK):
                return said
        return Availability.IN_STOCK if self.sold_out and not self.available else Availability.UNKNOWN


def values_of(page: Page, variable: str) -> Iterator[Any]:
    """What is assigned to a variable, or stands in the JSON block with this "#id"."""
    css, _, attribute = variable.partition(" @")
    if attribute:
        holder = page.tree.css_first(css)
        text = holder.attributes.get(attribute) if holder else None
        yield from loose_json.loads(text)[:1] if text else ()
        return
    if variable.startswith("#"):
        node = page.tree.css_first(f"script{variable}")
        yield from loose_json.loads(node.text())[:1] if node else ()
        return
    start = 0
    for _ in range(_MOST_MENTIONS):
        start = page.html.find(variable, start)
        if start < 0:
            return
        start += len(variable)
        rest = page.html[start : start + 40]
        opening = rest.find("{")
        if opening >= 0 and rest[:opening].strip(" \t\r\n=\"']") == "" and "=" in rest[:opening]:
            found = loose_json.literal(page.html, start + opening)
            if found:
                yield found[0]


def at(value: Any, path: str) -> Any:
    """What stands at a dotted path; None when nothing does."""
    for part in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(part)
        elif isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        else:
            return None
    return value


def _price(
    page: Page, product: dict[str, Any], paths: tuple[str, ...], currency: str | None
) -> tuple[Decimal, str | None] | None:
    for path in paths:
        value = at(product, path)
        if isinstance(value, str) and is_range(value[:100]):
            continue
        found = read_machine_price(value, currency_hint=currency, country_hint=page.country)
        if found:
            return found
    return None


def _text(product: dict[str, Any], paths: tuple[str, ...]) -> str | None:
    for path in paths:
        value = at(product, path)
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(value) if abs(value) < 10**20 else None
        if isinstance(value, str) and (found := tidy(value)):
            return found
    return None


def _truth(value: Any) -> bool | None:
    """Of a truth or of a number of pieces, which may come as text; None for anything else."""
    if isinstance(value, bool | int | float):
        return value > 0
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return int(value[:9]) > 0 if isinstance(value, str) and value.isdecimal() else None
