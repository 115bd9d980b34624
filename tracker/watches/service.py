"""Watching: begin, pause, resume, stop, and choose when to be told."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload, selectinload

from tracker import clock
from tracker.catalog.models import Listing
from tracker.errors import BadInput, NotYours, OverAllowance
from tracker.users.models import User, UserState
from tracker.watches.demand import check_what_is_wanted
from tracker.watches.models import FOR_CHECKING, AlertRule, RuleKind, Watch, WatchState

PAGE_SIZE = 6


class Sort(StrEnum):
    NEWEST = "new"
    NAME = "name"
    PRICE = "price"
    CHANGE = "change"


@dataclass(frozen=True, slots=True)
class WatchPage:
    """One page of a person's watches."""

    watches: Sequence[Watch]
    page: int
    pages: int
    total: int


def _loaded() -> Select[Watch]:
    return (
        select(Watch)
        .join(Watch.listing)
        .options(joinedload(Watch.listing), selectinload(Watch.rules))
        .execution_options(populate_existing=True)
    )


def _kept(user: User) -> tuple[ColumnElement[bool], ...]:
    return Watch.user_id == user.id, Watch.state != WatchState.STOPPED


async def watch(session: AsyncSession, user: User, listing: Listing, *, chat_id: int) -> tuple[Watch, bool]:
    """Begin to watch, with the default rule (any drop); the second value says whether that is new.

    A watch that was stopped before begins anew under its old number. Raises OverAllowance.
    """
    await lock(session, user)
    found = await session.scalar(_loaded().where(Watch.user_id == user.id, Watch.listing_id == listing.id))
    if found is not None and found.state != WatchState.STOPPED:
        return found, False
    await _has_room(session, user)
    await lock_listing(session, listing.id)
    now = clock.now()
    if found is None:
        last = await session.scalar(select(func.max(Watch.number)).where(Watch.user_id == user.id)) or 0
        found = Watch(user_id=user.id, listing_id=listing.id, number=last + 1, chat_id=chat_id)
        session.add(found)
    else:
        found.rules.clear()
        await session.flush()
    found.state, found.chat_id, found.created_at = WatchState.ACTIVE, chat_id, now
    found.start_minor = listing.price_minor
    found.start_currency = listing.currency if listing.price_minor is not None else None
    found.high_minor, found.last_alert_minor, found.last_alert_at = listing.price_minor, None, None
    found.rules.append(AlertRule(kind=RuleKind.ANY_DROP, created_at=now))
    await session.flush()
    await check_what_is_wanted(session, [listing.id])
    return await owned(session, user, found.id), True


async def lock(session: AsyncSession, user: User) -> None:
    """Makes "count, then add" one step for two taps at once."""
    await session.scalars(select(User.id).where(User.id == user.id).with_for_update())


async def lock_listing(session: AsyncSession, listing_id: int) -> None:
    """Before a watch is written: a check locks the listing first and then writes its watches."""
    await session.scalars(select(Listing.id).where(Listing.id == listing_id).with_for_update())


async def _has_room(session: AsyncSession, user: User) -> None:
    """Raises OverAllowance when this person can watch no more."""
    allowed = user.allowance.watches
    if await count_active(session, user) >= allowed:
        raise OverAllowance("error.too_many_watches", allowed=allowed)


async def count_active(session: AsyncSession, user: User) -> int:
    """How many watches count towards what the plan permits: those whose prices are followed."""
    counted = Watch.user_id == user.id, Watch.state.in_(FOR_CHECKING)
    return await session.scalar(select(func.count()).select_from(Watch).where(*counted)) or 0


async def of_listing(session: AsyncSession, user: User, listing_id: int) -> Watch | None:
    """This person's watch on a listing, unless it was stopped."""
    return await session.scalar(_loaded().where(*_kept(user), Watch.listing_id == listing_id))


