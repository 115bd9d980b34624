"""Best Buy: the hero price, beside monthly payments, open-box offers and protection plans. No page was
seen; the classes are those of 2019 to 2024.
"""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="bestbuy",
    title=(".sku-title h1", "h1.heading-5"),
    selling=(
        ".priceView-hero-price.priceView-customer-price > span[aria-hidden=true]",
        ".priceView-hero-price > span:first-child",
    ),
    listed=(".pricing-price__regular-price",),
    sold_out=("button[data-button-state=SOLD_OUT]", ".add-to-cart-button[data-button-state=SOLD_OUT]"),
    on_sale=("button[data-button-state=ADD_TO_CART]", "button[data-button-state=PRE_ORDER]"),
    sku=(".sku .product-data-value",),
)

ADAPTER = Adapter(domains={"bestbuy.com": "Best Buy", "bestbuy.ca": "Best Buy Canada"}, sources=(_MARKUP,))
