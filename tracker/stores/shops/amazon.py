"""Amazon in every country: no structured data, but ids that have lived for years.

Seen: desktop pages of 2017, 2020, 2023 and 2025. Only the main offer's own boxes are read, so that a price
of "other sellers", of a subscription, of a coupon or of a bundle is none.
"""

import re
from dataclasses import replace

from tracker.stores.adapter import Adapter, Markup
from tracker.stores.candidates import Claim
from tracker.stores.currencies import currency_of_country
from tracker.stores.page import Page

_ASIN = re.compile(
    r"/(?:dp|gp/product|gp/aw/d|d|exec/obidos/asin)/(?:product/)?(B[0-9A-Z]{9}|[0-9]{9}[0-9X])(?![^/])",
    re.IGNORECASE,
)
_BYLINE = re.compile(
    r"(?:visit the (?P<store>.+) store|brand: (?P<brand>.+)|marke: (?P<marke>.+)|marque\s?: (?P<marque>.+)"
    r"|besuche den (?P<besuche>.+)-store"
    r"|visit(?:er|a) (?:la boutique|la tienda de|lo store di) (?P<visita>.+))",
    re.IGNORECASE,
)
_NEW = "#dp:not(:has(#usedOnlyBuybox, #outOfStock))"

_MARKUP = Markup(
    name="amazon",
    title=("#productTitle", "#ebooksProductTitle", "#title_feature_div #title", "#btAsinTitle"),
    selling=(
        "#corePriceDisplay_desktop_feature_div .priceToPay .a-offscreen",
        "#corePriceDisplay_desktop_feature_div .priceToPay",
        "#corePriceDisplay_mobile_feature_div .priceToPay .a-offscreen",
        "#corePriceDisplay_mobile_feature_div .priceToPay",
        "#apex_desktop .apexPriceToPay .a-offscreen",
        "#corePrice_desktop .apexPriceToPay .a-offscreen",
        "#newAccordionRow_0 .a-price:not(.a-text-price) .a-offscreen",
        "#corePrice_feature_div .a-price:not(.a-text-price) .a-offscreen",
        "#priceblock_dealprice",
        "#priceblock_saleprice",
        "#priceblock_pospromoprice",
        "#priceblock_ourprice",
        "#price_inside_buybox",
        "#newBuyBoxPrice",
        "#buyNewSection .offer-price",
        "#buyNewSection .a-color-price",
        "#newOfferAccordionRow .header-price",
        "#mediaNoAccordion .header-price",
        "#kindle-price",
        "#buybox .kindle-price .a-color-price",
        "#actualPriceValue",
        f"{_NEW} #tmmSwatches .selected .slot-price",
        f"{_NEW} #tmmSwatches .selected .a-color-price",
        f"{_NEW} #twister-plus-price-data-price @value",
        f"{_NEW} #attach-base-product-price @value",
        f"{_NEW} #cerberus-data-metrics @data-asin-price",
    ),
    used=("#usedBuySection .offer-price", "#usedPrice", "#usedAccordionRow .header-price"),
    listed=(
        "#corePriceDisplay_desktop_feature_div .basisPrice .a-offscreen",
        "#corePriceDisplay_mobile_feature_div .basisPrice .a-offscreen",
        "#corePrice_desktop .a-text-price[data-a-strike=true] .a-offscreen",
        "#price .priceBlockStrikePriceString",
        "#price .a-text-strike",
        "#buyBoxInner .a-text-strike",
        "#buybox .a-text-strike",
        "#buyNewSection .a-text-strike",
        "#digital-list-price .a-text-strike",
        "#listPriceValue",
    ),
    sold_out=("#outOfStock",),
    availability=("#availability > span", "#availability .a-declarative > span", "#availability_feature_div"),
    on_sale=("#add-to-cart-button", "#buy-now-button", "#one-click-button", "#usedBuySection .offer-price"),
    image=("#landingImage @data-old-hires", "#landingImage @src", "#imgBlkFront @src"),
    sku=("#ASIN @value", "input[name='ASIN.0'] @value", "input[name=ASIN] @value"),
    seller=(
        "#sellerProfileTriggerId",
        "#tabular-buybox [tabular-attribute-name='Sold by'] .tabular-buybox-text-message",
        "#merchantInfoFeature_feature_div .offer-display-feature-text-message",
    ),
    brand=("#bylineInfo",),
    variant=(
        "#variation_color_name .selection",
        "#inline-twister-expanded-dimension-text-color_name",
        "#variation_size_name .selection",
        "#inline-twister-expanded-dimension-text-size_name",
        "#variation_style_name .selection",
        "#inline-twister-expanded-dimension-text-style_name",
    ),
)


def read(page: Page) -> list[Claim]:
    """The main offer, on a product's page; nothing on any other."""
    if not any(page.tree.css_first(selector) for selector in _MARKUP.title):
        return []
    return [_with_what_amazon_knows(page, claim) for claim in _MARKUP(page)]


def _with_what_amazon_knows(page: Page, claim: Claim) -> Claim:
    """The ASIN of the address before the page's own, a brand without its sentence, the shop's currency."""
    asked = _ASIN.search(page.path)
    byline = _BYLINE.fullmatch(claim.brand or "")
    brand = next((name for name in byline.groups() if name), None) if byline else None
    own = "USD" if page.host.endswith("amazon.com") else currency_of_country(page.country)
    return replace(
        claim,
        sku=asked[1].upper() if asked else claim.sku,
        brand=brand,
        quotes=tuple(replace(quote, currency=quote.currency or own) for quote in claim.quotes),
    )


ADAPTER = Adapter(
    domains={
        f"amazon.{ending}": f"Amazon.{ending}"
        for ending in (
            "com ca com.mx com.br co.uk de fr it es nl se pl com.be com.tr ae sa eg in co.jp com.au sg ie "
            "co.za cn"
        ).split()
    },
    sources=(read,),
    elsewhere=(
        "[id^=snsAccordion]",
        "#sns_feature_div",
        "#mbc",
        "#moreBuyingChoices_feature_div",
        "[id^=olp]",
        "#sims-fbt",
        "#rentBuySection",
    ),
    alone=True,
)
