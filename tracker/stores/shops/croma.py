"""Croma: the price has an id of its own; EMI, exchange and bank offers around it have none. No page was
seen; the ids are what public scrapers have read since 2021.
"""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="croma",
    title=("h1.pd-title",),
    selling=("#pdp-product-price",),
    listed=("#old-price", ".main-product-price .old-price .amount"),
    currency="INR",
)

ADAPTER = Adapter(domains={"croma.com": "Croma"}, sources=(_MARKUP,))
