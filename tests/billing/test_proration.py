"""What is left of a plan and what is charged for the next add up to the paisa."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.billing.periods import Period, end_of
from tracker.billing.plans import DEFAULT, Plan
from tracker.billing.proration import LEAST_CHARGE, Quote, Span, quote, unused

HOUR, DAY, MOMENT = timedelta(hours=1), timedelta(days=1), timedelta.resolution
BEGIN = datetime(2026, 4, 10, 13, tzinfo=UTC)

STARTS = {
    "kolkata": ("Asia/Kolkata", "2026-04-10T18:30+05:30"),
    "kolkata-into-a-leap-year": ("Asia/Kolkata", "2027-02-28T23:59+05:30"),
    "kolkata-short-february": ("Asia/Kolkata", "2028-01-31T00:00+05:30"),
    "berlin-leap-day-to-summer": ("Europe/Berlin", "2028-02-29T10:00+01:00"),
    "berlin-to-winter": ("Europe/Berlin", "2026-10-10T02:30+02:00"),
    "new-york-to-summer": ("America/New_York", "2028-02-14T02:30-05:00"),
    "new-york-to-winter": ("America/New_York", "2026-10-31T23:30-04:00"),
    "apia-over-new-year": ("Pacific/Apia", "2028-12-31T12:00+13:00"),
}

amounts = st.integers(0, 10_000) | st.integers(0, 10**12)
parts = st.fractions(0, 1, max_denominator=10**6)
lengths = st.timedeltas(MOMENT, 400 * DAY) | st.sampled_from([MOMENT, HOUR, DAY, 31 * DAY, 366 * DAY])
spans = st.builds(lambda length, paid: Span(BEGIN, BEGIN + length, paid), lengths, amounts)


def of_span(span: Span, part: Fraction) -> datetime:
    """The moment at which so much of a span is over."""
    return span.start + (span.end - span.start) // MOMENT * part.numerator // part.denominator * MOMENT


def check(told: Quote) -> None:
    assert told.price - told.discount == told.used + told.waived + told.charge
    assert told.unused + told.balance == told.used + told.left
    # Nothing is waived or charged while something of theirs is left.
    assert told.left == 0 or told.waived == told.charge == 0
    assert (
        min(
            told.price,
            told.discount,
            told.unused,
            told.balance,
            told.used,
            told.left,
            told.waived,
            told.charge,
        )
        >= 0
    )
    assert told.charge == 0 or told.charge >= LEAST_CHARGE
    assert told.waived < LEAST_CHARGE
    assert told.waived == 0 or told.charge == 0


# --- what is left of a span ---


@pytest.mark.parametrize(
    ("after", "left"),
    [
        pytest.param(-DAY, 299_00, id="before-it-begins"),
        pytest.param(timedelta(0), 299_00, id="at-its-start"),
        pytest.param(MOMENT, 298_99, id="rounded-down-at-once"),
        pytest.param(15 * DAY, 149_50, id="half-way"),
        pytest.param(29 * DAY, 9_96, id="one-day-of-thirty"),
        pytest.param(30 * DAY - MOMENT, 0, id="less-than-a-paisa"),
        pytest.param(30 * DAY, 0, id="at-its-end"),
        pytest.param(31 * DAY, 0, id="later"),
    ],
)
def test_what_is_left_is_the_part_ahead_rounded_down(after: timedelta, left: int) -> None:
    assert unused(Span(BEGIN, BEGIN + 30 * DAY, 299_00), BEGIN + after) == left


@pytest.mark.parametrize("length", [timedelta(0), -DAY])
def test_a_span_without_length_has_nothing_left(length: timedelta) -> None:
    for now in (BEGIN - 2 * DAY, BEGIN, BEGIN + DAY):
        assert unused(Span(BEGIN, BEGIN + length, 299_00), now) == 0


@given(spans, parts)
def test_no_paisa_is_lost_or_made_by_rounding(span: Span, part: Fraction) -> None:
    now = of_span(span, part)
    exactly = Fraction(span.paid_minor) * ((span.end - now) // MOMENT) / ((span.end - span.start) // MOMENT)
    assert unused(span, now) == exactly.__floor__()


@given(spans, st.lists(parts, min_size=2, max_size=6))
def test_what_is_left_falls_from_all_that_was_paid_to_nothing(span: Span, passed: list[Fraction]) -> None:
    moments = [span.start - DAY, span.start, *sorted(of_span(span, part) for part in passed), span.end]
    left = [unused(span, now) for now in moments]
    assert left[:2] == [span.paid_minor, span.paid_minor]
    assert left[-1] == 0
    assert all(earlier >= later for earlier, later in pairwise(left))


@given(spans, parts, parts)
def test_two_parts_of_a_span_are_never_worth_more_than_the_whole(
    span: Span, part: Fraction, passed: Fraction
) -> None:
    split, now = of_span(span, part), of_span(span, passed)
    rest = unused(span, split)
    first, second = Span(span.start, split, span.paid_minor - rest), Span(split, span.end, rest)
    assert unused(first, now) + unused(second, now) <= unused(span, now)


@given(spans, parts, parts, st.timedeltas(timedelta(0), 400 * DAY))
def test_what_is_left_is_not_worth_more_when_it_is_moved_behind_given_days(
    span: Span, part: Fraction, passed: Fraction, by: timedelta
) -> None:
    split = of_span(span, part)
    moved = Span(split + by, span.end + by, unused(span, split))
    now = of_span(Span(split, span.end, 0), passed)
    assert unused(moved, now + by) <= unused(span, now)
    assert unused(moved, split) <= unused(span, split)


# --- what is charged ---


@pytest.mark.parametrize(
    ("price", "discount", "left_of_terms", "balance", "told"),
    [
        pytest.param(299_00, 0, [], 0, Quote(299_00, 0, 0, 0, 0, 0, 0, 299_00), id="the-price"),
        pytest.param(299_00, 50_00, [], 0, Quote(299_00, 50_00, 0, 0, 0, 0, 0, 249_00), id="less-a-discount"),
        pytest.param(
            299_00, 0, [49_50], 0, Quote(299_00, 0, 49_50, 0, 49_50, 0, 0, 249_50), id="less-what-is-left"
        ),
        pytest.param(
            299_00,
            0,
            [49_50, 99_00],
            10_00,
            Quote(299_00, 0, 148_50, 10_00, 158_50, 0, 0, 140_50),
            id="less-all-that-is-left-and-the-balance",
        ),
        pytest.param(
            99_00, 0, [2000_00], 0, Quote(99_00, 0, 2000_00, 0, 99_00, 1901_00, 0, 0), id="the-rest-is-kept"
        ),
        pytest.param(
            99_00, 0, [], 99_00, Quote(99_00, 0, 0, 99_00, 99_00, 0, 0, 0), id="the-balance-pays-it-all"
        ),
        pytest.param(
            99_00, 0, [98_00], 0, Quote(99_00, 0, 98_00, 0, 98_00, 0, 0, 1_00), id="a-rupee-is-charged"
        ),
        pytest.param(
            99_00, 0, [98_01], 0, Quote(99_00, 0, 98_01, 0, 98_01, 0, 99, 0), id="less-than-one-is-waived"
        ),
        pytest.param(
            99_00,
            100_00,
            [5_00],
            0,
            Quote(99_00, 99_00, 5_00, 0, 0, 5_00, 0, 0),
            id="a-discount-is-never-more-than-the-price",
        ),
        pytest.param(
            99_00, 98_50, [], 0, Quote(99_00, 98_50, 0, 0, 0, 0, 50, 0), id="a-discount-that-leaves-paise"
        ),
        pytest.param(0, 0, [5_00], 1, Quote(0, 0, 5_00, 1, 0, 5_01, 0, 0), id="what-costs-nothing"),
    ],
)
def test_a_quote_says_where_every_paisa_goes(
    price: int, discount: int, left_of_terms: list[int], balance: int, told: Quote
) -> None:
    found = quote(price, discount=discount, unused=left_of_terms, balance=balance)
    assert found == told
    check(found)


@pytest.mark.parametrize(
    ("price", "discount", "left_of_terms", "balance"),
    [
        pytest.param(-1, 0, [], 0, id="price"),
        pytest.param(99_00, -1, [], 0, id="discount"),
        pytest.param(99_00, 0, [5, -1, 5], 0, id="left"),
        pytest.param(99_00, 0, [], -1, id="balance"),
    ],
)
def test_a_negative_amount_is_refused(
    price: int, discount: int, left_of_terms: list[int], balance: int
) -> None:
    with pytest.raises(ValueError, match="an amount is negative"):
        quote(price, discount=discount, unused=left_of_terms, balance=balance)


@given(amounts, amounts, st.lists(amounts, max_size=4), amounts)
def test_any_amounts_add_up(price: int, discount: int, left_of_terms: list[int], balance: int) -> None:
    found = quote(price, discount=discount, unused=left_of_terms, balance=balance)
    check(found)
    assert (found.price, found.balance, found.unused) == (price, balance, sum(left_of_terms))
    assert found.discount == min(discount, price)


# --- every change of plan, on every day ---


def days_of(start: datetime, end: datetime) -> Iterator[datetime]:
    """Its first moment, the same time of every day, the last moment and the end."""
    now = start
    while now < end:
        yield now
        now += DAY
    yield end - MOMENT
    yield end


@pytest.mark.parametrize(("zone", "began"), STARTS.values(), ids=STARTS)
def test_every_change_of_plan_on_every_day_adds_up_to_the_paisa(zone: str, began: str) -> None:
    start = datetime.fromisoformat(began).astimezone(UTC)
    paid = DEFAULT.paid
    seen = 0
    for plan, period in product(paid, Period):
        span = Span(start, end_of(start, period, zone=zone), plan.prices[period])
        assert unused(span, span.start) == span.paid_minor
        assert unused(span, span.end) == 0
        before = span.paid_minor
        for now in days_of(span.start, span.end):
            left = unused(span, now)
            assert 0 <= left <= before
            before = left
            for target, on in product(paid, Period):
                price = target.prices[on]
                for discount, balance in ((0, 0), (price // 3, 0), (0, 12_34), (price, 98_765_43)):
                    found = quote(price, discount=discount, unused=[left], balance=balance)
                    check(found)
                    assert (found.price, found.discount) == (price, discount)
                    assert (found.unused, found.balance) == (left, balance)
                    seen += 1
    assert seen >= len(paid) * (28 + 2 + 365 + 2) * len(paid) * 2 * 4


@pytest.mark.parametrize(("zone", "began"), STARTS.values(), ids=STARTS)
def test_the_days_of_a_period_are_worth_its_price_together(zone: str, began: str) -> None:
    """Changed away from on any day, what was used and what is left are what was paid."""
    start = datetime.fromisoformat(began).astimezone(UTC)
    for plan, period in product(DEFAULT.paid, Period):
        span = Span(start, end_of(start, period, zone=zone), plan.prices[period])
        moments = list(days_of(span.start, span.end))
        left = [unused(span, now) for now in moments]
        used = [earlier - later for earlier, later in pairwise(left)]
        assert sum(used) == span.paid_minor
        whole_days = used[: (span.end - span.start) // DAY - 1]
        assert max(whole_days) - min(whole_days) <= 1  # a day costs the same, but for the paisa of rounding


# --- a walk from plan to plan ---

STEPS = st.tuples(
    st.sampled_from(list(product(DEFAULT.paid, Period))),
    parts,
    st.sampled_from([0, 0, 1, 10_00, 98_50, 10**9]),
)


@given(st.sampled_from(list(STARTS.values())), st.lists(STEPS, min_size=1, max_size=12))
def test_a_walk_from_plan_to_plan_never_makes_or_loses_a_paisa(
    where: tuple[str, str], steps: list[tuple[tuple[Plan, Period], Fraction, int]]
) -> None:
    zone, began = where
    now = datetime.fromisoformat(began).astimezone(UTC)
    span, balance, given_up = Span(now, now, 0), 0, 0
    quotes: list[Quote] = []
    for (plan, period), passed, discount in steps:
        now = of_span(span, passed)
        left = unused(span, now)
        told = quote(plan.prices[period], discount=discount, unused=[left], balance=balance)
        check(told)
        given_up += left
        quotes.append(told)
        balance = told.left
        span = Span(now, end_of(now, period, zone=zone), told.used + told.charge)

        used, charged = sum(each.used for each in quotes), sum(each.charge for each in quotes)
        waived = sum(each.waived for each in quotes)
        assert charged + waived == sum(each.price - each.discount for each in quotes) - used
        assert used + balance == given_up
        # Nobody ever holds more than the money that they paid.
        assert unused(span, now) + balance <= charged
