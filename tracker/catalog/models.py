"""What is watched: listings, their price history, and the links that people asked about."""

from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Double, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.catalog.interval import ChangeRate
from tracker.catalog.move import REFUSALS
from tracker.database import Base, BigId
from tracker.money import Money
from tracker.stores.offer import Availability

MAX_URL = 2048

_NEWS = text("news IS NOT NULL")

TITLE_WORDS = text("to_tsvector('simple'::regconfig, title::text)")
"""The words of a listing's title as PostgreSQL finds them, whatever their language."""


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
    evidence_kind: Mapped[str | None] = mapped_column(String(64))
    """Which sources said the last price that we believe: "json-ld+visible"."""
    outcome: Mapped[str | None] = mapped_column(String(32))
    failures: Mapped[int] = mapped_column(default=0)
    """Checks in a row that gave no offer; a store that refuses us says nothing about the listing."""
    gone_days: Mapped[int] = mapped_column(default=0)
    """On how many days in a row of checks the page was gone."""
    gone_on: Mapped[date | None]
    next_check_at: Mapped[datetime | None]
    """While a check is under way, when it is given up for lost: a listing is due by this column alone."""
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    created_at: Mapped[datetime]

    check_every_seconds: Mapped[int] = mapped_column(default=43_200)
    """The shortest interval that any of those who watch it is promised."""
    checked_first: Mapped[bool] = mapped_column(default=False)
    """Whether a plan of those who watch it promises that it comes before others of its store."""
    watchers: Mapped[int] = mapped_column(default=0)
    history_days: Mapped[int | None]
    """How far back the longest history goes that a plan of those who watch it permits; null is all of it."""
    kept_at: Mapped[datetime | None]
    """Since when those who watch it wait for the next check: the last that the store answered."""
    retired_until: Mapped[date | None]
    """Of the UTC days before it, `DailyLow` tells the prices; null while every observation is kept."""
    promise_at: Mapped[datetime | None]
    """When the next promise breaks unless a check begins before; null when none is left to break."""
    is_near_target: Mapped[bool] = mapped_column(default=False)
    """Whether it costs hardly more than somebody's target."""
    changes: Mapped[float] = mapped_column(Double, default=0.0)
    """How often its price changed within `change_days`; both fade (see `interval.ChangeRate`)."""
    change_days: Mapped[float] = mapped_column(Double, default=0.0)

    etag: Mapped[str | None] = mapped_column(String(256))
    last_modified: Mapped[str | None] = mapped_column(String(256))
    fetched_whole_at: Mapped[datetime | None]
    """When the page itself came last, not only the word that it is what it was."""
    needs_browser: Mapped[bool] = mapped_column(default=False)
    paused_at: Mapped[datetime | None]
    """Since when nobody's watch lets it be checked, by the word of somebody who runs the service."""

    # What is due of one store, by its two lanes: the id makes the index tell all that the question needs.
    __table_args__ = (
        Index("ix_listings_due", "store", "checked_first", "next_check_at", "id"),
        Index(None, "promise_at"),
        Index(None, "store", "id"),
        Index("ix_listings_title_words", TITLE_WORDS, postgresql_using="gin").ddl_if(dialect="postgresql"),
    )

    @property
    def price(self) -> Money | None:
        return self.money(self.price_minor)

    @property
    def list_price(self) -> Money | None:
        return self.money(self.list_price_minor)

    def money(self, minor: int | None) -> Money | None:
        """An amount of this listing, in its currency."""
        return None if minor is None or self.currency is None else Money(minor, self.currency)

    @property
    def check_every(self) -> timedelta:
        return timedelta(seconds=self.check_every_seconds)

    @property
    def is_unread(self) -> bool:
        """Whether the last check gave no offer, for a reason of the page's or since the store refused us."""
        return self.failures > 0 or self.outcome in REFUSALS

    @property
    def rate(self) -> ChangeRate:
        return ChangeRate(self.changes, self.change_days)

    @rate.setter
    def rate(self, rate: ChangeRate) -> None:
        self.changes, self.change_days = rate.changes, rate.days


class StoreState(Base):
    """How one store is asked and how it answers: one row a store, made with its first listing.

    Listings of one store are claimed through this row, so that a store which is slow, refuses us or has many
    listings holds up no other.
    """

    __tablename__ = "stores"

    code: Mapped[str] = mapped_column(String(255), primary_key=True)
    due_at: Mapped[datetime | None]
    """When the first of its listings is due and it may be asked; null while none of them is checked."""
    at_once: Mapped[int | None]
    gap_seconds: Mapped[float | None] = mapped_column(Double)
    """An operator's own manners for it; null is the service's."""
    way: Mapped[str | None] = mapped_column(String(16))
    """How its pages are fetched (`fetching.ways.Way`); null is directly."""
    blocks: Mapped[int] = mapped_column(default=0)
    """Refusals in a row."""
    refused_since: Mapped[datetime | None]
    rests_until: Mapped[datetime | None]
    news: Mapped[str | None] = mapped_column(String(16))
    """What those who wait for it are still to be told (`StoreNews`)."""
    told_user_id: Mapped[int] = mapped_column(default=0)
    """Everybody up to this person was told."""
    sale_until: Mapped[datetime | None]
    """Until then its prices are looked at more often."""

    __table_args__ = (
        Index(None, "due_at"),
        Index("ix_stores_news", "news", postgresql_where=_NEWS, sqlite_where=_NEWS),
    )


class StoreNews(StrEnum):
    REFUSING = "refusing"
    RECOVERED = "recovered"


