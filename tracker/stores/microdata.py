"""Microdata: itemscope and itemprop, read into the same claims as JSON-LD."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import Decimal

from selectolax.lexbor import LexborNode

from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Role, Weight
from tracker.stores.currencies import currency_of
from tracker.stores.identifiers import gtin_of
from tracker.stores.offer import Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_declared_price, read_machine_price

_SOURCE = "microdata"
PRODUCTS = frozenset("product productgroup productmodel individualproduct vehicle car book videogame".split())
_OFFERS = frozenset({"offer", "aggregateoffer"})
_LISTS = frozenset("itemlist offercatalog collectionpage searchresultspage".split())
_BESIDE = frozenset(
    "itemlistelement isrelatedto issimilarto isaccessoryorsparepartfor isconsumablefor isvariantof review "
    "reviews itemreviewed".split()
)
_MOST_NODES = 6_000
_MOST_REFERENCES = 50
_HIGHEST_CLIMB = 150
# Names of before schema.org (data-vocabulary.org, hProduct's kin) and common slips.
_ALIASES = {
    "offerdetails": "offers",
    "offer": "offers",
    "aggregateoffer": "offers",
    "currency": "pricecurrency",
    "saleprice": "price",
    "photo": "image",
}
_OTHER_NUMBERS = ("productid", "mpn", "identifier", "model")
_ID = re.compile(r"(?<!\S)[\w-]{1,60}(?!\S)")
_PLAIN_PRICE = re.compile(r"[^\w.,]{0,4}\d[\d., ]*[.,]\d\d[^\w.,]{0,4}")
_SPECIFICATIONS = ("pricespecification", "haspricespecification")
_SALE_WORDS = frozenset("sale special now current final discounted promo offer our sell selling".split())


@dataclass(slots=True, eq=False)
class Item:
    """One itemscope: its type, its properties in the order of the page, and what it is a property of."""

    types: frozenset[str]
    role: str = ""
    owner: "Item | None" = None
    values: dict[str, list["LexborNode | Item"]] = field(default_factory=dict)

    def items(self, name: str) -> Iterator["Item"]:
        return (value for value in self.values.get(name, ()) if isinstance(value, Item))

    def nodes(self, name: str) -> Iterator[LexborNode]:
        return (value for value in self.values.get(name, ()) if isinstance(value, LexborNode))


def read_microdata(page: Page) -> list[Claim]:
    """A claim for each product that the page's microdata speaks of."""
    items = _items(page)
    claims = [claim_of(page, item) for item in items if item.types & PRODUCTS]
    if not any(quote.amount for claim in claims for quote in claim.quotes):
        # Some pages mark up the price and forget the product around it.
        claims += [_ownerless_claim(page, item) for item in items if _is_ownerless_offer(item)]
    return claims


def _items(page: Page) -> list[Item]:
    if "itemprop" not in page.html and "itemProp" not in page.html:
        return []
    nobody = Item(frozenset({"offer"}))
    items: dict[int, Item] = {0: nobody}
    for node in page.tree.css("[itemscope], [itemprop]")[:_MOST_NODES]:
        attributes = node.attributes
        names = [_ALIASES.get(name, name) for name in (attributes.get("itemprop") or "").lower().split()[:5]]
        owner = _owner(node, items) if names or "itemscope" in attributes else None
        if "itemscope" in attributes:
            item = Item(_types(attributes.get("itemtype")), names[0] if names else "", owner)
            items[node.mem_id] = item
            value: LexborNode | Item = item
        else:
            value = node
        for name in names:
            (owner or nobody).values.setdefault(name, []).append(value)
    _follow_references(page, items)
    return list(items.values())


def _follow_references(page: Page, items: dict[int, Item]) -> None:
    """An item with `itemref` has properties elsewhere on the page, in the elements with these ids."""
    referring = page.tree.css("[itemscope][itemref]")[:_MOST_REFERENCES] if "itemref" in page.html else []
    for node in referring:
        item = items.get(node.mem_id)
        ids = _ID.findall(node.attributes.get("itemref") or "")[:20]
        zones = [zone for name in ids if (zone := page.tree.css_first(f'[id="{name}"]'))]
        if item is None:
            continue
        for zone in zones:
            inside = {found.mem_id: found for found in (zone, *zone.css("[itemprop]")[:100])}
            for found in inside.values():
                names = (found.attributes.get("itemprop") or "").lower().split()[:5]
                value = items.get(found.mem_id, found)
                if names and _owner(found, items) is None:
                    if isinstance(value, Item):
                        value.owner = item
                    for name in names:
                        item.values.setdefault(_ALIASES.get(name, name), []).append(value)


