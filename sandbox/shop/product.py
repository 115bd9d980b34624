"""A product of the demo shop: what it is, what it costs now, and how its page behaves."""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, get_args

from tracker import money

Availability = Literal["in_stock", "out_of_stock"]
Mode = Literal[
    "normal",
    "404",
    "403",
    "captcha",
    "slow",
    "huge",
    "truncated",
    "redirect_loop",
    "error500",
    "needs_script",
    "mislabelled",
]
Style = Literal["json_ld", "graph", "microdata", "meta", "text", "split", "traps", "variants", "script"]
"""Where a page states its price; `sandbox.shop.statements` describes each."""

AVAILABILITIES: tuple[Availability, ...] = get_args(Availability)
MODES: tuple[Mode, ...] = get_args(Mode)
STYLES: tuple[Style, ...] = get_args(Style)

_PRICE = re.compile(r"\d{1,9}(\.\d{1,4})?")
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class Variant:
    """One choice on a page with variants: `?variant=<key>` in the address selects it."""

    key: str
    name: str
    extra: Decimal = Decimal(0)
    """What it costs more than the product's price, major units."""
    in_stock: bool = True


@dataclass(frozen=True, slots=True)
class ShopProduct:
    """Prices are in major units of `currency`."""

    slug: str
    title: str
    price: Decimal
    currency: str = "INR"
    list_price: Decimal | None = None
    availability: Availability = "in_stock"
    mode: Mode = "normal"
    style: Style = "json_ld"
    brand: str = "Demo"
    category: str = "Household"
    sku: str = ""
    gtin: str | None = None
    description: str = ""
    points: tuple[str, ...] = ()
    variants: tuple[Variant, ...] = ()

    def __post_init__(self) -> None:
        if not _SLUG.fullmatch(self.slug):
            raise ValueError("A slug is made of small letters, digits and single hyphens.")
        if self.style not in STYLES:
            raise ValueError(f"The style must be one of: {', '.join(STYLES)}.")
        read_title(self.title)
        read_availability(self.availability)
        read_mode(self.mode)
        money.Money(0, self.currency)  # refuses what is no currency

    def variant(self, key: str | None) -> Variant | None:
        """The chosen variant, the first one for an unknown key, or None if there is nothing to choose."""
        return next((each for each in self.variants if each.key == key), next(iter(self.variants), None))

    def price_of(self, variant: Variant | None) -> Decimal:
        return self.price + (variant.extra if variant else 0)

    def is_available(self, variant: Variant | None = None) -> bool:
        return self.availability == "in_stock" and (variant is None or variant.in_stock)

    @property
    def reduced_from(self) -> Decimal | None:
        """The list price, as long as it is above the price."""
        return self.list_price if self.list_price is not None and self.list_price > self.price else None


def read_price(value: object, currency: str) -> Decimal:
    """A price from a person's or a program's text or number, in major units, with the currency's decimals.

    Raises ValueError with one sentence for anything that is not a positive amount below a thousand million.
    """
    decimals = money.exponent(currency)
    text = (
        str(value).strip() if isinstance(value, str | int | Decimal) and not isinstance(value, bool) else ""
    )
    if not _PRICE.fullmatch(text):
        raise ValueError("The price must be a plain positive amount such as 1299.00.")
    amount = Decimal(text)
    if amount <= 0:
        raise ValueError("The price must be above zero.")
    exact = amount.quantize(Decimal(1).scaleb(-decimals))
    if exact != amount:
        raise ValueError(f"A price in {currency} has at most {decimals} decimals.")
    return exact


def read_availability(value: object) -> Availability:
    """Raises ValueError with one sentence for any other word."""
    for known in AVAILABILITIES:
        if value == known:
            return known
    raise ValueError(f"The availability must be one of: {', '.join(AVAILABILITIES)}.")


def read_mode(value: object) -> Mode:
    """Raises ValueError with one sentence for any other word."""
    for known in MODES:
        if value == known:
            return known
    raise ValueError(f"The mode must be one of: {', '.join(MODES)}.")


def read_title(value: object) -> str:
    """Raises ValueError with one sentence for anything but 1 to 300 characters of text."""
    if not isinstance(value, str) or not 1 <= len(value.strip()) <= 300:
        raise ValueError("The title must be a text of 1 to 300 characters.")
    return value.strip()
