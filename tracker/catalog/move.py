"""A check, and what happened between two observations of a listing."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from tracker.catalog.history import PriceHistory
from tracker.money import Money
from tracker.stores.offer import Availability, Offer, Reason


class Kind(StrEnum):
    """What an answer is to schedules, whatever its reason."""

    OFFER = "offer"
    UNCHANGED = "unchanged"
    """The store says that the page is what it was."""
    NO_OFFER = "no_offer"
    BLOCKED = "blocked"
    """The store refuses us, whichever listing we ask for."""
    GONE = "gone"
    FAILED = "failed"
    """On its way, for a reason that may pass."""


REFUSALS = (Kind.BLOCKED, Reason.CAPTCHA, Reason.BOT_WALL)
"""The outcomes of checks by which a store refused us."""


@dataclass(frozen=True, slots=True)
class Check:
    """One run of reading a listing. Without an offer, `outcome` says why in a word."""

    began_at: datetime
    outcome: str
    offer: Offer | None = None
    kind: Kind = Kind.NO_OFFER
    """Left out, an offer is one and everything else none."""
    etag: str | None = None
    last_modified: str | None = None
    """With `etag`, what the store calls the state of its page: sent back with the next question."""
    needs_browser: bool = False
    """Whether a browser read the page, since nothing else could."""
    retry_after: timedelta | None = None
    """When the store said that it may be asked again."""

    def __post_init__(self) -> None:
        if self.offer is not None:
            object.__setattr__(self, "kind", Kind.OFFER)


@dataclass(frozen=True, slots=True)
class Move:
    """A new observation beside what was known before it. Rules judge moves."""

    listing_id: int
    observation_id: int
    observed_at: datetime
    before: Money | None
    """The last price that a page showed before; None when this is the first."""
    now: Money | None
    """None when there is nothing to buy."""
    was: Availability = Availability.UNKNOWN
    """What was last known of stock before, whatever "unknown" came between."""
    availability: Availability = Availability.UNKNOWN
    seller: str | None = None
    is_used: bool = False
    history: PriceHistory = PriceHistory((), "XXX")  # noqa: RUF009 - holds nothing that could change
    """What it cost before."""
    is_new_beginning: bool = False
    """What was known before was not of this thing: nobody is told, and everything is measured from here."""

    @property
    def is_for_sale(self) -> bool:
        """Whether somebody could pay the price: it has one, and the page does not say that it is sold out."""
        return self.now is not None and self.availability != Availability.OUT_OF_STOCK
