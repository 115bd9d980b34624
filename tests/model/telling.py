"""When a person may be told, by their own clock: an account apart from the service's."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tracker.alerts.models import Mode

DAY = timedelta(days=1)


@dataclass
class Chosen:
    """How a person wants to be told."""

    mode: str = Mode.INSTANT
    hour: int = 9
    weekday: int = 5
    quiet: tuple[int, int] | None = None
    cap: int | None = None


def is_quiet(how: Chosen, zone: ZoneInfo, now: datetime) -> bool:
    if how.quiet is None:
        return False
    local = now.astimezone(zone)
    minute = local.hour * 60 + local.minute
    begin, end = how.quiet
    return begin <= minute < end if begin < end else minute >= begin or minute < end


def is_digest_due(how: Chosen, zone: ZoneInfo, owed_at: datetime, now: datetime) -> bool:
    """Whether a digest of this person fell between those moments."""
    if how.mode == Mode.INSTANT:
        return True
    day: date = owed_at.astimezone(zone).date()
    while day <= now.astimezone(zone).date():
        hours = range(24) if how.mode == Mode.HOURLY else (how.hour,)
        is_its_day = how.mode != Mode.WEEKLY or day.weekday() == how.weekday
        slots = [datetime.combine(day, time(hour), zone).astimezone(UTC) for hour in hours]
        if is_its_day and any(owed_at <= slot <= now for slot in slots):
            return True
        day += DAY
    return False
