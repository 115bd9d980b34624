"""Owing a notice, and saying it: claimed under a lease, settled by whoever holds it."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.database import insert
from tracker.notices.models import Notice, NoticeState

GIVE_UP_AFTER = timedelta(days=7)
"""Words about money are worth saying late."""

_LONGEST_PAUSE = timedelta(minutes=15)

_BEGUN = "being sent"


async def owe(session: AsyncSession, chat_id: int, kind: str, key: str, **details: Any) -> bool:
    """Owe a chat a message; False when `key` was owed before, whatever became of it."""
    now = clock.now()
    inserted = await session.scalar(
        insert(session, Notice)
        .values(
            key=key,
            chat_id=chat_id,
            kind=kind,
            details=details,
            state=NoticeState.DUE,
            created_at=now,
            due_at=now,
            attempts=0,
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Notice.id)
    )
    return inserted is not None


async def claim(session: AsyncSession, *, limit: int, lease: timedelta) -> Sequence[Notice]:
    """Take the oldest due notice of each of up to `limit` chats. Commit before sending; settle each.

    What is of a broadcast waits for `claim_of_broadcasts`.
    """
    heads = (
        select(func.min(Notice.id))
        .where(Notice.state == NoticeState.DUE, Notice.broadcast_id.is_(None))
        .group_by(Notice.chat_id)
    ).scalar_subquery()
    return await _claim(session, Notice.id.in_(heads), limit=limit, lease=lease)


async def claim_of_broadcasts(
    session: AsyncSession, broadcast_ids: Collection[int], *, limit: int, lease: timedelta
) -> Sequence[Notice]:
    """Take up to `limit` due notices of these broadcasts, of chats to which nothing else is to be said."""
    other = aliased(Notice)
    something_else = (
        select(other.id)
        .where(
            other.chat_id == Notice.chat_id,
            other.state == NoticeState.DUE,
            other.broadcast_id.is_(None),
            other.due_at <= clock.now(),
        )
        .exists()
    )
    return await _claim(
        session, Notice.broadcast_id.in_(broadcast_ids), ~something_else, limit=limit, lease=lease
    )


async def _claim(
    session: AsyncSession, *wanted: ColumnElement[bool], limit: int, lease: timedelta
) -> Sequence[Notice]:
    now = clock.now()
    due = (
        select(Notice.id)
        .where(
            *wanted,
            Notice.state == NoticeState.DUE,
            Notice.due_at <= now,
            or_(Notice.lease_until.is_(None), Notice.lease_until <= now),
        )
        .order_by(Notice.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed = await session.scalars(
        update(Notice)
        .where(Notice.id.in_(select(due.c.id)))
        .values(lease_token=uuid4().hex, lease_until=now + lease)
        .returning(Notice)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(claimed, key=lambda notice: notice.id)


async def begin(session: AsyncSession, notice: Notice) -> bool:
    """Note that a notice is being sent now; False when the lease has passed to somebody else.

    What is claimed again although it was begun may have arrived: see `was_begun`.
    """
    begun = await session.scalar(
        update(Notice)
        .where(
            Notice.id == notice.id,
            Notice.state == NoticeState.DUE,
            Notice.lease_token == notice.lease_token,
        )
        .values(last_error=_BEGUN)
        .returning(Notice.id)
        .execution_options(synchronize_session=False)
    )
    return begun is not None


def was_begun(notice: Notice) -> bool:
    """Whether somebody began to send it and never said what came of it."""
    return notice.last_error == _BEGUN


async def take_back(session: AsyncSession, broadcast_id: int) -> list[int]:
    """Take back what is owed of a broadcast; of whom, by the ids of the users.

    What is being sent stays, and what perhaps was: a row that is gone could not say so.
    """
    taken = await session.scalars(
        delete(Notice)
        .where(
            Notice.broadcast_id == broadcast_id,
            Notice.state == NoticeState.DUE,
            or_(Notice.lease_until.is_(None), Notice.lease_until <= clock.now()),
            or_(Notice.last_error.is_(None), Notice.last_error != _BEGUN),
        )
        .returning(Notice.details)
        .execution_options(synchronize_session=False)
    )
    return [int(details["user_id"]) for details in taken]


async def withdraw(session: AsyncSession, notice: Notice) -> None:
    """Whoever holds its lease found that it is not wanted any more."""
    await session.execute(
        delete(Notice)
        .where(Notice.id == notice.id, Notice.lease_token == notice.lease_token)
        .execution_options(synchronize_session=False)
    )


async def sent(session: AsyncSession, notice: Notice, message_id: int) -> None:
    await _settle(
        session, notice, state=NoticeState.SENT, sent_at=clock.now(), message_id=message_id, last_error=None
    )


async def bury(session: AsyncSession, notice: Notice, error: str) -> None:
    await _settle(session, notice, state=NoticeState.DEAD, last_error=error[:1000])


async def try_again(session: AsyncSession, notice: Notice, error: str) -> None:
    """After a growing pause; a notice that is a week old is given up."""
    now = clock.now()
    if now - notice.created_at > GIVE_UP_AFTER:
        await bury(session, notice, error)
        return
    pause = min(timedelta(seconds=2 ** min(notice.attempts + 1, 12)), _LONGEST_PAUSE)
    await _settle(session, notice, due_at=now + pause, attempts=notice.attempts + 1, last_error=error[:1000])


async def put_back(session: AsyncSession, notice: Notice, *, after: timedelta) -> None:
    """It was not tried: no attempt."""
    await _settle(session, notice, due_at=clock.now() + after, last_error=None)


async def moved(session: AsyncSession, notice: Notice, chat_id: int) -> None:
    """The chat has another id now: it is said there at once."""
    await _settle(session, notice, chat_id=chat_id, due_at=clock.now(), last_error=None)


async def _settle(session: AsyncSession, notice: Notice, **values: Any) -> None:
    """Nothing, when the lease has passed to somebody else."""
    await session.execute(
        update(Notice)
        .where(
            Notice.id == notice.id,
            Notice.state == NoticeState.DUE,
            Notice.lease_token == notice.lease_token,
        )
        .values(lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
