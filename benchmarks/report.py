"""What was measured: rows for people and for `var/bench.json`."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from math import ceil
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `setting` says under what it holds: database, number of workers, load."""

    name: str
    setting: str
    value: float
    unit: str
    higher_is_better: bool


def percentile(values: Iterable[float], percent: float) -> float:
    """The smallest value that `percent` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * percent / 100) - 1)]


def table(rows: Sequence[Row]) -> str:
    """The rows as aligned text."""
    cells = [("name", "value", "unit", "setting")]
    cells += [(row.name, f"{row.value:,.1f}", row.unit, row.setting) for row in rows]
    name, value, unit = (max(len(cell[column]) for cell in cells) for column in range(3))
    return "\n".join(f"{c[0]:<{name}}  {c[1]:>{value}}  {c[2]:<{unit}}  {c[3]}" for c in cells)


def write(rows: Sequence[Row], path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n", "utf-8")
