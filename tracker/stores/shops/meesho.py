"""Meesho: the state behind the page. No page was seen; the places are what public scrapers read in 2023 to
2025.
"""

from tracker.stores.adapter import Adapter
from tracker.stores.state import State

_STATE = State(
    name="meesho",
    variable="#__NEXT_DATA__",
    product=("props.pageProps.initialState.product.details.data",),
    selling=("price", "transient_price"),
    listed=("original_price",),
    available=("in_stock",),
    title=("name",),
    seller=("supplier_name",),
    currency="INR",
)

ADAPTER = Adapter(domains={"meesho.com": "Meesho"}, sources=(_STATE,))
