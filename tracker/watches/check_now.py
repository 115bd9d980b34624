"""Looking at a page when somebody asks: once for all who ask, and never against its store's will."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.models import StoreState
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import FOR_CHECKING, Watch

CHECK_NOW_EVERY = timedelta(minutes=5)
"""A listing that was checked so lately is not checked again for being asked about, whoever asks: prices
seldom move faster, and no store is to suffer for a button."""


class Said(StrEnum):
    """What "Check now" is answered."""

    ASKED = "asked"
    LATELY = "lately"
    UNDER_WAY = "under_way"
    RESTS = "rests"
    """Its store refuses us, and is asked for nothing until `until`."""
    NOT_CHECKED = "not_checked"
    """It is paused, or was given up."""


@dataclass(frozen=True, slots=True)
class Answer:
    said: Said
    watch: Watch
    until: datetime | None = None


async def check_now(session: AsyncSession, user: User, watch_id: int) -> Answer:
    """Let the listing of a person's watch be checked now, unless it was or cannot be. Raises NotYours."""
    found = await watches.owned(session, user, watch_id)
    await watches.lock_listing(session, found.listing_id)
    found = await watches.owned(session, user, watch_id)
    listing, now = found.listing, clock.now()
    if found.state not in FOR_CHECKING or listing.next_check_at is None:
        return Answer(Said.NOT_CHECKED, found)
    if listing.checked_at is not None and now - listing.checked_at < CHECK_NOW_EVERY:
        return Answer(Said.LATELY, found)
    if listing.lease_until is not None and listing.lease_until > now:
        return Answer(Said.UNDER_WAY, found)
    store = await session.get(StoreState, listing.store, populate_existing=True)
    if store is not None and store.rests_until is not None and store.rests_until > now:
        return Answer(Said.RESTS, found, store.rests_until)
    if listing.next_check_at > now:
        await catalog.check_at(session, listing, now)
    return Answer(Said.ASKED, found)
