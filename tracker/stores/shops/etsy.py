"""Etsy: JSON-LD names the price; the buy box beside it also names the one before the sale. No page was
seen; the buy box is that of 2020 on.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_MARKUP = Markup(
    name="etsy",
    scope=("[data-buy-box-region=price]",),
    selling=(".wt-text-title-03", ".wt-text-title-larger", ".wt-text-title-large"),
    listed=(".wt-text-strikethrough",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    domains={"etsy.com": "Etsy"},
    sources=(_MARKUP,),
    elsewhere=("[data-buy-box-region=price] .wt-screen-reader-only",),
)
