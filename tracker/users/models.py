"""The people."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import Index, String
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId


class UserState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    """They blocked the bot: nothing is sent, everything is kept, and an unblock brings them back."""
    DEACTIVATED = "deactivated"
    """Telegram says that the account or the chat is gone for good."""


class User(Base):
    """A person. The Telegram identity is the account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    telegram_id: Mapped[int] = mapped_column(unique=True)
    first_name: Mapped[str] = mapped_column(String(256), default="")
    username: Mapped[str | None] = mapped_column(String(64))
    locale: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default=UserState.ACTIVE)
    start_payload: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]

    __table_args__ = (Index(None, "state"),)
