"""What holds whenever an alert is judged: over every clock, and the nights on which they are set."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.test_timing import at, judge, preferences
from tracker.alerts.models import AlertPreferences, Mode

ZONES = (
    "Asia/Kolkata",
    "Europe/Berlin",
    "UTC",
    "Asia/Kathmandu",  # 5:45
    "America/New_York",
    "America/Santiago",  # set at midnight
    "America/Nuuk",  # set an hour before midnight
    "Australia/Lord_Howe",  # set by half an hour
    "Pacific/Apia",
    "Pacific/Kiritimati",  # UTC+14
    "Africa/Casablanca",
)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)

# Two years hold every rule by which these clocks are set, and the nights of the setting are sought out.
moments = st.timedeltas(timedelta(0), 730 * DAY).map(lambda since: datetime(2026, 1, 1, tzinfo=UTC) + since)
set_nights = st.sampled_from(
    [
        at("2026-03-28T20:00+01:00"),
        at("2026-10-24T20:00+02:00"),
        at("2026-10-03T14:00+00:00"),
        at("2026-04-04T14:00+00:00"),
        at("2026-09-05T20:00-04:00"),
        at("2026-04-04T20:00-03:00"),
    ]
).flatmap(lambda night: st.integers(0, 12 * 3600).map(lambda seconds: night + timedelta(seconds=seconds)))
of_a_day = st.integers(0, 24 * 60 - 1)


@st.composite
def wishes(draw: st.DrawFn) -> AlertPreferences:
    quiet = draw(st.none() | st.tuples(of_a_day, of_a_day).filter(lambda pair: pair[0] != pair[1]))
    return AlertPreferences(
        mode=draw(st.sampled_from(Mode)),
        digest_hour=draw(st.integers(0, 23)),
        digest_weekday=draw(st.integers(0, 6)),
        quiet_from=quiet[0] if quiet else None,
        quiet_until=quiet[1] if quiet else None,
        hourly_cap=draw(st.none() | st.integers(1, 4)),
    )


@st.composite
def situations(draw: st.DrawFn) -> tuple[AlertPreferences, str, datetime, datetime, list[datetime]]:
    observed = draw(moments | set_nights)
    now = observed + draw(st.timedeltas(timedelta(0), 3 * DAY) | st.just(timedelta(0)))
    sent = draw(st.lists(st.timedeltas(timedelta(0), 2 * HOUR).map(lambda ago: now - ago), max_size=8))
    return draw(wishes()), draw(st.sampled_from(ZONES)), observed, now, sent


def is_quiet(wanted: AlertPreferences, zone: str, moment: datetime) -> bool:
    """What a clock on the wall says."""
    if wanted.quiet_from is None or wanted.quiet_until is None:
        return False
    shown = moment.astimezone(ZoneInfo(zone))
    minute = shown.hour * 60 + shown.minute
    if wanted.quiet_from < wanted.quiet_until:
        return wanted.quiet_from <= minute < wanted.quiet_until
    return minute >= wanted.quiet_from or minute < wanted.quiet_until


@given(situations())
def test_what_is_held_is_held_for_later_and_never_into_quiet_hours(
    situation: tuple[AlertPreferences, str, datetime, datetime, list[datetime]],
) -> None:
    wanted, zone, observed, now, sent = situation
    found = judge(wanted, zone, observed=observed, now=now, sent=sent)
    if found is None:
        assert not is_quiet(wanted, zone, now)
    else:
        assert now < found.until <= now + 16 * DAY
        assert not is_quiet(wanted, zone, found.until)


@given(situations(), st.floats(0, 1))
def test_a_wait_does_not_change_while_it_lasts(
    situation: tuple[AlertPreferences, str, datetime, datetime, list[datetime]], part: float
) -> None:
    wanted, zone, observed, now, sent = situation
    found = judge(wanted, zone, observed=observed, now=now, sent=sent)
    if found is not None:
        meanwhile = min(now + (found.until - now) * part, found.until - timedelta.resolution)
        later = judge(wanted, zone, observed=observed, now=meanwhile, sent=sent)
        assert later is not None
        assert later.until == found.until


@given(situations())
def test_what_waited_is_said_when_the_wait_is_over_and_nothing_was_said_meanwhile(
    situation: tuple[AlertPreferences, str, datetime, datetime, list[datetime]],
) -> None:
    wanted, zone, observed, now, sent = situation
    waits = 0
    while found := judge(wanted, zone, observed=observed, now=now, sent=sent):
        now = found.until
        waits += 1
        assert waits <= 3  # a digest, then quiet hours, then a cap


@given(
    st.sampled_from(ZONES),
    st.integers(0, 23),
    st.dates(date(2026, 1, 1), date(2027, 12, 1)),
    st.lists(of_a_day, min_size=2, max_size=30),
)
def test_two_daily_digests_are_never_less_than_a_short_day_apart(
    zone: str, hour: int, day: date, minutes_of_day: list[int]
) -> None:
    wanted = preferences(Mode.DAILY, hour=hour)
    begin = datetime.combine(day, datetime.min.time(), ZoneInfo(zone)).astimezone(UTC)
    observed = sorted(begin + timedelta(minutes=each * 3) for each in minutes_of_day)
    slots = set()
    for moment in observed:
        found = judge(wanted, zone, observed=moment, now=moment)
        slots.add(found.until if found else moment)
    ordered = sorted(slots)
    assert all(later - earlier >= 22 * HOUR for earlier, later in pairwise(ordered))


@given(st.sampled_from(ZONES), moments | set_nights)
def test_an_hourly_digest_comes_at_a_full_hour_within_two(zone: str, moment: datetime) -> None:
    found = judge(preferences(Mode.HOURLY), zone, observed=moment, now=moment)
    until = found.until if found else moment
    shown = until.astimezone(ZoneInfo(zone))
    assert (shown.minute, shown.second, shown.microsecond) == (0, 0, 0)
    assert until - moment < 2 * HOUR
