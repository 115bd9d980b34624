"""Reliance Digital: the offer price of its pages until 2024. No page was seen; newer pages rest on their
structured data.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="reliancedigital",
    title=("h1.pdp__title",),
    selling=(".pdp__offerPrice",),
    currency="INR",
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(domains={"reliancedigital.in": "Reliance Digital"}, sources=(_MARKUP,))
