"""Tata CLiQ: the main card's price, which says "MRP" even when it is what one pays. No page was seen; the
class is what public scrapers have read since 2019.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="tatacliq",
    title=("h1.ProductDetailsMainCard__productName",),
    selling=(".ProductDetailsMainCard__price h3", ".ProductDetailsMainCard__price"),
    currency="INR",
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(domains={"tatacliq.com": "Tata CLiQ"}, sources=(_MARKUP,))
