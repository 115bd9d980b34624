"""A strategy over spans: which checks it makes, and how long drops wait for one."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from math import sqrt
from random import Random

from benchmarks.intervals.spans import Span
from benchmarks.report import percentile
from tracker.catalog.interval import ChangeRate, interval, spread

Strategy = Callable[[ChangeRate, Random], timedelta]
"""From what is known of the changes to the time until the next check."""

HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Result:
    requests_a_day: float
    """Of one listing."""
    mean_hours: float
    """From a drop to the next check, whatever that check sees."""
    p50_hours: float
    p90_hours: float
    missed: float
    """The part of the drops that had ended by then."""
    drops: int


def uniform(hours: float) -> Strategy:
    return lambda _rate, random: spread(hours * HOUR, random)


def by_changes(factor: float) -> Strategy:
    """Online: the square root of the rate alone, between 2 and 72 hours."""

    def wait(rate: ChangeRate, random: Random) -> timedelta:
        return spread(min(72 * HOUR, max(2 * HOUR, factor * HOUR / sqrt(rate.per_day))), random)

    return wait


def promised(hours: float) -> Strategy:
    """As the product does it for one watcher, when nothing is urgent."""
    return lambda rate, random: spread(interval(hours * HOUR, rate, 1, is_urgent=False), random)


def replay(spans: Iterable[Span], strategy: Strategy) -> Result:
    days, checks, missed = 0.0, 0, 0
    delays: list[float] = []
    for span in spans:
        moments = _checks(span, strategy)
        days += span.days
        checks += len(moments)
        for drop, ended in _drops(span):
            place = bisect_right(moments, drop)
            seen = moments[place] if place < len(moments) else span.ends
            delays.append((seen - drop) / 3600)
            missed += seen >= ended
    return Result(
        checks / days,
        sum(delays) / len(delays),
        percentile(delays, 50),
        percentile(delays, 90),
        missed / len(delays),
        len(delays),
    )


def at_equal(
    curve: Sequence[Result], known: Callable[[Result], float], value: float, wanted: Callable[[Result], float]
) -> float:
    """What `wanted` is on a curve where `known` is `value`, between its two nearest points."""
    points = sorted((known(result), wanted(result)) for result in curve)
    for (x, y), (next_x, next_y) in pairwise(points):
        if x <= value <= next_x:
            return y + (next_y - y) * (value - x) / (next_x - x)
    raise ValueError(f"{value} is beyond the curve")


def _checks(span: Span, strategy: Strategy) -> list[float]:
    """When the strategy looks; it knows no more than what it saw."""
    random = Random(span.name)
    rate = ChangeRate()
    at = span.moments[0] + random.uniform(0, 3600)
    seen = span.prices[0]
    level, levels = 0, len(span.moments)
    moments = []
    while at < span.ends:
        moments.append(at)
        wait = strategy(rate, random)
        at += wait.total_seconds()
        while level + 1 < levels and span.moments[level + 1] <= at:
            level += 1
        rate = rate.after(wait, changed=span.prices[level] != seen)
        seen = span.prices[level]
    return moments


def _drops(span: Span) -> Iterable[tuple[float, float]]:
    """From when to when each lower price stood."""
    for place in range(1, len(span.moments)):
        if span.prices[place] < span.prices[place - 1]:
            ended = span.moments[place + 1] if place + 1 < len(span.moments) else float("inf")
            yield span.moments[place], ended
