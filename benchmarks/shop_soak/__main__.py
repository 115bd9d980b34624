"""`python -m benchmarks.shop_soak`: print the account; fail when it is not in order."""

import argparse
import asyncio
import logging
import os
import sys

from benchmarks import ground
from benchmarks.shop_soak.seeding import SPEED
from benchmarks.shop_soak.soak import Account, Plan, soak


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.shop_soak", description=__doc__)
    usual = Plan()
    words.add_argument("--minutes", type=float, default=usual.minutes)
    words.add_argument("--seed", type=int, default=usual.random_seed)
    given = words.parse_args()
    logging.getLogger("alembic").setLevel(logging.WARNING)
    plan = Plan(minutes=given.minutes, random_seed=given.seed)
    with ground.postgresql() as place:
        load = os.getloadavg()[0]
        print(
            f"{place.database}, {plan.minutes:g} minutes, seed {plan.random_seed}, load {load:.1f}",
            flush=True,
        )
        account = asyncio.run(soak(plan, place))
    _print(account)
    sys.exit(bool(account.failures))


def _print(account: Account) -> None:
    kept = account.promises
    rows = {
        "time that it stands for": f"{account.seconds * SPEED / 3600:.1f} h",
        "listings, asked for": f"{account.listings}, {account.checked}",
        "requests": f"{sum(account.kinds.values())}",
        "of one page at a time too many": f"{account.overlapping}",
        "promises made": f"{kept.made}",
        "counted as missed": f"{kept.broken}  {dict(account.missed)}",
        "broken and not counted": f"{len(kept.uncounted)}  {kept.uncounted[:5]}",
        "kept and counted as missed": f"{len(kept.unfounded)}  {kept.unfounded[:5]}",
        "rests of stores, recoveries": f"{account.rests}, {account.recovered}",
        "leases and places left": f"{account.leases}, {account.places}",
        "most long due at a time": f"{account.most_long_due}",
        "zombies, samples with stray readers": f"{account.zombies}, {account.stray_readers}",
        "growth": ", ".join(account.grown) or "none",
        "complaints in the logs": f"{dict(account.complaints) or 'none'}",
        "to the end of SIGTERM": f"{account.worst_stop:.1f} s",
    }
    print()
    for name, value in rows.items():
        print(f"{name:<38}{value}")
    print("answers:", ", ".join(f"{kind} {count}" for kind, count in account.kinds.most_common()))
    for failure in account.failures:
        print("FAILED", failure)


if __name__ == "__main__":
    main()
