"""`python -m benchmarks`: measure, print a table and write `var/bench.json`."""

import argparse
import logging
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from benchmarks import alerts, checks, claims, conversations, dashboard, reading, report, webhooks
from benchmarks.ground import Unavailable
from benchmarks.processes import ROOT
from benchmarks.replay import figures as replay
from benchmarks.report import Row

MEASUREMENTS: dict[Callable[[], Iterator[Row]], tuple[str, ...]] = {
    reading.measure: ("reading_ms_median", "reading_ms_p95"),
    checks.measure: ("checks_per_minute", "loop_lag_ms_p99", "worker_rss_mb"),
    claims.measure: ("claim_ms",),
    alerts.latency: ("alert_latency_ms_p50", "alert_latency_ms_p99"),
    alerts.per_second: ("alerts_per_second",),
    conversations.updates_per_second: ("updates_per_second",),
    conversations.answer_time: ("answer_ms_p95",),
    webhooks.measure: ("webhooks_per_second", "webhook_ack_ms_p99"),
    replay.measure: replay.NAMES,
    dashboard.measure: ("dashboard_ms_p95", "dashboard_ms_once", "dashboard_list_ms_p95"),
}
NAMES = [name for names in MEASUREMENTS.values() for name in names]


def is_asked_for(name: str, only: str | None) -> bool:
    """Whether a figure is measured: `only` names it, or the word that it begins with ("replay")."""
    return only is None or name == only or name.startswith(f"{only}_")


def run(only: str | None) -> list[Row]:
    """Measure, telling on standard error how far it is; rows whose services are missing are left out."""
    rows: list[Row] = []
    for measurement, names in MEASUREMENTS.items():
        if not any(is_asked_for(name, only) for name in names):
            continue
        print(f"{datetime.now(UTC):%H:%M:%S} {', '.join(names)}", file=sys.stderr, flush=True)
        try:
            for row in measurement():
                if is_asked_for(row.name, only):
                    rows.append(row)
        except Unavailable as reason:
            print(f"         skipped: {reason}", file=sys.stderr, flush=True)
    return rows


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    words.add_argument("--only", metavar="NAME", help="one of these, or a first word: " + ", ".join(NAMES))
    only = words.parse_args().only
    if not any(is_asked_for(name, only) for name in NAMES):
        sys.exit(f"There is no benchmark {only!r}; there are {', '.join(NAMES)}.")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    rows = run(only)
    print(report.table(rows))
    report.write(rows, ROOT / "var" / "bench.json")


if __name__ == "__main__":
    main()
