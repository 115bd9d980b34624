"""What is watched: listings, their price history, and the links that people asked about."""

from datetime import datetime, timedelta
from enum import StrEnum
from random import uniform

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId
from tracker.money import Money
from tracker.stores.offer import Availability

MAX_URL = 2048


class Listing(Base):
    """A thing at one store, shared by all who watch it. `next_check_at` is null while nobody does."""

    __tablename__ = "listings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    url: Mapped[str] = mapped_column(String(MAX_URL), unique=True)
    store: Mapped[str] = mapped_column(String(255))
    title: Mapped[str] = mapped_column(String(500))
    image: Mapped[str | None] = mapped_column(String(MAX_URL))
    variant: Mapped[str | None] = mapped_column(String(255))
    seller: Mapped[str | None] = mapped_column(String(255))
    currency: Mapped[str | None] = mapped_column(String(3))
    price_minor: Mapped[int | None]
    list_price_minor: Mapped[int | None]
    availability: Mapped[str] = mapped_column(String(16), default=Availability.UNKNOWN)
    read_at: Mapped[datetime | None]
    """When a page last gave an offer that we believe."""
    checked_at: Mapped[datetime | None]
    """When the last recorded check began, whatever its outcome: so old is what we know of the page."""
    outcome: Mapped[str | None] = mapped_column(String(32))
    failures: Mapped[int] = mapped_column(default=0)
    """Checks in a row that gave no offer."""
    next_check_at: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "next_check_at"),)

    @property
    def price(self) -> Money | None:
        return (
            None
            if self.price_minor is None or self.currency is None
            else Money(self.price_minor, self.currency)
        )

    @property
    def list_price(self) -> Money | None:
        if self.list_price_minor is None or self.currency is None:
            return None
        return Money(self.list_price_minor, self.currency)

    def schedule_next(self, now: datetime, interval: timedelta) -> None:
        """Set the next due time: the interval less a jitter of up to a tenth, so that checks spread out.

        After a failed check it comes sooner, from a minute on, doubling up to the interval.
        """
        wait = interval
        if self.failures:
            wait = min(interval, timedelta(minutes=1) * 2 ** min(self.failures - 1, 12))
        self.next_check_at = now + wait * uniform(0.9, 1)  # noqa: S311 - spreads load, guards nothing


class PriceObservation(Base):
    """A price that a page showed: the first reading and every change after it. Append-only."""

    __tablename__ = "price_observations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    price_minor: Mapped[int | None]
    """Null when the page offers nothing to buy: out of stock without a price."""
    list_price_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    availability: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(Text)
    observed_at: Mapped[datetime]

    __table_args__ = (Index(None, "listing_id", "observed_at"),)


class PreviewState(StrEnum):
    ASKED = "asked"
    SHOWN = "shown"
    FAILED = "failed"


class Preview(Base):
    """A link that a person pasted and is owed an answer to: a card to confirm, or a sentence why not."""

    __tablename__ = "previews"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    chat_id: Mapped[int]
    url: Mapped[str] = mapped_column(String(MAX_URL))
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listings.id"))
    state: Mapped[str] = mapped_column(String(16), default=PreviewState.ASKED)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "state", "due_at"), Index(None, "user_id", "state"))
