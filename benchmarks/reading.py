"""How long one page takes to read, in one process without a pool. Processor time: nothing is waited for."""

from collections.abc import Iterator
from statistics import median
from time import process_time

from benchmarks import pages
from benchmarks.report import Row, percentile
from tracker.stores.registry import read

_ROUNDS = 5


def measure() -> Iterator[Row]:
    saved = pages.load()
    times = []
    for page in saved.pages:
        html = page.html()
        rounds = []
        for _ in range(_ROUNDS):
            started = process_time()
            read(html, page.url, charset=page.charset)
            rounds.append((process_time() - started) * 1000)
        times.append(median(rounds))
    setting = f"no database, 1 process, {saved.origin}, processor time, median of {_ROUNDS} rounds a page"
    yield Row("reading_ms_median", setting, median(times), "ms", higher_is_better=False)
    yield Row("reading_ms_p95", setting, percentile(times, 95), "ms", higher_is_better=False)
