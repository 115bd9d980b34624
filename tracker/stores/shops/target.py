"""Target: the rendered price box. No page was seen; a page that is not rendered yet rests on the generic
reader.
"""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="target",
    title=("[data-test=product-title]",),
    selling=("[data-test=product-price]",),
    listed=("[data-test=product-regular-price]",),
    sold_out=("[data-test=soldOutBlock]",),
    on_sale=(
        "[data-test=shipItButton]",
        "[data-test=orderPickupButton]",
        "[data-test=shippingButton]",
        "[data-test=chooseOptionsButton]",
    ),
    currency="USD",
)

ADAPTER = Adapter(domains={"target.com": "Target"}, sources=(_MARKUP,))
