"""Zalando. Of its pages only a brand's catalogue was seen; JSON-LD carries the offers, one a size: it rests
on the generic reader.
"""

from tracker.stores.adapter import Adapter

ADAPTER = Adapter(
    domains={
        f"zalando.{ending}": f"Zalando.{ending}"
        for ending in "de co.uk fr it es nl be at ch pl cz se no dk fi ie".split()
    }
)
