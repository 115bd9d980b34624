"""Shops built with Shopware 5 or 6, most of them German: what it costs, beside the price per unit."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_SHOPWARE_6 = Markup(
    name="shopware",
    scope=(".product-detail-buy",),
    selling=(".product-detail-price",),
    listed=(".list-price-price",),
    weight=Weight.PLATFORM,
)
_SHOPWARE_5 = Markup(
    name="shopware",
    scope=(".product--buybox",),
    selling=(".product--price .price--content [itemprop=price] @content", ".product--price .price--content"),
    listed=(".product--price .price--line-through",),
    sku=(".entry--sku .entry--content",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_SHOPWARE_6, _SHOPWARE_5),
    recognises=lambda page: "product--buybox" in page.html or "product-detail-price" in page.html,
)
