"""Shops built with WooCommerce: the summary of the one product, never the related ones below it.

Variations come as JSON in an attribute, each with its price: the address's own wins, else one price of all.
"""

import html
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from tracker.stores import loose_json
from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.currencies import currency_of
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price

_SCOPE = (
    "body.single-product div.product .summary",
    "body.single-product div.product .entry-summary",
    "body.single-product div.product",
)
_MARKUP = Markup(
    name="woocommerce",
    scope=_SCOPE,
    title=(".product_title",),
    selling=(
        "p.price > ins .woocommerce-Price-amount",
        "p.price ins .amount",
        "p.price > .woocommerce-Price-amount",
        "p.price > .amount",
        ".price > ins .woocommerce-Price-amount",
        ".price > .woocommerce-Price-amount",
    ),
    listed=("p.price > del .amount", ".price > del .woocommerce-Price-amount"),
    sold_out=(".stock.out-of-stock",),
    availability=(".stock",),
    on_sale=(".single_add_to_cart_button:not(.disabled)",),
    sku=(".product_meta .sku",),
    weight=Weight.PLATFORM,
)
_MOST_VARIATIONS = 300


def read_variations(page: Page) -> list[Claim]:
    """A quote for each variation of a variable product."""
    form = page.tree.css_first("form.variations_form[data-product_variations]")
    if form is None:
        return []
    text = form.attributes.get("data-product_variations") or ""
    variations = next(iter(loose_json.loads(html.unescape(text))), None)
    if not isinstance(variations, list):
        return []
    currency = _currency(page)
    quotes = [
        quote
        for each in variations[:_MOST_VARIATIONS]
        if isinstance(each, dict) and (quote := _quote(page, each, currency))
    ]
    title = page.heading
    return [Claim("woocommerce", Weight.PLATFORM, tuple(quotes), title=title)] if quotes else []


def _quote(page: Page, variation: dict[str, Any], currency: str | None) -> Quote | None:
    price = _amount(page, variation.get("display_price"), currency)
    if price is None:
        return None
    regular = _amount(page, variation.get("display_regular_price"), currency)
    stocked = variation.get("is_in_stock")
    chosen = variation.get("attributes")
    chosen = (
        {str(name): str(value) for name, value in chosen.items() if value} if isinstance(chosen, dict) else {}
    )
    sku = variation.get("sku")
    return Quote(
        evidence=Evidence("woocommerce", f"variation {price.normalize():f} {currency or ''}".strip()),
        amount=price,
        currency=currency,
        list_amount=regular if regular and regular > price else None,
        availability=(
            Availability.UNKNOWN
            if not isinstance(stocked, bool)
            else Availability.IN_STOCK
            if stocked
            else Availability.OUT_OF_STOCK
        ),
        url=f"?{urlencode(chosen)}" if chosen else None,
        sku=tidy(sku, 100) if isinstance(sku, str) else None,
        variant=tidy(", ".join(chosen.values()), 200),
    )


def _amount(page: Page, value: object, currency: str | None) -> Decimal | None:
    found = read_machine_price(value, currency_hint=currency, country_hint=page.country)
    return found[0] if found else None


def _currency(page: Page) -> str | None:
    """From the mark beside the summary's own price."""
    mark = page.tree.css_first(f"{_SCOPE[-1]} .woocommerce-Price-currencySymbol")
    return currency_of(mark.text(), page.country) if mark else None


ADAPTER = Adapter(
    sources=(_MARKUP, read_variations),
    recognises=lambda page: "woocommerce" in page.html,
    elsewhere=("section.related", ".related.products", ".upsells", ".cross-sells", ".widget_products"),
)
