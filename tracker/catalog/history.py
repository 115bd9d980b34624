"""What a listing cost over time, as rules and doubts ask about it. Pure: observations in, answers out."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.money import Money

MEDIAN_OF = timedelta(days=30)
"""How far back the recent median looks."""


@dataclass(frozen=True, slots=True)
class Lowest:
    """The lowest price of a window, and when our knowledge of that window begins."""

    price: Money
    since: datetime


class PriceHistory:
    """The prices of one listing in one currency, each from its moment until the next one's.

    `points` are (moment, minor units), oldest first; a page without a price ends nothing: the last price
    that was asked stands until another is.
    """

    def __init__(self, points: Sequence[tuple[datetime, int]], currency: str) -> None:
        self.points = points
        self._moments = [moment for moment, _ in points]
        self._prices = [price for _, price in points]
        self._currency = currency

    def lowest(self, until: datetime, within: timedelta | None = None) -> Lowest | None:
        """The lowest price of the time before `until`, or of the last `within` of it.

        The price that the window begins with counts, although it was observed before.
        """
        if not self._moments:
            return None
        if within is None:
            return Lowest(Money(min(self._prices), self._currency), self._moments[0])
        begin = until - within
        first = max(0, bisect_right(self._moments, begin) - 1)
        since = max(self._moments[first], begin)
        return Lowest(Money(min(self._prices[first:]), self._currency), since)

    def median(self, until: datetime) -> Money | None:
        """The median of the last 30 days before `until`, each price weighed by how long it stood."""
        if not self._moments:
            return None
        begin = until - MEDIAN_OF
        first = max(0, bisect_right(self._moments, begin) - 1)
        ends = [*self._moments[first + 1 :], until]
        stood = sorted(
            (price, max(0.0, (end - max(start, begin)).total_seconds()))
            for price, start, end in zip(self._prices[first:], self._moments[first:], ends, strict=True)
        )
        half = sum(seconds for _, seconds in stood) / 2
        passed = 0.0
        for price, seconds in stood:
            passed += seconds
            if passed >= half:
                return Money(price, self._currency)
        return Money(stood[-1][0], self._currency)
