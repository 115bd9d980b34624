"""Shops built with nopCommerce."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="nopcommerce",
    scope=(".product-details-page .product-essential", ".product-essential"),
    title=(".product-name h1",),
    selling=(".prices .product-price [class*=price-value-]", ".prices .product-price"),
    listed=(".prices .old-product-price span:last-child", ".prices .non-discounted-price span:last-child"),
    on_sale=(".add-to-cart-button",),
    sku=(".sku .value",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(sources=(_MARKUP,), recognises=lambda page: "product-essential" in page.html)
