"""What sources on a page claim, before anything is decided: a Claim is about one product, a Quote is one
price of it.

Every reader (JSON-LD, microdata, meta tags, an adapter of one shop, visible text) speaks in these;
`generic.decide` weighs them.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum

from tracker.stores.offer import Availability, Evidence


class Role(StrEnum):
    """What an amount is for the thing that it stands beside."""

    SELLING = "selling"
    LOWEST = "lowest"  # "from": the least of several, whose own offers the page does not tell apart
    LIST = "list"  # MRP, RRP, "was", crossed out
    UNIT = "unit"  # for 100 g, each of a pack
    INSTALMENT = "instalment"  # EMI, a month of a contract
    SHIPPING = "shipping"
    SAVING = "saving"  # "save", coupon, cashback
    THRESHOLD = "threshold"  # "free shipping over"
    EXCHANGE = "exchange"  # trade-in and bank offers
    SUBSCRIPTION = "subscription"  # subscribe and save
    MEMBER = "member"  # only for members
    USED = "used"
    VARIANT = "variant"  # of one choice among several
    ELSEWHERE = "elsewhere"  # of another thing: related, recently seen, in the cart


class Weight(IntEnum):
    """How far a source is trusted, in hundredths. A stronger source is asked first."""

    STORE = 97  # an adapter that knows the shop
    JSON_LD = 95
    MICRODATA = 90
    PLATFORM = 85  # an adapter that knows what the shop is built with
    META = 80
    EMBEDDED = 75  # state for the page's own scripts, when the page shows the amount
    SOCIAL = 70
    UNSEEN = 60  # such state, when the page shows no such amount
    VISIBLE = 50


@dataclass(frozen=True, slots=True)
class Quote:
    """One price of one product, in major units; `currency` is None when the source names none."""

    evidence: Evidence
    amount: Decimal | None = None
    currency: str | None = None
    role: Role = Role.SELLING
    highest: Decimal | None = None  # of the range that a LOWEST amount begins
    list_amount: Decimal | None = None
    availability: Availability = Availability.UNKNOWN
    used: bool = False
    url: str | None = None
    sku: str | None = None
    gtin: str | None = None
    variant: str | None = None
    seller: str | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What one source says about one product."""

    source: str
    weight: Weight
    quotes: tuple[Quote, ...] = ()
    title: str | None = None
    url: str | None = None
    image: str | None = None
    sku: str | None = None
    mpn: str | None = None
    """The maker's number, or what else the source calls it by when it names no SKU."""
    gtin: str | None = None
    brand: str | None = None
    sure: float = 1.0
    """How sure the source is that this is about the page's subject and its price, beside its weight."""
    listed: bool = False
    """It stands in a list or beside the page's subject: a related product, a search result."""
