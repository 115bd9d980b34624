"""When an alert may be said: on clocks of every kind, over nights on which they are set."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.alerts.models import AlertPreferences, HeldFor, Mode
from tracker.alerts.timing import Hold, hold

KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"
ZONES = (
    KOLKATA,
    BERLIN,
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


def preferences(
    mode: Mode = Mode.INSTANT,
    *,
    hour: int = 9,
    weekday: int = 5,
    quiet: tuple[str, str] | None = None,
    cap: int | None = None,
) -> AlertPreferences:
    begin, end = (minutes(quiet[0]), minutes(quiet[1])) if quiet else (None, None)
    return AlertPreferences(
        mode=mode, digest_hour=hour, digest_weekday=weekday, quiet_from=begin, quiet_until=end, hourly_cap=cap
    )


def minutes(clock: str) -> int:
    hours, _, rest = clock.partition(":")
    return int(hours) * 60 + int(rest)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


def judge(
    wanted: AlertPreferences | None,
    zone: str,
    *,
    observed: datetime,
    now: datetime,
    sent: list[datetime] | None = None,
    at_once: bool = False,
) -> Hold | None:
    return hold(
        wanted, zone, observed_at=observed, now=now, sent_last_hour=sent or [], is_always_at_once=at_once
    )


CASES = [
    # id, preferences, zone, observed, now, held until, why
    ("at-once", preferences(), KOLKATA, "2026-11-24T12:00+05:30", None, None, None),
    (
        "hourly",
        preferences(Mode.HOURLY),
        BERLIN,
        "2026-11-24T12:20+01:00",
        None,
        "2026-11-24T13:00+01:00",
        HeldFor.HOURLY,
    ),
    (
        "hourly-where-the-zone-is-half-an-hour-off",
        preferences(Mode.HOURLY),
        KOLKATA,
        "2026-11-24T12:20+05:30",
        None,
        "2026-11-24T13:00+05:30",
        HeldFor.HOURLY,
    ),
    (
        "hourly-at-the-full-hour",
        preferences(Mode.HOURLY),
        BERLIN,
        "2026-11-24T12:00+01:00",
        None,
        None,
        None,
    ),
    (
        "hourly-when-its-hour-came",
        preferences(Mode.HOURLY),
        BERLIN,
        "2026-11-24T12:20+01:00",
        "2026-11-24T13:00+01:00",
        None,
        None,
    ),
    (
        "hourly-over-a-clock-that-is-set-by-half-an-hour",
        preferences(Mode.HOURLY),
        "Australia/Lord_Howe",
        "2026-10-04T01:40+10:30",  # at 2:00 the clock shows 2:30
        None,
        "2026-10-04T03:00+11:00",
        HeldFor.HOURLY,
    ),
    (
        "daily-today",
        preferences(Mode.DAILY),
        KOLKATA,
        "2026-11-24T08:59+05:30",
        None,
        "2026-11-24T09:00+05:30",
        HeldFor.DAILY,
    ),
    (
        "daily-tomorrow",
        preferences(Mode.DAILY),
        KOLKATA,
        "2026-11-24T09:01+05:30",
        None,
        "2026-11-25T09:00+05:30",
        HeldFor.DAILY,
    ),
    (
        "daily-on-the-clock-of-spring",
        preferences(Mode.DAILY),
        BERLIN,
        "2026-03-28T10:00+01:00",
        None,
        "2026-03-29T09:00+02:00",
        HeldFor.DAILY,
    ),
    (
        "daily-at-an-hour-that-does-not-exist",
        preferences(Mode.DAILY, hour=2),
        BERLIN,
        "2026-03-28T10:00+01:00",
        None,
        "2026-03-29T03:00+02:00",
        HeldFor.DAILY,
    ),
    (
        "daily-at-an-hour-that-comes-twice-is-the-first",
        preferences(Mode.DAILY, hour=2),
        BERLIN,
        "2026-10-24T10:00+02:00",
        None,
        "2026-10-25T02:00+02:00",
        HeldFor.DAILY,
    ),
    (
        "daily-after-the-first-of-two-waits-for-the-next-day",
        preferences(Mode.DAILY, hour=2),
        BERLIN,
        "2026-10-25T02:10+02:00",
        None,
        "2026-10-26T02:00+01:00",
        HeldFor.DAILY,
    ),
    (
        "daily-at-a-midnight-that-does-not-exist",
        preferences(Mode.DAILY, hour=0),
        "America/Santiago",
        "2026-09-05T12:00-04:00",
        None,
        "2026-09-06T01:00-03:00",
        HeldFor.DAILY,
    ),
    (
        "weekly-on-saturday",
        preferences(Mode.WEEKLY),
        KOLKATA,
        "2026-11-24T12:00+05:30",  # a Tuesday
        None,
        "2026-11-28T09:00+05:30",
        HeldFor.WEEKLY,
    ),
    (
        "weekly-an-hour-late",
        preferences(Mode.WEEKLY),
        KOLKATA,
        "2026-11-28T10:00+05:30",
        None,
        "2026-12-05T09:00+05:30",
        HeldFor.WEEKLY,
    ),
    (
        "weekly-is-the-persons-day",
        preferences(Mode.WEEKLY, weekday=6, hour=1),
        "Pacific/Kiritimati",
        "2026-11-28T20:00+14:00",  # Saturday morning in UTC, too
        None,
        "2026-11-29T01:00+14:00",
        HeldFor.WEEKLY,
    ),
    (
        "quiet-before-midnight",
        preferences(quiet=("22:00", "7:00")),
        KOLKATA,
        "2026-11-24T23:15+05:30",
        None,
        "2026-11-25T07:00+05:30",
        HeldFor.QUIET,
    ),
    (
        "quiet-after-midnight",
        preferences(quiet=("22:00", "7:00")),
        KOLKATA,
        "2026-11-25T03:15+05:30",
        None,
        "2026-11-25T07:00+05:30",
        HeldFor.QUIET,
    ),
    (
        "quiet-within-a-day",
        preferences(quiet=("0:00", "7:00")),
        KOLKATA,
        "2026-11-25T00:00+05:30",
        None,
        "2026-11-25T07:00+05:30",
        HeldFor.QUIET,
    ),
    (
        "quiet-to-the-minute",
        preferences(quiet=("22:30", "6:15")),
        KOLKATA,
        "2026-11-24T22:30+05:30",
        None,
        "2026-11-25T06:15+05:30",
        HeldFor.QUIET,
    ),
    (
        "not-quiet-a-second-before",
        preferences(quiet=("22:30", "6:15")),
        KOLKATA,
        "2026-11-24T22:29:59+05:30",
        None,
        None,
        None,
    ),
    (
        "not-quiet-at-its-end",
        preferences(quiet=("22:30", "6:15")),
        KOLKATA,
        "2026-11-25T06:15+05:30",
        None,
        None,
        None,
    ),
    (
        "quiet-over-a-night-that-is-an-hour-short",
        preferences(quiet=("22:00", "7:00")),
        BERLIN,
        "2026-03-28T22:00+01:00",
        None,
        "2026-03-29T07:00+02:00",
        HeldFor.QUIET,
    ),
    (
        "quiet-over-a-night-that-is-an-hour-long",
        preferences(quiet=("22:00", "7:00")),
        BERLIN,
        "2026-10-24T22:00+02:00",
        None,
        "2026-10-25T07:00+01:00",
        HeldFor.QUIET,
    ),
    (
        "quiet-until-a-time-that-does-not-exist-ends-with-the-jump",
        preferences(quiet=("22:00", "2:30")),
        BERLIN,
        "2026-03-29T01:30+01:00",
        None,
        "2026-03-29T03:00+02:00",
        HeldFor.QUIET,
    ),
    (
        "quiet-until-a-time-that-comes-twice-ends-the-second-time",
        preferences(quiet=("22:00", "2:30")),
        BERLIN,
        "2026-10-25T02:45+02:00",
        None,
        "2026-10-25T02:30+01:00",
        HeldFor.QUIET,
    ),
    (
        "quiet-from-a-time-that-comes-twice-begins-the-first-time",
        preferences(quiet=("2:30", "8:00")),
        BERLIN,
        "2026-10-25T02:10+01:00",
        None,
        "2026-10-25T08:00+01:00",
        HeldFor.QUIET,
    ),
    (
        "a-digest-in-quiet-hours-waits-for-their-end",
        preferences(Mode.DAILY, hour=3, quiet=("22:00", "7:00")),
        KOLKATA,
        "2026-11-24T12:00+05:30",
        None,
        "2026-11-25T07:00+05:30",
        HeldFor.DAILY,
    ),
    (
        "a-digest-that-came-in-quiet-hours-is-quiet",
        preferences(Mode.DAILY, hour=3, quiet=("22:00", "7:00")),
        KOLKATA,
        "2026-11-24T12:00+05:30",
        "2026-11-25T04:00+05:30",
        "2026-11-25T07:00+05:30",
        HeldFor.QUIET,
    ),
]


@pytest.mark.parametrize(
    ("wanted", "zone", "observed", "now", "until", "why"),
    [pytest.param(*case[1:], id=case[0]) for case in CASES],
)
def test_an_alert_is_held(
    wanted: AlertPreferences,
    zone: str,
    observed: str,
    now: str | None,
    until: str | None,
    why: HeldFor | None,
) -> None:
    found = judge(wanted, zone, observed=at(observed), now=at(now or observed))
    assert found == (Hold(at(until), why) if until and why else None)


NOON = at("2026-11-24T12:00+05:30")


def ago(*minutes_ago: int) -> list[datetime]:
    return [NOON - timedelta(minutes=each) for each in minutes_ago]


@pytest.mark.parametrize(
    ("cap", "sent", "until"),
    [
        pytest.param(3, ago(5, 10), None, id="there-is-room"),
        pytest.param(3, ago(5, 10, 50), NOON + timedelta(minutes=10), id="until-the-oldest-is-an-hour-old"),
        pytest.param(3, ago(50, 5, 10), NOON + timedelta(minutes=10), id="in-any-order"),
        pytest.param(3, ago(5, 10, 60), None, id="an-hour-ago-counts-no-more"),
        pytest.param(3, ago(5, 10, 20, 30, 50), NOON + timedelta(minutes=40), id="over-the-cap"),
        pytest.param(1, ago(0), NOON + HOUR, id="one-an-hour"),
        pytest.param(None, ago(*range(60)), None, id="no-cap"),
    ],
)
def test_a_cap_holds(cap: int | None, sent: list[datetime], until: datetime | None) -> None:
    found = judge(preferences(cap=cap), KOLKATA, observed=NOON, now=NOON, sent=sent)
    assert found == (Hold(until, HeldFor.CAP) if until else None)


def test_a_cap_that_has_room_again_in_quiet_hours_holds_until_they_end() -> None:
    wanted = preferences(cap=1, quiet=("12:30", "14:00"))
    found = judge(wanted, KOLKATA, observed=NOON, now=NOON, sent=ago(10))
    assert found == Hold(at("2026-11-24T14:00+05:30"), HeldFor.CAP)


@pytest.mark.parametrize("wanted", [preferences(mode, quiet=("0:00", "23:59"), cap=1) for mode in Mode])
def test_always_at_once_is_held_by_nothing(wanted: AlertPreferences) -> None:
    assert judge(wanted, KOLKATA, observed=NOON, now=NOON, sent=ago(1), at_once=True) is None


def test_who_chose_nothing_is_told_at_once() -> None:
    assert judge(None, KOLKATA, observed=NOON, now=NOON, sent=ago(*range(60))) is None


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


@given(situations(), st.floats(0, 1, exclude_max=True))
def test_a_wait_does_not_change_while_it_lasts(
    situation: tuple[AlertPreferences, str, datetime, datetime, list[datetime]], part: float
) -> None:
    wanted, zone, observed, now, sent = situation
    found = judge(wanted, zone, observed=observed, now=now, sent=sent)
    if found is not None:
        meanwhile = now + (found.until - now) * part
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
