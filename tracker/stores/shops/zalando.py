"""Zalando: JSON-LD carries the offers, one a size; pages until 2016 also showed the price before a reduction.
Seen: a page of 2014, and a brand's catalogue.
"""

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Weight

_OLD_MARKUP = Markup(
    name="zalando",
    selling=("#articlePrice",),
    listed=("#articleOldPrice",),
    weight=Weight.PLATFORM,
)

ADAPTER = Adapter(
    domains={
        f"zalando.{ending}": f"Zalando.{ending}"
        for ending in "de co.uk fr it es nl be at ch pl cz se no dk fi ie".split()
    },
    sources=(_OLD_MARKUP,),
)
