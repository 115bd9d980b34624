"""Snapdeal: the buy box, beside which "other sellers" and sponsored things have prices of their own.

Written from the ids and classes that have stood there since 2015 and that public scrapers read; no page was
seen.
"""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="snapdeal",
    title=("h1.pdp-e-i-head",),
    selling=("#buyPriceBox .payBlkBig", ".pdp-final-price .payBlkBig", "span.payBlkBig"),
    listed=("#buyPriceBox .pdpCutPrice", ".pdpCutPrice"),
    sold_out=(".sold-out-err", ".soldDiscontAlert"),
    on_sale=("#add-cart-button-id", "#buy-button-id"),
    currency="INR",
)

ADAPTER = Adapter(domains={"snapdeal.com": "Snapdeal"}, sources=(_MARKUP,))
