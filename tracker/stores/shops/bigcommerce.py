"""Shops built with BigCommerce: the Stencil themes (`productView`) and the older Blueprint ones."""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_STENCIL = Markup(
    name="bigcommerce",
    scope=(".productView",),
    title=(".productView-title",),
    selling=(
        ".productView-price [data-product-price-with-tax]",
        ".productView-price [data-product-price-without-tax]",
        ".productView-price .price--withTax",
        ".productView-price .price--withoutTax",
        "[data-product-price-with-tax]",
        "[data-product-price-without-tax]",
    ),
    listed=(
        "[data-product-non-sale-price-with-tax]",
        "[data-product-non-sale-price-without-tax]",
        "[data-product-rrp-with-tax]",
        "[data-product-rrp-price-without-tax]",
        ".price--non-sale",
        ".price--rrp",
    ),
    on_sale=("#form-action-addToCart:not([disabled])",),
    sku=("[data-product-sku]",),
    weight=Weight.PLATFORM,
)
_BLUEPRINT = Markup(
    name="bigcommerce",
    scope=("#ProductDetails", ".ProductDetailsGrid"),
    selling=(".ProductPrice.VariationProductPrice", ".ProductPrice"),
    listed=(".RetailPrice strike", ".RetailPrice"),
    sku=(".VariationProductSKU",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    sources=(_STENCIL, _BLUEPRINT),
    recognises=lambda page: "bigcommerce" in page.html,
    elsewhere=("#SideProductRelated", ".productCarousel", "#tab-related", "#tab-similar"),
)
