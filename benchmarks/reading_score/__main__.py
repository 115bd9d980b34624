"""`python -m benchmarks.reading_score`: score the reader on pages whose answer is known.

Prints precision, recall and F1 of each field side by side with extruct and price-parser, the price by kind
and by store, the time that a page takes, every miss, and what changed since benchmarks/reading.json was kept.
`--update` writes that file and benchmarks/reading.md; `--memory` reads 10,000 pages and tells what stays.
"""

import argparse
import gc
import logging
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from resource import getpagesize

from benchmarks.reading_score import account, readers
from benchmarks.reading_score.labels import Label, load
from benchmarks.reading_score.marking import FIELDS, Mark
from benchmarks.reading_score.runs import Run, bars, is_real, run

_ROUNDS = 3
_MANY_PAGES = 10_000
_OURS = "ours"
_WITHOUT = "ours, no adapters"
_READERS: dict[str, readers.Reader] = {
    _OURS: readers.ours,
    _WITHOUT: readers.without_adapters,
    "extruct + price-parser": readers.extruct_and_price_parser,
}


def table(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(
            cell.rjust(w) if n else cell.ljust(w) for n, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )
    return "\n".join(line.rstrip() for line in lines) + "\n"


def of_fields(runs: list[Run], chosen: Callable[[Label], bool]) -> str:
    rows = [("", *(f"{head} {part}" for head in FIELDS for part in ("P", "R", "F1")))]
    for done in runs:
        scores = [done.score(name, chosen) for name in FIELDS]
        rows.append(
            (
                done.name,
                *(f"{v:.3f}" if s.asked else "-" for s in scores for v in (s.precision, s.recall, s.f1)),
            )
        )
    return table([*zip(*rows, strict=True)])


def of_bars(runs: list[Run], chosen: Callable[[Label], bool]) -> str:
    found = [bars(done, chosen) for done in runs]
    rows = [["", *(done.name for done in runs)]]
    rows += [[name, *(f"{each[name]:.1f}" for each in found)] for name in found[0]]
    return table(rows)


def by(done: Run, group: Callable[[Label], str], chosen: Iterable[Label]) -> str:
    """The price's marks for each group of pages."""
    given = done.marks
    groups: dict[str, list[Mark]] = {}
    for label in chosen:
        if "price" in label.said:
            groups.setdefault(group(label), []).append(given[label.key]["price"])
    rows = [("price by " + group.__name__, "pages", "right", "missing", "wrong")]
    for name, found in sorted(groups.items()):
        right = found.count(Mark.RIGHT) + found.count(Mark.RIGHTLY_NONE)
        wrong = found.count(Mark.WRONG) + found.count(Mark.INVENTED)
        rows.append((name, str(len(found)), str(right), str(found.count(Mark.MISSING)), str(wrong)))
    return table(rows)


def kind(label: Label) -> str:
    return label.kind


def store(label: Label) -> str:
    return label.store


def resident_mb() -> float:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * getpagesize() / 2**20


def memory(labels: list[Label]) -> str:
    """What the process holds after each page was read once, and after 10,000 readings."""
    real = [label for label in labels if is_real(label)]
    pages = [(label, label.html()) for label in real or labels]
    for label, html in pages:
        readers.ours(html, label)
    gc.collect()
    start = resident_mb()
    for number in range(_MANY_PAGES):
        label, html = pages[number % len(pages)]
        readers.ours(html, label)
    gc.collect()
    end = resident_mb()
    return f"memory: {start:.1f} MB after {len(pages)} pages, {end:.1f} MB after {_MANY_PAGES:,} more\n"


def report(runs: list[Run], labels: list[Label], before: Mapping[str, account.Marks]) -> None:
    ours, without = runs[0], runs[1]
    for title, chosen in (("real pages", is_real), ("our own pages", lambda label: not is_real(label))):
        if not any(map(chosen, labels)):
            continue
        print(f"== {title}: {sum(map(chosen, labels))}\n")
        print(of_bars(runs, chosen))
        print(of_fields(runs, chosen))
        print(by(ours, kind, filter(chosen, labels)))
    if any(map(is_real, labels)):
        print(by(ours, store, filter(is_real, labels)))
    known = account.reasons()
    print("== misses")
    for miss in account.misses(labels, ours.answers, ours.marks):
        reason = known.get((miss.label.key, miss.field)) or "NO REASON YET"
        answer = f"{miss.expected} expected, {miss.found} read"
        print(f"{miss.mark:8} {miss.label.key} {miss.field}: {answer} ({reason})")
    for name, was, now in (("", "marks", ours), (" without adapters", "marks_without_adapters", without)):
        print(f"\n== since the score that was kept{name}")
        print("\n".join(account.changes(before[was], now.marks)) or "nothing changed")


def main() -> None:
    words = argparse.ArgumentParser(prog="python -m benchmarks.reading_score", description=__doc__)
    words.add_argument("--update", action="store_true", help="keep this score")
    words.add_argument("--memory", action="store_true", help="read 10,000 pages and tell what stays")
    asked = words.parse_args()
    for noisy in ("tracker.stores", "extruct", "rdflib"):
        logging.getLogger(noisy).setLevel(logging.CRITICAL)
    labels, absent = load()
    if absent:
        print(f"skipped: {absent}\n")
    runs = [run(name, reader, labels, _ROUNDS) for name, reader in _READERS.items()]
    report(runs, labels, account.kept())
    if asked.memory:
        print()
        print(memory(labels), end="")
    if asked.update:
        score = (
            {done.name: {k: round(v, 1) for k, v in bars(done, is_real).items()} for done in runs}
            if not absent
            else {}
        )
        found = [*account.misses(labels, runs[0].answers, runs[0].marks)]
        account.keep(runs[0].marks, runs[1].marks, score, found)
        print(f"\nkept in {account.SCORE.name} and {account.MISSES.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
