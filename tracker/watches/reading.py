"""What a person watches, by key: for readers that page through all of it."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from tracker.users.models import User
from tracker.watches.models import Watch, WatchState


async def newest(
    session: AsyncSession, user: User, *, before: int | None = None, limit: int = 20
) -> Sequence[Watch]:
    """The person's watches that were not stopped, the newest first, from the one before id `before` on."""
    wanted = (
        select(Watch)
        .where(Watch.user_id == user.id, Watch.state != WatchState.STOPPED)
        .options(joinedload(Watch.listing), selectinload(Watch.rules))
        .order_by(Watch.id.desc())
        .limit(limit)
    )
    if before is not None:
        wanted = wanted.where(Watch.id < before)
    return (await session.scalars(wanted)).all()
