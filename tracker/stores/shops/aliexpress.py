"""AliExpress: `runParams`, which pages carried until 2022; newer ones ask for prices after loading, and show
them to a browser alone. No page was seen. A range over variants is no price.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.state import State

_STATE = State(
    name="aliexpress",
    variable="window.runParams",
    product=("data",),
    selling=("priceModule.formatedActivityPrice", "priceModule.formatedPrice"),
    listed=("priceModule.formatedPrice",),
    available=("actionModule.totalAvailQuantity",),
    title=("titleModule.subject",),
    sku=("actionModule.productId", "commonModule.productId"),
    seller=("storeModule.storeName",),
)
_MARKUP = Markup(
    name="aliexpress",
    title=("h1.product-title-text",),
    selling=(
        ".product-price-current .product-price-value",
        ".uniform-banner-box-price",
        "[class*=price--currentPriceText]",
    ),
    listed=(".product-price-original .product-price-value", "[class*=price--originalText]"),
)

ADAPTER = Adapter(
    domains={"aliexpress.com": "AliExpress", "aliexpress.us": "AliExpress"}, sources=(_STATE, _MARKUP)
)
