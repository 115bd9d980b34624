"""How a person wants to be told: read, changed, and applied to what waits already."""

import re

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.alerts.models import Alert, AlertPreferences, AlertState, HeldFor, Mode
from tracker.database import insert
from tracker.errors import BadInput, OverAllowance
from tracker.users.allowance import Feature
from tracker.users.models import User
from tracker.watches.models import Watch

CAPS = (3, 5, 10, 20)
"""The messages an hour that /alerts offers."""

MINUTES_A_DAY = 24 * 60

_TIME = r"(\d{1,2})(?:[:.](\d{2}))?\s*(am|pm)?"
_HOURS = re.compile(rf"(?:from\s+)?{_TIME}\s*(?:-|–|—|to|till|until)\s*{_TIME}", re.IGNORECASE)


async def of(session: AsyncSession, user: User) -> AlertPreferences:
    """What the person chose, or what holds for whoever chose nothing; it is to be read, not to be set."""
    return await session.get(AlertPreferences, user.id) or AlertPreferences(user_id=user.id, **_defaults())


async def set_mode(session: AsyncSession, user: User, mode: Mode) -> AlertPreferences:
    """Raises OverAllowance for a digest, when the plan permits none."""
    if mode != Mode.INSTANT and not user.allowance.allows(Feature.DIGESTS):
        raise OverAllowance("error.digests_not_in_plan")
    chosen = await _own(session, user)
    chosen.mode = mode
    return await _changed(session, user, chosen)


async def set_digest_hour(session: AsyncSession, user: User, hour: int) -> AlertPreferences:
    """The full hour of a daily or weekly digest, on the person's clock. Raises BadInput."""
    if not 0 <= hour < 24:
        raise BadInput
    chosen = await _own(session, user)
    chosen.digest_hour = hour
    return await _changed(session, user, chosen)


async def set_digest_weekday(session: AsyncSession, user: User, weekday: int) -> AlertPreferences:
    """The day of a weekly digest; Monday is 0. Raises BadInput."""
    if not 0 <= weekday < 7:
        raise BadInput
    chosen = await _own(session, user)
    chosen.digest_weekday = weekday
    return await _changed(session, user, chosen)


async def set_quiet_hours(
    session: AsyncSession, user: User, hours: tuple[int, int] | None
) -> AlertPreferences:
    """Say nothing between these, in minutes since midnight on the person's clock; None for no such hours.

    Raises BadInput when they are none: out of a day, or one and the same.
    """
    begin, end = hours or (None, None)
    if begin is not None and end is not None:
        if not (0 <= begin < MINUTES_A_DAY and 0 <= end < MINUTES_A_DAY):
            raise BadInput
        if begin == end:
            raise BadInput("error.quiet_hours_alike")
    chosen = await _own(session, user)
    chosen.quiet_from, chosen.quiet_until = begin, end
    return await _changed(session, user, chosen)


async def set_cap(session: AsyncSession, user: User, cap: int | None) -> AlertPreferences:
    """The most messages an hour, None for as many as there are. Raises BadInput for what is not offered."""
    if cap is not None and cap not in CAPS:
        raise BadInput
    chosen = await _own(session, user)
    chosen.hourly_cap = cap
    return await _changed(session, user, chosen)


async def set_silent(session: AsyncSession, user: User, is_silent: bool) -> AlertPreferences:
    chosen = await _own(session, user)
    chosen.is_silent = is_silent
    return chosen


async def set_photos(session: AsyncSession, user: User, has_photos: bool) -> AlertPreferences:
    chosen = await _own(session, user)
    chosen.has_photos = has_photos
    return chosen


def read_hours(words: str) -> tuple[int, int]:
    """Quiet hours as people type them: "22:30-06:15", "22-7", "10 pm to 6 am"; in minutes since midnight.

    Raises BadInput for what is no two times of a day.
    """
    found = _HOURS.fullmatch(words.strip())
    if found is None:
        raise BadInput("error.not_hours")
    begin, end = _minutes(*found.groups()[:3]), _minutes(*found.groups()[3:])
    return begin, end


def _minutes(hours: str, minutes: str | None, half: str | None) -> int:
    hour, minute = int(hours), int(minutes or 0)
    if half:
        if not 1 <= hour <= 12:
            raise BadInput("error.not_hours")
        hour = hour % 12 + (12 if half.lower() == "pm" else 0)
    if minute >= 60 or hour * 60 + minute > MINUTES_A_DAY:
        raise BadInput("error.not_hours")
    return (hour * 60 + minute) % MINUTES_A_DAY


async def judge_anew(session: AsyncSession, user: User) -> None:
    """Let delivery judge what waits by what holds now: after a change of preferences, zone or override."""
    await _make_due(session, user)


async def release(session: AsyncSession, user: User) -> int:
    """Say now what waits, whatever the person's own preferences say; returns how many alerts that is."""
    return await _make_due(session, user, held_for=HeldFor.ASKED)


async def _make_due(session: AsyncSession, user: User, **values: object) -> int:
    # They stay held, so that those which are due at the same time are said together.
    released = await session.scalars(
        update(Alert)
        .where(
            Alert.watch_id.in_(select(Watch.id).where(Watch.user_id == user.id)),
            Alert.state == AlertState.HELD,
        )
        .values(due_at=clock.now(), **values)
        .returning(Alert.id)
        .execution_options(synchronize_session=False)
    )
    return len(released.all())


async def _own(session: AsyncSession, user: User) -> AlertPreferences:
    await session.execute(
        insert(session, AlertPreferences).values(user_id=user.id, **_defaults()).on_conflict_do_nothing()
    )
    return (
        await session.scalars(
            select(AlertPreferences).where(AlertPreferences.user_id == user.id).with_for_update()
        )
    ).one()


async def _changed(session: AsyncSession, user: User, chosen: AlertPreferences) -> AlertPreferences:
    await session.flush()
    await judge_anew(session, user)
    return chosen


def _defaults() -> dict[str, object]:
    return {
        "mode": Mode.INSTANT,
        "digest_hour": 9,
        "digest_weekday": 5,
        "is_silent": False,
        "has_photos": True,
    }
