"""The outbox: messages owed."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId
from tracker.money import Money


class AlertState(StrEnum):
    DUE = "due"
    SENDING = "sending"
    SENT = "sent"
    CANCELLED = "cancelled"
    """No longer wanted when its turn came: the watch was paused or stopped."""
    DEAD = "dead"
    """Telegram's answer was final, or every attempt failed."""


UNSETTLED = (AlertState.DUE, AlertState.SENDING)


class Alert(Base):
    """A message owed to one watch for one observation. It holds data; the text is made at delivery.

    `reasons` lists every rule that the reading fired, so that one reading makes one message:
    `[{"kind": "target", "target_minor": 150000}, …]`.
    """

    __tablename__ = "alerts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    watch_id: Mapped[int] = mapped_column(ForeignKey("watches.id"))
    observation_id: Mapped[int] = mapped_column(ForeignKey("price_observations.id"))
    chat_id: Mapped[int]
    reasons: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    before_minor: Mapped[int | None]
    now_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    observed_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default=AlertState.DUE)
    due_at: Mapped[datetime]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    lease_until: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0)
    sent_at: Mapped[datetime | None]
    message_id: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (
        UniqueConstraint("watch_id", "observation_id"),
        Index(None, "state", "due_at"),
        Index(None, "chat_id", "state"),
    )

    @property
    def before(self) -> Money | None:
        return None if self.before_minor is None else Money(self.before_minor, self.currency)

    @property
    def now(self) -> Money:
        return Money(self.now_minor, self.currency)
