"""What a listing cost over time, as rules and doubts ask about it. Pure: observations in, answers out."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from tracker.money import Money

MEDIAN_OF = timedelta(days=30)
"""How far back the recent median looks."""


@dataclass(frozen=True, slots=True)
class Lowest:
    """The lowest price of a window, and when our knowledge of that window begins."""

    price: Money
    since: datetime


@dataclass(frozen=True, slots=True)
class Lows:
    """The lowest prices of the UTC days before `until`, whose observations are retired.

    `days` are (day, minor units), oldest first; each is the low of every day until the next one.
    """

    days: Sequence[tuple[date, int]]
    until: date

    def since(self, begin: date) -> Sequence[int]:
        """The low that `begin` has, and the lows after it."""
        first = bisect_right(self.days, begin, key=lambda low: low[0]) - 1
        return [price for _, price in self.days[max(0, first) :]]


class PriceHistory:
    """The prices of one listing in one currency, each from its moment until the next one's.

    `points` are (moment, minor units), oldest first; a page without a price ends nothing: the last price
    that was asked stands until another is. Of the time before them `lows` tells the lowest prices alone.
    """

    def __init__(
        self, points: Sequence[tuple[datetime, int]], currency: str, lows: Lows | None = None
    ) -> None:
        self.points = points
        self._moments = [moment for moment, _ in points]
        self._prices = [price for _, price in points]
        self._currency = currency
        self._lows = lows if lows is not None and lows.days else None

    def lowest(self, until: datetime, within: timedelta | None = None) -> Lowest | None:
        """The lowest price of the time before `until`, or of the last `within` of it.

        The price that the window begins with counts, although it was observed before. A window that begins
        on a day whose observations are retired begins with that day.
        """
        known_since = self._known_since
        if known_since is None:
            return None
        begin = known_since if within is None else until - within
        prices = [*self._lows_since(begin), *self._prices[self._first(begin) if within is not None else 0 :]]
        return Lowest(Money(min(prices), self._currency), max(begin, known_since))

    @property
    def _known_since(self) -> datetime | None:
        if self._lows is not None:
            return datetime.combine(self._lows.days[0][0], time.min, UTC)
        return self._moments[0] if self._moments else None

    def _lows_since(self, begin: datetime) -> Sequence[int]:
        """The retired lows that count from `begin` on: none when an observation tells what it cost then."""
        if self._lows is None:
            return []
        day = begin.astimezone(UTC).date()
        is_kept = bool(self._moments) and self._moments[0] <= begin and day >= self._lows.until
        return [] if is_kept else self._lows.since(day)

    def _first(self, begin: datetime) -> int:
        """Which of the points stood at `begin`, or came first after it."""
        return max(0, bisect_right(self._moments, begin) - 1)

    def median(self, until: datetime) -> Money | None:
        """The median of the last 30 days before `until`, each price weighed by how long it stood."""
        if not self._moments:
            return None
        begin = until - MEDIAN_OF
        first = self._first(begin)
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
