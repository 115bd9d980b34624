"""The chats in which watches speak: a group moves to another id, or the bot has to leave it."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.catalog.models import Correction, Listing, Preview
from tracker.users.models import User
from tracker.watches.demand import check_what_is_wanted
from tracker.watches.models import Watch, WatchState


async def moved(session: AsyncSession, old: int, new: int) -> None:
    """A group became a supergroup: what was to be said in the old chat is said in the new one.

    Telegram tells both the bot and whoever sends; the second word changes nothing. What alerts need beyond
    it is in `tracker.alerts.chats`.
    """
    await _lock_listings(session, Watch.chat_id == old)  # a check that is under way may owe the old chat more
    for table in (Watch, Preview, Correction):
        await session.execute(update(table).where(table.chat_id == old).values(chat_id=new))


async def left(session: AsyncSession, chat_id: int) -> Sequence[User]:
    """Nothing can be said in a group any more: pause what was to be said there; returns whose it was.

    It stays paused when the bot comes back, until its owner resumes it. Of the owners' own chats it says
    nothing.
    """
    speaking = Watch.chat_id == chat_id, Watch.state.in_((WatchState.ACTIVE, WatchState.SNOOZED))
    listings = await _lock_listings(session, *speaking)
    owners = (
        await session.scalars(
            select(User).where(User.id.in_(select(Watch.user_id).where(*speaking))).order_by(User.id)
        )
    ).all()
    await session.execute(
        update(Watch)
        .where(*speaking)
        .values(state=WatchState.PAUSED, snoozed_until=None, snoozed_below_minor=None)
        .execution_options(synchronize_session="fetch")
    )
    await check_what_is_wanted(session, listings)
    return owners


async def _lock_listings(session: AsyncSession, *of_watches: ColumnElement[bool]) -> Sequence[int]:
    rows = await session.scalars(
        select(Listing.id)
        .where(Listing.id.in_(select(Watch.listing_id).where(*of_watches)))
        .order_by(Listing.id)
        .with_for_update()
    )
    return rows.all()
