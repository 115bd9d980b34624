"""How long a payment lasts: calendar months and years, as the person's own calendar counts them."""

from calendar import monthrange
from datetime import UTC, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo


class Period(StrEnum):
    MONTH = "month"
    YEAR = "year"


_MONTHS = {Period.MONTH: 1, Period.YEAR: 12}


def end_of(start: datetime, period: Period, *, zone: str, anchor_day: int | None = None) -> datetime:
    """When what begins at `start` (aware UTC) ends: the same wall-clock time a month or a year on.

    A day that the month does not have is its last one. `anchor_day` is the day of the month on which the
    person began, so that 31 January, 28 February, 31 March follow each other; it gives back what a short
    month took and never makes a period shorter, whatever moved `start` since: days given, another zone.
    """
    local = start.astimezone(ZoneInfo(zone))
    months = local.month - 1 + _MONTHS[period]
    year, month = local.year + months // 12, months % 12 + 1
    is_last_day = local.day == monthrange(local.year, local.month)[1]
    wanted = max(local.day, anchor_day or 0) if is_last_day else local.day
    day = min(wanted, monthrange(year, month)[1])
    # An hour that a change of the clock skips or repeats: the zone's own reading of it, never before `start`.
    return local.replace(year=year, month=month, day=day).astimezone(UTC)


def day_of(moment: datetime, zone: str) -> int:
    """The day of the month in the person's zone."""
    return moment.astimezone(ZoneInfo(zone)).day


def is_anchored(start: datetime, anchor_day: int | None, zone: str) -> bool:
    """Whether a period that starts then follows the days that `anchor_day` gives."""
    local = start.astimezone(ZoneInfo(zone))
    return anchor_day is not None and local.day == min(anchor_day, monthrange(local.year, local.month)[1])
