"""When a listing is checked next. Pure: what is known of its changes in, an interval out.

With a given number of checks, the mean delay until a change is seen, weighed by those who wait for it, is
least when a listing is checked in proportion to the square root of watchers times changes (Sia, Cho and Cho,
"Efficient Monitoring Algorithm for Fast News Alerts").
"""

from dataclasses import dataclass
from datetime import timedelta
from math import sqrt
from random import Random

HALF_LIFE = timedelta(days=30)
LEAST = timedelta(minutes=10)
"""Nothing is checked more often, unless a plan promises it."""

TYPICAL_RATE = 0.2
"""Changes a day, as measured over real listings: one of these and one watcher is checked as promised."""

MOST_OFTEN = 6
"""Times as often as promised, at most."""

URGENT = 4
_DAY = timedelta(days=1)
_PRIOR_CHANGES, _PRIOR_DAYS = 0.5, 5.0


@dataclass(frozen=True, slots=True)
class ChangeRate:
    """How often a price changed in so many days of being watched; both fade with a half-life of 30 days."""

    changes: float = 0.0
    days: float = 0.0

    def after(self, elapsed: timedelta, *, changed: bool) -> "ChangeRate":
        """As known after one more check, `elapsed` after the one before."""
        fade = 0.5 ** (elapsed / HALF_LIFE)
        return ChangeRate(self.changes * fade + changed, self.days * fade + elapsed / _DAY)

    @property
    def per_day(self) -> float:
        """The mean of what is probable: Poisson changes under a Gamma prior of half a change in five days."""
        return (self.changes + _PRIOR_CHANGES) / (self.days + _PRIOR_DAYS)


def interval(promise: timedelta, rate: ChangeRate, watchers: int, *, is_urgent: bool) -> timedelta:
    """Between two checks of a listing: never longer than the promise."""
    wanted = promise * sqrt(TYPICAL_RATE / (max(watchers, 1) * rate.per_day))
    if is_urgent:
        wanted = min(wanted, promise / URGENT)
    return min(promise, max(wanted, promise / MOST_OFTEN, LEAST))


def spread(wanted: timedelta, random: Random) -> timedelta:
    """Somewhat less, at random: no store sees a burst, and the promise keeps some slack."""
    return wanted * random.uniform(0.85, 0.95)


def back_off(wanted: timedelta, failures: int) -> timedelta:
    """After failures in a row that may pass: from a minute on, doubling up to the usual interval."""
    return min(wanted, timedelta(minutes=1 << min(max(failures, 1) - 1, 12)))
