"""Shops built with Magento 1 or 2 (Adobe Commerce): the price box of the product's own block."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MAGENTO_2 = Markup(
    name="magento",
    scope=(".product-info-main", ".product-info-price"),
    title=(".page-title",),
    selling=(
        ".price-box [data-price-type=finalPrice] .price",
        ".price-box [data-price-type=finalPrice] @data-price-amount",
        ".price-box .special-price .price",
    ),
    listed=(
        ".price-box [data-price-type=oldPrice] .price",
        ".price-box .old-price .price",
    ),
    sold_out=(".stock.unavailable",),
    on_sale=(".stock.available", "#product-addtocart-button"),
    sku=(".product.attribute.sku .value", "form[data-product-sku] @data-product-sku"),
    weight=Weight.PLATFORM,
)
_MAGENTO_1 = Markup(
    name="magento",
    scope=(".product-view .product-shop", ".product-essential"),
    title=(".product-name",),
    selling=(
        ".price-box .special-price .price",
        ".price-box .regular-price .price",
        ".price-box .full-product-price .price",
    ),
    listed=(".price-box .old-price .price",),
    sold_out=(".availability.out-of-stock",),
    on_sale=(".availability.in-stock", ".btn-cart"),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_MAGENTO_2, _MAGENTO_1),
    recognises=lambda page: "catalog-product-view" in page.html or "product-info-main" in page.html,
    elsewhere=(".block.related", ".block.upsell", ".block-related", ".box-up-sell", ".block.crosssell"),
)
