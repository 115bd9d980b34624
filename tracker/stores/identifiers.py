"""Numbers that say which thing it is: the shop's own article number (SKU), the maker's (MPN), and GTINs.

The order in which sources are believed for the SKU:

1. the offer of the variant that the page's address names;
2. a number that markup calls `sku` and that the page shows;
3. a number that the page shows under a label of its own: "SKU", "Item #", "Art.-Nr.", "Réf.", "ASIN";
4. what markup calls `sku`, shown or not; what an element is named for (`class="sku"`, `data-sku`);
5. `mpn`, `productID` and `model` of markup, then "Model", "MPN" and "Part number" as shown.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracker.stores.candidates import Claim
from tracker.stores.offer import Offer
from tracker.stores.page import Page, tidy
from tracker.stores.shown import ShownText

_SAME_THING = 0.6
_LONGEST = 60
_PREFIX = re.compile(
    r"^\W*(?:(?:sku|mpn|asin|upc|ean|isbn|gtin|id|item|product|article|artikel|art|model|style|part|ref|réf)"
    r"(?:[ .-]{0,2}(?:no|nr|number|nummer|code|id|#))?\s*[.:#]+\s*)+",
    re.IGNORECASE,
)
_NO_NUMBER = frozenset("n/a na none null undefined unknown false true default 0 - sku nan".split())
_CODE = re.compile(r"[^\W_][\w./+ -]*", re.UNICODE)

# Only what calls the number the shop's own; the labels of makers' numbers are weaker.
_SHOPS_LABEL = re.compile(
    r"(?<![\w-])(?:(?:product |item |web )?sku(?:[ -]?(?:no\.?|number|code|id|#))?"
    r"|(?:ebay )?item ?(?:#|no\.?|num(?:ber)?\.?|code|id)|product ?(?:#|no\.?|number|code|ref(?:erence)?)"
    r"|(?:art(?:icle|ikel)?)[ .-]{0,2}(?:#|no\.?|nr\.?|number|nummer|code)|bestell[ -]?(?:nr\.?|nummer)"
    r"|prod(?:ukt|uct)?[ .-]?nr\.?|produktnummer|varenummer|varenr\.?|tuotenumero"
    r"|catalog(?:ue)? ?(?:#|no\.?|number|code)"
    r"|stock ?(?:#|no\.?|number|code)|style ?(?:#|no\.?|number|code)|internet ?#|dpci|asin"
    r"|r[ée]f(?:\.|[ée]rence)?(?: (?:produit|article))?|referencia|riferimento|codice(?: articolo| prodotto)?"
    r"|c[óo]d(?:\.|igo)?(?: (?:del )?(?:producto|produto))?|kod(?: produktu)?|артикул|код товара|sifra|šifra)"
    r"(?P<colon>\s{0,2}[:#.-]{0,2}\s{0,2})(?P<border>\x02?[\s:#]{0,3}\x02?)(?P<number>[^\x02:|,;()]{1,60})",
    re.IGNORECASE,
)
_MAKERS_LABEL = re.compile(
    r"(?<![\w-])(?:mpn|mfr\.? ?(?:#|part(?: ?(?:#|no\.?|number))?|no\.?|model)|manufacturer(?:'s)? part"
    r" (?:#|no\.?|number)"
    r"|(?:item )?model(?: ?(?:#|no\.?|number|code))?|part ?(?:#|no\.?|number)|modell(?:nummer)?)"
    r"(?P<colon>\s{0,2}[:#.-]{0,2}\s{0,2})(?P<border>\x02?[\s:#]{0,3}\x02?)(?P<number>[^\x02:|,;()]{1,60})",
    re.IGNORECASE,
)
_ASKS_FOR_NUMBER = re.compile(r"(?:#|n[or]\.?|num(?:ber|mer)|code|sku|asin)$", re.IGNORECASE)
_NAMED = (
    '[itemprop="sku"], .sku, #sku, .product-sku, .product_sku, .product__sku, .productSku, .product-code, '
    "#product-sku, .productView-info-value--sku, [data-sku], [data-product-sku], input[name='sku'], "
    "input[name='product_sku'], #productSku, .item-number, .product-number, .productSKU, #sku-number, "
    ".sku-value, [data-product_sku]"
)
_MAKERS_NAMED = '[itemprop="mpn"], [itemprop="productID"], [itemprop="productId"], [itemprop="model"]'
_NUMBER_ATTRIBUTES = ("content", "data-sku", "data-product-sku", "data-product_sku", "value")
_MOST_NAMED = 12


def article_number(text: str | None) -> str | None:
    """A shop's or maker's number without its label ("SKU: A-12" is "A-12"), or None for what names none."""
    text = tidy(text, 200)
    if text is None:
        return None
    number = _PREFIX.sub("", text).strip(" #:.,;")
    is_code = bool(number) and len(number) <= _LONGEST and number.count(" ") <= 3 and _CODE.fullmatch(number)
    return number if is_code and number.lower() not in _NO_NUMBER else None


def gtin_of(text: str | None) -> str | None:
    """A GTIN-8, -12, -13, -14 or ISBN-10 whose check digit is right (GS1 General Specifications, 7.9)."""
    digits = re.sub(r"^(?:urn:)?(?:isbn|ean|gtin|upc)[:\s]*", "", (text or "")[:60], flags=re.IGNORECASE)
    digits = digits.replace("-", "").replace(" ", "").upper()
    if re.fullmatch(r"\d{9}[\dX]", digits):
        values = [10 if sign == "X" else int(sign) for sign in digits]
        return digits if sum(v * (10 - place) for place, v in enumerate(values)) % 11 == 0 else None
    if not re.fullmatch(r"[0-9]{8}|[0-9]{12,14}", digits) or not digits.strip("0"):
        return None
    weighted = sum(int(sign) * (3 if place % 2 else 1) for place, sign in enumerate(reversed(digits)))
    return digits if weighted % 10 == 0 else None


def identified(page: Page, shown: ShownText, claims: Iterable[Claim], offer: Offer) -> Offer:
    """The offer with the article number, GTIN and brand that the page's sources agree on best."""
    own = [
        claim
        for claim in claims
        if not claim.listed and (claim.title is None or page.likeness(claim.title) >= _SAME_THING)
    ]
    gtins = [offer.gtin, *(claim.gtin for claim in own), *(claim.sku for claim in own)]
    return replace(
        offer,
        sku=_sku(page, shown, offer.sku, own),
        gtin=next((gtin for text in gtins if (gtin := gtin_of(text))), None),
        brand=offer.brand or next((claim.brand for claim in own if claim.brand), None),
    )


