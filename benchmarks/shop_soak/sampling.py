"""What the system says about a worker and its readers, and whether it grew."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

FDS_GROW, THREADS_GROW, RSS_GROWS_MB = 16, 4, 30.0
"""By which a worker may hold more in the last third of the run than in the middle one, by the medians."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Of one worker; `at` are seconds since the beginning."""

    at: float
    pid: int
    fds: int
    threads: int
    rss_mb: float
    readers: int
    """Children of its fork server."""
    zombies: int
    readers_rss_mb: float


def sample(pid: int, at: float) -> Sample:
    """Raises OSError when the process has ended."""
    children = _children(pid)
    readers = [reader for child in children for reader in _children(child)]
    threads, rss = _status(pid)
    return Sample(
        at,
        pid,
        len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 - the names alone, one call
        threads,
        rss,
        len(readers),
        sum(map(_is_zombie, [*children, *readers])),
        sum(_status(reader)[1] for reader in readers),
    )


def grown(samples: Sequence[Sample], lasts: float) -> list[str]:
    """What a worker holds more of than it may; nothing when it did not live through both thirds."""
    middle = [each for each in samples if lasts / 3 <= each.at < lasts * 2 / 3]
    last = [each for each in samples if each.at >= lasts * 2 / 3]
    if len(middle) < 3 or len(last) < 3:
        return []
    found = []
    for name, bound in (("fds", FDS_GROW), ("threads", THREADS_GROW), ("rss_mb", RSS_GROWS_MB)):
        before, after = (median(getattr(each, name) for each in part) for part in (middle, last))
        if after - before > bound:
            found.append(f"{name} of {samples[0].pid}: {before:.0f} to {after:.0f}")
    return found


def _children(pid: int) -> list[int]:
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            found += map(int, children.read_text().split())
        except OSError:  # a thread that has ended meanwhile
            continue
    return found


def _status(pid: int) -> tuple[int, float]:
    """Threads, and resident memory in MB; nothing of a process that has just ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0, 0.0
    values = dict(line.split(":", 1) for line in lines if ":" in line)
    return int(values["Threads"]), int(values.get("VmRSS", "0 kB").split()[0]) / 1024


def _is_zombie(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return False
