"""When a month and a year end, by the person's own calendar and clock."""

from calendar import monthrange
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.billing.periods import Period, day_of, end_of, is_anchored

ZONES = (
    "Asia/Kolkata",
    "Europe/Berlin",
    "America/New_York",
    "UTC",
    "Asia/Kathmandu",  # 5:45
    "America/Santiago",  # set at midnight
    "Australia/Lord_Howe",  # set by half an hour
    "Africa/Casablanca",  # set back for a month and forward again
    "Asia/Beirut",  # set at midnight, both ways
    "Pacific/Apia",
    "Pacific/Kiritimati",  # UTC+14
    "Etc/GMT+12",
)
NUUK = "America/Nuuk"  # in spring the last hour of a Saturday is skipped
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MONTHS = {Period.MONTH: 1, Period.YEAR: 12}

zones = st.sampled_from(ZONES)
all_zones = st.sampled_from((*ZONES, NUUK))
moments = st.datetimes(datetime(2024, 1, 1), datetime(2032, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
month_ends = st.builds(
    lambda month, day, minutes: (
        datetime(2024 + month // 12, month % 12 + 1, 28, tzinfo=UTC) + day * DAY + timedelta(minutes=minutes)
    ),
    st.integers(0, 107),
    st.integers(-2, 4),
    st.integers(0, 24 * 60 - 1),
)
starts = moments | month_ends
periods = st.sampled_from(Period)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def shown(moment: datetime, zone: str) -> datetime:
    """What the calendar and the clock on the person's wall say."""
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def on_the_wall(start: datetime, months: int, day: int) -> datetime:
    """The same time so many months on, at `day` or the month's last."""
    month = start.year * 12 + start.month - 1 + months
    year, month = month // 12, month % 12 + 1
    return start.replace(year=year, month=month, day=min(day, monthrange(year, month)[1]))


def is_skipped(wall: datetime, zone: str) -> bool:
    return shown(wall.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC), zone) != wall


@pytest.mark.parametrize(
    ("zone", "period", "anchor", "start", "end"),
    [
        pytest.param(zone, period, anchor, start, end, id=name)
        for name, zone, period, anchor, start, end in [
            ("a-month", "Asia/Kolkata", "month", None, "2026-04-10T18:30+05:30", "2026-05-10T18:30+05:30"),
            ("a-year", "Asia/Kolkata", "year", None, "2026-04-10T18:30+05:30", "2027-04-10T18:30+05:30"),
            ("over-new-year", "UTC", "month", None, "2026-12-15T00:00+00:00", "2027-01-15T00:00+00:00"),
            ("december-ends", "UTC", "month", 31, "2026-12-31T23:59+00:00", "2027-01-31T23:59+00:00"),
            ("into-february", "UTC", "month", 31, "2026-01-31T10:00+00:00", "2026-02-28T10:00+00:00"),
            ("into-a-leap-one", "UTC", "month", 31, "2028-01-31T10:00+00:00", "2028-02-29T10:00+00:00"),
            ("31-after-28", "UTC", "month", 31, "2026-02-28T10:00+00:00", "2026-03-31T10:00+00:00"),
            ("31-after-29", "UTC", "month", 31, "2028-02-29T10:00+00:00", "2028-03-31T10:00+00:00"),
            ("30-after-28", "UTC", "month", 30, "2026-02-28T10:00+00:00", "2026-03-30T10:00+00:00"),
            ("31-after-30", "UTC", "month", 31, "2026-04-30T10:00+00:00", "2026-05-31T10:00+00:00"),
            ("30-after-31", "UTC", "month", 31, "2026-05-31T10:00+00:00", "2026-06-30T10:00+00:00"),
            ("no-anchor", "UTC", "month", None, "2026-02-28T10:00+00:00", "2026-03-28T10:00+00:00"),
            ("anchor-of-the-28th", "UTC", "month", 28, "2026-02-28T10:00+00:00", "2026-03-28T10:00+00:00"),
            ("leap-day-a-year", "UTC", "year", 29, "2028-02-29T10:00+00:00", "2029-02-28T10:00+00:00"),
            ("no-leap-day-yet", "UTC", "year", 29, "2029-02-28T10:00+00:00", "2030-02-28T10:00+00:00"),
            ("leap-day-again", "UTC", "year", 29, "2031-02-28T10:00+00:00", "2032-02-29T10:00+00:00"),
            ("over-a-leap-day", "UTC", "year", None, "2027-06-01T10:00+00:00", "2028-06-01T10:00+00:00"),
            # An anchor gives back what a short month took, and nothing else: days that were given, or another
            # zone, have moved the start away from it.
            ("moved-before-it", "UTC", "month", 1, "2026-02-28T10:00+00:00", "2026-03-28T10:00+00:00"),
            ("moved-a-day-before", "UTC", "month", 1, "2026-03-31T10:00+00:00", "2026-04-30T10:00+00:00"),
            ("moved-after-it", "UTC", "month", 31, "2026-03-07T10:00+00:00", "2026-04-07T10:00+00:00"),
            ("moved-a-day-after", "UTC", "month", 31, "2026-04-01T10:00+00:00", "2026-05-01T10:00+00:00"),
            ("moved-in-a-year", "UTC", "year", 1, "2026-02-20T10:00+00:00", "2027-02-20T10:00+00:00"),
            # The day is the person's own, not that of UTC.
            ("their-day", "Asia/Kolkata", "month", 31, "2026-01-30T19:00+00:00", "2026-02-27T19:00+00:00"),
            ("their-month", "Asia/Kolkata", "month", 1, "2026-01-31T19:00+00:00", "2026-02-28T19:00+00:00"),
            ("kiritimati", "Pacific/Kiritimati", "month", 1, "2026-01-31T12:00Z", "2026-02-28T12:00Z"),
            # Clocks that are set meanwhile, or at the very moment.
            ("to-summer", "Europe/Berlin", "month", 15, "2026-03-15T10:00+01:00", "2026-04-15T10:00+02:00"),
            ("to-winter", "Europe/Berlin", "month", 10, "2026-10-10T10:00+02:00", "2026-11-10T10:00+01:00"),
            ("skipped", "Europe/Berlin", "month", 28, "2027-02-28T02:30+01:00", "2027-03-28T03:30+02:00"),
            ("skipped-year", "Europe/Berlin", "year", 29, "2025-03-29T02:30+01:00", "2026-03-29T03:30+02:00"),
            ("twice", "Europe/Berlin", "month", 25, "2026-09-25T02:30+02:00", "2026-10-25T02:30+02:00"),
            ("from-1st", "Europe/Berlin", "month", 25, "2026-10-25T02:30+02:00", "2026-11-25T02:30+01:00"),
            ("from-2nd", "Europe/Berlin", "month", 25, "2026-10-25T02:30+01:00", "2026-11-25T02:30+01:00"),
            ("us-skip", "America/New_York", "month", 14, "2027-02-14T02:30-05:00", "2027-03-14T03:30-04:00"),
            ("us-twice", "America/New_York", "month", 1, "2026-10-01T01:30-04:00", "2026-11-01T01:30-04:00"),
            ("us-winter", "America/New_York", "month", 1, "2026-11-01T01:30-05:00", "2026-12-01T01:30-05:00"),
            ("us-year", "America/New_York", "year", 7, "2026-03-07T23:30-05:00", "2027-03-07T23:30-05:00"),
            ("nuuk-skip", "America/Nuuk", "month", 28, "2026-02-28T23:30-02:00", "2026-03-29T00:30-01:00"),
            # Samoa left 30 December 2011 out.
            ("no-such-day", "Pacific/Apia", "month", 30, "2011-11-30T10:00-10:00", "2011-12-31T10:00+14:00"),
            (
                "no-such-day-year",
                "Pacific/Apia",
                "year",
                30,
                "2010-12-30T10:00-10:00",
                "2011-12-31T10:00+14:00",
            ),
            ("over-it", "Pacific/Apia", "month", 15, "2011-12-15T10:00-10:00", "2012-01-15T10:00+14:00"),
        ]
    ],
)
def test_a_period_ends_at_the_same_time_of_the_same_day(
    zone: str, period: str, anchor: int | None, start: str, end: str
) -> None:
    found = end_of(at(start).astimezone(UTC), Period(period), zone=zone, anchor_day=anchor)
    assert found == at(end)
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        pytest.param("2026-01-30T19:00+00:00", "Asia/Kolkata", 31, id="already-tomorrow"),
        pytest.param("2026-02-01T03:00+00:00", "America/New_York", 31, id="still-yesterday"),
        pytest.param("2026-02-01T03:00+00:00", "UTC", 1, id="utc"),
        pytest.param("2026-02-28T12:00+00:00", "Pacific/Kiritimati", 1, id="already-next-month"),
    ],
)
def test_a_day_is_the_one_of_the_person(moment: str, zone: str, day: int) -> None:
    assert day_of(at(moment), zone) == day


