"""eMAG in Romania, Bulgaria and Hungary: bani, стотинки stand raised behind the price ("2.999⁹⁹ Lei").
Written for its markup of 2018 on; no page was seen.
"""

from tracker.stores.adapter import Adapter, Markup

_MARKUP = Markup(
    name="emag",
    title=("h1.page-title",),
    scope=(".main-product-form", ".page-section .product-highlight", "#main-container"),
    selling=(".product-new-price",),
    listed=(".product-old-price s", ".product-old-price .rrp-lp30d-content s"),
    sold_out=(".label-out_of_stock", ".label-unavailable"),
    on_sale=(".label-in_stock", ".label-limited_stock_qty", ".yeahIWantThisProduct"),
    currency=lambda page: {"ro": "RON", "bg": "BGN", "hu": "HUF"}.get(page.host.rpartition(".")[2]),
)

ADAPTER = Adapter(domains={"emag.ro": "eMAG", "emag.bg": "eMAG.bg", "emag.hu": "eMAG.hu"}, sources=(_MARKUP,))