async def owned(session: AsyncSession, user: User, watch_id: int) -> Watch:
    """The person's own watch, stopped or not. Raises NotYours for anybody else's and for none."""
    found = await session.scalar(_loaded().where(Watch.user_id == user.id, Watch.id == watch_id))
    if found is None:
        raise NotYours
    return found


async def matching(session: AsyncSession, user: User, words: str) -> Sequence[Watch]:
    """The watches that a command's words mean: "3" or "#3" by number, else a part of the title or store."""
    words = words.strip()
    number = words.removeprefix("#")
    if number.isascii() and number.isdigit() and len(number) < 10:
        by_number = (await session.scalars(_loaded().where(*_kept(user), Watch.number == int(number)))).all()
        if by_number:
            return by_number
    return (
        await session.scalars(
            _loaded().where(*_kept(user), _contains(words)).order_by(Watch.number).limit(20)
        )
    ).all()


async def to_be(session: AsyncSession, user: User, state: WatchState) -> Sequence[Watch]:
    """The watches that could be paused, resumed or stopped: what /pause offers when it names none."""
    before = {
        WatchState.PAUSED: (WatchState.ACTIVE, WatchState.SNOOZED),
        WatchState.ACTIVE: (WatchState.PAUSED, WatchState.SNOOZED, WatchState.BOUGHT),
        WatchState.STOPPED: (WatchState.ACTIVE, WatchState.PAUSED, WatchState.SNOOZED, WatchState.BOUGHT),
    }[state]
    wanted = _loaded().where(Watch.user_id == user.id, Watch.state.in_(before))
    return (await session.scalars(wanted.order_by(Watch.id.desc()).limit(20))).all()