class MissedPromise(Base):
    """A plan's promise to check a listing in time that was not kept. One a plan and check."""

    __tablename__ = "missed_promises"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    store: Mapped[str] = mapped_column(String(255))
    plan: Mapped[str] = mapped_column(String(16))
    promised_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("listing_id", "plan", "promised_at"), Index(None, "promised_at"))


class CheckTally(Base):
    """How a store's checks of one hour ended."""

    __tablename__ = "check_tallies"

    hour: Mapped[datetime] = mapped_column(primary_key=True)
    store: Mapped[str] = mapped_column(String(255), primary_key=True)
    outcome: Mapped[str] = mapped_column(String(32), primary_key=True)
    checks: Mapped[int]
    drops: Mapped[int]
    """How many of them found a lower price."""
    milliseconds: Mapped[int]
    """Of all of them together."""


class PriceObservation(Base):
    """A price that a page showed: the first reading and every change after it.

    Nothing of it changes but when it was last seen and whether it stands, and when its time is retired it
    goes (`retention.py`). On PostgreSQL partitioned by the month of `observed_at`, and the key is
    (id, observed_at) there: nothing can point at it.
    """

    __tablename__ = "price_observations"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    price_minor: Mapped[int | None]
    """Null when the page offers nothing to buy: out of stock without a price."""
    list_price_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    availability: Mapped[str] = mapped_column(String(16))
    seller: Mapped[str | None] = mapped_column(String(255))
    is_used: Mapped[bool] = mapped_column(default=False)
    evidence: Mapped[str] = mapped_column(Text)
    observed_at: Mapped[datetime]
    """When it was first seen."""
    last_seen_at: Mapped[datetime | None]
    """Null while it is what the page says: then it was last seen at the listing's `read_at`."""
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))
    """The correction that struck this reading from history as wrong; null for all that stand."""

    __table_args__ = (Index(None, "listing_id", "observed_at"),)

    @property
    def price(self) -> Money | None:
        if self.price_minor is None or self.currency is None:
            return None
        return Money(self.price_minor, self.currency)


class DailyLow(Base):
    """The lowest price of a UTC day whose observations are retired. It is that of every day after it, until
    the next one or the listing's `retired_until`.
    """

    __tablename__ = "daily_lows"

    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"), primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    price_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))
    """As that of an observation: the correction that struck it."""

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)


class Doubt(StrEnum):
    """What became of a reading that was not believed at once."""

    HELD = "held"
    """Waits for more reads that agree."""
    BELIEVED = "believed"
    """More reads agreed, and the last of them is an observation."""
    DROPPED = "dropped"
    """The next read said something else."""
    REJECTED = "rejected"
    """Too far from everything the listing ever cost: no number of reads makes it an alert."""


class DoubtfulReading(Base):
    """A reading that we did not believe at once, with what it was measured against. Kept for the operator."""

    __tablename__ = "doubtful_readings"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    price_minor: Mapped[int]
    median_minor: Mapped[int]
    """The recent median that the price is far from."""
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[str] = mapped_column(Text)
    evidence_kind: Mapped[str] = mapped_column(String(64))
    read_at: Mapped[datetime]

    __table_args__ = (Index(None, "listing_id", "state"), Index(None, "state", "read_at"))

    @property
    def price(self) -> Money:
        return Money(self.price_minor, self.currency)

    @property
    def median(self) -> Money:
        return Money(self.median_minor, self.currency)


class CorrectionState(StrEnum):
    ASKED = "asked"
    """Somebody says that the price is wrong; a worker is to read the page and offer what stands on it."""
    OFFERED = "offered"
    CHOSEN = "chosen"
    """The person showed us the right price."""
    NONE_RIGHT = "none_right"
    """None of what we saw is the price: what we took for it is not believed any more."""
    WITHDRAWN = "withdrawn"
    """The price was right after all, or the page could not be read."""
    UNDONE = "undone"
    """Taken back by an admin."""


class Correction(Base):
    """One person's word about one listing's price: "Wrong price?" One a person and listing.

    `offered` is what the page showed: `[{"amount": "1499", "currency": "INR", "source": …, "where": …,
    "role": …, "text": …}, …]`; `chosen` counts in it from 0.
    """

    __tablename__ = "corrections"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    chat_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default=CorrectionState.ASKED)
    wrong_minor: Mapped[int | None]
    """What we took for the price, in the listing's currency."""
    wrong_source: Mapped[str | None] = mapped_column(String(64))
    offered: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    chosen: Mapped[int | None]
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    asked_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("user_id", "listing_id"),
        Index(None, "listing_id"),
        Index(None, "state", "due_at"),
    )


class ReadingRule(Base):
    """Which of the amounts on a page is its price, as people showed us: for one listing, or for a store.

    It means the candidate of `source` and `where`; without them (`none of these`), it means that what
    `wrong_source` says is not to be believed.
    """

    __tablename__ = "reading_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    listing_id: Mapped[int | None] = mapped_column(ForeignKey("listings.id"))
    """Null: for every listing of the store whose page is laid out so."""
    store: Mapped[str] = mapped_column(String(255))
    source: Mapped[str | None] = mapped_column(String(64))
    place: Mapped[str | None] = mapped_column(String(255))
    wrong_source: Mapped[str | None] = mapped_column(String(64))
    correction_id: Mapped[int] = mapped_column(ForeignKey("corrections.id"))
    """The correction that made it: the last of three for a store's."""
    created_at: Mapped[datetime]
    undone_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "listing_id"), Index(None, "store"))


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
