"""`python -m benchmarks.intervals`: requests and delay when prices are checked by how often they change.

`--update` keeps the tables in docs/intervals.md, and draws its picture.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence

from benchmarks.ground import Unavailable
from benchmarks.intervals import picture
from benchmarks.intervals.replaying import Result, at_equal, by_changes, promised, replay, uniform
from benchmarks.intervals.spans import SPLIT, Span, load
from benchmarks.processes import ROOT

_UNIFORM_HOURS = (0.5, 1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 36)
_FACTORS = (1.0, 1.5, 2.0, 3.0, 5.0)
_PROMISES = (12, 4, 1)

_HEAD = """# What checking by changes is worth

`make bench-intervals UPDATE=1` writes this page. Recorded prices of one shop (no part of this repository) are
checked again by each strategy, one listing at a time, and what it sees is all that it knows.

- **delay**: from a drop to the next check. **missed**: drops that had ended by then.
- **uniform at equal requests**: the mean delay of equal intervals at as many requests, between the
  two nearest of those measured. **requests saved**: against equal intervals with the same mean delay.
- **uniform**: the same interval for all. **by changes**: proportional to 1 / sqrt(rate), from 2 to 72 hours,
  for several budgets. **promise**: `tracker.catalog.interval.interval`, one watcher, nothing urgent.

Nothing was fitted in this run: the prior and the half-life are those of `ChangeRate`, and every budget is
shown. The recorder stood still around New Year 2025, and the two spans are reported apart, each begun without
knowledge, as it is again after three days in which a thing was not recorded. Earlier work chose these
constants with later recordings in view, which overlap the second span; so read the first span as the test,
and the second as a repetition.

What to keep in mind: a curated list of one shop, where prices change more often than elsewhere; readings
about eight hours apart, so a drop is dated by the reading that shows it and shorter ones are in no figure;
watchers and urgency are not part of it.

![Mean delay of a drop against requests a day: uniform, by changes, and promised](figures/intervals.png)

*The first span below. Computed from the recorded prices alone, so no machine's speed is in it; both axes are
logarithmic.*
"""


def rows(spans: Sequence[Span]) -> Iterator[Sequence[str]]:
    yield (
        "strategy", "requests a day", "mean delay, h", "p50", "p90", "missed",
        "uniform at equal requests, h", "requests saved",
    )  # fmt: skip
    curve = [replay(spans, uniform(hours)) for hours in _UNIFORM_HOURS]
    for hours, result in zip(_UNIFORM_HOURS, curve, strict=True):
        if hours in (1, 4, 6, 12, 24):
            yield (f"uniform {hours} h", *_figures(result), "", "")
    for factor in _FACTORS:
        yield _compared(f"by changes, {factor} h", replay(spans, by_changes(factor)), curve)
    for hours in _PROMISES:
        yield _compared(f"promise {hours} h", replay(spans, promised(hours)), curve)


def _compared(name: str, result: Result, curve: Sequence[Result]) -> Sequence[str]:
    try:
        delay = at_equal(curve, _requests, result.requests_a_day, _mean)
        needed = at_equal(curve, _mean, result.mean_hours, _requests)
    except ValueError:
        return (name, *_figures(result), "beyond", "beyond")
    return (name, *_figures(result), f"{delay:.2f}", f"{1 - result.requests_a_day / needed:.0%}")


def _figures(result: Result) -> Sequence[str]:
    hours = (result.mean_hours, result.p50_hours, result.p90_hours)
    return (f"{result.requests_a_day:.2f}", *(f"{value:.2f}" for value in hours), f"{result.missed:.1%}")


def _requests(result: Result) -> float:
    return result.requests_a_day


def _mean(result: Result) -> float:
    return result.mean_hours


def tables() -> str:
    """Both spans as Markdown. Raises Unavailable without the recorded prices."""
    spans = load()
    text = []
    for name, part in (
        ("2024-02 to 2024-12", [span for span in spans if span.ends < SPLIT]),
        ("2025-02 to 2026-04", [span for span in spans if span.ends >= SPLIT]),
    ):
        drops = replay(part, uniform(24)).drops
        head, *body = rows(part)
        text.append(f"## {name}: {len(part)} spans, {drops:,} drops\n")
        text.append("| " + " | ".join(head) + " |")
        text.append("|---" + "|---:" * (len(head) - 1) + "|")
        text.extend("| " + " | ".join(row) + " |" for row in body)
        text.append("")
    return "\n".join(text)


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.intervals", description=__doc__)
    words.add_argument("--update", action="store_true", help="keep these figures")
    asked = words.parse_args()
    try:
        found = tables()
    except Unavailable as absent:
        print(f"skipped: {absent}")
        return
    print(found)
    if asked.update:
        picture.PAGE.write_text(f"{_HEAD}\n{found}", "utf-8")
        picture.draw()
        print(f"kept in {picture.PAGE.relative_to(ROOT)}", file=sys.stderr)


if __name__ == "__main__":
    main()
