"""What was promised, by the shops' own record, held against what was counted as missed."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_KEEPS_WHEN_DONE = frozenset({"page", "unchanged", "gone", "picture"})
_KEEPS = frozenset({"bomb", "loop", "huge"})
"""Answers that say something about the page. A refusal and an answer that did not come whole keep no promise:
whoever waits still waits."""

NEAR_SECONDS = 2.0
"""A shop and a worker tell the beginning of one request with such a difference, on a busy machine."""

_BEFORE_KILL_SECONDS = 3.0
"""An answer of so long before a kill may have gone with the worker that had it."""


@dataclass(frozen=True, slots=True)
class Request:
    """Seconds of the epoch."""

    url: str
    began: float
    ended: float
    kind: str
    done: bool

    @property
    def keeps(self) -> bool:
        return self.kind in _KEEPS or (self.done and self.kind in _KEEPS_WHEN_DONE)


@dataclass(frozen=True, slots=True)
class Promised:
    """A listing: since when its watchers wait, and how often the plans among them are promised a check."""

    since: float
    every: Mapping[str, float]


Missed = tuple[str, str, float]
"""The address, the plan, and when its promise broke."""


@dataclass(frozen=True, slots=True)
class Promises:
    made: int
    """One a plan and check that keeps it, and the first ones."""
    broken: int
    uncounted: Sequence[Missed]
    """Broken, and no row says so."""
    unfounded: Sequence[Missed]
    """Rows about promises that were kept."""


def read_record(path: Path) -> list[Request]:
    lines = path.read_text("utf-8").splitlines()
    return sorted((Request(**json.loads(line)) for line in lines), key=lambda request: request.began)


def overlapping(requests: Iterable[Request]) -> int:
    """Requests of a page that began before another one of it had ended."""
    count, ends = 0, defaultdict[str, float](float)
    for request in requests:
        count += request.began < ends[request.url]
        ends[request.url] = max(ends[request.url], request.ended)
    return count


def promises(
    listings: Mapping[str, Promised],
    requests: Iterable[Request],
    counted: Sequence[Missed],
    kills: Sequence[float],
    until: float,
) -> Promises:
    """Compare. `kills` are the moments at which a worker ended, `until` when the counting did."""
    sure, possible = defaultdict[str, list[float]](list), defaultdict[str, list[float]](list)
    for request in requests:
        if request.keeps:
            possible[request.url].append(request.began)
            if not any(request.began <= kill <= request.ended + _BEFORE_KILL_SECONDS for kill in kills):
                sure[request.url].append(request.began)
    rows = defaultdict[tuple[str, str], list[float]](list)
    for url, plan, at in counted:
        rows[url, plan].append(at)
    made, broken = 0, 0
    uncounted: list[Missed] = []
    unfounded: list[Missed] = []
    for url, promised in listings.items():
        for plan, every in promised.every.items():
            may = _broken([promised.since, *sure[url]], every, until, -NEAR_SECONDS)
            may += _broken([promised.since, *possible[url]], every, until, -NEAR_SECONDS)
            must = _broken([promised.since, *possible[url]], every, until, NEAR_SECONDS)
            must = [at for at in must if _is_near(at, _broken([promised.since, *sure[url]], every, until, 0))]
            made += 1 + len(possible[url])
            broken += len(rows[url, plan])
            uncounted += [(url, plan, at) for at in must if not _is_near(at, rows[url, plan])]
            unfounded += [(url, plan, at) for at in rows[url, plan] if not _is_near(at, may)]
    return Promises(made, broken, uncounted, unfounded)


def _broken(kept: Sequence[float], every: float, until: float, by: float) -> list[float]:
    """When promises broke: where the next check that kept one came later than it by more than `by`."""
    found = []
    for since, following in zip(kept, [*kept[1:], until], strict=True):
        if following > since + every + by:
            found.append(since + every)
    return found


def _is_near(at: float, others: Iterable[float]) -> bool:
    return any(abs(at - other) <= NEAR_SECONDS for other in others)


def complaints(logs: Iterable[Path]) -> Counter[str]:
    """What workers logged that no misbehaving shop explains."""
    found: Counter[str] = Counter()
    for log in logs:
        for line in log.read_text("utf-8", "replace").splitlines():
            if line.startswith("{"):
                event = json.loads(line)
                if event["level"] in ("error", "critical"):
                    found[str(event["event"])[:100]] += 1
            elif "Traceback" in line or "never retrieved" in line or "Task exception" in line:
                found[line[:100]] += 1
    return found
