"""AJIO: the rendered price box, else the state that it is rendered from. Written from what public scrapers
of 2020 to 2025 read; no page was seen.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.state import State

_MARKUP = Markup(
    name="ajio",
    title=("h1.prod-name",),
    selling=(".prod-price-section .prod-sp", ".prod-sp"),
    listed=(".prod-price-section .prod-cp", ".prod-cp"),
    brand=("h2.brand-name", ".brand-name"),
    currency="INR",
)
_STATE = State(
    name="ajio",
    variable="window.__PRELOADED_STATE__",
    product=("product.productDetails",),
    selling=("price.value",),
    listed=("wasPriceData.value",),
    available=("stock.stockLevelStatus",),
    title=("name",),
    sku=("code",),
    brand=("brandName",),
    currency="INR",
)

ADAPTER = Adapter(domains={"ajio.com": "AJIO"}, sources=(_MARKUP, _STATE))
