"""What a page says now. An Offer is read, judged and thrown away; it is never stored."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from tracker.money import Money


class Availability(StrEnum):
    """Whether the thing can be ordered at this moment; a pre-order can."""

    IN_STOCK = "in_stock"
    OUT_OF_STOCK = "out_of_stock"
    UNKNOWN = "unknown"


class Outcome(StrEnum):
    OFFER = "offer"
    NO_OFFER = "no_offer"
    BLOCKED = "blocked"
    GONE = "gone"


class Reason(StrEnum):
    """Why there is no offer. Each is its own sentence for a person; none is ever a price of 0."""

    NO_PRICE = "no_price"  # a product, but no price that we trust
    NO_CURRENCY = "no_currency"  # an amount of nobody knows what
    AMBIGUOUS = "ambiguous"  # several prices and nothing that says which is meant
    NOT_SURE = "not_sure"  # a price that is probably right: a person may say so
    NOT_A_PRODUCT = "not_a_product"  # a list, an article, a search
    HOME_PAGE = "home_page"  # the shop's front door, where dead links often lead
    EMPTY_SHELL = "empty_shell"  # nothing to read until a browser runs its scripts
    NOT_HTML = "not_html"
    CAPTCHA = "captcha"
    BOT_WALL = "bot_wall"
    STATUS_404 = "status_404"  # 404 or 410
    SOFT_404 = "soft_404"  # says "not found" with a status of 200
    DISCONTINUED = "discontinued"  # made or sold no more, and no price is asked
    SERVER_ERROR = "server_error"
    TOO_SLOW = "too_slow"  # the reader was stopped at its limit of time
    UNREADABLE = "unreadable"  # the reader failed or ran out of memory


@dataclass(frozen=True, slots=True)
class Evidence:
    """Where something was read, and the text that a person would see there."""

    source: str
    text: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """An amount on the page that could be taken for the price, and what became of it.

    `amount` is in major units, `role` a word of `candidates.Role`, `weight` how much speaks for it: of two
    amounts that are asked for, the heavier is meant. `where` says where it stands.
    """

    amount: Decimal
    currency: str | None
    role: str
    source: str
    text: str
    where: str
    weight: float


@dataclass(frozen=True, slots=True)
class Offer:
    """`price` is None only for a thing that is out of stock. `confidence` runs from 0 to 1."""

    title: str
    price: Money | None
    list_price: Money | None
    availability: Availability
    image: str | None
    variant: str | None
    seller: str | None
    sku: str | None
    gtin: str | None
    brand: str | None
    confidence: float
    evidence: tuple[Evidence, ...]
    candidates: tuple[Candidate, ...] = ()
    """What lost, the heaviest first."""
    is_used: bool = False
    """Whether the page says that the thing is used or refurbished, and sells it no other way."""
    source: str = ""
    """What said the price: the strongest of the sources that agree on it."""
    places: tuple[Candidate, ...] = ()
    """Every place where an amount stands, the price's own ones too, with the words around it."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The outcome of reading one page: an offer, or the reason why there is none.

    Without an offer, `candidates` are what a person could choose from.
    """

    outcome: Outcome
    offer: Offer | None = None
    reason: Reason | None = None
    candidates: tuple[Candidate, ...] = ()
