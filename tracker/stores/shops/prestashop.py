"""Shops built with PrestaShop: 1.5 and 1.6 (`our_price_display`), 1.7 and 8 (`current-price`)."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="prestashop",
    scope=(".product-prices", "#center_column .pb-right-column", "#center_column", "#buy_block"),
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
    sources=(_MARKUP,),
    recognises=lambda page: (
        "our_price_display" in page.html or ("prestashop" in page.html and "current-price" in page.html)
    ),
    elsewhere=(".product-accessories", ".featured-products", "#blockcart-modal", ".blockproductscategory"),
)
