"""Shops built with Salesforce Commerce Cloud (Demandware): its two reference stores, SFRA and SiteGenesis."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_SFRA = Markup(
    name="salesforce",
    scope=(".product-detail",),
    selling=(
        ".prices .price .sales .value @content",
        ".prices .price .sales .value",
        ".prices .price .sales",
    ),
    listed=(".prices .price .strike-through .value @content", ".prices .price .strike-through .value"),
    availability=(".availability-msg",),
    sku=(".product-number .product-id", ".product-id"),
    weight=Weight.PLATFORM,
)
_SITE_GENESIS = Markup(
    name="salesforce",
    scope=("#product-content", "#pdpMain .product-detail", ".pdp-main .product-detail"),
    title=(".product-name",),
    selling=(".product-price .price-sales", ".product-price .product-sales-price"),
    listed=(".product-price .price-standard",),
    sold_out=(".availability-msg .not-available-msg", ".not-available-msg"),
    on_sale=(".in-stock-msg", "#add-to-cart"),
    sku=(".product-number [itemprop=productID]", "input[name=pid] @value"),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_SFRA, _SITE_GENESIS),
    recognises=lambda page: "demandware" in page.html,
    elsewhere=(".recommendations", ".product-recommendations", ".set-items"),
)
