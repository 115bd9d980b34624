"""Products in the state that a page carries for its own scripts: `__NEXT_DATA__`, `dataLayer`, `utag_data`,
`var meta`, and their many kin.

No shop's form is known here: an object with a name and a price is a product, and it counts only when its name
or its address says that it is the page's subject. Amounts may be in hundredths; what the page shows decides.
Such state also holds prices that nobody is asked for, so it is trusted less than markup, and least when the
page shows no such amount.
"""

import html
import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl

from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.currencies import INDIAN_GROUPING, NO_DECIMALS, currency_of
from tracker.stores.identifiers import article_number, gtin_of, is_shown
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price
from tracker.stores.scripts import Embedded, embedded_values
from tracker.stores.shown import ShownText

Node = dict[str, Any]

_SAME_THING = 0.6
_BEYOND_DOUBT = 0.85
_SEVERAL = 4
_BY_NUMBER = 0.25
"""How alike names must be when the page's address holds the product's own number."""
_MOST_NODES = 6_000
_MOST_PRODUCTS = 300
_MOST_VARIANTS = 250

_BESIDE = re.compile(
    r"relat|recommend|similar|upsell|crosssell|cart|basket|recent|impression|bundle|sponsor|alsobought|accessor"
    r"|carousel|wishlist|search|review|facet|breadcrumb|navigation|menu|suggest|trending|bestsell|shipping|financ"
)
_NAMES = (
    "productname",
    "itemname",
    "displayname",
    "name",
    "title",
    "contentname",
    "prodname",
    "producttitle",
)
_SALE = frozenset(
    "saleprice finalprice specialprice discountedprice offerprice currentprice nowprice "
    "sellingprice sellprice promoprice promotionalprice dealprice pricesale pricenow pricecurrent sale now "
    "current final selling special discounted productsaleprice".split()
)
_PLAIN = frozenset(
    "price productprice itemprice priceamount pricevalue displayprice prodprice "
    "priceinclvat pricewithtax priceinctax value amount formattedvalue contentprice rawprice numericprice "
    "productpricevalue withtax withouttax".split()
)
_LIST = frozenset(
    "listprice originalprice regularprice mrp rrp msrp wasprice oldprice compareatprice strikeprice was "
    "strikethroughprice previousprice fullprice productlistprice productoriginalprice pricewas priceold "
    "original list regular retailprice crossedprice recommendedretailprice nonsaleprice".split()
)
_UNIT = frozenset({"unitprice", "productunitprice"})
"""The price of one piece to some, of 100 g to others: it counts when nothing else is told."""

