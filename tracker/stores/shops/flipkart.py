"""Flipkart: the state and the structure, then classes, for those are hashed anew with each release.

Seen: pages of 2024 and 2025. JSON-LD names the price; the row beside the heading ("₹19,490 ₹24,999 22%
off") also names the MRP. "Buy at" and exchange prices, which hold with a card or an old phone, stand in no
such row.
"""

import re
from collections.abc import Iterator
from decimal import Decimal

from selectolax.lexbor import LexborNode

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.offer import Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_price
from tracker.stores.state import State

_CONTEXT = ("pageDataV4.page.pageData.pageContext", "multiWidgetState.pageDataResponse.pageContext")
_STATE = State(
    name="flipkart",
    variable="window.__INITIAL_STATE__",
    product=_CONTEXT,
    selling=(
        "pricing.finalPrice.value",
        "fdpEventTracking.events.psi.ppd.fsp",
        "fdpEventTracking.events.psi.ppd.finalPrice",
    ),
    listed=("pricing.mrp", "fdpEventTracking.events.psi.ppd.mrp"),
    available=(
        "fdpEventTracking.events.psi.pls.isAvailable",
        "fdpEventTracking.events.psi.pls.availabilityStatus",
    ),
    title=("titles.title",),
    sku=("productId",),
    brand=("brand",),
    currency="INR",
)
# The pairs of classes that told the price of the page's own thing from all others, by the year they ended.
_MARKUP = Markup(
    name="flipkart",
    selling=(".Nx9bqj.CxhGGd", "._30jeq3._16Jk6d", "._1vC4OE._3qQ9m1"),  # 2025, 2024, 2020
    listed=(r".yRaY8j.A6\+E6v", "._3I9_wc._2p6lqe", "._3auQ3N._1POkHg"),
    sold_out=("._16FRp0",),
    currency="INR",
    weight=Weight.PLATFORM,
)
_OFF = re.compile(r"\W*(\d{1,2})% off\W*", re.IGNORECASE)
_HIGHEST_CLIMB = 6


def read_row(page: Page) -> list[Claim]:
    """From the first row of price, MRP and discount beside the heading, when the discount fits the two."""
    around = page.tree.css_first("h1")
    for _ in range(_HIGHEST_CLIMB):
        if around is None or around.tag in ("body", "html"):
            return []
        row = next(_rows(around), None)
        if row is not None:
            price, mrp, text = row
            quote = Quote(Evidence("flipkart", text), amount=price, currency="INR", list_amount=mrp)
            return [Claim("flipkart", Weight.PLATFORM, (quote,), title=page.heading)]
        around = around.parent
    return []


def _rows(around: LexborNode) -> Iterator[tuple[Decimal, Decimal, str]]:
    for node in around.css("div, span")[:3000]:
        if len(node.text()) > 30 or not (off := _OFF.fullmatch(node.text())):
            continue
        parent = node.parent
        amounts = [
            found[0]
            for each in (parent.iter(include_text=False) if parent else ())
            if len(each.text()) < 30 and (found := read_price(each.text(), country_hint="in")) and found[1]
        ]
        if len(amounts) == 2 and amounts[0] < amounts[1] and _fits(amounts[0], amounts[1], int(off[1])):
            yield amounts[0], amounts[1], tidy(parent.text(separator=" "), 100) or "" if parent else ""


def _fits(price: Decimal, mrp: Decimal, percent: int) -> bool:
    return abs((1 - price / mrp) * 100 - percent) <= 1


ADAPTER = Adapter(
    domains={"flipkart.com": "Flipkart", "shopsy.in": "Shopsy"}, sources=(_STATE, read_row, _MARKUP)
)
