"""The inbox: what other machines told us, once each, until it is applied."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId


class EventState(StrEnum):
    RECEIVED = "received"
    """To be handled, now or at `due_at`."""
    APPLIED = "applied"
    IGNORED = "ignored"
    """Understood, and of no concern to us."""
    DEAD = "dead"
    """Every attempt failed: an operator decides."""


_UNFINISHED = text("state = 'received'")
_OF_OTHERS = text("provider <> 'telegram'")
_UNAPPLIED = text("state IN ('dead', 'ignored')")


class WebhookEvent(Base):
    """One event of one provider, as its raw bytes came.

    `partition` names what must be handled in order: for Telegram the chat id. Events without one are
    handled in any order. `lease_token` is the fence: only the claimer that holds it may settle the event.
    """

    __tablename__ = "webhook_events"
    __table_args__ = (
        UniqueConstraint("provider", "event_id"),
        Index(
            "ix_webhook_events_unfinished",
            "provider",
            "id",
            postgresql_where=_UNFINISHED,
            sqlite_where=_UNFINISHED,
        ),
        Index(
            "ix_webhook_events_unfinished_partition",
            "provider",
            "partition",
            "id",
            postgresql_where=_UNFINISHED,
            sqlite_where=_UNFINISHED,
        ),
        Index(
            "ix_webhook_events_of_others",
            "provider",
            "id",
            postgresql_where=_OF_OTHERS,
            sqlite_where=_OF_OTHERS,
        ),
        Index(
            "ix_webhook_events_unapplied", "state", "id", postgresql_where=_UNAPPLIED, sqlite_where=_UNAPPLIED
        ),
    )

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    event_id: Mapped[str] = mapped_column(String(128))
    partition: Mapped[int | None] = mapped_column(BigInteger)
    body: Mapped[bytes] = mapped_column(LargeBinary)
    body_sha256: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default=EventState.RECEIVED)
    attempts: Mapped[int] = mapped_column(default=0)
    received_at: Mapped[datetime]
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    applied_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)