@given(all_zones, starts, periods)
def test_what_begins_ends_later_and_lasts_as_long_as_a_calendar_says(
    zone: str, start: datetime, period: Period
) -> None:
    least, most = (28, 31) if period is Period.MONTH else (365, 366)
    lasts = end_of(start, period, zone=zone) - start
    assert least * DAY - HOUR <= lasts <= most * DAY + HOUR


@given(all_zones, starts, periods)
def test_the_clock_on_the_wall_shows_the_same_unless_that_hour_is_skipped(
    zone: str, start: datetime, period: Period
) -> None:
    begins = shown(start, zone)
    wall = on_the_wall(begins, MONTHS[period], begins.day)
    end = shown(end_of(start, period, zone=zone), zone)
    if is_skipped(wall, zone):
        assert timedelta(0) < end - wall <= HOUR
    else:
        assert end == wall


@given(all_zones, starts, st.timedeltas(timedelta(0), 40 * DAY), periods)
def test_what_begins_on_a_later_day_never_ends_on_an_earlier_one(
    zone: str, start: datetime, later: timedelta, period: Period
) -> None:
    """Within the last days of a month that a shorter one follows, hours may change places; days never do."""
    first, second = (end_of(each, period, zone=zone) for each in (start, start + later))
    assert shown(first, zone).date() <= shown(second, zone).date()


