"""When an alert may be said: digests, quiet hours and caps, on the person's own clock."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.alerts.models import AlertPreferences, HeldFor, Mode

_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """An alert waits until then, and is judged anew."""

    until: datetime
    why: HeldFor


def hold(
    preferences: AlertPreferences | None,
    zone: str,
    *,
    observed_at: datetime,
    now: datetime,
    sent_last_hour: Sequence[datetime],
    is_always_at_once: bool,
) -> Hold | None:
    """Why an alert has to wait and until when, or None when it may be said now.

    A digest comes before quiet hours, and those before the cap. Nothing is remembered: when the wait is over,
    the alert is judged anew, by what was said meanwhile. A wait never ends inside quiet hours.
    `sent_last_hour` holds when each message of the last hour was sent to this person.
    """
    if preferences is None or is_always_at_once:
        return None
    clock = ZoneInfo(zone)
    for until, why in _waits(preferences, clock, observed_at, now, sent_last_hour):
        if until > now:
            return Hold(_out_of_quiet_hours(preferences, clock, until), why)
    return None


def _waits(
    preferences: AlertPreferences,
    clock: ZoneInfo,
    observed_at: datetime,
    now: datetime,
    sent: Sequence[datetime],
) -> Iterator[tuple[datetime, HeldFor]]:
    if preferences.mode != Mode.INSTANT:
        yield _digest(preferences, clock, observed_at), HeldFor(preferences.mode)
    yield _out_of_quiet_hours(preferences, clock, now), HeldFor.QUIET
    cap = preferences.hourly_cap
    if cap is not None and len(sent) >= cap:
        yield sorted(sent)[-cap] + _HOUR, HeldFor.CAP


def _digest(preferences: AlertPreferences, clock: ZoneInfo, moment: datetime) -> datetime:
    """The first digest at `moment` or later."""
    if preferences.mode == Mode.HOURLY:
        return _full_hour(clock, moment)
    day = moment.astimezone(clock).date() - _DAY
    while True:
        # An hour that the clock jumps over is told after the jump, and one that comes twice the first time.
        slot = datetime.combine(day, time(preferences.digest_hour), clock).astimezone(UTC)
        is_its_day = preferences.mode == Mode.DAILY or day.weekday() == preferences.digest_weekday
        if slot >= moment and is_its_day:
            return slot
        day += _DAY


def _full_hour(clock: ZoneInfo, moment: datetime) -> datetime:
    """The first full hour on the clock at `moment` or later: half past in UTC where the zone is so."""
    moment = moment.astimezone(UTC)
    while past := _past_the_hour(_shown(clock, moment)):
        moment += _HOUR - past  # where the clock is set by half an hour in between, once more
    return moment


def _past_the_hour(shown: datetime) -> timedelta:
    return shown - shown.replace(minute=0, second=0, microsecond=0)


def _out_of_quiet_hours(preferences: AlertPreferences, clock: ZoneInfo, moment: datetime) -> datetime:
    """The end of the quiet hours that `moment` lies in; `moment` itself outside of them."""
    begin, end = preferences.quiet_from, preferences.quiet_until
    if begin is None or end is None:
        return moment
    today = moment.astimezone(clock).date()
    for day in (today - _DAY, today, today + _DAY):
        first, _ = _moments(clock, day, begin)
        _, last = _moments(clock, day if begin <= end else day + _DAY, end)
        if first <= moment < last:
            moment = last
    return moment


def _moments(clock: ZoneInfo, day: date, minutes: int) -> tuple[datetime, datetime]:
    """When the clock shows this first and last: two moments when it is set back, else one.

    A time that the clock jumps over is the moment of the jump.
    """
    wall = datetime.combine(day, time()) + minutes * _MINUTE
    first, last = sorted(wall.replace(tzinfo=clock, fold=fold).astimezone(UTC) for fold in (0, 1))
    if _shown(clock, first) == wall:
        return first, last
    while _shown(clock, first) < wall:
        first += _MINUTE
    return first, first


def _shown(clock: ZoneInfo, moment: datetime) -> datetime:
    """What a clock on the wall shows, without a zone."""
    return moment.astimezone(clock).replace(tzinfo=None)
