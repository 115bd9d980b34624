"""Which readings are believed, held and rejected."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.catalog.belief import (
    Bands,
    Belief,
    Why,
    evidence_kind,
    is_new_normal,
    is_other,
    judge,
)
from tracker.money import Money
from tracker.stores.offer import Evidence

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def rupees(amount: int) -> Money:
    return Money(amount * 100, "INR")


@pytest.mark.parametrize(
    ("price", "belief", "why"),
    [
        (1000, Belief.BELIEVED, None),
        (600, Belief.BELIEVED, None),
        (599, Belief.HELD, Why.FAR),
        (20, Belief.HELD, Why.FAR),
        (19, Belief.REJECTED, Why.FAR_OFF),
        (0, Belief.REJECTED, Why.FAR_OFF),
        (2500, Belief.BELIEVED, None),
        (2501, Belief.HELD, Why.FAR),
        (20000, Belief.HELD, Why.FAR),
        (20001, Belief.REJECTED, Why.FAR_OFF),
    ],
    ids=[
        "as ever", "60 percent", "below 60 percent", "a fiftieth", "below a fiftieth", "nothing",
        "250 percent", "above 250 percent", "20 times", "beyond 20 times",
    ],
)  # fmt: skip
def test_a_first_reading_is_judged_by_its_distance_from_the_median(
    price: int, belief: Belief, why: Why | None
) -> None:
    assert judge(rupees(price), rupees(1000), [], is_other_evidence=False) == (belief, why)


@pytest.mark.parametrize(
    ("held", "price", "belief"),
    [
        ([400], 400, Belief.HELD),
        ([400, 400], 400, Belief.BELIEVED),
        ([400, 408], 400, Belief.BELIEVED),
        ([400, 409], 400, Belief.HELD),
        ([404, 396], 400, Belief.HELD),
        ([400, 300], 400, Belief.HELD),
        ([300, 400, 400], 400, Belief.BELIEVED),
        ([400, 400, 400], 300, Belief.HELD),
        ([10, 10], 10, Belief.REJECTED),
    ],
    ids=[
        "two agree", "three agree", "within 2 percent", "beyond 2 percent", "far from each other", "broken",
        "after another one", "another one", "far off stays rejected",
    ],
)  # fmt: skip
def test_a_held_price_is_believed_when_three_reads_in_a_row_agree(
    held: list[int], price: int, belief: Belief
) -> None:
    run = [rupees(amount) for amount in held]
    assert judge(rupees(price), rupees(1000), run, is_other_evidence=False)[0] is belief


def test_what_other_sources_say_is_held_until_reads_agree() -> None:
    assert judge(rupees(900), rupees(1000), [], is_other_evidence=True) == (Belief.HELD, Why.EVIDENCE)
    run = [rupees(900), rupees(900)]
    assert judge(rupees(900), rupees(1000), run, is_other_evidence=True) == (Belief.BELIEVED, None)


def test_distance_is_the_reason_when_other_sources_say_a_far_price() -> None:
    assert judge(rupees(400), rupees(1000), [], is_other_evidence=True) == (Belief.HELD, Why.FAR)


@pytest.mark.parametrize("median", [None, rupees(0)], ids=["no history", "it was free"])
def test_without_a_median_every_price_is_believed(median: Money | None) -> None:
    assert judge(rupees(1), median, [], is_other_evidence=True) == (Belief.BELIEVED, None)


def test_the_bands_are_the_callers() -> None:
    bands = Bands(hold_below=0.8, hold_above=1.1, reject_below=0.5, reject_above=1.5, reads=2, agree=0.1)
    outcomes = {
        price: judge(rupees(price), rupees(1000), [], is_other_evidence=False, bands=bands)[0]
        for price in (499, 500, 799, 800, 1100, 1101, 1500, 1501)
    }
    assert outcomes == {
        499: Belief.REJECTED, 500: Belief.HELD, 799: Belief.HELD, 800: Belief.BELIEVED,
        1100: Belief.BELIEVED, 1101: Belief.HELD, 1500: Belief.HELD, 1501: Belief.REJECTED,
    }  # fmt: skip
    again = judge(rupees(770), rupees(1000), [rupees(700)], is_other_evidence=False, bands=bands)
    assert again == (Belief.BELIEVED, None)


def rejections(*amounts: int, hours: float) -> list[tuple[datetime, Money]]:
    """One every so many hours, the last of them at noon."""
    first = NOON - timedelta(hours=hours * (len(amounts) - 1))
    return [(first + timedelta(hours=hours * n), rupees(amount)) for n, amount in enumerate(amounts)]


@pytest.mark.parametrize(
    ("rejected", "is_new"),
    [
        (rejections(*[50000] * 8, hours=4), True),
        (rejections(*[50000] * 7, hours=4), False),
        (rejections(*[50000] * 8, hours=3), False),
        (rejections(*[50000] * 5, 90000, *[50000] * 3, hours=12), False),
        (rejections(90000, *[50000] * 8, hours=4), True),
        (rejections(*[50000] * 7, 51001, hours=4), False),
        ([], False),
    ],
    ids=[
        "a day of them",
        "too few",
        "too soon",
        "with another between",
        "after another",
        "the last differs",
        "none",
    ],
)
def test_rejected_readings_that_stay_begin_a_new_history(
    rejected: list[tuple[datetime, Money]], is_new: bool
) -> None:
    assert is_new_normal(rejected, NOON) is is_new


@pytest.mark.parametrize(
    ("sources", "kind"),
    [
        (["visible", "json-ld", "visible"], "json-ld+visible"),
        (["visible"], "visible"),
        ([], ""),
        (["a" * 40, "b" * 30, "c"], "a" * 40),
        (["a" * 80], "a" * 64),
    ],
    ids=["sorted and once", "one", "none", "whole names only", "a name too long"],
)
def test_the_kind_of_evidence_is_its_sources(sources: list[str], kind: str) -> None:
    assert evidence_kind(Evidence(source, "₹1,499") for source in sources) == kind


@pytest.mark.parametrize(
    ("before", "now", "other"),
    [
        ("json-ld+visible", "visible", False),
        ("json-ld", "visible", True),
        ("json-ld+meta", "state+visible", True),
        ("json", "json-ld", True),
        ("json-ld", "json-ld", False),
        (None, "visible", False),
        ("", "visible", False),
        ("visible", "", False),
    ],
)
def test_evidence_is_other_when_nothing_of_it_was_there_before(
    before: str | None, now: str, other: bool
) -> None:
    assert is_other(before, now) is other
