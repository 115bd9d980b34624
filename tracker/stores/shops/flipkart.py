"""Flipkart: the state and the structure, then classes, for those are hashed anew with each release.

Seen: pages of 2024 and 2025. JSON-LD names the price; the row beside the heading ("₹19,490 ₹24,999 22%
off", or "↓22% 24,999 ₹19,490") also names the MRP. "Buy at" and exchange prices, which hold with a card or
an old phone, stand in no such row.
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
_OFF = re.compile(r"\W*(\d{1,2})%(?: off)?\W*", re.IGNORECASE)
_BARE = re.compile(r"\d{1,3}(?:,\d{2,3})*")
_HIGHEST_CLIMB = 6
_MOST_NODES = 3_000
_LONGEST_CELL = 30


def read_row(page: Page) -> list[Claim]:
    """From the row of price, MRP and discount beside the heading, when the discount fits the two.

    Nothing when another price comes first: then the row is that of another thing.
    """
    around = page.tree.css_first("h1")
    for _ in range(_HIGHEST_CLIMB):
        if around is None or around.tag in ("body", "html"):
            return []
        first = next(_prices(around), None)
        if first is not None:
            quote = _quote(first)
            return [Claim("flipkart", Weight.PLATFORM, (quote,), title=page.heading)] if quote else []
        around = around.parent
    return []


def _prices(around: LexborNode) -> Iterator[LexborNode]:
    return (node for node in around.css("div, span")[:_MOST_NODES] if _amount(node) is not None)


def _amount(node: LexborNode) -> Decimal | None:
    text = node.text()
    price = read_price(text, country_hint="in") if len(text) < _LONGEST_CELL else None
    return price[0] if price and price[1] == "INR" else None


def _quote(first: LexborNode) -> Quote | None:
    """The quote of the row in which a price stands first."""
    row = first.parent
    cells = list(row.iter(include_text=False)) if row else []
    percents = [off for cell in cells if (off := _OFF.fullmatch(cell.text()[:_LONGEST_CELL]))]
    amounts = [amount for cell in cells if (amount := _amount(cell) or _bare(cell)) is not None]
    if len(percents) != 1 or len(amounts) != 2:
        return None
    price, mrp = sorted(amounts)
    if price != _amount(first) or not _fits(price, mrp, int(percents[0][1])):
        return None
    text = " ".join(cell.text() for cell in cells)
    evidence = Evidence("flipkart", tidy(text, 100) or "")
    return Quote(evidence, amount=price, currency="INR", list_amount=mrp)


def _bare(cell: LexborNode) -> Decimal | None:
    """An amount without the rupee's sign, as the MRP has been written since 2025."""
    text = cell.text().strip()[:_LONGEST_CELL]
    return Decimal(text.replace(",", "")) if _BARE.fullmatch(text) else None


def _fits(price: Decimal, mrp: Decimal, percent: int) -> bool:
    return price < mrp and abs((1 - price / mrp) * 100 - percent) <= 1


ADAPTER = Adapter(
    domains={"flipkart.com": "Flipkart", "shopsy.in": "Shopsy"}, sources=(_STATE, read_row, _MARKUP)
)
