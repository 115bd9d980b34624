"""The audit log: who did what to what, when, and through which door."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin.models import AuditEntry
from tracker.admin.roles import Action, Actor


async def allow(
    session: AsyncSession, actor: Actor, action: Action, subject: str | None = None, **details: Any
) -> AuditEntry:
    """Let an actor do something that changes the service, and write it down with what it changes.

    Called before the change, in its transaction: what fails afterwards is in no log. `details` hold no
    secrets. Raises Forbidden.
    """
    actor.must_be_let(action)
    entry = AuditEntry(
        at=clock.now(),
        by=actor.telegram_id,
        role=actor.role,
        door=actor.door,
        action=action,
        subject=subject,
        details=details,
    )
    session.add(entry)
    await session.flush()
    return entry


async def entries(
    session: AsyncSession,
    *,
    subject: str | None = None,
    by: int | None = None,
    action: str | None = None,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[AuditEntry]:
    """The newest first, from the one before id `before` on."""
    wanted = select(AuditEntry).order_by(AuditEntry.id.desc()).limit(limit)
    if subject is not None:
        wanted = wanted.where(AuditEntry.subject == subject)
    if by is not None:
        wanted = wanted.where(AuditEntry.by == by)
    if action is not None:
        wanted = wanted.where(AuditEntry.action == action)
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    return (await session.scalars(wanted)).all()
