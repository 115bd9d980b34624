"""eBay in every country: "Buy it now". A bid that stands is no price, and neither is the amount that eBay
converts for a visitor from abroad.

Written for the layouts of 2017 to 2021 (`prcIsum`) and of 2022 on (`x-price-primary`); no page was seen.
"""

import re
from dataclasses import replace

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Claim
from tracker.stores.offer import Availability
from tracker.stores.page import Page


def _marked_up(page: Page) -> str | None:
    """The currency that stands beside a price which only machines read."""
    node = page.tree.css_first("#prcIsum[content]")
    around = node.parent if node else None
    currency = around.css_first("[itemprop=priceCurrency]") if around else None
    return currency.attributes.get("content") if currency else None


_ITEM = re.compile(r"/itm/(?:[^/]+/)?([0-9]{9,15})/?")
# The words stand between tags: scripts carry the same ones for whoever they may concern.
_ENDED = re.compile(r">\s{0,20}(?:This listing (?:was ended|ended|sold)|Bidding has ended on this item)\b")
_MARKUP = Markup(
    name="ebay",
    title=(".x-item-title__mainTitle", "#itemTitle"),
    selling=(
        "#mm-saleDscPrc",
        "#prcIsum",
        "#prcIsum @content",
        ".x-bin-price .x-price-primary",
        ".x-price-primary",
    ),
    listed=("#mm-saleOrgPrc", "#orgPrc", ".x-additional-info .ux-textspans--STRIKETHROUGH"),
    availability=("#qtySubTxt", ".x-quantity__availability", ".d-quantity__availability"),
    on_sale=("#binBtn_btn", "#isCartBtn_btn", "[data-testid=x-bin-action]", "[data-testid=x-atc-action]"),
    image=("#icImg @src",),
    sku=("#descItemNumber",),
    seller=(".mbg-nw", ".x-sellercard-atf__info__about-seller a"),
    currency=_marked_up,
)


def read(page: Page) -> list[Claim]:
    """The fixed price, on an item's page; an auction has none."""
    if not any(page.tree.css_first(selector) for selector in _MARKUP.title):
        return []
    item = _ITEM.fullmatch(page.path)
    ended = _ENDED.search(page.html) is not None
    return [
        replace(
            claim,
            sku=item[1] if item else claim.sku,
            quotes=tuple(
                replace(quote, availability=Availability.OUT_OF_STOCK) if ended else quote
                for quote in claim.quotes
            ),
        )
        for claim in _MARKUP(page)
    ]


ADAPTER = Adapter(
    domains={
        f"ebay.{ending}": f"eBay.{ending}"
        for ending in "com co.uk de fr it es nl be at ch ie pl ca com.au com.hk com.my com.sg ph in".split()
    },
    sources=(read,),
    elsewhere=(
        "#itemTitle .g-hdn",
        "#prcIsum_bidPrice",
        "#convbinPrice",
        "#convbidPrice",
        ".x-bid-price",
        ".x-price-approx",
        "#merch_html",
    ),
    alone=True,
)
