"""Who watches what, and when to be told."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, and_, or_
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.catalog.models import Listing
from tracker.database import Base, BigId
from tracker.money import Money
from tracker.users.models import User, UserState


class WatchState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    SNOOZED = "snoozed"
    """Silent until `snoozed_until`, or until it costs less than `snoozed_below_minor`; checks go on."""
    BOUGHT = "bought"
    """The person has it now: nothing more is said, and the row shows what they saved."""
    STOPPED = "stopped"
    """Given up by the person. The row stays, so that alerts keep their history and an undo loses nothing."""


FOR_CHECKING = (WatchState.ACTIVE, WatchState.SNOOZED)
"""Watches whose listings are checked: a snooze may end by a price."""


class RuleKind(StrEnum):
    ANY_DROP = "any_drop"
    DROP_BY = "drop_by"
    """A drop of at least an amount or a percentage, against a reference."""
    TARGET = "target"
    LOWEST = "lowest"
    """The lowest price in `days`, or ever; both since we track."""
    BACK_IN_STOCK = "back_in_stock"
    OUT_OF_STOCK = "out_of_stock"
    RISE = "rise"
    ANY_CHANGE = "any_change"


class Reference(StrEnum):
    """What a drop is measured against."""

    ADDED = "added"
    LAST_ALERT = "last_alert"
    MEDIAN = "median"
    """The median of the last 30 days, each price weighed by how long it stood."""
    HIGHEST = "highest"
    """The highest price since the last alert, or since the watch was added."""


class Rearm(StrEnum):
    """When a rule that has fired may fire again."""

    ONCE = "once"
    CROSSING = "crossing"
    """Every time its condition comes true anew."""
    FURTHER = "further"
    """As CROSSING, and at every further low while it is true."""
    HOURS = "hours"
    """At the first change at least `rearm_hours` after it fired."""


class Watch(Base):
    """One person watches one listing. `number` is theirs alone: "#3" in /list and in /stop 3."""

    __tablename__ = "watches"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    listing_id: Mapped[int] = mapped_column(ForeignKey("listings.id"))
    number: Mapped[int]
    chat_id: Mapped[int]
    state: Mapped[str] = mapped_column(String(16), default=WatchState.ACTIVE)
    start_minor: Mapped[int | None]
    """The price when the watch was added, in `start_currency`; null when there was none."""
    start_currency: Mapped[str | None] = mapped_column(String(3))
    created_at: Mapped[datetime]
    snoozed_until: Mapped[datetime | None]
    snoozed_below_minor: Mapped[int | None]
    bought_minor: Mapped[int | None]
    """What the person paid, in the listing's currency, when they said; set with `bought_at`."""
    bought_at: Mapped[datetime | None]
    is_always_at_once: Mapped[bool] = mapped_column(default=False)
    """Told in the moment, whatever the person's digests, quiet hours and caps say."""
    only_seller: Mapped[str | None] = mapped_column(String(255))
    """Told only of what this seller asks, when the page names one."""
    is_only_new: Mapped[bool] = mapped_column(default=False)
    """Not told of used and refurbished offers."""
    last_alert_minor: Mapped[int | None]
    """The price in the last alert that was owed, in the listing's currency."""
    last_alert_at: Mapped[datetime | None]
    high_minor: Mapped[int | None]
    """The highest price since the last alert, or since the watch began."""

    user: Mapped[User] = relationship(lazy="raise")
    listing: Mapped[Listing] = relationship(lazy="raise")
    rules: Mapped[list["AlertRule"]] = relationship(
        lazy="raise", back_populates="watch", order_by="AlertRule.id", cascade="all, delete-orphan"
    )

    __table_args__ = (
        UniqueConstraint("user_id", "listing_id"),
        UniqueConstraint("user_id", "number"),
        Index(None, "listing_id", "state"),
        Index(None, "user_id", "state"),
    )

    @property
    def start_price(self) -> Money | None:
        if self.start_minor is None or self.start_currency is None:
            return None
        return Money(self.start_minor, self.start_currency)

    @property
    def is_in_reach(self) -> bool:
        """Whether its owner can be told where they watch: a block closes their own chat, and no group."""
        if self.user.state == UserState.BLOCKED:
            return self.chat_id < 0
        return self.user.state == UserState.ACTIVE


IN_REACH = or_(
    User.state == UserState.ACTIVE,
    and_(User.state == UserState.BLOCKED, Watch.chat_id < 0),
)
"""`Watch.is_in_reach`, for a query that joins the user."""


class RuleTerms:
    """What a rule says, without what became of it. Which columns count depends on the kind."""

    kind: Mapped[str] = mapped_column(String(32))
    amount_minor: Mapped[int | None]
    """The target price, or the least drop."""
    currency: Mapped[str | None] = mapped_column(String(3))
    percent: Mapped[int | None]
    """The least drop, instead of an amount."""
    reference: Mapped[str | None] = mapped_column(String(16))
    days: Mapped[int | None]
    """Of LOWEST: 30, 90 or 365; null is "ever"."""
    rearm: Mapped[str] = mapped_column(String(16), default=Rearm.CROSSING)
    rearm_hours: Mapped[int | None]

    @property
    def amount(self) -> Money | None:
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(self.amount_minor, self.currency)


class AlertRule(RuleTerms, Base):
    """When to be told. A watch has at most one rule of a kind."""

    __tablename__ = "alert_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id", ondelete="CASCADE"))
    created_at: Mapped[datetime]
    is_armed: Mapped[bool] = mapped_column(default=True)
    """Whether the condition was false, or the rule new, since it last fired."""
    fired_at: Mapped[datetime | None]
    fired_minor: Mapped[int | None]

    watch: Mapped[Watch] = relationship(lazy="raise", back_populates="rules")

    __table_args__ = (UniqueConstraint("watch_id", "kind"),)


class DefaultRule(RuleTerms, Base):
    """A rule that a person's new watches begin with. Without any, they begin with any drop."""

    __tablename__ = "default_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))

    __table_args__ = (UniqueConstraint("user_id", "kind"),)