async def page(
    session: AsyncSession, user: User, *, page: int = 0, sort: Sort = Sort.NEWEST, needle: str = ""
) -> WatchPage:
    """A page of the watches whose title or store holds `needle`; too large a page is the last."""
    wanted = (*_kept(user), _contains(needle)) if needle else _kept(user)
    total = (
        await session.scalar(select(func.count()).select_from(Watch).join(Watch.listing).where(*wanted)) or 0
    )
    pages = max(1, -(-total // PAGE_SIZE))
    page = min(max(page, 0), pages - 1)
    rows = await session.scalars(
        _loaded().where(*wanted).order_by(*_order(sort)).limit(PAGE_SIZE).offset(page * PAGE_SIZE)
    )
    return WatchPage(rows.all(), page, pages, total)


def _order(sort: Sort) -> tuple[Any, ...]:
    newest = Watch.id.desc()
    if sort is Sort.NAME:
        return func.lower(Listing.title), newest
    if sort is Sort.PRICE:
        return Listing.price_minor.is_(None), Listing.price_minor, newest
    if sort is Sort.CHANGE:
        change = (Listing.price_minor - Watch.start_minor) * 1.0 / func.nullif(Watch.start_minor, 0)
        return change.is_(None), change, newest
    return (newest,)


def _contains(needle: str) -> ColumnElement[bool]:
    words = needle.lower()
    return func.lower(Listing.title).contains(words, autoescape=True) | Listing.store.contains(
        words, autoescape=True
    )


async def set_state(session: AsyncSession, user: User, watch_id: int, state: WatchState) -> Watch:
    """Pause, resume or stop; doing it twice is doing it once.

    Raises NotYours, and OverAllowance when a stopped watch would be one too many.
    """
    found = await _changing(session, user, watch_id, state)
    return await _now_in(session, found, state)


async def snooze(session: AsyncSession, user: User, watch_id: int, *, until: datetime) -> Watch:
    """Say nothing until then; prices are followed meanwhile. Raises NotYours and OverAllowance."""
    found = await _changing(session, user, watch_id, WatchState.SNOOZED)
    found.snoozed_until = until
    return await _now_in(session, found, WatchState.SNOOZED)


async def snooze_until_lower(session: AsyncSession, user: User, watch_id: int) -> Watch:
    """Say nothing until it costs less than now.

    Raises NotYours, OverAllowance, and BadInput when it has no price now.
    """
    found = await _changing(session, user, watch_id, WatchState.SNOOZED)
    if found.listing.price_minor is None:
        raise BadInput("error.no_price_to_wait_below")
    found.snoozed_below_minor = found.listing.price_minor
    return await _now_in(session, found, WatchState.SNOOZED)


async def buy(session: AsyncSession, user: User, watch_id: int) -> Watch:
    """They have it, at the price of now: nothing more is said about it. Raises NotYours and OverAllowance."""
    found = await _changing(session, user, watch_id, WatchState.BOUGHT)
    found.bought_minor, found.bought_at = found.listing.price_minor, clock.now()
    return await _now_in(session, found, WatchState.BOUGHT)


async def pause_beyond(session: AsyncSession, user: User, allowed: int) -> int:
    """Pause what a smaller plan does not permit, the newest first; returns how many. Nothing is deleted."""
    counted = (Watch.user_id == user.id, Watch.state.in_(FOR_CHECKING))
    beyond = (
        await session.scalars(select(Watch).where(*counted).order_by(Watch.number).offset(allowed))
    ).all()
    await session.scalars(
        select(Listing.id)
        .where(Listing.id.in_([watch.listing_id for watch in beyond]))
        .order_by(Listing.id)
        .with_for_update()
    )
    for watch in beyond:
        watch.state = WatchState.PAUSED
        watch.snoozed_until = watch.snoozed_below_minor = None
    await session.flush()
    await check_what_is_wanted(session, [watch.listing_id for watch in beyond])
    return len(beyond)


async def check_what_they_watch(session: AsyncSession, user: User) -> None:
    """Follow a person's prices as often as their plan promises now."""
    listings = await session.scalars(
        select(Watch.listing_id).where(Watch.user_id == user.id, Watch.state.in_(FOR_CHECKING))
    )
    await check_what_is_wanted(session, listings.all())


async def wake(session: AsyncSession) -> int:
    """End the snoozes whose time has come; returns how many."""
    woken = await session.scalars(
        update(Watch)
        .where(Watch.state == WatchState.SNOOZED, Watch.snoozed_until <= clock.now())
        .values(state=WatchState.ACTIVE, snoozed_until=None, snoozed_below_minor=None)
        .returning(Watch.id)
        .execution_options(synchronize_session=False)
    )
    return len(woken.all())


async def _changing(session: AsyncSession, user: User, watch_id: int, state: WatchState) -> Watch:
    """The person's watch, locked, without what its state of before said."""
    await lock(session, user)
    found = await owned(session, user, watch_id)
    if found.state not in FOR_CHECKING and state in FOR_CHECKING:
        await _has_room(session, user)
    await lock_listing(session, found.listing_id)
    found.snoozed_until = found.snoozed_below_minor = found.bought_minor = found.bought_at = None
    return found


async def _now_in(session: AsyncSession, watch: Watch, state: WatchState) -> Watch:
    watch.state = state
    await session.flush()
    await check_what_is_wanted(session, [watch.listing_id])
    return watch


async def reachable(session: AsyncSession, telegram_id: int, state: UserState) -> None:
    """Note whether a person can be written to; whoever is suspended stays so, whatever their chat says."""
    user = await session.scalar(select(User).where(User.telegram_id == telegram_id).with_for_update())
    if user is not None and user.state != UserState.SUSPENDED:
        await set_reach(session, user, state)


async def set_reach(session: AsyncSession, user: User, state: UserState) -> None:
    """Put a person, who is locked, into a state: what somebody reachable wants is checked, and only that."""
    if user.state == state:
        return
    user.state = state
    await session.flush()
    listings = await session.scalars(select(Watch.listing_id).where(*_kept(user)))
    await check_what_is_wanted(session, listings.all())
