"""Shops built with Squarespace: prices are bare numbers, and the currency stands in the page's settings."""

import re

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight
from tracker.stores.currencies import CODES
from tracker.stores.page import Page

_CURRENCY = re.compile(r'"(?:storeCurrency|selectedCurrency|currency)"\s?:\s?"([A-Z]{3})"')


def _currency(page: Page) -> str | None:
    found = _CURRENCY.search(page.html)
    return found[1] if found and found[1] in CODES else None


_MARKUP = Markup(
    name="squarespace",
    scope=(".ProductItem-details", ".product-details", "#productDetails", ".product-detail"),
    selling=(".product-price .sqs-money-native:not(.original-price)",),
    listed=(
        ".product-price .original-price.sqs-money-native",
        ".product-price .original-price .sqs-money-native",
    ),
    sold_out=(".sold-out",),
    on_sale=(".sqs-add-to-cart-button",),
    currency=_currency,
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(sources=(_MARKUP,), recognises=lambda page: "sqs-money-native" in page.html)
