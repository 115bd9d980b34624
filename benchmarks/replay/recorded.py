"""Real series, recorded from one shop for two years; they are no part of this repository."""

import csv
import gzip
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from benchmarks.ground import Unavailable
from benchmarks.processes import ROOT
from benchmarks.replay.mistakes import scatter
from benchmarks.replay.series import Level, Series

FILE = ROOT.parent / "shared" / "price-history" / "amazon-jp.csv.gz"
INTERVAL = timedelta(hours=8)
"""How far apart most of the recorded readings are."""

_SAME = timedelta(minutes=5)
_FEWEST = 50
_APART = timedelta(days=20)


def load(file: Path = FILE) -> Iterator[Series]:
    """A series for each thing; each is there as it was recorded, and once more with mistakes put in.

    A recorded reading is taken for the truth until the next one. Raises Unavailable without the file.
    """
    if not file.exists():
        raise Unavailable(f"recorded prices are not at {file}")
    found: dict[tuple[str, str], dict[datetime, int]] = {}
    with gzip.open(file, "rt", encoding="utf-8", newline="") as text:
        for row in csv.DictReader(text):
            prices = found.setdefault((row["asin"], row["currency"]), {})
            prices[datetime.fromisoformat(row["observed_at"])] = int(row["price"])
    for (name, currency), prices in sorted(found.items()):
        checks = _apart(sorted(prices))
        if len(checks) < _FEWEST:
            continue
        levels = [
            Level(at, prices[at])
            for number, at in enumerate(checks)
            if not number or prices[at] != prices[checks[number - 1]]
        ]
        yield Series(name, currency, levels, checks, INTERVAL)
        mistakes = scatter(Random(name), checks[4], checks[-1], INTERVAL, apart=_APART)
        yield Series(f"{name} with mistakes", currency, levels, checks, INTERVAL, mistakes)


def _apart(moments: list[datetime]) -> list[datetime]:
    """Without those that come right after another one: two runs of the recorder at a time."""
    kept: list[datetime] = []
    for moment in moments:
        if not kept or moment - kept[-1] >= _SAME:
            kept.append(moment)
    return kept
