"""Notices: owed in the transaction of what they tell, said by a worker, kept."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId


class NoticeState(StrEnum):
    DUE = "due"
    SENT = "sent"
    DEAD = "dead"


_DUE = text("state = 'due'")
_SENT_TO_MANY = text("broadcast_id IS NOT NULL")


class Notice(Base):
    """One message owed to one chat, as data. `key` is what it tells, once for ever."""

    __tablename__ = "notices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    key: Mapped[str] = mapped_column(String(128), unique=True)
    chat_id: Mapped[int]
    kind: Mapped[str] = mapped_column(String(48))
    details: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[str] = mapped_column(String(16), default=NoticeState.DUE)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None]
    lease_token: Mapped[str | None] = mapped_column(String(32))
    sent_at: Mapped[datetime | None]
    message_id: Mapped[int | None]
    last_error: Mapped[str | None] = mapped_column(Text)
    broadcast_id: Mapped[int | None] = mapped_column(BigId)
    """The broadcast that it is of: it waits until nothing else is to be said."""

    __table_args__ = (
        Index("ix_notices_due", "chat_id", "id", postgresql_where=_DUE, sqlite_where=_DUE),
        Index(
            "ix_notices_broadcast",
            "broadcast_id",
            "state",
            postgresql_where=_SENT_TO_MANY,
            sqlite_where=_SENT_TO_MANY,
        ),
    )
