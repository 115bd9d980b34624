"""Recorded prices as spans: one thing over a time in which the recorder did not stop."""

import csv
import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.ground import Unavailable
from benchmarks.replay.recorded import FILE

SPLIT = datetime(2025, 1, 1, tzinfo=UTC).timestamp()
"""Within the months in which nothing was recorded: before and after are reported apart."""

_STOPPED = 3 * 86_400.0
_SHORTEST = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Span:
    """The price from each moment on (seconds of the epoch), until `ends`."""

    name: str
    moments: Sequence[float]
    prices: Sequence[int]
    ends: float

    @property
    def days(self) -> float:
        return (self.ends - self.moments[0]) / 86_400


def load() -> list[Span]:
    """Spans of thirty days at least. Raises Unavailable without the file."""
    if not FILE.exists():
        raise Unavailable(f"recorded prices are not at {FILE}")
    found: dict[str, dict[float, int]] = {}
    with gzip.open(FILE, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            moment = datetime.fromisoformat(row["observed_at"]).timestamp()
            found.setdefault(row["asin"], {})[moment] = int(row["price"])
    return [span for name, prices in sorted(found.items()) for span in _spans(name, prices)]


def _spans(name: str, prices: dict[float, int]) -> list[Span]:
    spans: list[Span] = []
    run: list[float] = []
    for moment in [*sorted(prices), float("inf")]:
        if run and moment - run[-1] > _STOPPED:
            if run[-1] - run[0] >= _SHORTEST:
                changes = [
                    at for place, at in enumerate(run) if not place or prices[at] != prices[run[place - 1]]
                ]
                spans.append(Span(name, changes, [prices[at] for at in changes], run[-1]))
            run = []
        run.append(moment)
    return spans
