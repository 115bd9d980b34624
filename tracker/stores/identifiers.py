"""Numbers that say which thing it is: the shop's own article number (SKU), the maker's (MPN), and GTINs.

The order in which sources are believed for the SKU:

1. the offer of the variant that the page's address names, and what an adapter of the shop says;
2. a number that markup calls `sku` and that the page shows;
3. a number that the page shows under a label of its own: "SKU", "Item #", "Art.-Nr.", "Réf.", "ASIN";
4. what markup calls `sku`, shown or not; what an element is named for (`class="sku"`, `data-sku`);
5. `mpn`, `productID` and `model` of markup, then "Model", "MPN" and "Part number" as shown.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from tracker.stores.candidates import Claim, Weight
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
_NUMBER_SIGN = r"(?:#|n[or]\.?|n[°º]\.?|num(?:ber|mer|éro|ero)?\.?|code|id|nummer)"
_SHOPS_LABELS = (
    rf"(?:(?:product|item|web|store|base) )?sku(?:[ -]?{_NUMBER_SIGN})?",
    rf"(?:ebay )?item[ -]?{_NUMBER_SIGN}",
    r"item(?=[:\s\x02]{0,3}[A-Z]{0,3}\d{4,}\b)|style(?: colou?r)?(?=: ?[\w-]*\d)|bh ?#",
    rf"prod(?:uct|\.)?[ -]?(?:{_NUMBER_SIGN}|ref(?:erence)?\b\.?)",
    rf"art(?:icle|ikel|ículo|icolo|\.)?[ .-]{{0,2}}{_NUMBER_SIGN}",
    rf"(?:stock|style|catalog(?:ue)?|cat\.?|stk) ?{_NUMBER_SIGN}|order ?code",
    r"internet ?#|web ?id|dpci|tcin|asin|ugs",
    r"bestell[ -]?(?:nr\.?|nummer)|produkt[ -]?(?:nr\.?|nummer|code|id)|vare(?:nummer|nr\.?)",
    r"tuote(?:numero|koodi|nro)",
    r"r[ée]f(?:[ée]rence|\.)?(?: (?:produit|article|du produit))?|referencia|referência|riferimento",
    r"codice(?: articolo| prodotto)?",
    r"c[óo]d(?:igo|\.)?(?: (?:del? |do )?(?:producto|produto|artículo|produs|articol))?",
    r"cod (?:produs|articol)|kod(?: produktu| towaru)?|numer katalogowy|kód(?: produktu| zboží| tovaru)?",
    r"cikkszám|ürün kodu|stok kodu|артикул|код товара|š?ifra(?: artikla| proizvoda)?|mã (?:sản phẩm|sp)",
    r"商品(?:コード|番号|编号|編號|货号)|货号|品番|상품코드|상품번호",
)
_MAKERS_LABELS = (
    rf"mpn|mfr?g?\.? ?(?:part )?(?:{_NUMBER_SIGN}|model)",
    rf"manufacturer(?:['’]?s)? (?:part |product )?{_NUMBER_SIGN}",
    rf"(?:item )?model(?: {_NUMBER_SIGN}|{_NUMBER_SIGN})?|part ?{_NUMBER_SIGN}|modell(?:nummer)?",
    r"kod producenta|型番|型号",
)
_GTIN_LABELS = (
    r"upc(?:[ -]?(?:code|a|#))?|ean(?:[ -]?(?:13|code|8))?|gtin(?:[ -]?1[234])?|isbn(?:-1[03])?|barcode|jan",
)


class _Labels:
    """A label that begins a word, then a colon or the border of an element, then what may be a number."""

    def __init__(self, labels: Iterable[str]) -> None:
        pattern = (
            rf"(?<![\w-])(?P<label>{'|'.join(labels)})(?: ?\(\w{{2,12}}\))?"
            r"(?P<colon>\s?\)?\s{0,2}[:#.：-]{0,2}\s{0,2})"
            r"(?P<border>\x02?[\s:#：(]{0,3}\x02?)(?P<number>[^\x02:|,;()]{1,60})"
        )
        self._anyhow = re.compile(pattern, re.IGNORECASE)
        self._small = re.compile(pattern.replace("A-Z", "a-z"))

    def found(self, text: str) -> Iterator[tuple[str, str, str, str]]:
        """The label, the colon, the border and the number of each, the label perhaps in small letters."""
        if not text.isascii():
            for match in self._anyhow.finditer(text):
                yield match["label"], match["colon"], match["border"], match["number"]
            return
        # Without regard to case every label is tried everywhere; with it, the first letter settles most.
        for match in self._small.finditer(text.lower()):
            yield match["label"], match["colon"], match["border"], text[slice(*match.span("number"))]


_SHOPS_LABEL, _MAKERS_LABEL, _GTIN_LABEL = (
    _Labels(labels) for labels in (_SHOPS_LABELS, _MAKERS_LABELS, _GTIN_LABELS)
)
_ASKS_FOR_NUMBER = re.compile(rf"(?:{_NUMBER_SIGN}|sku|asin|item|ref\.?|ugs|tcin|dpci)$", re.IGNORECASE)
_NAMED = (
    '[itemprop="sku"], .sku, #sku, .product-sku, .product_sku, .product__sku, .productSku, .product-code, '
    "#product-sku, .productView-info-value--sku, [data-sku], [data-product-sku], input[name='sku'], "
    "input[name='product_sku'], #productSku, .item-number, .product-number, .productSKU, #sku-number, "
    ".sku-value, [data-product_sku]"
)
_MAKERS_NAMED = '[itemprop="mpn"], [itemprop="productID"], [itemprop="productId"], [itemprop="model"]'
_NUMBER_ATTRIBUTES = ("content", "data-sku", "data-product-sku", "data-product_sku", "value")
_MOST_NAMED = 12
_DIGIT = re.compile(r"\d")
_MOST_OWN = 3
_SHORTEST_MODEL = 5
_SHORTEST_SURE = 4
"""Signs of a number that is no other number of the page by chance."""


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
    gtin = next((gtin for text in gtins if (gtin := gtin_of(text))), None)
    return replace(
        offer,
        sku=_sku(page, shown, offer.sku, own),
        gtin=gtin or next((gtin for text in _labelled(_GTIN_LABEL, shown) if (gtin := gtin_of(text))), None),
        brand=offer.brand or next((claim.brand for claim in own if claim.brand), None),
    )


def _sku(page: Page, shown: ShownText, first: str | None, claims: list[Claim]) -> str | None:
    """The number that the shop gives the thing, from the first source in the order above that has one."""
    if first and not any(claim.sku == first for claim in claims):
        return article_number(first)  # of the variant that the address names, or from an adapter of the shop
    stated = [number for claim in claims if (number := article_number(claim.sku))]
    of_shop = next((claim.sku for claim in claims if claim.sku and claim.weight is Weight.STORE), None)
    if of_shop:
        return article_number(of_shop)
    for number in stated:
        if is_shown(shown, number):
            return number
    makers = [number for claim in claims if (number := article_number(claim.mpn))]
    sources: tuple[Iterable[str], ...] = (
        _labelled(_SHOPS_LABEL, shown),
        stated,
        _named(page, _NAMED),
        makers,
        _named(page, _MAKERS_NAMED),
        (number for number in _labelled(_MAKERS_LABEL, shown) if len(number) >= _SHORTEST_MODEL),
    )
    return next((number for numbers in sources for number in numbers), None)


def is_shown(shown: ShownText, number: str) -> bool:
    """Whether the page shows it by itself: a word of the text, not a part of one."""
    if len(number) < _SHORTEST_SURE:
        return False
    return bool(re.search(rf"(?<![\w-]){re.escape(number)}(?![\w-])", shown.text, re.IGNORECASE))


def _labelled(labels: _Labels, shown: ShownText) -> Iterator[str]:
    """Numbers beside a label: after a colon or in the next element, and with a digit in them."""
    for label, colon, border, text in (each for piece in shown.about_numbers for each in labels.found(piece)):
        number = text.strip()
        if not (colon.strip() or border or _ASKS_FOR_NUMBER.search(label)):
            continue
        if " " in number and not border:
            number = number.split()[0]
        found = article_number(number)
        if found and found.count(" ") <= 1 and (_DIGIT.search(found) or _is_word_for_a_number(label, found)):
            yield found


def _is_word_for_a_number(label: str, found: str) -> bool:
    """Whether it is a number without digits, such as SKU: TSHIRT-BLUE."""
    return label.lower() == "sku" and found.isupper() and len(found) >= _SHORTEST_SURE and " " not in found


def _named(page: Page, selector: str) -> Iterator[str]:
    """The first number of the elements that are named for one; nothing where it is a list of things."""
    found: dict[str, None] = {}
    for node in page.tree.css(selector)[:_MOST_NAMED]:
        attributes = node.attributes
        text = (
            next((attributes[key] for key in _NUMBER_ATTRIBUTES if attributes.get(key)), None) or node.text()
        )
        number = article_number(text)
        if number and any(sign.isdigit() for sign in number):
            found[number] = None
    if len(found) <= _MOST_OWN:
        yield from list(found)[:1]