def _owner(node: LexborNode, items: dict[int, Item]) -> Item | None:
    parent = node.parent
    for _ in range(_HIGHEST_CLIMB):
        if parent is None:
            return None
        found = items.get(parent.mem_id)
        if found is not None:
            return found
        parent = parent.parent
    return None


def _types(itemtype: str | None) -> frozenset[str]:
    words = (itemtype or "").split()[:5]
    return frozenset(word.rstrip("/").rpartition("/")[2].rpartition("#")[2].lower() for word in words)


def claim_of(page: Page, item: Item) -> Claim:
    """What an item says of the product that it is."""
    quotes = [quote for offer in item.items("offers") for quote in _quotes(page, offer)]
    if "price" in item.values:  # a price on the product itself, without an Offer between
        quotes.extend(_own_quotes(page, item))
    return Claim(
        source=_SOURCE,
        weight=Weight.MICRODATA,
        quotes=tuple(quotes),
        title=_first_text(item, "name"),
        url=_first_text(item, "url", 2000),
        image=_first_text(item, "image", 2000),
        sku=_first_text(item, "sku", 100) or next((quote.sku for quote in quotes[:1] if quote.sku), None),
        mpn=next((text for name in _OTHER_NUMBERS if (text := _first_text(item, name, 100))), None),
        gtin=_gtin(item),
        brand=_first_text(item, "brand", 200),
        listed=_is_beside(item),
    )


def _is_ownerless_offer(item: Item) -> bool:
    inside = item.owner.types if item.owner else frozenset[str]()
    return bool(item.types & _OFFERS) and not inside & (_OFFERS | PRODUCTS | _LISTS)


def _ownerless_claim(page: Page, offer: Item) -> Claim:
    quotes = tuple(quote for quote in _quotes(page, offer) if quote.amount)
    return Claim(_SOURCE, Weight.SOCIAL, quotes, listed=not quotes)


def _is_beside(item: Item) -> bool:
    """Whether it stands in a list, or hangs on another product."""
    at: Item | None = item
    for _ in range(20):
        if at is None:
            return False
        if at.role in _BESIDE or (at is not item and at.types & (_LISTS | PRODUCTS)):
            return True
        at = at.owner
    return True


def _quotes(page: Page, offer: Item) -> Iterator[Quote]:
    """An Offer's own prices, and those of the offers that an AggregateOffer holds."""
    nested = [quote for inner in offer.items("offers") for quote in _own_quotes(page, inner)]
    yield from nested
    own = list(_own_quotes(page, offer))
    if not nested or any(quote.amount for quote in own):
        yield from own


def _own_quotes(page: Page, offer: Item) -> Iterator[Quote]:
    currency = _currency(offer)
    base = Quote(
        evidence=Evidence(_SOURCE, "no price"),
        currency=currency,
        availability=availability_of(_first_text(offer, "availability", 200)),
        used="used" in (_first_text(offer, "itemcondition", 200) or "").lower(),
        url=_first_text(offer, "url", 2000),
        sku=_first_text(offer, "sku", 100),
        seller=_first_text(offer, "seller", 200),
    )
    lowest = next(_amounts(page, offer, "lowprice", currency), None)
    if lowest is not None:
        highest = next(_amounts(page, offer, "highprice", currency), None)
        top = highest.amount if highest else None
        text = lowest.text + (f" to {highest.text}" if highest else "")
        role = Role.SELLING if top == lowest.amount else Role.LOWEST
        yield replace(lowest.quote(base, text), role=role, highest=top)
        return
    prices = list(_amounts(page, offer, "price", currency)) or [
        price
        for name in _SPECIFICATIONS
        for specification in offer.items(name)
        if "billingduration" not in specification.values and "referencequantity" not in specification.values
        for price in _amounts(page, specification, "price", currency or _currency(specification))
    ]
    struck = {price.amount for price in prices if price.struck}
    selling = [price for price in prices if not price.struck]
    special = [price for price in selling if price.special]
    if special and len({price.amount for price in selling}) == 2:
        struck |= {price.amount for price in selling if not price.special}
        selling = special
    for price in selling:
        listed = max(struck) if len(struck) == 1 and max(struck) > price.amount else None
        yield replace(price.quote(base, price.text), list_amount=listed)
    if not selling:
        yield base


