"""Days, weeks and months as the figures count them: on the clock of India, as the books are kept."""

from datetime import UTC, date, datetime, time, timedelta

from tracker.billing.gst import INDIA

DAY = timedelta(days=1)


def day_of(moment: datetime) -> date:
    return moment.astimezone(INDIA).date()


def begin(day: date) -> datetime:
    """Its first moment, aware UTC."""
    return datetime.combine(day, time(), INDIA).astimezone(UTC)


def week_of(day: date) -> date:
    """The Monday of its week."""
    return day - day.weekday() * DAY


def month_of(day: date) -> date:
    """The first of its month."""
    return day.replace(day=1)
