"""What is kept of a run: replay.json (every figure) and replay.md (the same as tables)."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.replay.figures import OURS

FOLDER = Path(__file__).parents[1]
FIGURES = FOLDER / "replay.json"
TABLES = FOLDER / "replay.md"

Kept = dict[str, dict[str, Any]]
"""By part: "methods" (origin, method, ask) and "sweep" (setting, origin)."""

_HEAD = """# False alerts and missed drops

`make bench-replay UPDATE=1` writes this page. Every method reads the same series at the same moments; ours
reads sooner again what it holds. Half of the series are read without a mistake, half with one every few days.

- **false**: the alert's price was not the true one, or the price that it compares with never was, or the
  difference is below the smallest step (one rupee, ten yen). Per 1,000 readings of a watch.
- **missed**: a true drop that stood for two check intervals and was not told while it did.
- **delay**: from the true drop to the alert, with the wait for the next check. A recorded drop begins with
  the reading that shows it.

"synthetic" are made-up series of 60 days that are read every 30 minutes; `benchmarks/replay/synthetic.py`
says which shapes, `mistakes.py` which mistakes. "recorded" are two years of real prices of one shop, read
about every 8 hours; they are no part of this repository. A recorded reading is taken for the truth.

"""
_METHODS = (
    "series",
    "watch",
    "method",
    "alerts",
    "false",
    "per 1,000 readings",
    "drops",
    "missed",
    "delay p50",
    "p95",
)
_SWEEP = ("setting", "series", "false", "per 1,000 readings", "missed", "delay p50", "p95")


def method_rows(methods: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for origin, by_method in methods.items():
        asks = next(iter(by_method.values()))
        for ask in asks:
            for method, by_ask in by_method.items():
                f = by_ask[ask]
                yield (
                    origin,
                    ask,
                    method,
                    f"{f['alerts']:,}",
                    f"{f['false']:,}",
                    f"{f['false_per_1000']:.2f}",
                    f"{f['drops']:,}",
                    f"{f['missed_percent']:.1f} %",
                    f"{f['delay_p50']} min",
                    f"{f['delay_p95']:,} min",
                )


def sweep_rows(found: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for setting, by_origin in found.items():
        for origin, f in by_origin.items():
            yield (
                setting,
                origin,
                f"{f['false']:,}",
                f"{f['false_per_1000']:.2f}",
                f"{f['missed_percent']:.1f} %",
                f"{f['delay_p50']} min",
                f"{f['delay_p95']:,} min",
            )


def of_methods(methods: Mapping[str, Any]) -> str:
    """Aligned text for a terminal."""
    return _aligned([_METHODS, *method_rows(methods)])


def of_sweep(found: Mapping[str, Any]) -> str:
    return _aligned([_SWEEP, *sweep_rows(found)])


def kept() -> Kept:
    if not FIGURES.exists():
        return {"methods": {}, "sweep": {}}
    found: Kept = json.loads(FIGURES.read_text("utf-8"))
    return found


def keep(methods: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Write both files. What is known of origins, or of the sweep, that were not run now stays."""
    before = kept()
    now: Kept = {
        "methods": {**before["methods"], **methods},
        "sweep": {
            setting: {**before["sweep"].get(setting, {}), **by_origin} for setting, by_origin in found.items()
        }
        or before["sweep"],
    }
    FIGURES.write_text(json.dumps(now, indent=1) + "\n", "utf-8")
    rows = (_bold(row) for row in method_rows(now["methods"]))
    TABLES.write_text(
        _HEAD
        + _markdown([_METHODS, *rows])
        + "\n## Other settings\n\nOne of ours changed at a time, both watches together.\n\n"
        + _markdown([_SWEEP, *sweep_rows(now["sweep"])]),
        "utf-8",
    )


def _bold(row: Sequence[str]) -> Sequence[str]:
    return tuple(f"**{cell}**" for cell in row) if OURS in row else row


def _markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *body)) + "\n"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows
    )
