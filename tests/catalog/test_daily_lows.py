"""What a price history answers is the same before and after its old observations became daily lows."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from tracker.catalog.daily_lows import Counted, lows
from tracker.catalog.history import Lows, PriceHistory
from tracker.money import Money

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
Points = Sequence[tuple[datetime, int]]

histories = st.lists(
    st.tuples(st.integers(min_value=0, max_value=40 * 24), st.integers(min_value=1, max_value=9)),
    min_size=1,
    max_size=40,
    unique_by=lambda change: change[0],
).map(lambda changes: [(BEGAN + timedelta(hours=hours), price) for hours, price in sorted(changes)])
days = st.integers(min_value=0, max_value=45).map(lambda count: BEGAN.date() + timedelta(days=count))


def rupees(minor: int) -> Money:
    return Money(minor, "INR")


def midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def changes(points: Points, since: date, until: date) -> list[tuple[date, Money]]:
    return [(at.date(), rupees(price)) for at, price in points if since <= at.date() < until]


def retired(points: Points, until: date) -> PriceHistory:
    """The history when everything before a day is retired but the price that stands into it."""
    found = lows(changes(points, date.min, until), until)
    first = max([0, *(number for number, (at, _) in enumerate(points) if at < midnight(until))])
    return PriceHistory(points[first:], "INR", Lows([(day, low.minor) for day, low in found], until))


@given(points=histories, until=days, hours=st.integers(min_value=0, max_value=60 * 24))
@example(points=[(BEGAN, 1), (BEGAN + timedelta(hours=1), 2)], until=date(2026, 1, 2), hours=0)
def test_the_lowest_price_is_the_same_up_to_the_day_that_a_window_begins_with(
    points: Points, until: date, hours: int
) -> None:
    now = BEGAN + timedelta(days=60)
    before, after = PriceHistory(points, "INR"), retired(points, until)
    window = timedelta(hours=hours)
    begin = now - window
    known = after.lowest(now, window)
    whole_days = now - (midnight(begin.date()) if begin.date() < until else begin)
    expected = before.lowest(now, whole_days)
    assert known is not None
    assert expected is not None
    assert known.price == expected.price
    assert abs(known.since - expected.since) <= timedelta(days=1)


@given(points=histories, until=days)
def test_the_lowest_price_ever_is_the_same(points: Points, until: date) -> None:
    now = BEGAN + timedelta(days=60)
    before, after = PriceHistory(points, "INR").lowest(now), retired(points, until).lowest(now)
    assert before is not None
    assert after is not None
    assert before.price == after.price
    assert before.since.date() == after.since.date()


@given(points=histories, until=days)
def test_the_median_is_the_same_when_its_thirty_days_are_kept(points: Points, until: date) -> None:
    now = midnight(until) + timedelta(days=30, hours=5)
    assert retired(points, until).median(now) == PriceHistory(points, "INR").median(now)


@given(points=histories, first=days, second=days)
def test_counting_in_two_goes_gives_the_same_lows_as_in_one(
    points: Points, first: date, second: date
) -> None:
    first, second = sorted((first, second))
    whole = lows(changes(points, date.min, second), second)
    begun = lows(changes(points, date.min, first), first)
    stood = [rupees(price) for at, price in points if at < midnight(first)]
    counted = Counted(first, stood[-1] if stood else None, begun[-1][1] if begun else None)
    assert [*begun, *lows(changes(points, first, second), second, counted)] == whole


def test_a_day_is_as_cheap_as_its_cheapest_moment_and_says_so_only_when_that_changes() -> None:
    first = date(2026, 1, 1)
    seen = [(first, rupees(500)), (first, rupees(400)), (first, rupees(700)), (date(2026, 1, 4), rupees(700))]
    assert lows(seen, date(2026, 1, 10)) == [(first, rupees(400)), (date(2026, 1, 2), rupees(700))]


def test_a_price_in_another_currency_ends_what_was_before() -> None:
    day = date(2026, 1, 2)
    seen = [(date(2026, 1, 1), rupees(500)), (day, Money(900, "USD"))]
    assert lows(seen, date(2026, 1, 10)) == [(date(2026, 1, 1), rupees(500)), (day, Money(900, "USD"))]


def test_when_everything_kept_was_struck_the_last_low_still_stands() -> None:
    history = PriceHistory(
        [], "INR", Lows([(date(2026, 1, 1), 500), (date(2026, 1, 5), 700)], date(2026, 2, 1))
    )
    known = history.lowest(datetime(2026, 3, 1, tzinfo=UTC), timedelta(days=7))
    assert known is not None
    assert known.price == rupees(700)
