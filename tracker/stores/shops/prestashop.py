"""Shops built with PrestaShop: 1.7 and 8 (the product as JSON in an attribute, `current-price`), 1.5 and 1.6
(`our_price_display`). The price before tax beside it is none.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight
from tracker.stores.state import State

_STATE = State(
    name="prestashop",
    variable="#product-details[data-product] @data-product",
    product=("",),
    selling=("price", "price_amount"),
    listed=("price_without_reduction",),
    available=("availability", "quantity"),
    title=("name",),
    sku=("reference",),
    weight=Weight.PLATFORM,
)
_MARKUP = Markup(
    name="prestashop",
    scope=(".product-prices", "#center_column .pb-right-column", "#center_column", "#buy_block"),
    sold_out=("#add_to_cart.unvisible",),
    selling=(
        ".current-price .current-price-value",
        ".current-price [itemprop=price]",
        ".current-price [itemprop=price] @content",
        "#our_price_display",
    ),
    listed=(".product-discount .regular-price", "#old_price_display", "#old_price_display .price"),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_STATE, _MARKUP),
    recognises=lambda page: (
        "our_price_display" in page.html
        or ("prestashop" in page.html and ("current-price" in page.html or "data-product=" in page.html))
    ),
    elsewhere=(".product-accessories", ".featured-products", "#blockcart-modal", ".blockproductscategory"),
)
