"""`python -m benchmarks.reliability chaos` or `drain`: print a table, fail when the contract is not kept."""

import argparse
import asyncio
import logging
import os
import sys
import tempfile
from pathlib import Path

from benchmarks import ground, report
from benchmarks.processes import ROOT
from benchmarks.reliability import chaos, drain
from benchmarks.reliability.chaos import Phase, Plan
from tests import services

_PLACES = {"postgresql": ground.postgresql, "sqlite": ground.sqlite}
_HEADS = ("trouble", "alerts", "lost", "not owed", "out of order", "repeats", "most a kill", "s", "what")


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.reliability", description=__doc__)
    kinds = words.add_subparsers(dest="kind", required=True)
    asked = kinds.add_parser("chaos", help="kill workers, silence Telegram, empty Redis")
    usual = Plan()
    asked.add_argument("--database", choices=_PLACES, default="postgresql")
    asked.add_argument("--alerts", type=int, default=usual.alerts)
    asked.add_argument("--kills", type=int, default=usual.kills)
    asked.add_argument("--workers", type=int, default=usual.workers)
    asked.add_argument("--pace", type=float, default=usual.per_second, help="messages a second")
    asked.add_argument("--seed", type=int, default=usual.random_seed)
    kinds.add_parser("drain", help="the pace of many alerts, the delay of a single one")
    given = words.parse_args()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    if given.kind == "drain":
        _drain()
        return
    plan = Plan(
        alerts=given.alerts,
        kills=given.kills,
        workers=given.workers,
        per_second=given.pace,
        random_seed=given.seed,
        chats=max(20, given.alerts // 10),
        alerts_each=max(50, given.alerts // 20),
        seconds_each=max(3, 30 * given.alerts / usual.alerts),
    )
    with (
        tempfile.TemporaryDirectory(prefix="ptp-redis-") as folder,
        services.own_redis(Path(folder)) as redis,
        _PLACES[given.database]() as place,
    ):
        load = os.getloadavg()[0]
        print(
            f"{place.database}, {plan.per_second:g}/s, seed {plan.random_seed}, load {load:.1f}", flush=True
        )
        sys.exit(not asyncio.run(_chaos(plan, place, redis)))


def _drain() -> None:
    rows = []
    for row in drain.measure():
        print(report.table([row]), flush=True)
        rows.append(row)
    report.write(rows, ROOT / "var" / "drain.json")


async def _chaos(plan: Plan, place: ground.Ground, redis: services.RedisServer) -> bool:
    _print(_HEADS)
    kept = []
    async with chaos.chaos(plan, place, redis) as run:
        async for phase in run.phases():
            _print(_cells(phase))
            kept.append(phase.is_kept)
    return all(kept)


def _cells(phase: Phase) -> tuple[object, ...]:
    seen = phase.account
    return (
        phase.name,
        seen.owed,
        seen.lost,
        seen.not_owed,
        seen.disordered,
        seen.repeated,
        seen.most_for_one_kill,
        round(phase.seconds),
        f"{phase.trouble}; {seen.messages} messages; {phase.states}",
    )


def _print(cells: tuple[object, ...]) -> None:
    first, *middle, last = cells
    print(f"{first!s:<25}", *(f"{cell!s:>13}" for cell in middle), f"  {last}", flush=True)


if __name__ == "__main__":
    main()
