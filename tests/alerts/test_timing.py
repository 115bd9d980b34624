"""When an alert may be said: on clocks of every kind, over nights on which they are set."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.alerts.models import AlertPreferences, HeldFor, Mode
from tracker.alerts.timing import Hold, hold

KOLKATA, BERLIN = "Asia/Kolkata", "Europe/Berlin"
HOUR = timedelta(hours=1)


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
