"""Which readings are believed, held and rejected."""

from datetime import UTC, datetime, timedelta

import pytest

from tracker.catalog.belief import (
    Bands,
    Belief,
    Known,
    Why,
    comes_and_goes,
    evidence_kind,
    is_new_normal,
    is_other,
    judge,
    looks_like_a_mistake,
    nearest,
    recheck_after,
    weigh,
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


@pytest.mark.parametrize(
    ("price", "looks"),
    [
        (1000, True),
        (1045, True),
        (980, False),
        (1060, False),
        (500, True),
        (250, True),
        (600, True),
        (599, False),
        (60000, True),
        (59000, False),
        (2000, False),
        (3000, False),
    ],
    ids=[
        "a sixth", "a sixth with interest", "less than a sixth", "more than any interest", "a twelfth",
        "a twenty-fourth", "a tenth", "nearly a tenth", "ten times", "nearly ten times", "a third", "a half",
    ],
)  # fmt: skip
def test_a_price_looks_like_a_mistake(price: int, looks: bool) -> None:
    assert looks_like_a_mistake(rupees(price), rupees(6000)) is looks


def known(
    *,
    before: int = 6000,
    median: int = 6000,
    evidence: str | None = "json-ld+visible",
    variant: str | None = "128 GB",
    believed: list[tuple[datetime, int]] | None = None,
    held: list[tuple[datetime, Money]] | None = None,
) -> Known:
    return Known(
        before=rupees(before),
        median=rupees(median),
        evidence=evidence,
        variant=variant,
        believed=believed or [],
        held=held or [],
    )


def weighed(
    price: int, listing: Known, *, evidence: str = "visible", variant: str | None = None
) -> tuple[Belief, Why | None]:
    verdict = weigh(rupees(price), listing, evidence=evidence, variant=variant, now=NOON)
    return verdict.belief, verdict.why


def test_what_looks_like_a_mistake_is_held_however_many_reads_agree() -> None:
    run = rejections(*[1000] * 20, hours=0.1)
    assert weighed(1000, known(held=run)) == (Belief.HELD, Why.MISTAKE)


def test_what_looks_like_a_mistake_is_believed_when_it_stands_for_a_day() -> None:
    assert weighed(1000, known(held=rejections(*[1000] * 7, hours=4))) == (Belief.BELIEVED, None)
    assert weighed(1000, known(held=rejections(*[1000] * 6, hours=6))) == (Belief.HELD, Why.MISTAKE)


def test_a_far_price_while_a_page_shows_mistakes_is_as_doubtful() -> None:
    run = [(NOON, rupees(amount)) for amount in (1000, 1000, 900, 900)]
    assert weighed(900, known(held=run[2:])) == (Belief.BELIEVED, None)
    assert weighed(900, known(held=run)) == (Belief.HELD, Why.MISTAKE)


def test_a_deep_sale_is_believed_within_three_reads() -> None:
    run = [(NOON, rupees(1300))] * 2
    assert weighed(1300, known(held=run[:1])) == (Belief.HELD, Why.FAR)
    assert weighed(1300, known(held=run)) == (Belief.BELIEVED, None)


@pytest.mark.parametrize(
    ("was", "says", "verdict"),
    [
        ("128 GB", "256 GB", (Belief.HELD, Why.VARIANT)),
        ("128 GB", "128 GB", (Belief.BELIEVED, None)),
        ("128 GB", None, (Belief.BELIEVED, None)),
        (None, "256 GB", (Belief.BELIEVED, None)),
    ],
    ids=["another", "the same", "not named", "never named before"],
)
def test_the_price_of_another_variant_is_held(
    was: str | None, says: str | None, verdict: tuple[Belief, Why | None]
) -> None:
    assert weighed(5000, known(variant=was), variant=says) == verdict


def test_another_kind_of_evidence_is_held() -> None:
    assert weighed(5000, known(evidence="json-ld"), evidence="state") == (Belief.HELD, Why.EVIDENCE)


def changes(*amounts: int, days: float) -> list[tuple[datetime, int]]:
    """Believed changes, the last of them so many days ago and a day between each."""
    last = NOON - timedelta(days=days)
    return [
        (last - timedelta(days=len(amounts) - 1 - number), rupees(amount).minor)
        for number, amount in enumerate(amounts)
    ]


@pytest.mark.parametrize(
    ("believed", "comes"),
    [
        (changes(6000, 4200, 6000, days=1), True),
        (changes(6000, 4250, 6000, days=1), True),
        (changes(6000, 4400, 6000, days=1), False),
        (changes(6000, 4200, 6000, days=5.9), True),
        (changes(6000, 4200, 6000, days=6.1), False),
        (changes(4200, 6000, days=1), False),
        (changes(6000, 4300, 4250, days=1), False),
        (changes(6000, 4200, days=1), False),
        (changes(6000, days=1), False),
        ([], False),
    ],
    ids=[
        "it was here and left",
        "nearly the same",
        "another",
        "within the week",
        "too long ago",
        "the first of all",
        "a slide in small steps",
        "it is here",
        "new",
        "no history",
    ],
)
def test_a_price_comes_and_goes(believed: list[tuple[datetime, int]], comes: bool) -> None:
    assert comes_and_goes(rupees(4200), believed, NOON) is comes
    expected = (Belief.HELD, Why.FLICKER) if comes else (Belief.BELIEVED, None)
    assert weighed(4200, known(believed=believed)) == expected


def test_a_price_is_measured_against_what_it_is_nearest_to() -> None:
    assert nearest(rupees(400), rupees(1000), rupees(450)) == rupees(450)
    assert nearest(rupees(4000), rupees(1000), rupees(450)) == rupees(1000)
    assert nearest(rupees(400), None, rupees(450)) == rupees(450)
    assert nearest(rupees(400), None, None) is None
    assert nearest(rupees(400), rupees(0), None) is None


def test_after_a_fall_that_was_believed_the_next_one_is_measured_from_it() -> None:
    verdict = weigh(rupees(1800), known(median=6000, before=2400), evidence="visible", variant=None, now=NOON)
    assert (verdict.belief, verdict.reference) == (Belief.BELIEVED, rupees(2400))


def test_a_page_that_does_not_settle_is_read_less_and_less_often() -> None:
    two, half_an_hour = timedelta(minutes=2), timedelta(minutes=30)
    waits = [recheck_after(held, two, half_an_hour) for held in (1, 2, 3, 4, 5, 6, 7, 500)]
    assert [wait // timedelta(minutes=1) for wait in waits] == [2, 2, 2, 4, 8, 16, 30, 30]
    assert recheck_after(1, two, timedelta(seconds=30)) == timedelta(seconds=30)
