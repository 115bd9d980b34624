"""Shops built with Shopify: the price box of the themes that most shops began with (Debut and its like,
Dawn).

The variants with their prices are read from the page's scripts, as everywhere (`embedded`).
"""

import re

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight
from tracker.stores.currencies import CODES
from tracker.stores.page import Page

_CURRENCY = re.compile(
    r"""Shopify\.currency\s{0,3}=\s{0,3}\{\s{0,3}["']active["']\s{0,3}:\s{0,3}["']([A-Z]{3})"""
)


def _currency(page: Page) -> str | None:
    found = _CURRENCY.search(page.html)
    return found[1] if found and found[1] in CODES else None


_MARKUP = Markup(
    name="shopify",
    scope=(
        "product-info",
        "[id^=ProductInfo-]",
        "[id^=price-template]",
        "[id^=ProductSection]",
        ".product-single",
    ),
    selling=(
        ".price--on-sale .price__sale .price-item--sale",
        ".price:not(.price--on-sale) .price__regular .price-item--regular",
        "#ProductPrice",
        "[id^=ProductPrice-]",
        ".product-single__price",
    ),
    listed=(
        ".price--on-sale .price__sale s.price-item--regular",
        ".price--on-sale .price__compare s",
        "#ComparePrice",
        "[id^=ComparePrice-]",
        ".product-single__price--compare-at",
    ),
    sold_out=(".price--sold-out", "button[name=add][disabled]"),
    on_sale=("button[name=add]:not([disabled])",),
    sku=(".product__sku", ".variant-sku"),
    currency=_currency,
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_MARKUP,),
    recognises=lambda page: "/products/" in page.path and "Shopify" in page.html,
    elsewhere=("[id*=product-recommendations]", "product-recommendations", ".related-products"),
)