@dataclass(frozen=True, slots=True)
class _Price:
    amount: Decimal
    currency: str | None
    text: str
    struck: bool
    special: bool  # its own element calls it the sale price

    def quote(self, base: Quote, text: str) -> Quote:
        currency = self.currency or base.currency
        return replace(base, amount=self.amount, currency=currency, evidence=Evidence(_SOURCE, text))


def _amounts(page: Page, offer: Item, name: str, currency: str | None) -> Iterator[_Price]:
    for node in offer.nodes(name):
        content = node.attributes.get("content") or (
            node.attributes.get("value") if node.tag == "data" else None
        )
        text = tidy(node_price_text(node), 200) or ""
        stated = None
        if content:
            stated = read_machine_price(content[:100], currency_hint=currency, country_hint=page.country)
        shown = read_declared_price(text, currency, page.country) if text else None
        # Where both are plain amounts, a person goes by what is shown: the other is stale, or counts cents.
        found = shown if shown and (stated is None or _PLAIN_PRICE.fullmatch(text)) else stated
        if found is not None:
            yield _Price(
                found[0], found[1], text or (content or "")[:100], is_struck(node), _is_special(node)
            )


def _is_special(node: LexborNode) -> bool:
    names = f"{node.attributes.get('class') or ''} {node.attributes.get('id') or ''}".lower()
    return any(word in _SALE_WORDS for word in re.split(r"[\s_-]+", names))


def node_price_text(node: LexborNode) -> str:
    """The text of a price, with a point where cents stand raised: 12<sup>99</sup> is 12.99 and not 1299."""
    text = node.text()
    raised = node.css_first("sup")
    if raised is None or "." in text or "," in text:
        return text
    cents = raised.text().strip()
    before, found, after = text.rpartition(cents)
    whole = before.rstrip()
    return (
        f"{whole}.{cents}{after}"
        if found and len(cents) == 2 and cents.isdecimal() and whole[-1:].isdigit()
        else text
    )


_STRUCK_WORDS = (
    "old",
    "was",
    "strike",
    "struck",
    "list-price",
    "listprice",
    "regular-price-crossed",
    "mrp",
    "rrp",
)


def is_struck(node: LexborNode) -> bool:
    """Whether a price is shown as no longer valid: crossed out, or called old by its own element."""
    at: LexborNode | None = node
    for _ in range(3):
        if at is None:
            return False
        if at.tag in ("del", "s", "strike"):
            return True
        at = at.parent
    words = (node.attributes.get("class") or "").lower().replace("_", "-").split()
    style = (node.attributes.get("style") or "").replace(" ", "").lower()
    return "text-decoration:line-through" in style or any(
        part in _STRUCK_WORDS for word in words for part in (word, *word.split("-"))
    )


def _currency(item: Item) -> str | None:
    for node in item.nodes("pricecurrency"):
        value = (node.attributes.get("content") or node.text())[:20].strip()
        found = currency_of(value) or currency_of(value.upper())
        if found:
            return found
    return None


def _first_text(item: Item, name: str, limit: int = 500) -> str | None:
    for value in item.values.get(name, ()):
        text = _first_text(value, "name", limit) if isinstance(value, Item) else _value(value, limit)
        if text:
            return text
    return None


def _value(node: LexborNode, limit: int) -> str | None:
    attributes = node.attributes
    for key in ("content", "href", "src", "datetime"):
        if attributes.get(key):
            return tidy(attributes[key], limit)
    return tidy(node.text(), limit)


def _gtin(item: Item) -> str | None:
    for key in ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "ean", "upc", "identifier"):
        digits = gtin_of(_first_text(item, key, 40))
        if digits:
            return digits
    return None