_CONTAINERS = tuple("price prices pricing priceinfo pricedata pricesummary productprice".split())
_SPEAKS_OF_PRICES = frozenset((*_SALE, *_PLAIN, *_LIST, *_UNIT, *_CONTAINERS, "centamount"))
_NOT_PRICES = re.compile(
    r"instal|month|shipping|(?<!with)(?<!hout)(?<!inc)tax$|saved?$|saving|discount$|perunit|unitof|points|tier|member"
)
_VARIANTS = ("variants", "skus", "productvariants", "variations", "offers")
_CURRENCIES = (
    "currency",
    "currencycode",
    "pricecurrency",
    "currencyiso",
    "currencyisocode",
    "pricecurrencycode",
)
_PRICED = (*_CONTAINERS, "value", "current", "sale", "finalprice", "saleprice")
_SPEAKS_OF_CURRENCY = frozenset((*_CURRENCIES, *_PRICED))
_VARIANT_IDS = ("id", "variantid", "sku", "skuid", "code", "articlenumber")
_SKUS = ("sku", "productsku", "skuid", "skucode", "itemnumber", "partnumber", "articlenumber", "productcode")
_MAKERS = ("mpn", "modelnumber", "manufacturerpartnumber", "partno", "model")
_KEYS = ("productid", "itemid", "id", "code", "contentids")
_GTINS = ("gtin13", "gtin", "ean", "ean13", "upc", "barcode", "gtin14", "gtin12", "isbn")
_IDS = ("id", "productid", "itemid", "variantid", "code", "handle", "slug", "pid", "contentid", *_SKUS)
_IN_STOCK = (
    "instock",
    "available",
    "isavailable",
    "isinstock",
    "availableforsale",
    "purchasable",
    "isorderable",
)
_SOLD_OUT = ("soldout", "outofstock", "issoldout", "isoutofstock")
_STATUS = ("availability", "stockstatus", "inventorystatus", "productavailability", "availabilitystatus")
_VIEWED = re.compile(r"viewcontent|view_item\b|detail", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Product:
    """An object that may be the page's subject, its keys in plain small letters."""

    source: str
    facts: Node
    currency: str | None
    in_cents: bool
    likeness: float


def read_embedded(page: Page, shown: ShownText) -> list[Claim]:
    """At most one claim: what the page's own scripts know of its subject."""
    found = _products(page, embedded_values(page))
    products = [product for product in found if product.likeness >= _SAME_THING]
    best = max((product.likeness for product in products), default=0.0)
    if not products or (best < _BEYOND_DOUBT and len({_text(one.facts, _NAMES) for one in found}) > _SEVERAL):
        return []  # nothing, or a list in which one thing is a little like the list's own name
    products = [product for product in products if product.likeness > best - 0.1]
    quotes = [quote for product in products for quote in _quotes(page, product, shown)]
    seen = [quote for quote in quotes if quote.amount and shown.holds(quote.amount)]
    if not seen and shown.has_prices:
        quotes = []  # the page shows other prices than this
    first = products[0].facts
    return [
        Claim(
            source="embedded",
            weight=Weight.EMBEDDED if seen else Weight.UNSEEN,
            quotes=tuple(seen or quotes),
            title=_text(first, _NAMES),
            sku=next((sku for one in products if (sku := article_number(_text(one.facts, _SKUS)))), None)
            or next((quote.sku for quote in quotes if quote.sku), None),
            mpn=next((number for one in products if (number := _other_number(page, one.facts, shown))), None),
            gtin=next((gtin for one in products if (gtin := gtin_of(_text(one.facts, _GTINS)))), None),
            brand=next((brand for one in products if (brand := _brand(one.facts))), None),
        )
    ]


def _products(page: Page, values: list[Embedded]) -> list[_Product]:
    found: list[_Product] = []
    left = _MOST_NODES
    for embedded in values:
        in_cents = embedded.name == "meta"
        todo: deque[tuple[Any, str | None]] = deque([(embedded.value, None)])  # the shallow first
        while todo and left > 0 and len(found) < _MOST_PRODUCTS:
            left -= 1
            value, currency = todo.popleft()
            if isinstance(value, list):
                todo.extend((item, currency) for item in value[:500] if isinstance(item, dict | list))
            elif isinstance(value, dict):
                facts = {
                    _plain(key): item for key, item in islice(value.items(), 400) if isinstance(key, str)
                }
                currency = _currency(facts) or currency
                product = _product(page, embedded.name, facts, currency, in_cents)
                if product is not None:
                    found.append(product)
                    if product.likeness >= _SAME_THING:
                        continue
                todo.extend(
                    (item, currency)
                    for key, item in facts.items()
                    if isinstance(item, dict | list) and not _is_beside(key)
                )
    return found


@lru_cache(4096)
def _plain(key: str) -> str:
    return "".join(sign for sign in key[:60].lower() if sign.isalnum())


def _product(page: Page, source: str, facts: Node, currency: str | None, in_cents: bool) -> _Product | None:
    """The object as a product, if it has a name and a price, with how much it is the page's subject."""
    prices = _prices(facts)
    variants = _variants(facts)
    if not prices and not any(_prices(variant) for variant in variants):
        return None
    shopify = "handle" in facts and any(key in facts for key in ("compareatprice", "pricemin", "gid"))
    name = _text(facts, _NAMES) or (_text(variants[0], _NAMES) if variants and in_cents else None)
    if name is None:
        viewed = bool(_VIEWED.search(source)) and "value" in facts
        return _Product(source, facts, currency, False, _SAME_THING) if viewed else None
    likeness = page.likeness(name)
    numbered = likeness >= _BY_NUMBER and _is_in_address(page, facts)
    return _Product(source, facts, currency, in_cents or shopify, likeness + numbered)


def _is_in_address(page: Page, facts: Node) -> bool:
    address = f"{page.path}?{page.query}".lower()
    numbers = (_text(facts, (key,)) for key in _IDS)
    return any(number and len(number) >= 4 and number.lower() in address for number in numbers)


def _variants(facts: Node) -> list[Node]:
    if facts.keys().isdisjoint(_VARIANTS):
        return []
    for name in _VARIANTS:
        value = facts.get(name)
        items = list(value.values()) if isinstance(value, dict) else value
        if isinstance(items, list):
            return [
                {_plain(key): item for key, item in list(variant.items())[:200] if isinstance(key, str)}
                for variant in items[:_MOST_VARIANTS]
                if isinstance(variant, dict)
            ]
    return []


def _quotes(page: Page, product: _Product, shown: ShownText) -> Iterator[Quote]:
    """The product's prices: of the variant that the address names, else of all."""
    variants = [variant for variant in _variants(product.facts) if _prices(variant)]
    asked = [variant for variant in variants if _is_asked(page, variant)]
    if len(asked) == 1:
        variants = asked
    read = [quote for facts in variants if (quote := _quote(page, product, facts, shown))]
    if len({quote.amount for quote in read}) > 1 and product.in_cents:
        # What the page first shows of a thing: its first variant that is to be had.
        read = [next((q for q in read if q.availability is Availability.IN_STOCK), read[0])]
    if read:
        yield from read
    else:
        own = _quote(page, product, product.facts, shown)
        if own is not None:
            yield own


def _is_asked(page: Page, variant: Node) -> bool:
    """Whether the address names this variant: as a value of its query, or as the last part of its path."""
    numbers = [number.lower() for name in _VARIANT_IDS if (number := _text(variant, (name,)))]
    last = page.path.rstrip("/").rpartition("/")[2].lower()
    asked = {value.lower() for _, value in parse_qsl(page.query)[:30]} | {last, last.partition(".")[0]}
    return any(len(number) >= 3 and number in asked for number in numbers)


def _quote(page: Page, product: _Product, facts: Node, shown: ShownText) -> Quote | None:
    currency = _currency(facts) or product.currency or page.currency
    told = [
        (role, amount)
        for role, value in _prices(facts)
        if (amount := _amount(value, currency, product.in_cents, page, shown))
    ]
    selling = [amount for role, amount in told if role in ("sale", "plain")]
    selling = selling or [amount for role, amount in told if role == "unit"]
    if not selling:
        return None
    amount = min([amount for amount in selling if shown.holds(amount)] or selling)
    credible = product.in_cents or not shown.has_prices
    larger = [other for _, other in told if other > amount and (credible or shown.holds(other))]
    return Quote(
        evidence=Evidence(
            f"embedded {product.source}"[:80], f"price {amount.normalize():f} {currency or ''}".strip()
        ),
        amount=amount,
        currency=currency,
        list_amount=max(larger) if larger else None,
        availability=_availability(facts),
        sku=article_number(_text(facts, _SKUS)),
        gtin=gtin_of(_text(facts, _GTINS)),
        variant=None if facts is product.facts else _text(facts, ("publictitle", "title", "name")),
    )


@lru_cache(4096)
def _role(key: str) -> str | None:
    """What a key says of the amount that it names: sale, plain, list or unit."""
    if _NOT_PRICES.search(key):
        return None
    roles = {"sale": _SALE, "list": _LIST, "plain": _PLAIN, "unit": _UNIT}
    return next((role for role, keys in roles.items() if key in keys), None)


@lru_cache(4096)
def _is_beside(key: str) -> bool:
    return bool(_BESIDE.search(key))


def _prices(facts: Node, depth: int = 0, inherited: str | None = None) -> list[tuple[str, Any]]:
    """The amounts that an object states of itself, each with its role: sale, plain or list."""
    found: list[tuple[str, Any]] = []
    if _SPEAKS_OF_PRICES.isdisjoint(facts):
        return found
    for key, stated in facts.items():
        role = _role(key)
        if role is None and key not in _CONTAINERS and key != "centamount":
            continue
        if depth == 0 and key in (
            "value",
            "amount",
            "sale",
            "now",
            "current",
            "final",
            "was",
            "list",
            "original",
        ):
            role = "plain" if key == "value" and "contentname" in facts else None
        if role == "plain" and inherited:
            role = inherited
        value = _alone(stated)
        if isinstance(value, dict) and depth < 3 and (role or key in _CONTAINERS):
            inner = {_plain(name): item for name, item in list(value.items())[:60] if isinstance(name, str)}
            found += _prices(inner, depth + 1, inherited if role == "plain" and inherited else role)
        elif role and isinstance(value, int | float | str) and not isinstance(value, bool):
            found.append((role, value))
        elif depth and key == "centamount" and isinstance(value, int | str) and str(value).isdecimal():
            found.append((inherited or "plain", f"{Decimal(str(value)[:12]) / 100:.2f}"))
    return found


def _amount(value: Any, currency: str | None, in_cents: bool, page: Page, shown: ShownText) -> Decimal | None:
    """In major units. A whole number may count hundredths: by the shop's convention, or as the page shows."""
    read = read_machine_price(value, currency_hint=currency, country_hint=page.country)
    if read is None:
        return None
    amount = read[0]
    if not str(value).strip().isdecimal():
        return amount
    if in_cents:
        return amount / 100
    if currency in NO_DECIMALS or shown.holds(amount):
        return amount
    if shown.holds(amount / 100):
        return amount / 100
    return amount if amount < 1000 or currency in INDIAN_GROUPING else None


def _availability(facts: Node) -> Availability:
    for key in _SOLD_OUT:
        if facts.get(key) in (True, "true"):
            return Availability.OUT_OF_STOCK
    for key in (*_STATUS, *_IN_STOCK):
        value = _alone(facts.get(key))
        if isinstance(value, bool):
            return Availability.IN_STOCK if value else Availability.OUT_OF_STOCK
        said = availability_of(value)
        if said is not Availability.UNKNOWN:
            return said
    return Availability.UNKNOWN


def _currency(facts: Node, depth: int = 0) -> str | None:
    """The currency that an object names, or the price inside it."""
    if not _SPEAKS_OF_CURRENCY & facts.keys():
        return None
    for key in _CURRENCIES:
        value = _alone(facts.get(key))
        if isinstance(value, str) and len(value) <= 6 and (found := currency_of(value.upper())):
            return found
    for key in _PRICED if depth < 2 else ():
        value = facts.get(key)
        if isinstance(value, dict):
            inner = {_plain(name): item for name, item in list(value.items())[:60] if isinstance(name, str)}
            found = _currency(inner, depth + 1)
            if found:
                return found
    return None


def _other_number(page: Page, facts: Node, shown: ShownText) -> str | None:
    """The maker's number; or else the shop's key of the thing, where a person finds it on the page too."""
    makers = article_number(_text(facts, _MAKERS))
    if makers:
        return makers
    for name in _KEYS:
        number = article_number(_text(facts, (name,)))
        if number and (is_shown(shown, number) or (len(number) >= 5 and number.lower() in page.path.lower())):
            return number
    return None


def _brand(facts: Node) -> str | None:
    value = facts.get("brand") or facts.get("brandname") or facts.get("vendor") or facts.get("manufacturer")
    if isinstance(value, dict):
        value = value.get("name")
    return tidy(value, 200) if isinstance(value, str) else None


def _alone(value: Any) -> Any:
    """What a list of one holds: trackers often wrap a value so."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _text(facts: Node, keys: tuple[str, ...]) -> str | None:
    for key in keys:
        value = _alone(facts.get(key))
        if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**20:
            value = str(value)
        if isinstance(value, str) and (text := tidy(html.unescape(value[:4000]))):
            return text
    return None
