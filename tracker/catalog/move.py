"""A check, and what happened between two observations of a listing."""

from dataclasses import dataclass
from datetime import datetime

from tracker.money import Money
from tracker.stores.offer import Offer


@dataclass(frozen=True, slots=True)
class Check:
    """One run of reading a listing. Without an offer, `outcome` says why in a word."""

    began_at: datetime
    outcome: str
    offer: Offer | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A new observation beside the last known price before it. Rules judge moves."""

    listing_id: int
    observation_id: int
    observed_at: datetime
    before: Money | None
    """The last price that a page showed before; None when this is the first."""
    now: Money | None
    """None when there is nothing to buy."""
