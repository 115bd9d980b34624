"""JSON-LD: products, their offers and variants, as schema.org describes and as shops write them."""

import html
import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from tracker.stores import loose_json
from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Role, Weight
from tracker.stores.currencies import currency_of
from tracker.stores.identifiers import gtin_of
from tracker.stores.offer import Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price

Node = dict[str, Any]

_SOURCE = "json-ld"
_PRODUCTS = frozenset(
    "product productgroup productmodel individualproduct someproducts vehicle car motorcycle book videogame "
    "game softwareapplication mobileapplication webapplication musicalbum musicrelease drug "
    "dietarysupplement".split()
)
_LISTS = frozenset("itemlist offercatalog collectionpage searchresultspage".split())
# Where other things than the page's subject hang.
_BESIDE = frozenset(
    "itemListElement isRelatedTo isSimilarTo isAccessoryOrSparePartFor isConsumableFor isVariantOf review "
    "reviews itemReviewed relatedLink hasOfferCatalog makesOffer hasPart about mentions".split()
)
_OTHER_SPECIFICATIONS = frozenset(
    "deliverychargespecification paymentchargespecification installment instalment".split()
)
_PRODUCT_TYPE = re.compile(r'"@type"\s{0,5}:\s{0,5}"(?:https?://schema\.org/)?Product"')
_OFFERS = re.compile(r'"offers"\s{0,5}:\s{0,20}(?=[{\[])')
_MOST_NODES = 50_000
_MOST_ITEMS = 2_000
_MOST_OFFERS = 500
_MOST_JOINED = 100


class Graph:
    """All JSON-LD of a page: its products in the order of the page, and the kinds of thing it talks of."""

    def __init__(self, page: Page) -> None:
        self.products: list[tuple[Node, bool]] = []
        """Each with whether it stands in a list or beside the subject."""
        self.types: set[str] = set()
        self.by_id: dict[str, Node] = {}
        roots = [
            value
            for script in page.tree.css("script[type]")[:300]
            if "ld+json" in (script.attributes.get("type") or "").lower()
            for value in loose_json.loads(script.text()) or _salvaged(script.text())
        ]
        self._walk(roots)

    def _walk(self, roots: list[Any]) -> None:
        todo: list[tuple[Any, bool]] = [(root, False) for root in reversed(roots)]
        for _ in range(_MOST_NODES):
            if not todo:
                return
            value, beside = todo.pop()
            if isinstance(value, list):
                todo.extend((item, beside) for item in reversed(value[:_MOST_ITEMS]))
            elif isinstance(value, dict):
                self._visit(value, beside, todo)

    def _visit(self, node: Node, beside: bool, todo: list[tuple[Any, bool]]) -> None:
        types = types_of(node)
        if not beside:
            self.types |= types
        identity = node.get("@id")
        if isinstance(identity, str) and set(node) - {"@id", "@type"}:
            self.by_id.setdefault(identity, node)
        is_product = bool(types & _PRODUCTS)
        if is_product:
            self.products.append((node, beside))
        elif "offer" in types and isinstance(node.get("itemOffered"), dict):
            self.products.append(({**node["itemOffered"], "offers": node}, beside))
            return
        in_list = beside or is_product or bool(types & _LISTS)
        for key in reversed(list(node)[:200]):
            if isinstance(node[key], dict | list) and not (is_product and key in ("offers", "hasVariant")):
                todo.append((node[key], in_list or key in _BESIDE))

    def resolve(self, value: Any) -> list[Node]:
        """The nodes that a property holds: itself, a list, or references by @id."""
        values = value[:_MOST_OFFERS] if isinstance(value, list) else [value]
        nodes = (self.by_id.get(item) if isinstance(item, str) else item for item in values)
        return [
            self.by_id.get(str(node["@id"]), node)
            if set(node) <= {"@id", "@type"} and "@id" in node
            else node
            for node in nodes
            if isinstance(node, dict)
        ]


def _salvaged(text: str) -> list[Node]:
    """What can still be read of one product in text that is no JSON: quotes in a description break it."""
    begin = _PRODUCT_TYPE.search(text)
    offers = _OFFERS.search(text)
    if begin is None or offers is None or _PRODUCT_TYPE.search(text, begin.end()):
        return []
    found = loose_json.literal(text, offers.end())
    if found is None or not isinstance(found[0], dict | list):
        return []
    outside = text[begin.end() : offers.start()] + text[found[1] :] + text[: begin.start()]
    node: Node = {"@type": "Product", "offers": found[0]}
    for key in ("name", "sku", "mpn", "gtin13", "image", "url"):
        value = re.search(
            rf'"{key}"\s{{0,5}}:\s{{0,5}}"((?:[^"\\\n]|\\.){{1,500}})"\s{{0,20}}[,}}\n]', outside
        )
        if value:
            node[key] = value[1].replace("\\/", "/").replace('\\"', '"')
    return [node]


