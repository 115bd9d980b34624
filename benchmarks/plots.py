"""`python -m benchmarks.plots`: measure, and draw the pictures of the docs."""

import argparse
import logging
import math
from collections import defaultdict
from collections.abc import Callable
from statistics import median

from benchmarks import checks, ground
from benchmarks.chart import Axis, Line, png, svg, ticks_to
from benchmarks.claims import claims
from benchmarks.ground import Unavailable
from benchmarks.intervals import picture as intervals
from benchmarks.processes import ROOT

FIGURES = ROOT / "docs" / "figures"
_WORKERS = (1, 2, 3)


def claim_by_listings() -> None:
    points: dict[tuple[str, float], list[tuple[float, float]]] = defaultdict(list)
    for asked in claims():
        key = asked.database, asked.manners.gap_seconds
        points[key].append((asked.listings, median(asked.milliseconds)))
    colours = {"SQLite": 0, "PostgreSQL": 1}
    lines = [
        Line(f"{database}, {gap:g} s gap", line, colours[database], "7 4" if gap else "none")
        for (database, gap), line in points.items()
    ]
    listings = Axis(
        "listings in the table", sorted({size for line in points.values() for size, _ in line}), math.log
    )
    highest = max(milliseconds for line in points.values() for _, milliseconds in line)
    took = Axis("ms, median of 20", ticks_to(highest))
    _keep("claim-by-listings", svg("One claim of 64 listings", listings, took, lines))


def throughput_by_workers() -> None:
    points = []
    for count in _WORKERS:
        rows = checks.with_workers(ground.postgresql(), count)
        points += [(count, row.value) for row in rows if row.name == "checks_per_minute"]
    workers = Axis("workers", _WORKERS)
    pace = Axis("checks a minute", ticks_to(max(value for _, value in points)))
    _keep(
        "throughput-by-workers",
        svg("The pace of checks by workers", workers, pace, [Line("PostgreSQL", points, 1)]),
    )


PICTURES: dict[str, Callable[[], None]] = {
    "intervals": intervals.draw,
    "claim-by-listings": claim_by_listings,
    "throughput-by-workers": throughput_by_workers,
}


def _keep(name: str, picture: str) -> None:
    FIGURES.mkdir(exist_ok=True)
    (FIGURES / f"{name}.png").write_bytes(png(picture))


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.plots", description=__doc__)
    words.add_argument("--only", choices=PICTURES, help="one of the pictures")
    only = words.parse_args().only
    logging.getLogger("alembic").setLevel(logging.WARNING)
    for name in [only] if only else PICTURES:
        try:
            PICTURES[name]()
        except Unavailable as reason:
            print(f"{name}: not drawn, for {reason}")
        else:
            print(f"{name}: kept in {FIGURES.relative_to(ROOT) / name}.png")


if __name__ == "__main__":
    main()
