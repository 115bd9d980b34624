"""How a page states its price to machines, one function per style.

`json_ld`, `graph` (JSON-LD inside @graph, beside a list price), `variants` (a ProductGroup) and `meta` speak
in the head; `microdata` marks up the visible price; `text`, `split` and `traps` leave it to the eye.
"""

import json
from collections.abc import Callable
from typing import Any

from markupsafe import Markup

from sandbox.shop.amounts import plain
from sandbox.shop.product import ShopProduct, Style, Variant

_AVAILABLE = {True: "https://schema.org/InStock", False: "https://schema.org/OutOfStock"}


def head(product: ShopProduct, variant: Variant | None, address: str, picture: str) -> Markup:
    """What the style puts into the page's head; empty for styles that state nothing there."""
    state = _HEADS.get(product.style)
    return state(product, variant, address, picture) if state else Markup("")


def availability_url(product: ShopProduct, variant: Variant | None = None) -> str:
    return _AVAILABLE[product.is_available(variant)]


def _script(data: dict[str, Any]) -> Markup:
    # A title may hold "</script>": JSON allows the escape, and no browser ends the element at it.
    text = json.dumps(data, ensure_ascii=False, indent=1).replace("<", "\\u003c")
    return Markup('<script type="application/ld+json">{}</script>').format(Markup(text))


def _offer(product: ShopProduct, variant: Variant | None, address: str) -> dict[str, Any]:
    return {
        "@type": "Offer",
        "url": address,
        "priceCurrency": product.currency,
        "price": plain(product.price_of(variant), product.currency),
        "availability": availability_url(product, variant),
        "itemCondition": "https://schema.org/NewCondition",
        "seller": {"@type": "Organization", "name": "Demo Bazaar"},
    }


def _thing(product: ShopProduct, address: str, picture: str) -> dict[str, Any]:
    thing: dict[str, Any] = {
        "@type": "Product",
        "name": product.title,
        "url": address,
        "image": [picture],
        "description": product.description,
        "sku": product.sku,
        "brand": {"@type": "Brand", "name": product.brand},
    }
    return thing | ({"gtin13": product.gtin} if product.gtin else {})


def _json_ld(product: ShopProduct, variant: Variant | None, address: str, picture: str) -> Markup:
    return _script(
        {"@context": "https://schema.org/"}
        | _thing(product, address, picture)
        | {"offers": _offer(product, variant, address)}
    )


def _graph(product: ShopProduct, variant: Variant | None, address: str, picture: str) -> Markup:
    offer = _offer(product, variant, address)
    if product.reduced_from is not None:
        offer["priceSpecification"] = {
            "@type": "UnitPriceSpecification",
            "priceType": "https://schema.org/ListPrice",
            "price": plain(product.reduced_from, product.currency),
            "priceCurrency": product.currency,
        }
    home = address.rpartition("/")[0] + "/"
    steps = ((1, "Home", home), (2, product.category, home), (3, product.title, address))
    return _script(
        {
            "@context": "https://schema.org",
            "@graph": [
                {"@type": "Organization", "@id": f"{home}#shop", "name": "Demo Bazaar", "url": home},
                {"@type": "WebPage", "@id": f"{address}#page", "name": product.title, "url": address},
                {
                    "@type": "BreadcrumbList",
                    "itemListElement": [
                        {"@type": "ListItem", "position": place, "name": name, "item": item}
                        for place, name, item in steps
                    ],
                },
                _thing(product, address, picture) | {"@id": f"{address}#product", "offers": [offer]},
            ],
        }
    )


def _variants(product: ShopProduct, variant: Variant | None, address: str, picture: str) -> Markup:
    group = address.partition("?")[0]
    return _script(
        {
            "@context": "https://schema.org/",
            "@type": "ProductGroup",
            "name": product.title,
            "url": group,
            "productGroupID": product.sku,
            "brand": {"@type": "Brand", "name": product.brand},
            "variesBy": ["https://schema.org/color", "https://schema.org/size"],
            "hasVariant": [
                {
                    "@type": "Product",
                    "name": f"{product.title}, {each.name}",
                    "sku": f"{product.sku}-{each.key}",
                    "image": picture,
                    "offers": _offer(product, each, f"{group}?variant={each.key}"),
                }
                for each in product.variants
            ],
        }
    )


def _meta(product: ShopProduct, variant: Variant | None, _address: str, _picture: str) -> Markup:
    return Markup(
        '<meta property="product:price:amount" content="{}">\n'
        '<meta property="product:price:currency" content="{}">\n'
        '<meta property="product:availability" content="{}">\n'
        '<meta property="product:brand" content="{}">\n'
        '<meta property="product:retailer_item_id" content="{}">'
    ).format(
        plain(product.price_of(variant), product.currency),
        product.currency,
        "in stock" if product.is_available(variant) else "out of stock",
        product.brand,
        product.sku,
    )


_HEADS: dict[Style, Callable[[ShopProduct, Variant | None, str, str], Markup]] = {
    "json_ld": _json_ld,
    "graph": _graph,
    "variants": _variants,
    "meta": _meta,
}
