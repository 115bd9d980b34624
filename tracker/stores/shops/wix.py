"""Shops built with Wix Stores: each part of the product's page carries a `data-hook`."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="wix",
    scope=("[data-hook=product-page]",),
    title=("[data-hook=product-title]",),
    selling=("[data-hook=formatted-primary-price] @data-wix-price", "[data-hook=formatted-primary-price]"),
    listed=(
        "[data-hook=formatted-secondary-price] @data-wix-original-price",
        "[data-hook=formatted-secondary-price]",
    ),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(sources=(_MARKUP,), recognises=lambda page: "formatted-primary-price" in page.html)
