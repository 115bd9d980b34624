"""What a person sees beside the heading: the price, the crossed-out one, and whether it can be bought.

The weakest source. It answers only when the nearest prices to the heading agree on one amount, on a page that
has something to press for buying.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from selectolax.lexbor import LexborNode

from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.microdata import is_struck, node_price_text
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import is_other_amount, read_price

_SOURCE = "visible"
_BUY = re.compile(
    r"^\W*(?:add (?:item )?to (?:my )?(?:cart|bag|basket|trolley)|buy(?: it)? now|buy|pre-?order(?: now)?"
    r"|ajouter au panier|in den warenkorb|añadir al carrito|aggiungi al carrello|कार्ट में (?:जोड़ें|डालें))\W*$",
    re.IGNORECASE,
)
_SOLD_OUT = re.compile(
    r"^\W*(?:sold out|out of stock|currently (?:unavailable|out of stock)|notify me(?: when available)?"
    r"|email me when available|coming soon)\W*$",
    re.IGNORECASE,
)
_SEARCH = re.compile(r"\bresults?\b|^\W*search\b|\d+ (?:products|items)\b|\bcatalog(?:ue)?\b", re.IGNORECASE)
_RANGE = re.compile(
    r"\b(?:over|above|under|below|less than|more than|at least|at most)\b|& ?up\b", re.IGNORECASE
)
_LIST_WORDS = re.compile(
    r"\b(?:m\.?r\.?p|r\.?r\.?p|list price|was|regular price|original price|retail|before)\b", re.IGNORECASE
)
_ELSEWHERE = re.compile(
    r"relat|recommend|similar|carousel|also-|upsell|cross-?sell|bundle|frequently|emi\b|coupon|voucher|shipping|delivery"
    r"|exchange|review|minicart|mini-cart|cart-|footer|sponsor|recent|compare|addon|add-on|warranty|finance",
    re.IGNORECASE,
)
_SKIPPED = frozenset(
    "script style noscript template select option nav footer header aside svg iframe form-field".split()
)
_SENTENCES = frozenset("p li tr td label small dd".split())
_DIGIT = re.compile(r"\d")
_HIGHEST_CLIMB = 9
_MOST_NODES = 1_500
_MANY_BUTTONS = 150  # so far from the heading, they belong to other things
_MANY_PRICES = 30  # a list of things
_LONGEST_PRICE = 60
_LONGEST_SENTENCE = 300


@dataclass(frozen=True, slots=True)
class _Seen:
    amount: Decimal
    currency: str | None
    text: str
    listed: bool
    named: bool  # its element, or the one around it, calls itself a price


def read_visible(page: Page) -> list[Claim]:
    """At most one claim, about the thing that the first heading names."""
    heading = next((node for node in page.tree.css("h1")[:20] if tidy(node.text())), None)
    if heading is None or _SEARCH.search(page.heading or ""):
        return []
    around, seen = _nearest(page, heading)
    availability = _availability(around)
    if availability is Availability.UNKNOWN:
        return []
    selling = [price for price in seen if not price.listed]
    if len({price.amount for price in selling}) > 1:
        selling = [price for price in selling if price.named]
    quotes: tuple[Quote, ...] = (Quote(evidence=Evidence(_SOURCE, "no price"), availability=availability),)
    if len({(price.amount, price.currency) for price in selling}) == 1:
        price = selling[0]
        larger = {other.amount for other in seen if other.listed and other.amount > price.amount}
        quotes = (
            Quote(
                evidence=Evidence(_SOURCE, price.text),
                amount=price.amount,
                currency=price.currency,
                list_amount=larger.pop() if len(larger) == 1 else None,
                availability=availability,
            ),
        )
    return [Claim(_SOURCE, Weight.VISIBLE, quotes, title=page.heading, image=page.meta("og:image"))]


def _nearest(page: Page, heading: LexborNode) -> tuple[LexborNode, list[_Seen]]:
    """The smallest part of the page around the heading that has a price to pay, and all prices in it."""
    around, seen = heading, list[_Seen]()
    for _ in range(_HIGHEST_CLIMB):
        if around.parent is None or around.parent.tag in ("body", "html"):
            break
        inside, around = around, around.parent
        seen += _prices(page, around, inside)
        if len(seen) > _MANY_PRICES:
            break
        if any(not price.listed for price in seen):
            return around, seen
    return heading, []


def _availability(around: LexborNode) -> Availability:
    """From the nearest thing to press or the words in its place; unknown when there is neither."""
    for _ in range(_HIGHEST_CLIMB):
        sold_out = any(
            _SOLD_OUT.match(node.text(deep=False)) for node in around.css("span, div, p, strong, b")
        )
        buttons = around.css("button, input[type=submit], input[type=button], a, [role=button]")
        for text in (_label(node) for node in buttons[:_MOST_NODES]):
            if _BUY.match(text):
                return Availability.IN_STOCK
            sold_out = sold_out or bool(_SOLD_OUT.match(text))
        if sold_out:
            return Availability.OUT_OF_STOCK
        if len(buttons) > _MANY_BUTTONS or around.parent is None or around.parent.tag in ("body", "html"):
            break
        around = around.parent
    return Availability.UNKNOWN


def _label(button: LexborNode) -> str:
    """What a button says; nothing when it cannot be pressed, unless it says why."""
    attributes = button.attributes
    text = attributes.get("value") if button.tag == "input" else button.text()
    label = (tidy(text, 60) if text and len(text) <= 200 else None) or attributes.get("aria-label") or ""
    return "" if "disabled" in attributes and not _SOLD_OUT.match(label) else label


def _prices(page: Page, around: LexborNode, known: LexborNode) -> Iterator[_Seen]:
    """The prices in a part of the page, but for those in a part of it that is known already."""
    todo = [node for node in around.iter(include_text=False) if node.mem_id != known.mem_id][::-1]
    for _ in range(_MOST_NODES):
        if not todo:
            return
        node = todo.pop()
        if node.tag in _SKIPPED or _is_elsewhere(node):
            continue
        text = node_price_text(node)
        if len(text) > _LONGEST_SENTENCE * 4:
            todo.extend(reversed(list(node.iter(include_text=False))))
            continue
        if not _DIGIT.search(text):
            continue
        text = tidy(text, _LONGEST_SENTENCE) or ""
        said = text if node.tag in _SENTENCES else node.text(deep=False)
        if is_other_amount(said) or _RANGE.search(said):
            continue
        price = read_price(text, country_hint=page.country) if len(text) <= _LONGEST_PRICE else None
        if price is not None and price[1] is not None:
            yield _Seen(price[0], price[1], text, _is_listed(node, text), _is_named(node))
        else:
            todo.extend(reversed(list(node.iter(include_text=False))))


def _is_elsewhere(node: LexborNode) -> bool:
    attributes = node.attributes
    if "hidden" in attributes or "display:none" in (attributes.get("style") or "").replace(" ", ""):
        return True
    if node.tag == "a" and not (attributes.get("href") or "#").startswith(("#", "javascript")):
        return True
    return bool(_ELSEWHERE.search(f"{attributes.get('class') or ''} {attributes.get('id') or ''}"))


def _is_listed(node: LexborNode, text: str) -> bool:
    return is_struck(node) or node.css_first("s, del, strike") is not None or bool(_LIST_WORDS.search(text))


def _is_named(node: LexborNode) -> bool:
    parent = node.parent
    names = [node.attributes, parent.attributes if parent else {}]
    return any("price" in f"{name.get('class') or ''} {name.get('id') or ''}".lower() for name in names)
