"""Who runs the service, what they did, and what runs on their word."""

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId


class Staff(Base):
    """Somebody whom an owner gave a role. Those of `ADMIN_IDS` are owners without a row."""

    __tablename__ = "staff"

    telegram_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    role: Mapped[str] = mapped_column(String(16))
    given_by: Mapped[int]
    given_at: Mapped[datetime]


class AuditEntry(Base):
    """What somebody who runs the service did, written in the transaction that did it; never changed."""

    __tablename__ = "audit_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    at: Mapped[datetime]
    by: Mapped[int]
    """A Telegram id."""
    role: Mapped[str] = mapped_column(String(16))
    door: Mapped[str] = mapped_column(String(8))
    """Through which they came: the chat or the API."""
    action: Mapped[str] = mapped_column(String(32))
    subject: Mapped[str | None] = mapped_column(String(320))
    """To what it was done: `user:7`, `store:amazon.in`."""
    details: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (Index(None, "subject", "id"), Index(None, "by", "id"), Index(None, "action", "id"))


class UserNote(Base):
    """What the team wrote down about a person, for each other."""

    __tablename__ = "user_notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    by: Mapped[int]
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index(None, "user_id", "id"),)


class BroadcastState(StrEnum):
    DRAFT = "draft"
    SCHEDULED = "scheduled"
    SENDING = "sending"
    PAUSED = "paused"
    DONE = "done"
    CANCELLED = "cancelled"


class Broadcast(Base):
    """A message to many. Each recipient's is a notice with its `broadcast_id`, owed a few at a time."""

    __tablename__ = "broadcasts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    segment: Mapped[dict[str, Any]] = mapped_column(JSON)
    """To whom; see `broadcasts.Segment`."""
    state: Mapped[str] = mapped_column(String(16), default=BroadcastState.DRAFT)
    starts_at: Mapped[datetime | None]
    by: Mapped[int]
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    owed_until: Mapped[int] = mapped_column(default=0)
    """The greatest id of a user whose message is owed."""
    owed: Mapped[int] = mapped_column(default=0)

    __table_args__ = (Index(None, "state", "starts_at"),)


class ApiSession(Base):
    """One refresh token of a family; the family is a sign-in. Using one makes the next.

    One that is used a second time was stolen, by whoever used it first or second: its family ends.
    """

    __tablename__ = "api_sessions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    telegram_id: Mapped[int]
    family: Mapped[str] = mapped_column(String(32))
    refresh_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "family"), Index(None, "telegram_id", "id"))


class Alarm(Base):
    """Something that an operator should know, while it lasts."""

    __tablename__ = "alarms"

    key: Mapped[str] = mapped_column(String(320), primary_key=True)
    """What it is about: `store:amazon.in`, `queue.alerts`."""
    since: Mapped[datetime]
    told_at: Mapped[datetime | None]
    silenced_until: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    details: Mapped[dict[str, Any]] = mapped_column(JSON)


class Switch(Base):
    """Something that an operator switches on and off for the whole service."""

    __tablename__ = "switches"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    is_on: Mapped[bool]
    by: Mapped[int]
    at: Mapped[datetime]


class Snapshot(Base):
    """Figures that cost too much to count for each look, as they were at a moment."""

    __tablename__ = "snapshots"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    taken_at: Mapped[datetime]
    figures: Mapped[dict[str, Any]] = mapped_column(JSON)


class DailyFigure(Base):
    """One figure of one day, for charts: what a day that is over was stays."""

    __tablename__ = "daily_figures"

    day: Mapped[date] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(48), primary_key=True)
    value: Mapped[int]
