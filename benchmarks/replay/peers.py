"""The rules of three peers, as they are, on readings that everybody gets at the same moments.

None of them has a smallest step: whatever is lower is a drop.
"""

from collections import deque
from statistics import median

from benchmarks.replay.series import Page, Series
from benchmarks.replay.told import Ask, Run, Told, falls, nothing_told

_SMALLEST = 1
_MEDIAN_OF = 50
_HOLD_READS = 3
_MOST_HOLDS = 8


def compare_with_previous(series: Series) -> Run:
    """A drop is a price below the one that was read before (most small trackers)."""
    page, told, before = Page(series), nothing_told(), None
    for at in series.checks:
        price = page.read(at).minor
        if price is None:
            continue
        if before is not None and price != before:
            for ask in Ask:
                if falls(ask, price, before, _SMALLEST):
                    told[ask].append(Told(at, price, before))
        before = price
    return Run(told, page.reads)


def compare_with_first(series: Series) -> Run:
    """A drop is a changed price below the one that the watch began with."""
    page, told, first, before = Page(series), nothing_told(), None, None
    for at in series.checks:
        price = page.read(at).minor
        if price is None:
            continue
        first = price if first is None else first
        if before is not None and price != before:
            for ask in Ask:
                if falls(ask, price, first, _SMALLEST):
                    told[ask].append(Told(at, price, first))
        before = price
    return Run(told, page.reads)


def hold_3(series: Series) -> Run:
    """Bands around the median of the last 50 prices; what is outside waits for three reads that agree.

    SVM-98/price-tracker-bot, core/outlier.py: below 60 % or above 2.5 times is held until three reads agree
    within 2 %, below 1/50 or above 20 times is refused, and after eight holds the price is taken as it is.
    What is taken is compared with what was taken before; what was held begins the 50 anew.
    """
    page, told = Page(series), nothing_told()
    taken: deque[int] = deque(maxlen=_MEDIAN_OF)
    held: list[int] = []
    for at in series.checks:
        price = page.read(at).minor
        if price is None:
            continue
        if taken:
            middle, before = median(taken), taken[-1]
            if not middle / 50 <= price <= 20 * middle:
                continue
            if not 0.6 * middle <= price <= 2.5 * middle:
                held.append(price)
                if not _is_settled(held):
                    continue
                taken.clear()
            for ask in Ask:
                if falls(ask, price, before, _SMALLEST):
                    told[ask].append(Told(at, price, before))
        held.clear()
        taken.append(price)
    return Run(told, page.reads)


def _is_settled(held: list[int]) -> bool:
    run = held[-_HOLD_READS:]
    agree = len(run) == _HOLD_READS and max(run) - min(run) <= 0.02 * min(run)
    return agree or len(held) >= _MOST_HOLDS
