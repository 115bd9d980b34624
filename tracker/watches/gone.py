"""Pages that are gone: after three days of it nothing more is asked for them, and those who wait are told."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.catalog.models import Listing
from tracker.notices import service as notices
from tracker.watches.demand import check_what_is_wanted
from tracker.watches.models import FOR_CHECKING, IN_REACH, Watch, WatchState

GONE_DAYS = 3
"""On so many days in a row of checks a page must be gone: shops take pages down for an hour, or a night."""


async def give_up(session: AsyncSession, listing: Listing) -> int:
    """Pause every watch on a page that is gone for good, and owe its owner one message; returns how many.

    The listing is the caller's, locked. Whoever resumes the watch has its page asked for on three more days.
    """
    if listing.gone_days < GONE_DAYS:
        return 0
    paused = (
        await session.scalars(
            select(Watch)
            .join(Watch.user)
            .where(Watch.listing_id == listing.id, Watch.state.in_(FOR_CHECKING), IN_REACH)
            .order_by(Watch.id)
        )
    ).all()
    for watch in paused:
        watch.state = WatchState.PAUSED
        watch.snoozed_until = watch.snoozed_below_minor = None
        await notices.owe(
            session,
            watch.chat_id,
            "listing_gone",
            f"gone:{watch.id}:{listing.gone_on}",
            watch_id=watch.id,
            title=listing.title,
            url=listing.url,
            store=listing.store,
        )
    listing.gone_days, listing.gone_on = 0, None
    await session.flush()
    await check_what_is_wanted(session, [listing.id])
    return len(paused)
