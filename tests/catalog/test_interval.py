"""When a listing is checked next: tables of what is meant, and what holds whatever comes."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.catalog.interval import HALF_LIFE, LEAST, ChangeRate, back_off, interval, spread

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)

promises = st.timedeltas(min_value=MINUTE, max_value=3 * DAY)
rates = st.builds(ChangeRate, st.floats(0, 1000), st.floats(0, 50))
watchers = st.integers(0, 100_000)


def rate_of(per_day: float) -> ChangeRate:
    """A rate whose mean is so many changes a day."""
    days = 45.0
    return ChangeRate(per_day * (days + 5) - 0.5, days)


@pytest.mark.parametrize(
    ("promise", "per_day", "watching", "is_urgent", "expected"),
    [
        pytest.param(12 * HOUR, 0.2, 1, False, 12 * HOUR, id="a typical listing is checked as promised"),
        pytest.param(12 * HOUR, 0.05, 1, False, 12 * HOUR, id="a quiet one too: the promise holds"),
        pytest.param(12 * HOUR, 0.8, 1, False, 6 * HOUR, id="four times the changes: twice as often"),
        pytest.param(12 * HOUR, 0.2, 9, False, 4 * HOUR, id="nine times the watchers: three times as often"),
        pytest.param(12 * HOUR, 0.05, 16, False, 6 * HOUR, id="watchers make up for few changes"),
        pytest.param(12 * HOUR, 0.2, 1000, False, 2 * HOUR, id="never more than six times as often"),
        pytest.param(30 * MINUTE, 0.2, 1000, False, LEAST, id="never below ten minutes"),
        pytest.param(5 * MINUTE, 0.2, 1000, True, 5 * MINUTE, id="but for a promise below ten minutes"),
        pytest.param(12 * HOUR, 0.05, 1, True, 3 * HOUR, id="urgent: a quarter of the promise at most"),
        pytest.param(
            12 * HOUR, 5.0, 1, True, 12 * HOUR / 5, id="urgent and changing: still as its changes say"
        ),
        pytest.param(30 * MINUTE, 0.2, 1, True, LEAST, id="urgent is no reason to go below ten minutes"),
        pytest.param(12 * HOUR, 0.2, 0, False, 12 * HOUR, id="nobody watches: as for one"),
    ],
)
def test_the_interval(
    promise: timedelta, per_day: float, watching: int, is_urgent: bool, expected: timedelta
) -> None:
    found = interval(promise, rate_of(per_day), watching, is_urgent=is_urgent)
    assert abs(found - expected) < timedelta(seconds=1)


@given(promises, rates, watchers, st.booleans())
def test_the_promise_is_kept_and_the_store_is_spared(
    promise: timedelta, rate: ChangeRate, watching: int, is_urgent: bool
) -> None:
    found = interval(promise, rate, watching, is_urgent=is_urgent)
    assert min(promise, max(LEAST, promise / 6)) <= found <= promise


@given(promises, rates, watchers)
def test_more_watchers_more_changes_or_urgency_never_mean_fewer_checks(
    promise: timedelta, rate: ChangeRate, watching: int
) -> None:
    usual = interval(promise, rate, watching, is_urgent=False)
    livelier = ChangeRate(rate.changes + 1, rate.days)
    assert interval(promise, rate, watching + 1, is_urgent=False) <= usual
    assert interval(promise, livelier, watching, is_urgent=False) <= usual
    assert interval(promise, rate, watching, is_urgent=True) <= min(usual, max(promise / 4, LEAST))


def test_a_listing_that_nothing_is_known_of_is_checked_as_promised() -> None:
    assert ChangeRate().per_day == 0.1
    assert interval(12 * HOUR, ChangeRate(), 1, is_urgent=False) == 12 * HOUR


def test_changes_and_days_are_forgotten_by_half_in_thirty_days() -> None:
    later = ChangeRate(8, 40).after(HALF_LIFE, changed=False)
    assert later.changes == pytest.approx(4)
    assert later.days == pytest.approx(20 + 30)
    assert ChangeRate(8, 40).after(HALF_LIFE, changed=True).changes == pytest.approx(5)


@pytest.mark.parametrize("hours", [2, 12, 48], ids="checked {} hours apart".format)
def test_the_rate_settles_near_the_truth_however_often_one_looks(hours: int) -> None:
    random, rate = Random(hours), ChangeRate()
    seen = []
    for _ in range(24 * 2000 // hours):
        rate = rate.after(hours * HOUR, changed=random.random() < 0.2 * hours / 24)
        seen.append(rate.per_day)
    assert sum(seen) / len(seen) == pytest.approx(0.2, rel=0.15)


@given(rates, st.timedeltas(min_value=timedelta(0), max_value=365 * DAY), st.booleans())
def test_a_rate_stays_a_rate(rate: ChangeRate, elapsed: timedelta, changed: bool) -> None:
    later = rate.after(elapsed, changed=changed)
    assert 0 <= later.changes <= rate.changes + 1
    assert later.days >= 0
    assert later.per_day > 0


@given(promises, st.randoms(use_true_random=False))
def test_the_promise_keeps_some_slack(promise: timedelta, random: Random) -> None:
    tick = timedelta(microseconds=1)
    assert promise * 0.85 - tick <= spread(promise, random) <= promise * 0.95 + tick


def test_intervals_of_many_do_not_end_together() -> None:
    random = Random(1)
    ends = {spread(12 * HOUR, random) // MINUTE for _ in range(1000)}
    assert len(ends) > 60  # of the 72 minutes between 0.85 and 0.95 of twelve hours


@pytest.mark.parametrize(
    ("failures", "minutes"), [(1, 1), (2, 2), (3, 4), (4, 8), (7, 64), (10, 512), (11, 720), (10_000, 720)]
)
def test_failures_are_tried_again_soon_then_ever_later(failures: int, minutes: int) -> None:
    assert back_off(12 * HOUR, failures) == minutes * MINUTE


@given(promises, st.integers(0, 10**6))
def test_a_failure_never_delays_beyond_the_interval(promise: timedelta, failures: int) -> None:
    assert timedelta(0) < back_off(promise, failures) <= promise
    assert back_off(promise, failures) <= back_off(promise, failures + 1)