def types_of(node: Node) -> set[str]:
    """The last words of @type in small letters: "http://schema.org/Product" is "product"."""
    value = node.get("@type")
    values = value[:20] if isinstance(value, list) else [value]
    return {
        item.rstrip("/").rpartition("/")[2].rpartition(":")[2].lower()
        for item in values
        if isinstance(item, str)
    }


def read_json_ld(page: Page, graph: Graph) -> list[Claim]:
    """A claim for each product that the page's JSON-LD speaks of."""
    claims: dict[object, Claim] = {}
    for node, beside in graph.products:
        claim = _claim(page, graph, node, beside)
        name = claim.title.casefold() if claim.title else None
        known = claims.get((name, beside)) if name else None
        # One product told several times, a node for each variant: its prices belong together.
        claims[(name, beside) if name else id(node)] = _joined(known, claim) if known else claim
    return list(claims.values())


def _joined(one: Claim, other: Claim) -> Claim:
    if one == other or not other.quotes or len(one.quotes) >= _MOST_JOINED:
        return one
    if not one.quotes:
        return other
    if {quote.amount for quote in one.quotes} == {quote.amount for quote in other.quotes}:
        return one
    return replace(one, quotes=(*_of_variant(one), *_of_variant(other))[:_MOST_OFFERS])


def _of_variant(claim: Claim) -> Iterator[Quote]:
    for quote in claim.quotes:
        facts = (quote.url or claim.url, quote.sku or claim.sku, quote.gtin or claim.gtin)
        if facts == (quote.url, quote.sku, quote.gtin):
            yield quote  # as it is: thousands of nodes are joined one by one
        else:
            yield replace(quote, url=facts[0], sku=facts[1], gtin=facts[2])


def _claim(page: Page, graph: Graph, node: Node, beside: bool) -> Claim:
    quotes = list(_quotes(page, graph, node.get("offers"), _currency(node)))
    for variant in graph.resolve(node.get("hasVariant")):
        facts = {
            "sku": _text(variant.get("sku"), 100) or _text(variant.get("mpn"), 100),
            "gtin": _gtin(variant),
            "url": _text(variant.get("url"), 2000),
        }
        facts["variant"] = _variant(variant)
        for quote in _quotes(page, graph, variant.get("offers"), _currency(variant) or _currency(node)):
            quotes.append(_with(quote, facts))
    return Claim(
        source=_SOURCE,
        weight=Weight.JSON_LD,
        quotes=tuple(quotes),
        title=_text(node.get("name")),
        url=_text(node.get("url"), 2000),
        image=_image(node.get("image")),
        sku=_text(node.get("sku"), 100)
        or next((quote.sku for quote in quotes[:1] if len(quotes) == 1), None),
        mpn=next(
            (text for key in ("productID", "mpn", "model") if (text := _text(node.get(key), 100))), None
        ),
        gtin=_gtin(node),
        brand=_name(node.get("brand")) or _name(node.get("manufacturer")),
        listed=beside,
    )


def _with(quote: Quote, facts: dict[str, str | None]) -> Quote:
    missing = {name: value for name, value in facts.items() if value and getattr(quote, name) is None}
    return Quote(**{name: getattr(quote, name) for name in quote.__slots__} | missing) if missing else quote


def _quotes(page: Page, graph: Graph, offers: Any, currency: str | None) -> Iterator[Quote]:
    for offer in graph.resolve(offers):
        own_currency = _currency(offer) or currency
        nested = list(_nested(page, graph, offer, own_currency))
        yield from nested
        if "lowPrice" in offer or "aggregateoffer" in types_of(offer):
            summary = _summary(page, offer, own_currency)
            if summary.amount is not None or not nested:
                yield summary
        elif not nested or "price" in offer:
            yield _quote(page, graph, offer, own_currency)


def _nested(page: Page, graph: Graph, offer: Node, currency: str | None) -> Iterator[Quote]:
    """The offers inside an aggregate, one level deep."""
    for inner in graph.resolve(offer.get("offers")):
        yield _quote(page, graph, inner, _currency(inner) or currency)


def _summary(page: Page, offer: Node, currency: str | None) -> Quote:
    """An AggregateOffer's own figures. highPrice is the dearest variant and no list price."""
    lowest = _amount(page, offer.get("lowPrice"), currency) or _amount(page, offer.get("price"), currency)
    highest = _amount(page, offer.get("highPrice"), currency)
    amount = lowest[0] if lowest else None
    top = highest[0] if highest else None
    stated = _amount(page, offer.get("price"), currency)
    if stated and amount and (top or stated[0]) >= stated[0] >= amount:
        lowest, amount, top = stated, stated[0], stated[0]  # the price of the choice that is shown
    one = amount is not None and (top == amount or (top is None and str(offer.get("offerCount")) == "1"))
    text = f"lowPrice {offer.get('lowPrice')}" + (f", highPrice {offer.get('highPrice')}" if top else "")
    return Quote(
        evidence=Evidence(_SOURCE, tidy(f"{text} {currency or ''}", 200) or ""),
        amount=amount,
        currency=(lowest[1] if lowest else None) or currency,
        role=Role.SELLING if one else Role.LOWEST,
        highest=top,
        availability=availability_of(_first(offer.get("availability"))),
    )


