"""Links that people asked about: each is owed one answer, whatever happens to the hint that carries it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog.models import Preview, PreviewState
from tracker.errors import NotYours, OverAllowance
from tracker.users.models import User

MAX_ATTEMPTS = 3
MOST_WAITING = 20
"""Answers that one person may wait for at a time."""


async def ask(session: AsyncSession, user: User, url: str, *, chat_id: int) -> Preview:
    """Owe this person an answer about a canonical URL. Raises OverAllowance while too many are owed."""
    now = clock.now()
    waiting = select(func.count()).where(Preview.user_id == user.id, Preview.state == PreviewState.ASKED)
    if (await session.scalar(waiting) or 0) >= MOST_WAITING:
        raise OverAllowance("error.too_many_previews")
    preview = Preview(user_id=user.id, chat_id=chat_id, url=url, due_at=now, asked_at=now)
    session.add(preview)
    await session.flush()
    return preview


async def claim(session: AsyncSession, preview_id: int, *, lease: timedelta) -> Preview | None:
    """Lease one preview; None when it is answered, or in other hands."""
    now = clock.now()
    return await session.scalar(
        update(Preview)
        .where(
            Preview.id == preview_id,
            Preview.state == PreviewState.ASKED,
            or_(Preview.lease_until.is_(None), Preview.lease_until <= now),
        )
        .values(lease_token=uuid4().hex, lease_until=now + lease, attempts=Preview.attempts + 1)
        .returning(Preview)
        .execution_options(synchronize_session=False, populate_existing=True)
    )


async def overdue(session: AsyncSession, *, limit: int = 100) -> Sequence[tuple[int, int]]:
    """(id, attempts) of previews in nobody's hands a second after they were due: a hint was lost, or a worker
    died.
    """
    now = clock.now()
    return [
        (preview_id, attempts)
        for preview_id, attempts in await session.execute(
            select(Preview.id, Preview.attempts)
            .where(
                Preview.state == PreviewState.ASKED,
                Preview.due_at <= now - timedelta(seconds=1),
                or_(Preview.lease_until.is_(None), Preview.lease_until <= now),
            )
            .order_by(Preview.due_at)
            .limit(limit)
        )
    ]


async def settle(
    session: AsyncSession, claimed: Preview, state: PreviewState, *, listing_id: int | None = None
) -> None:
    """Close a claimed preview."""
    await _update(session, claimed, state=state, listing_id=listing_id, answered_at=clock.now())


async def try_again(session: AsyncSession, claimed: Preview, *, after: timedelta) -> None:
    """Put a claimed preview back for a while."""
    await _update(session, claimed, due_at=clock.now() + after)


async def _update(session: AsyncSession, claimed: Preview, **values: object) -> None:
    # The token fences: whoever was frozen past the lease changes nothing.
    await session.execute(
        update(Preview)
        .where(Preview.id == claimed.id, Preview.lease_token == claimed.lease_token)
        .values(lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )


async def hold(session: AsyncSession, claimed: Preview, listing_id: int) -> None:
    """Note the listing before its card is said: the button may be tapped before the answer is settled."""
    await session.execute(
        update(Preview)
        .where(Preview.id == claimed.id, Preview.lease_token == claimed.lease_token)
        .values(listing_id=listing_id)
        .execution_options(synchronize_session=False)
    )


async def answered(session: AsyncSession, user: User, preview_id: int) -> Preview:
    """The preview behind a button. Raises NotYours for one that is not this person's, or holds no listing."""
    preview = await session.scalar(
        select(Preview).where(
            Preview.id == preview_id, Preview.user_id == user.id, Preview.listing_id.is_not(None)
        )
    )
    if preview is None:
        raise NotYours
    return preview
