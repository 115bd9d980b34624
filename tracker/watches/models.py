"""Who watches what, and when to be told."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.catalog.models import Listing
from tracker.database import Base, BigId
from tracker.money import Money
from tracker.users.models import User


class WatchState(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"
    """Given up by the person. The row stays, so that alerts keep their history and an undo loses nothing."""


class RuleKind(StrEnum):
    ANY_DROP = "any_drop"
    TARGET = "target"


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


class AlertRule(Base):
    """When to be told. A watch has at most one rule of a kind."""

    __tablename__ = "alert_rules"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id", ondelete="CASCADE"))
    kind: Mapped[str] = mapped_column(String(32))
    target_minor: Mapped[int | None]
    target_currency: Mapped[str | None] = mapped_column(String(3))
    created_at: Mapped[datetime]

    watch: Mapped[Watch] = relationship(lazy="raise", back_populates="rules")

    __table_args__ = (UniqueConstraint("watch_id", "kind"),)

    @property
    def target(self) -> Money | None:
        if self.target_minor is None or self.target_currency is None:
            return None
        return Money(self.target_minor, self.target_currency)
