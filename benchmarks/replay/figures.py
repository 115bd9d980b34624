"""Every method on the same series, and its figures."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from benchmarks.ground import Unavailable
from benchmarks.replay import peers, recorded, synthetic
from benchmarks.replay.ours import ours
from benchmarks.replay.scoring import Score, score
from benchmarks.replay.series import Series
from benchmarks.replay.told import Ask, Method
from benchmarks.report import Row, percentile

OURS = "ours"
METHODS: Mapping[str, Method] = {
    OURS: ours(),
    "compare with previous": peers.compare_with_previous,
    "compare with first": peers.compare_with_first,
    "hold-3": peers.hold_3,
}
SYNTHETIC = "synthetic"
RECORDED = "recorded"
NAMES = (
    "replay_false_alerts_per_1000",
    "replay_missed_drops_percent",
    "replay_delay_minutes_p50",
    "replay_delay_minutes_p95",
)
_EACH = 20


@dataclass(frozen=True, slots=True)
class Figures:
    """What a score comes to; rounded, for it is kept."""

    alerts: int
    false: int
    false_per_1000: float
    drops: int
    missed: int
    missed_percent: float
    delay_p50: float
    delay_p95: float

    @classmethod
    def of(cls, found: Score) -> "Figures":
        delays = found.delays or [0.0]
        return cls(
            found.told,
            found.false,
            round(found.false_per_1000, 2),
            found.drops,
            found.missed,
            round(found.missed_percent, 1),
            round(percentile(delays, 50)),
            round(percentile(delays, 95)),
        )


def load() -> tuple[dict[str, Sequence[Series]], str | None]:
    """The series by origin, and why there are no recorded ones when there are none."""
    origins: dict[str, Sequence[Series]] = {SYNTHETIC: list(synthetic.make(_EACH))}
    try:
        origins[RECORDED] = list(recorded.load())
    except Unavailable as reason:
        return origins, str(reason)
    return origins, None


def scores(series: Sequence[Series], method: Method) -> dict[Ask, Score]:
    """What a method comes to for each ask on all of the series."""
    found = {ask: Score() for ask in Ask}
    for one in series:
        run = method(one)
        for ask in Ask:
            found[ask].add(score(one, ask, run.told[ask]))
    return found


def both(found: Mapping[Ask, Score]) -> Score:
    """The asks together: two watches on each listing."""
    whole = Score()
    for one in found.values():
        whole.add(one)
    return whole


def measure() -> Iterator[Row]:
    """For `make bench`."""
    origins, absent = load()
    for origin, series in origins.items():
        for name, method in METHODS.items():
            figures = Figures.of(both(scores(series, method)))
            setting = f"no database, 1 process, {len(series)} {origin} series, {name}"
            yield Row(NAMES[0], setting, figures.false_per_1000, "alerts", higher_is_better=False)
            yield Row(NAMES[1], setting, figures.missed_percent, "%", higher_is_better=False)
            yield Row(NAMES[2], setting, figures.delay_p50, "min", higher_is_better=False)
            yield Row(NAMES[3], setting, figures.delay_p95, "min", higher_is_better=False)
    if absent:
        raise Unavailable(absent)
