"""The picture of docs/intervals.md, from the table of that page."""

import math

from benchmarks.chart import Axis, Line, png, svg
from benchmarks.processes import ROOT

PAGE = ROOT / "docs" / "intervals.md"
FIGURE = ROOT / "docs" / "figures" / "intervals.png"

_STRATEGIES = ("uniform", "by changes", "promise")


def draw() -> None:
    """The first span, which is the test. Raises Unavailable without a font."""
    found = rows(PAGE.read_text("utf-8"))
    lines = [
        Line(strategy, [(x, y) for name, x, y in found if name.startswith(strategy)], colour)
        for colour, strategy in enumerate(_STRATEGIES)
    ]
    requests = Axis("requests a day for a listing", (1, 2, 4, 8, 16, 32), math.log)
    delay = Axis("mean delay of a drop, hours", (0.25, 0.5, 1, 2, 4, 8, 16), math.log)
    FIGURE.parent.mkdir(exist_ok=True)
    FIGURE.write_bytes(png(svg("How late a drop is seen, for so many requests", requests, delay, lines)))


def rows(page: str) -> list[tuple[str, float, float]]:
    """Of the first span: strategy, requests a day, mean delay in hours."""
    _, first, *_ = page.split("\n## ")
    found = []
    for line in first.splitlines():
        if line.startswith(tuple(f"| {strategy}" for strategy in _STRATEGIES)):
            _, name, requests, hours, *_ = (cell.strip() for cell in line.split("|"))
            found.append((name, float(requests), float(hours)))
    return found
