"""A price series with its truth, the mistakes that reading it makes, and the page as one method reads it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

USUAL = "json-ld+visible"
"""What says the price on most pages."""
THIS = "128 GB"
OTHER = "256 GB"
"""The variants that pages name."""


@dataclass(frozen=True, slots=True)
class Level:
    """The true price from a moment on; None while the thing is not for sale."""

    since: datetime
    minor: int | None
    evidence: str = USUAL


@dataclass(frozen=True, slots=True)
class Mistake:
    """Wrong readings from a moment on: the true price times a factor.

    They last for a number of reads, however close these are, or until a moment; in that time every
    `every`th read is wrong.
    """

    name: str
    since: datetime
    factor: float
    reads: int | None = None
    until: datetime | None = None
    every: int = 1
    evidence: str = USUAL
    variant: str = THIS


@dataclass(frozen=True, slots=True)
class Series:
    """One listing: what it truly cost, when it is checked, and which readings of it are wrong."""

    name: str
    currency: str
    levels: Sequence[Level]
    checks: Sequence[datetime]
    interval: timedelta
    mistakes: Sequence[Mistake] = ()
    """In order of time, none before the one before it has ended."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What one read said."""

    at: datetime
    minor: int | None
    evidence: str
    variant: str = THIS


@dataclass(slots=True)
class Page:
    """The page of a series, read by one method in the order of time: mistakes count that method's reads."""

    series: Series
    reads: int = 0
    _level: int = 0
    _mistake: int = 0
    _read_in_mistake: int = field(default=0)

    def read(self, at: datetime) -> Seen:
        self.reads += 1
        levels = self.series.levels
        while self._level + 1 < len(levels) and levels[self._level + 1].since <= at:
            self._level += 1
        level = levels[self._level]
        mistake = self._current(at)
        if mistake is None or level.minor is None:
            return Seen(at, level.minor, level.evidence)
        self._read_in_mistake += 1
        if (self._read_in_mistake - 1) % mistake.every:
            return Seen(at, level.minor, level.evidence)
        return Seen(at, round(level.minor * mistake.factor), mistake.evidence, mistake.variant)

    def _current(self, at: datetime) -> Mistake | None:
        mistakes = self.series.mistakes
        while self._mistake < len(mistakes):
            mistake = mistakes[self._mistake]
            if at < mistake.since:
                return None
            over_by_time = mistake.until is not None and at >= mistake.until
            over_by_reads = mistake.reads is not None and self._read_in_mistake >= mistake.reads
            if not over_by_time and not over_by_reads:
                return mistake
            self._mistake += 1
            self._read_in_mistake = 0
        return None
