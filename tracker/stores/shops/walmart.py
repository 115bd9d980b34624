"""Walmart: the state behind the page, of 2022 on (`__NEXT_DATA__`) and before (`script#item`). No page was
seen.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight
from tracker.stores.state import State

_STATE = State(
    name="walmart",
    variable="#__NEXT_DATA__",
    product=("props.pageProps.initialData.data.product",),
    selling=("priceInfo.currentPrice.price",),
    listed=("priceInfo.wasPrice.price",),
    available=("availabilityStatus",),
    title=("name",),
    sku=("usItemId",),
    brand=("brand",),
    image=("imageInfo.thumbnailUrl",),
    seller=("sellerDisplayName", "sellerName"),
    currency="USD",
)
_OLD_STATE = State(
    name="walmart",
    variable="#item",
    product=("item.product.buyBox.products.0",),
    selling=("priceMap.price",),
    listed=("priceMap.wasPrice",),
    available=("availabilityStatus",),
    title=("productName",),
    sku=("usItemId", "walmartItemNumber"),
    brand=("brandName",),
    seller=("sellerDisplayName", "sellerName"),
    currency="USD",
)
_OLD_MARKUP = Markup(
    name="walmart",
    title=("h1.prod-ProductTitle",),
    selling=(".prod-PriceHero .price-characteristic @content", ".prod-PriceHero .price .visuallyhidden"),
    on_sale=(".prod-ProductCTA--primary",),
    currency="USD",
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(domains={"walmart.com": "Walmart"}, sources=(_STATE, _OLD_STATE, _OLD_MARKUP))
