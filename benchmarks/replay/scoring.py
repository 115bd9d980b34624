"""False alerts, missed drops and delay: what a method told, beside what was true."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from benchmarks.replay.series import Level, Series
from benchmarks.replay.told import Ask, Told, falls
from tracker.alerts.steps import minimum_step

_LIKE = 0.005
"""A price that was told is the true one when it is at most this part off."""

_LASTED = 2
"""A drop that stood for so many intervals has to be told."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A true drop: from when, and until when it could be had."""

    since: datetime
    until: datetime


@dataclass(slots=True)
class Score:
    """Sums over series; delays in minutes."""

    reads: int = 0
    told: int = 0
    false: int = 0
    drops: int = 0
    missed: int = 0
    delays: list[float] = field(default_factory=list)

    def add(self, other: "Score") -> None:
        self.reads += other.reads
        self.told += other.told
        self.false += other.false
        self.drops += other.drops
        self.missed += other.missed
        self.delays += other.delays

    @property
    def false_per_1000(self) -> float:
        return 1000 * self.false / self.reads

    @property
    def missed_percent(self) -> float:
        return 100 * self.missed / self.drops if self.drops else 0.0


def score(series: Series, ask: Ask, told: Sequence[Told]) -> Score:
    """A method's alerts for one ask on one series; `reads` counts the checks, not the reads again."""
    true = [alert for alert in told if is_true(series, ask, alert)]
    found = Score(reads=len(series.checks), told=len(told), false=len(told) - len(true))
    moments = [alert.at for alert in true]
    for drop in drops(series, ask):
        found.drops += 1
        first = bisect_left(moments, drop.since)
        if first == len(moments) or moments[first] >= drop.until:
            found.missed += 1
        else:
            found.delays.append((moments[first] - drop.since).total_seconds() / 60)
    return found


def is_true(series: Series, ask: Ask, alert: Told) -> bool:
    """Whether it cost then what the alert says, had cost the reference before, and that is such a drop."""
    now = _level(series.levels, alert.at)
    if now.minor is None or not _like(alert.minor, now.minor):
        return False
    before = (level.minor for level in series.levels if level.since < now.since and level.minor is not None)
    step = minimum_step(series.currency)
    return falls(ask, alert.minor, alert.reference, step) and any(
        _like(alert.reference, minor) for minor in before
    )


def drops(series: Series, ask: Ask) -> Iterable[Drop]:
    """The true drops that lasted long enough and were in time to be seen.

    Any drop: each level below the one before it. A drop of 10 %: each time that the price comes to 10 % below
    the highest since the last such drop, until it is above that again.
    """
    step = minimum_step(series.currency)
    # The first level that is seen is what a watch begins with.
    begin, end = series.checks[0], series.checks[-1]
    priced = [level for level in series.levels if level.minor is not None]
    highest = priced[0].minor or 0
    for number, level in enumerate(priced[1:], 1):
        minor = level.minor or 0
        reference = highest if ask is Ask.TENTH else (priced[number - 1].minor or 0)
        if not falls(ask, minor, reference, step):
            highest = max(highest, minor)
            continue
        until = _until(series, level, ask, reference, step)
        highest = minor
        if level.since > begin and min(until, end) - level.since >= _LASTED * series.interval:
            yield Drop(level.since, until)


def _until(series: Series, start: Level, ask: Ask, reference: int, step: int) -> datetime:
    """When a drop was over: the price rose, or nobody could buy."""
    for level in series.levels:
        if level.since <= start.since:
            continue
        over = level.minor is None or (
            not falls(ask, level.minor, reference, step) if ask is Ask.TENTH else level.minor != start.minor
        )
        if over:
            return level.since
    return series.checks[-1]


def _level(levels: Sequence[Level], at: datetime) -> Level:
    return levels[bisect_right([level.since for level in levels], at) - 1]


def _like(one: int, other: int) -> bool:
    return abs(one - other) <= _LIKE * other