@given(all_zones, starts, st.integers(0, 400), periods)
def test_what_begins_later_at_the_same_time_of_day_never_ends_earlier(
    zone: str, start: datetime, days: int, period: Period
) -> None:
    local = start.astimezone(ZoneInfo(zone))
    second = (local + days * DAY).astimezone(UTC)  # so many dates on, at the same time on the wall
    assert end_of(start, period, zone=zone) <= end_of(second, period, zone=zone)


@given(all_zones, starts, periods, st.integers(1, 31))
def test_an_anchor_never_makes_a_period_shorter_and_gives_back_three_days_at_most(
    zone: str, start: datetime, period: Period, anchor: int
) -> None:
    plain = end_of(start, period, zone=zone)
    anchored = end_of(start, period, zone=zone, anchor_day=anchor)
    assert timedelta(0) <= anchored - plain <= 3 * DAY + HOUR


@given(zones, starts, st.integers(1, 40))
def test_months_in_a_chain_never_drift_from_the_day_on_which_they_began(
    zone: str, start: datetime, months: int
) -> None:
    begins, end = shown(start, zone), start
    anchor = day_of(start, zone)
    for count in range(1, months + 1):
        end = end_of(end, Period.MONTH, zone=zone, anchor_day=anchor)
        late = shown(end, zone) - on_the_wall(begins, count, anchor)
        assert timedelta(0) <= late <= HOUR  # a skipped hour moves what follows by itself


@given(zones, starts, st.integers(1, 5))
def test_twelve_months_in_a_chain_end_on_the_day_on_which_a_year_does(
    zone: str, start: datetime, years: int
) -> None:
    anchor = day_of(start, zone)
    by_months = by_years = start
    for _ in range(years):
        by_years = end_of(by_years, Period.YEAR, zone=zone, anchor_day=anchor)
        for _ in range(12):
            by_months = end_of(by_months, Period.MONTH, zone=zone, anchor_day=anchor)
        assert shown(by_months, zone).date() == shown(by_years, zone).date()
        assert abs(by_months - by_years) <= HOUR


def test_a_start_follows_its_anchor_on_its_day_or_on_the_last_of_a_short_month() -> None:
    zone = "Asia/Kolkata"
    assert is_anchored(datetime(2026, 2, 28, 6, tzinfo=UTC), 31, zone)
    assert is_anchored(datetime(2026, 3, 31, 6, tzinfo=UTC), 31, zone)
    assert not is_anchored(datetime(2026, 3, 28, 6, tzinfo=UTC), 31, zone)
    assert not is_anchored(datetime(2026, 3, 31, 6, tzinfo=UTC), 10, zone)
    assert not is_anchored(datetime(2026, 3, 31, 6, tzinfo=UTC), None, zone)
