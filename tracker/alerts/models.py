"""The outbox: messages owed, and how each person wants them."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId
from tracker.money import Money


class AlertState(StrEnum):
    DUE = "due"
    HELD = "held"
    """Waits for a digest, for the end of quiet hours, or for room under a cap: `held_for` says which."""
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    """No longer wanted when its turn came: the watch was paused or stopped."""
    DEAD = "dead"
    """Telegram's answer was final, or every attempt failed."""


_DEAD = text("state = 'dead'")

UNSETTLED = (AlertState.DUE, AlertState.SENDING)


class HeldFor(StrEnum):
    """Why an alert is not said in the moment."""

    QUIET = "quiet"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"
    CAP = "cap"
    ASKED = "asked"
    """Nothing any more: the person asked for what waited, and gets it whatever else they chose."""


class Mode(StrEnum):
    """When a person is told."""

    INSTANT = "instant"
    HOURLY = "hourly"
    DAILY = "daily"
    WEEKLY = "weekly"


class AlertPreferences(Base):
    """How a person is told; without a row, by the defaults: at once, with photos and a sound.

    Hours and minutes are on the person's own clock. `quiet_from` and `quiet_until` count minutes since
    midnight and are both set or both null; from after until means over midnight.
    """

    __tablename__ = "alert_preferences"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    mode: Mapped[str] = mapped_column(String(16), default=Mode.INSTANT)
    digest_hour: Mapped[int] = mapped_column(default=9)
    digest_weekday: Mapped[int] = mapped_column(default=5)
    """Monday is 0."""
    quiet_from: Mapped[int | None]
    quiet_until: Mapped[int | None]
    hourly_cap: Mapped[int | None]
    is_silent: Mapped[bool] = mapped_column(default=False)
    has_photos: Mapped[bool] = mapped_column(default=True)


class Alert(Base):
    """A message owed to one watch for one observation. It holds data; the text is made at delivery.

    `reasons` lists every rule that the reading fired, so that one reading makes one message:
    `[{"kind": "target", "target_minor": 150000}, …]`.
    """

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    observation_id: Mapped[int] = mapped_column(BigId)
    """It may have been retired since; what a message needs of it is here."""
    chat_id: Mapped[int]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    before_minor: Mapped[int | None]
    now_minor: Mapped[int | None]
    currency: Mapped[str | None] = mapped_column(String(3))
    """Null when neither before nor now had a price: a thing that came back in stock, say."""
    observed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default=AlertState.DUE)
    due_at: Mapped[datetime]
    held_for: Mapped[str | None] = mapped_column(String(16))
    """Why it was last held; stays when it is sent, so that history can say it."""
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    message_id: Mapped[int | None]
    merged_into: Mapped[int | None]
    """The first alert of the message, when several were said in one."""
    correction_id: Mapped[int | None] = mapped_column(ForeignKey("corrections.id"))
    """The correction that says that this alert's price was wrong."""
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("watch_id", "observation_id"),
        Index(None, "state", "due_at"),
        Index(None, "chat_id", "state"),
        Index("ix_alerts_dead", "id", postgresql_where=_DEAD, sqlite_where=_DEAD),
    )

    @property
    def before(self) -> Money | None:
        if self.before_minor is None or self.currency is None:
            return None
        return Money(self.before_minor, self.currency)

    @property
    def now(self) -> Money | None:
        if self.now_minor is None or self.currency is None:
            return None
        return Money(self.now_minor, self.currency)