def _quote(page: Page, graph: Graph, offer: Node, currency: str | None) -> Quote:
    selling, list_amount, spec_currency = _specified(page, graph, offer.get("priceSpecification"), currency)
    currency = currency or spec_currency
    stated = _amount(page, offer.get("price"), currency)
    if stated and selling and stated[0] == list_amount and selling < list_amount:
        stated = None  # the sale is told in the specification alone
    amount = stated[0] if stated else selling
    items = graph.resolve(offer.get("itemOffered"))
    item = items[0] if items else {}
    shown = _first(offer.get("price")) if stated else amount
    return Quote(
        evidence=Evidence(_SOURCE, tidy(f"price {shown} {currency or ''}", 200) or ""),
        amount=amount,
        currency=(stated[1] if stated else None) or currency,
        list_amount=list_amount if amount and list_amount and list_amount > amount else None,
        availability=availability_of(_first(offer.get("availability"))),
        used=_is_used(offer.get("itemCondition")),
        url=_text(offer.get("url"), 2000) or _text(item.get("url"), 2000),
        sku=_text(offer.get("sku"), 100) or _text(item.get("sku"), 100),
        gtin=_gtin(offer) or _gtin(item),
        variant=_text(offer.get("name")) or (_variant(item) if item else None),
        seller=_name(offer.get("seller")) or _name(offer.get("offeredBy")),
    )


def _specified(
    page: Page, graph: Graph, value: Any, currency: str | None
) -> tuple[Decimal | None, Decimal | None, str | None]:
    """Selling amount, list amount and currency from priceSpecification.

    Left out: prices per unit, by instalment, for members, for larger quantities, and charges for delivery.
    """
    selling: set[Decimal] = set()
    listed: set[Decimal] = set()
    found_currency = None
    for spec in graph.resolve(value):
        types = types_of(spec)
        if types & _OTHER_SPECIFICATIONS or any(
            key in spec
            for key in ("billingDuration", "billingIncrement", "validForMemberTier", "eligibleQuantity")
        ):
            continue
        spec_currency = _currency(spec) or currency
        amount = _amount(page, spec.get("price"), spec_currency)
        if amount is None:
            continue
        found_currency = found_currency or amount[1] or spec_currency
        kind = str(_first(spec.get("priceType")) or "").rpartition("/")[2].lower()
        if kind in ("listprice", "strikethroughprice", "srp", "msrp", "regularprice"):
            listed.add(amount[0])
        elif "referenceQuantity" not in spec:
            selling.add(amount[0])
    return (
        selling.pop() if len(selling) == 1 else None,
        listed.pop() if len(listed) == 1 else None,
        found_currency,
    )


def _amount(page: Page, value: Any, currency: str | None) -> tuple[Decimal, str | None] | None:
    if isinstance(value, list):
        value = value[0] if len({str(item) for item in value[:20]}) == 1 else None
    if isinstance(value, dict):
        value = next((value[key] for key in ("@value", "value", "price", "amount") if key in value), None)
    return read_machine_price(value, currency_hint=currency, country_hint=page.country)


def _currency(node: Node) -> str | None:
    value = _first(node.get("priceCurrency")) or _first(node.get("currency"))
    return (
        currency_of(value) or currency_of(value.upper())
        if isinstance(value, str) and len(value) < 20
        else None
    )


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _text(value: Any, limit: int = 500) -> str | None:
    """Text of a property. JSON-LD is raw text, so its HTML entities are resolved here, once."""
    value = _first(value)
    if isinstance(value, dict):
        value = value.get("@value") or value.get("name")
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value) if abs(value) < 10**20 else None
    return tidy(html.unescape(value[: limit * 8]), limit) if isinstance(value, str) else None


def _name(value: Any) -> str | None:
    return _text(value, 200)


def _image(value: Any) -> str | None:
    value = _first(value)
    if isinstance(value, dict):
        value = _first(value.get("url") or value.get("contentUrl") or value.get("@id"))
    return _text(value, 2000) if isinstance(value, str) else None


def _gtin(node: Node) -> str | None:
    for key in ("gtin13", "gtin", "gtin14", "gtin12", "gtin8", "isbn", "ean", "upc", "productID"):
        digits = gtin_of(_text(node.get(key), 40))
        if digits:
            return digits
    return None


def _variant(node: Node) -> str | None:
    parts = [_text(node.get(key), 100) for key in ("color", "size", "pattern", "material")]
    return ", ".join(part for part in parts if part) or _text(node.get("name"))


def _is_used(value: Any) -> bool:
    word = str(_first(value) or "")[:200].lower()
    return any(kind in word for kind in ("used", "refurbished", "damaged"))
