"""The people."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import JSON, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId
from tracker.users.allowance import Allowance, features_of


class UserState(StrEnum):
    ACTIVE = "active"
    BLOCKED = "blocked"
    """They blocked the bot: nothing is sent, everything is kept, and an unblock brings them back."""
    DEACTIVATED = "deactivated"
    """Telegram says that the account or the chat is gone for good."""
    SUSPENDED = "suspended"
    """By those who run the service, until `suspended_until`: nothing is checked or sent for them."""


_ENDS = text("suspended_until IS NOT NULL")
_VERIFIED = text("email_verified_at IS NOT NULL")


class User(Base):
    """A person. The Telegram identity is the account."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    telegram_id: Mapped[int] = mapped_column(unique=True)
    first_name: Mapped[str] = mapped_column(String(256), default="")
    username: Mapped[str | None] = mapped_column(String(64))
    name_key: Mapped[str] = mapped_column(String(64), default="")
    """The beginning of `first_name` in small letters, as `username_key` of the other: for searches."""
    username_key: Mapped[str] = mapped_column(String(64), default="")
    locale: Mapped[str] = mapped_column(String(16))
    currency: Mapped[str] = mapped_column(String(3))
    time_zone: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16), default=UserState.ACTIVE)
    start_payload: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    plan: Mapped[str] = mapped_column(String(16))
    """What is in force now; what it permits stands in the columns below, for queries to judge by."""
    allowed_watches: Mapped[int]
    check_every_seconds: Mapped[int]
    history_days: Mapped[int | None]
    requests_per_minute: Mapped[int]
    features: Mapped[list[str]] = mapped_column(JSON)
    checked_first: Mapped[bool] = mapped_column(default=False)
    """One of the features, for queries to judge by."""
    email: Mapped[str | None] = mapped_column(String(254))
    """Where invoices also go, once `email_verified_at` says that it is theirs."""
    email_verified_at: Mapped[datetime | None]
    email_code_hash: Mapped[str | None] = mapped_column(String(64))
    email_code_until: Mapped[datetime | None]
    email_code_tries: Mapped[int] = mapped_column(default=0)
    email_codes: Mapped[int] = mapped_column(default=0)
    """How many codes were made since `email_codes_since`, to whatever address."""
    email_codes_since: Mapped[datetime | None]
    suspended_until: Mapped[datetime | None]
    """Null is for good."""
    suspended_because: Mapped[str | None] = mapped_column(String(256))
    hears_broadcasts: Mapped[bool] = mapped_column(default=True)

    __table_args__ = (
        Index(None, "state", "id"),
        Index(None, "plan", "id"),
        Index(None, "last_seen_at"),
        Index(None, "email"),
        Index(None, "name_key", postgresql_ops={"name_key": "varchar_pattern_ops"}),
        Index(None, "username_key", postgresql_ops={"username_key": "varchar_pattern_ops"}),
        Index(None, "plan", "state", "id"),
        Index(None, "created_at"),
        Index("ix_users_email_verified", "id", postgresql_where=_VERIFIED, sqlite_where=_VERIFIED),
        Index("ix_users_suspended_until", "suspended_until", postgresql_where=_ENDS, sqlite_where=_ENDS),
    )

    @property
    def allowance(self) -> Allowance:
        return Allowance(
            watches=self.allowed_watches,
            check_every=timedelta(seconds=self.check_every_seconds),
            history_days=self.history_days,
            requests_per_minute=self.requests_per_minute,
            features=features_of(self.features),
        )


class ApiToken(Base):
    """A person's own key to their own watches, history and alerts; only its hash is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "user_id", "id"),)
