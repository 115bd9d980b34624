"""Meta tags of the page's head: Open Graph's product prices, Facebook's catalogue tags, Twitter's labelled
data.
"""

from decimal import Decimal

from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.currencies import currency_of, currency_of_country
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_machine_price, read_price

# Each with the tag of its currency, in the order in which they win: a sale price is what one pays.
_PRICES = (
    ("product:sale_price:amount", "product:sale_price:currency", Weight.META),
    ("product:price:amount", "product:price:currency", Weight.META),
    ("og:product:price:amount", "og:product:price:currency", Weight.META),
    ("og:price:amount", "og:price:currency", Weight.SOCIAL),
)
_LIST_PRICES = ("product:original_price:amount", "og:price:standard_amount")
_LARGER = ("product:price:amount", "og:price:amount")


def read_meta_tags(page: Page) -> list[Claim]:
    """At most one claim for each family of tags; all are about the page's subject."""
    claims = []
    for amount_tag, currency_tag, weight in _PRICES:
        quote = _quote(page, amount_tag, currency_tag)
        if quote is not None:
            claims.append(_claim(page, weight, quote))
            break
    labelled = _labelled_price(page)
    if labelled is not None:
        claims.append(_claim(page, Weight.SOCIAL, labelled))
    if not claims and (page.meta("og:type") or "").lower().rpartition(":")[2].startswith("product"):
        silent = Quote(evidence=Evidence("meta", "no price"), availability=availability_from_metas(page))
        claims.append(_claim(page, Weight.META, silent))
    return claims


def availability_from_metas(page: Page) -> Availability:
    return availability_of(page.meta("product:availability", "og:availability", "og:product:availability"))


def _quote(page: Page, amount_tag: str, currency_tag: str) -> Quote | None:
    """From pairs of tags. Several pairs (one a currency) count only when the shop's own country picks one."""
    amounts = page.metas.get(amount_tag, [])[:20]
    currencies = page.metas.get(currency_tag, []) or page.metas.get("product:price:currency", [])
    found = set()
    for position, text in enumerate(amounts):
        named = currencies[min(position, len(currencies) - 1)] if currencies else ""
        currency = currency_of(named.strip().upper()[:10]) or currency_of(named[:10])
        price = read_machine_price(text[:100], currency_hint=currency, country_hint=page.country)
        if price is not None:
            found.add(price)
    own = {price for price in found if price[1] == currency_of_country(page.country)}
    chosen = found if len(found) == 1 else own
    if len(chosen) != 1:
        return None
    amount, currency = chosen.pop()
    larger = [_list_amount(page, tag, currency) for tag in _LIST_PRICES]
    if amount_tag.startswith("product:sale_price"):
        larger += [_list_amount(page, tag, currency) for tag in _LARGER]
    list_amount = next((other for other in larger if other and other > amount), None)
    return Quote(
        evidence=Evidence(f"meta {amount_tag}", tidy(f"{amount.normalize():f} {currency or ''}", 100) or ""),
        amount=amount,
        currency=currency,
        list_amount=list_amount,
        availability=availability_from_metas(page),
    )


def _list_amount(page: Page, tag: str, currency: str | None) -> Decimal | None:
    values = page.metas.get(tag, [])
    price = (
        read_machine_price(values[0][:100], currency_hint=currency, country_hint=page.country)
        if values
        else None
    )
    return price[0] if price else None


def _labelled_price(page: Page) -> Quote | None:
    """twitter:label1 "Price" with twitter:data1 "£27.50"."""
    for number in ("1", "2"):
        if (page.meta(f"twitter:label{number}") or "").strip().lower().rstrip(":") != "price":
            continue
        text = page.meta(f"twitter:data{number}") or ""
        price = read_price(text, country_hint=page.country)
        if price is not None:
            return Quote(
                evidence=Evidence("meta twitter:data", text[:100]),
                amount=price[0],
                currency=price[1],
                availability=availability_from_metas(page),
            )
    return None


def _claim(page: Page, weight: Weight, quote: Quote) -> Claim:
    return Claim(
        source="meta",
        weight=weight,
        quotes=(quote,),
        title=page.meta("og:title", "twitter:title"),
        url=page.meta("og:url"),
        image=page.meta("og:image", "og:image:secure_url", "twitter:image"),
        sku=page.meta("product:sku", "og:sku"),
        mpn=page.meta("product:retailer_item_id", "product:mfr_part_no", "product:retailer_part_no"),
        gtin=page.meta("product:ean", "product:gtin", "product:upc", "product:isbn"),
        brand=page.meta("product:brand", "og:brand"),
    )
