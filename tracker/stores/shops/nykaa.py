"""Nykaa: the state knows the chosen pack or shade, its MRP and its stock. Seen: a page of 2025.

Nykaa Fashion is another shop that was never seen: it rests on the generic reader.
"""

from tracker.stores.adapter import Adapter
from tracker.stores.state import State

_STATE = State(
    name="nykaa",
    variable="window.__PRELOADED_STATE__",
    product=("dataLayer.product", "productPage.product"),
    selling=("offerPrice", "mrp"),
    listed=("mrp",),
    available=("inStock", "stockStatus"),
    title=("name", "title"),
    sku=("sku",),
    brand=("brandName",),
    image=("imageUrl",),
    variant=("packSize",),
    currency="INR",
)

ADAPTER = Adapter(domains={"nykaa.com": "Nykaa", "nykaafashion.com": "Nykaa Fashion"}, sources=(_STATE,))
