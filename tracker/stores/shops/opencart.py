"""Shops built with OpenCart: the default theme and the many that keep its names."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="opencart",
    scope=("#content:has(#button-cart)", "#product-product #content"),
    selling=(
        ".list-unstyled .price-new",
        ".product-price .price-new",
        ".price .price-new",
        ".list-unstyled > li > h2",
        ".list-unstyled h2",
    ),
    listed=(
        ".list-unstyled .price-old",
        ".product-price .price-old",
        ".price .price-old",
        ".list-unstyled > li > span[style*=line-through]",
    ),
    on_sale=("#button-cart",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_MARKUP,),
    recognises=lambda page: "route=product" in page.html or "catalog/view/theme" in page.html,
)
