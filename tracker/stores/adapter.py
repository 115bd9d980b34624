"""What is special about one shop, or about shops of one platform, said in as few words as possible.

An Adapter names the shop's domains (or recognises the platform's pages) and lists its sources: functions from
a page to claims. Most are a `Markup`: CSS selectors of where the shop writes what.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from selectolax.lexbor import LexborNode

from tracker.stores.availability import availability_of
from tracker.stores.candidates import Claim, Quote, Weight
from tracker.stores.identifiers import article_number
from tracker.stores.microdata import node_price_text
from tracker.stores.offer import Availability, Evidence
from tracker.stores.page import Page, tidy
from tracker.stores.price_text import read_declared_price, read_machine_price

Source = Callable[[Page], Iterable[Claim]]


def _of_no_platform(page: Page) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Adapter:
    """One shop or platform.

    `domains` are the registrable domains with the name that people know. `recognises` finds a platform's
    pages at any host. `elsewhere` are selectors of zones about other things: they leave the page before
    anything is read. When `alone`, the page's other markup is heard only where the shop's own sources are
    silent.
    """

    domains: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()
    recognises: Callable[[Page], bool] = _of_no_platform
    elsewhere: tuple[str, ...] = ()
    alone: bool = False

    def claims(self, page: Page) -> list[Claim]:
        """What the first of the sources that knows a price says, else what the first that speaks says."""
        said: list[Claim] = []
        for source in self.sources:
            claims = list(source(page))
            if any(quote.amount for claim in claims for quote in claim.quotes):
                return claims
            said = said or claims
        return said

    def tidy_up(self, page: Page) -> None:
        """Take off the page what is about other things."""
        if not self.elsewhere:
            return
        zones = {zone.mem_id: zone for zone in page.tree.css(", ".join(self.elsewhere))[:_MOST_ZONES]}
        # The last first: a zone inside another follows it, and is freed with it.
        for zone in reversed(zones.values()):
            zone.decompose()


@dataclass(frozen=True, slots=True)
class Markup:
    """Where a shop writes what, as CSS selectors, the surest first. " @name" at the end asks for a value.

    The first selector under which a price can be read decides; when it shows several amounts, nothing is
    claimed. Nothing is read outside `scope`, the first of its selectors that is on the page. `sold_out` and
    `on_sale` are selectors whose mere presence says so; `availability` finds words.
    """

    name: str
    selling: tuple[str, ...]
    scope: tuple[str, ...] = ()
    listed: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    availability: tuple[str, ...] = ()
    on_sale: tuple[str, ...] = ()
    sold_out: tuple[str, ...] = ()
    title: tuple[str, ...] = ()
    image: tuple[str, ...] = ()
    sku: tuple[str, ...] = ()
    brand: tuple[str, ...] = ()
    seller: tuple[str, ...] = ()
    variant: tuple[str, ...] = ()
    weight: Weight = Weight.STORE
    currency: str | Callable[[Page], str | None] | None = None

    def __call__(self, page: Page) -> list[Claim]:
        zone = self._zone(page)
        if zone is None:
            return []
        availability = self._availability(zone)
        quote = self._quote(page, zone, availability)
        if quote is None and availability is Availability.UNKNOWN:
            return []
        silent = Quote(evidence=Evidence(self.name, "no price"), availability=availability)
        return [
            Claim(
                source=self.name,
                weight=self.weight,
                quotes=(quote or silent,),
                title=text_of(zone, self.title) or page.heading or page.meta("og:title"),
                image=text_of(zone, self.image, 2000),
                sku=article_number(text_of(zone, self.sku, 100)),
                brand=text_of(zone, self.brand, 200),
            )
        ]

    def _zone(self, page: Page) -> LexborNode | None:
        if not self.scope:
            return page.tree.root
        return next((found for selector in self.scope if (found := page.tree.css_first(selector))), None)

    def _quote(self, page: Page, zone: LexborNode, availability: Availability) -> Quote | None:
        currency = self.currency(page) if callable(self.currency) else self.currency
        for used, selectors in ((False, self.selling), (True, self.used)):
            found = price_of(page, zone, selectors, currency)
            if found is None:
                continue
            listed = price_of(page, zone, self.listed, found.currency)
            larger = listed is not None and listed.amount > found.amount
            return Quote(
                evidence=Evidence(self.name, found.text),
                amount=found.amount,
                currency=found.currency,
                list_amount=listed.amount if listed and larger else None,
                availability=availability,
                used=used,
                seller=text_of(zone, self.seller, 200),
                variant=text_of(zone, self.variant, 200),
            )
        return None

    def _availability(self, zone: LexborNode) -> Availability:
        if any(zone.css_first(selector) for selector in self.sold_out):
            return Availability.OUT_OF_STOCK
        said = text_of(zone, self.availability, 300)
        found = availability_of(said) if said else Availability.UNKNOWN
        if found is Availability.UNKNOWN and any(zone.css_first(selector) for selector in self.on_sale):
            return Availability.IN_STOCK
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A price as one place of the page shows it, in major units."""

    amount: Decimal
    currency: str | None
    text: str


def price_of(
    page: Page, zone: LexborNode, selectors: Iterable[str], currency: str | None = None
) -> Shown | None:
    """The price under the first selector that shows any; None when it shows several amounts."""
    for selector in selectors:
        shown = [
            each for text, exact in _texts(zone, selector) if (each := _shown(page, text, exact, currency))
        ]
        if shown:
            return shown[0] if len({each.amount for each in shown}) == 1 else None
    return None


def text_of(zone: LexborNode, selectors: Iterable[str], limit: int = 500) -> str | None:
    """What the first of the selectors that finds any text finds."""
    for selector in selectors:
        for text, _ in _texts(zone, selector):
            found = tidy(text, limit)
            if found:
                return found
    return None


def _texts(zone: LexborNode, selector: str) -> Iterable[tuple[str, bool]]:
    """The texts that a selector finds, each with whether it stands in an attribute, for machines."""
    css, _, attribute = selector.partition(" @")
    for node in zone.css(css)[:_MOST_NODES]:
        text = node.attributes.get(attribute) if attribute else node_price_text(node)
        if text:
            yield text, bool(attribute)


def is_range(text: str) -> bool:
    """Whether two amounts stand at the ends of a range, such as "US $12.34 - 15.00": that is no price."""
    return bool(_RANGE.search(text))


def _shown(page: Page, text: str, exact: bool, currency: str | None) -> Shown | None:
    said = tidy(text, 100) or ""
    if is_range(said):
        return None
    if exact:
        price = read_machine_price(said, currency_hint=currency, country_hint=page.country)
    else:
        price = read_declared_price(said, currency, page.country)
    return Shown(price[0], price[1], said) if price else None


_RANGE = re.compile(r"\d\s{0,3}[-–—~]\s{0,3}[^\d\s]{0,4}\s{0,2}\d")
_MOST_ZONES = 300
_MOST_NODES = 30
