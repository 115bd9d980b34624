"""Products in attributes: what shop software writes into elements for its own scripts.

The details of a product as JSON (`data-product`, PrestaShop), elements that name a product and its price
(`data-name`, `data-price`), and the hidden fields of a form that orders (`item_name`, `amount`). Trusted as
embedded state is.
"""

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from selectolax.lexbor import LexborNode

from tracker.stores import loose_json
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.identifiers import article_number, gtin_of
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price
from tracker.stores.shown import ShownText

_SAME_THING = 0.6
_MOST_NODES = 200
_LARGEST_ATTRIBUTE = 500_000
_HIGHEST_CLIMB = 25
_NAMED = (
    ("data-product-name", "data-product-price"),
    ("data-name", "data-price"),
    ("data-item-name", "data-item-price"),
    ("data-product-title", "data-product-price"),
    ("data-title", "data-price"),
    ("data-productname", "data-productprice"),
    ("data-product-name", "data-price"),
)
_PRICED = ",".join(dict.fromkeys(f"[{price}]" for _, price in _NAMED))
_FIELDS = (
    ("item_name", "amount"),
    ("product_name", "product_price"),
    ("productName", "productPrice"),
    ("name", "price"),
)
_SKUS = ("data-sku", "data-product-sku", "data-item-sku", "data-item-id")


def read_attributes(page: Page, shown: ShownText) -> list[Claim]:
    """At most one claim: of the first of these conventions that the page follows."""
    for quotes in (_details, _named, _ordered):
        found = [quote for quote in quotes(page) if quote.amount]
        seen = [quote for quote in found if quote.amount and shown.holds(quote.amount)]
        if seen or (found and not shown.has_prices):
            weight = Weight.EMBEDDED if seen else Weight.UNSEEN
            return [Claim("attributes", weight, tuple(seen or found), title=page.heading)]
    return []


def _amount(page: Page, value: Any, currency: str | None = None) -> Decimal | None:
    read = read_machine_price(value, currency_hint=currency, country_hint=page.country)
    return read[0] if read else None


def _quote(page: Page, source: str, selling: Any, listed: Any = None, currency: str | None = None) -> Quote:
    currency = currency or page.currency
    amount, larger = _amount(page, selling, currency), _amount(page, listed, currency)
    return Quote(
        evidence=Evidence(f"attribute {source}", (tidy(str(selling), 60) or "")),
        amount=amount,
        currency=currency,
        list_amount=larger if amount and larger and larger > amount else None,
    )


def _details(page: Page) -> Iterator[Quote]:
    """PrestaShop: `#product-details[data-product]`."""
    node = page.tree.css_first("#product-details[data-product]")
    facts = _json(node, "data-product") if node else None
    if not isinstance(facts, dict):
        return
    quantity = facts.get("quantity")
    backorder = facts.get("allow_oosp") in (1, "1", True)
    stocked = Availability.UNKNOWN
    if isinstance(quantity, int):
        stocked = Availability.IN_STOCK if quantity > 0 or backorder else Availability.OUT_OF_STOCK
    reference, ean = facts.get("reference_to_display") or facts.get("reference"), facts.get("ean13")
    yield replace(
        _quote(page, "data-product", facts.get("price_amount"), facts.get("price_without_reduction")),
        availability=stocked,
        sku=article_number(reference) if isinstance(reference, str) else None,
        gtin=gtin_of(ean) if isinstance(ean, str) else None,
    )


def _json(node: LexborNode, name: str) -> Any:
    text = node.attributes.get(name) or ""
    values = loose_json.loads(text) if len(text) <= _LARGEST_ATTRIBUTE else []
    return values[0] if values else None


def _named(page: Page) -> Iterator[Quote]:
    """Elements that carry a product's name and price, when the name is the page's subject."""
    if 'price="' not in page.html or not page.tree.css_first(_PRICED):
        return
    for name, price in _NAMED:
        if f"{price}=" not in page.html:
            continue
        for node in page.tree.css(f"[{name}][{price}]")[:_MOST_NODES]:
            attributes = node.attributes
            if page.likeness(attributes.get(name)) >= _SAME_THING:
                number = next((attributes[key] for key in _SKUS if attributes.get(key)), None)
                yield replace(_quote(page, price, attributes.get(price)), sku=article_number(number))


def _ordered(page: Page) -> Iterator[Quote]:
    """Hidden fields of a form: `item_name` and `amount` of the payment buttons, and their kin."""
    hidden = {(node.attributes.get("name") or "").lower() for node in page.tree.css('input[type="hidden"]')}
    for name, price in _FIELDS:
        if price.lower() not in hidden or f'"{price}"' not in page.html:
            continue
        for node in page.tree.css(f'form input[type="hidden"][name="{price}"]')[:20]:
            form = _form(node)
            title = form.css_first(f'input[name="{name}"]') if form else None
            if form is None or title is None or page.likeness(title.attributes.get("value")) < _SAME_THING:
                continue
            code = form.css_first('input[name="currency_code"]')
            currency = (code.attributes.get("value") or "").upper() if code else ""
            yield _quote(
                page, price, node.attributes.get("value"), None, currency if len(currency) == 3 else None
            )


def _form(node: LexborNode) -> LexborNode | None:
    at = node.parent
    for _ in range(_HIGHEST_CLIMB):
        if at is None or at.tag == "form":
            return at
        at = at.parent
    return None