def _sku(page: Page, shown: ShownText, first: str | None, claims: list[Claim]) -> str | None:
    """The number that the shop gives the thing, from the first source in the order above that has one."""
    if first and not any(claim.sku == first for claim in claims):
        return article_number(first)  # of the variant that the address names, or from an adapter of the shop
    stated = [number for claim in claims if (number := article_number(claim.sku))]
    for number in stated:
        if is_shown(shown, number):
            return number
    labelled = next(_labelled(_SHOPS_LABEL, shown.text), None)
    if labelled:
        return labelled
    if stated:
        return stated[0]
    makers = (number for claim in claims if (number := article_number(claim.mpn)))
    sources = (
        _named(page, _NAMED),
        makers,
        _named(page, _MAKERS_NAMED),
        _labelled(_MAKERS_LABEL, shown.text),
    )
    return next((number for numbers in sources for number in numbers), None)


def is_shown(shown: ShownText, number: str) -> bool:
    """Whether the page shows it by itself: a word of the text, not a part of one."""
    return bool(re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", shown.text, re.IGNORECASE))


def _labelled(label: re.Pattern[str], text: str) -> Iterator[str]:
    """Numbers beside a label: after a colon or in the next element, and with a digit in them."""
    for match in label.finditer(text):
        number = match["number"].strip()
        words = match[0][: match.start("colon") - match.start()]
        if not (match["colon"].strip() or match["border"] or _ASKS_FOR_NUMBER.search(words)):
            continue
        if " " in number and not match["border"]:
            number = number.split()[0]
        found = article_number(number)
        if found and any(sign.isdigit() for sign in found) and len(found) >= 2 and found.count(" ") <= 1:
            yield found


def _named(page: Page, selector: str) -> Iterator[str]:
    """Numbers of elements that are named for them, if the page has only one."""
    found: dict[str, None] = {}
    for node in page.tree.css(selector)[:_MOST_NAMED]:
        attributes = node.attributes
        text = (
            next((attributes[key] for key in _NUMBER_ATTRIBUTES if attributes.get(key)), None) or node.text()
        )
        number = article_number(text)
        if number and any(sign.isdigit() for sign in number):
            found[number] = None
    yield from list(found)[:1]
