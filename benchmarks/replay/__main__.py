"""`python -m benchmarks.replay`: false alerts, missed drops and delay, of our rules and of three peers'.

`--sweep` shows ours under other settings as well; `--update` does so and keeps everything in
benchmarks/replay.json and replay.md.
"""

import argparse
import sys
from dataclasses import asdict

from benchmarks.replay import account
from benchmarks.replay.figures import METHODS, Figures, load, scores
from benchmarks.replay.sweep import sweep


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.replay", description=__doc__)
    words.add_argument("--sweep", action="store_true", help="show other settings as well")
    words.add_argument("--update", action="store_true", help="keep these figures")
    asked = words.parse_args()
    origins, absent = load()
    if absent:
        print(f"skipped: {absent}\n")
    methods = {
        origin: {
            name: {str(ask): asdict(Figures.of(found)) for ask, found in scores(series, method).items()}
            for name, method in METHODS.items()
        }
        for origin, series in origins.items()
    }
    print(account.of_methods(methods))
    if not (asked.sweep or asked.update):
        return
    settings = dict(sweep(origins))
    print(f"\n{account.of_sweep(settings)}")
    if asked.update:
        account.keep(methods, settings)
        print(f"\nkept in {account.FIGURES.name} and {account.TABLES.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
