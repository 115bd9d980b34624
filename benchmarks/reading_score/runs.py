"""One reader over all pages: its answers, marks and times."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import process_time

from benchmarks.reading_score.labels import Label
from benchmarks.reading_score.marking import Answer, Mark, Score, marks
from benchmarks.reading_score.readers import Reader
from benchmarks.report import percentile


@dataclass(frozen=True, slots=True)
class Run:
    """One reader over all pages."""

    name: str
    labels: list[Label]
    answers: list[Answer] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    """Processor time of each page, the median of a few rounds."""

    @property
    def marks(self) -> dict[str, dict[str, Mark]]:
        pairs = zip(self.labels, self.answers, strict=True)
        return {label.key: marks(label, answer) for label, answer in pairs}

    def score(self, field: str, chosen: Callable[[Label], bool]) -> Score:
        given = self.marks
        return Score.of(given[label.key].get(field) for label in self.labels if chosen(label))

    def times(self, chosen: Callable[[Label], bool]) -> list[float]:
        pairs = zip(self.labels, self.milliseconds, strict=True)
        return [time for label, time in pairs if chosen(label)]


def run(name: str, reader: Reader, labels: list[Label], rounds: int) -> Run:
    done = Run(name, labels)
    for label in labels:
        html = label.html()
        times = []
        for _ in range(rounds):
            started = process_time()
            answer = reader(html, label)
            times.append((process_time() - started) * 1000)
        done.answers.append(answer)
        done.milliseconds.append(median(times))
    return done


def is_real(label: Label) -> bool:
    return label.key.startswith("real/")


def bars(done: Run, chosen: Callable[[Label], bool]) -> dict[str, float]:
    """The shares that are aimed at, in percent, and the times, in milliseconds."""
    given = done.marks
    traps = [given[label.key]["price"] for label in done.labels if chosen(label) and label.is_trap]
    priced = Score.of(given[one.key]["price"] for one in done.labels if chosen(one) and one.is_priced)
    accepted = sum(
        given[one.key]["price"] is Mark.RIGHTLY_NONE for one in done.labels if chosen(one) and one.is_priced
    )
    times = done.times(chosen)
    return {
        "price right %": _percent(priced.right + accepted, priced.asked + accepted),
        "price precision %": done.score("price", chosen).precision * 100,
        "traps without a price %": _percent(traps.count(Mark.RIGHTLY_NONE), len(traps)),
        "availability right %": done.score("availability", chosen).recall * 100,
        "list price right %": done.score("list_price", chosen).recall * 100,
        "ms median": median(times),
        "ms p95": percentile(times, 95),
    }


def _percent(part: int, whole: int) -> float:
    return 100 * part / whole if whole else 100.0
