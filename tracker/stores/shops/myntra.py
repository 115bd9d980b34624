"""Myntra: everything about the style in `window.__myx`. Seen: pages of 2025, with and without a rendered
body.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.state import State

_STATE = State(
    name="myntra",
    variable="window.__myx",
    product=("pdpData",),
    selling=("price.discounted", "selectedSeller.discountedPrice", "mrp"),
    listed=("price.mrp", "mrp"),
    sold_out=("flags.outOfStock",),
    title=("name",),
    sku=("id",),
    brand=("brand.name",),
    image=("media.albums.0.images.0.imageURL",),
    seller=("selectedSeller.sellerName",),
    currency="INR",
)

_MARKUP = Markup(
    name="myntra",
    title=("h1.pdp-name",),
    selling=(".pdp-price strong", ".pdp-price"),
    listed=(".pdp-mrp s", ".pdp-mrp"),
    brand=("h1.pdp-title",),
    currency="INR",
)

ADAPTER = Adapter(domains={"myntra.com": "Myntra"}, sources=(_STATE, _MARKUP))
