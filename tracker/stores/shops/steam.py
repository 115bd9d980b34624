"""Steam: the first box that sells the game itself, before its editions, bundles and packs. Written for the
markup that has stood since 2013; no page was seen.
"""

import re
from dataclasses import replace

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Claim
from tracker.stores.page import Page


def _marked_up(page: Page) -> str | None:
    node = page.tree.css_first("meta[itemprop=priceCurrency]")
    return node.attributes.get("content") if node else None


_APP = re.compile(r"/(?:app|sub|bundle)/([0-9]{1,9})(?:/.*)?")
_BOX = ":has(.game_purchase_price, .discount_final_price):not(.demo_above_purchase)"
_MARKUP = Markup(
    name="steam",
    scope=(f".game_area_purchase_game{_BOX}", f".game_area_purchase_game_wrapper{_BOX}"),
    selling=(".discount_final_price", ".game_purchase_price"),
    listed=(".discount_original_price",),
    on_sale=(".btn_addtocart", ".btn_add_to_cart"),
    currency=_marked_up,
)


def read(page: Page) -> list[Claim]:
    """The price of the game that the page is named after; a free one has none."""
    node = page.tree.css_first("#appHubAppName, .apphub_AppName")
    app = _APP.fullmatch(page.path)
    if node is None or app is None:
        return []
    return [replace(claim, title=node.text().strip(), sku=app[1]) for claim in _MARKUP(page)]


ADAPTER = Adapter(domains={"steampowered.com": "Steam"}, sources=(read,), alone=True)
