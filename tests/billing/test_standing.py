"""A person's plan, read from their terms."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.billing.models import SubscriptionState, TermSource, TermState
from tracker.billing.plans import DEFAULT, FREE
from tracker.billing.standing import GRACE, Standing, standing

ACTIVE, ON_TRIAL, IN_GRACE, LAPSED = (
    SubscriptionState.ACTIVE,
    SubscriptionState.TRIAL,
    SubscriptionState.GRACE,
    SubscriptionState.LAPSED,
)
PAID, TRIAL, GIFT, REFERRAL = TermSource.PAYMENT, TermSource.TRIAL, TermSource.GIFT, TermSource.REFERRAL
DAY, MOMENT = timedelta(days=1), timedelta.resolution
FIRST = datetime(2026, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Term:
    plan: str
    period: str | None
    source: str
    starts_at: datetime
    ends_at: datetime
    state: str = TermState.STANDING


def day(number: float) -> datetime:
    return FIRST + number * DAY


def term(plan: str, source: TermSource, starts: float, ends: float, period: str | None = None) -> Term:
    return Term(plan, period or ("month" if source == PAID else None), source, day(starts), day(ends))


def judge(terms: Sequence[Term], now: datetime) -> Standing:
    return standing(terms, DEFAULT, now)


PRO = term("pro", PAID, 0, 30)
"""Thirty days of Pro, paid for."""


@pytest.mark.parametrize(
    ("terms", "now", "plan", "period", "state", "until", "changes"),
    [
        pytest.param(list(terms), now, *expected, id=name)
        for name, terms, now, *expected in [
            ("nobody", (), 0, FREE, None, LAPSED, None, None),
            # One paid term: before it, at its edges, within, and after.
            ("not-yet", (PRO,), -1, FREE, None, LAPSED, None, 0),
            ("at-its-start", (PRO,), 0, "pro", "month", ACTIVE, 30, 30),
            ("within", (PRO,), 12.5, "pro", "month", ACTIVE, 30, 30),
            ("at-its-end", (PRO,), 30, "pro", "month", IN_GRACE, 30, 34),
            ("in-grace", (PRO,), 33.9, "pro", "month", IN_GRACE, 30, 34),
            ("after-four-days", (PRO,), 34, FREE, None, LAPSED, 30, None),
            ("long-after", (PRO,), 400, FREE, None, LAPSED, 30, None),
            # What follows on without a gap counts towards `until`, whatever it is.
            ("chain", (PRO, term("pro", PAID, 30, 61)), 3, "pro", "month", ACTIVE, 61, 30),
            (
                "chain-of-three",
                (PRO, term("pro", PAID, 61, 91), term("starter", GIFT, 30, 61)),
                3,
                "pro",
                "month",
                ACTIVE,
                91,
                30,
            ),
            ("second-of-a-chain", (PRO, term("pro", PAID, 30, 61)), 30, "pro", "month", ACTIVE, 61, 61),
            ("gap-in-a-chain", (PRO, term("pro", PAID, 31, 61)), 3, "pro", "month", ACTIVE, 30, 30),
            ("a-year", (term("pro", PAID, 0, 365, "year"),), 364, "pro", "year", ACTIVE, 365, 365),
            # Of terms that overlap the higher plan counts.
            (
                "higher-in-a-lesser",
                (term("starter", PAID, 0, 90), term("business", GIFT, 10, 20)),
                15,
                "business",
                None,
                ACTIVE,
                90,
                20,
            ),
            (
                "before-the-higher",
                (term("starter", PAID, 0, 90), term("business", GIFT, 10, 20)),
                5,
                "starter",
                "month",
                ACTIVE,
                90,
                10,
            ),
            (
                "after-the-higher",
                (term("starter", PAID, 0, 90), term("business", GIFT, 10, 20)),
                20,
                "starter",
                "month",
                ACTIVE,
                90,
                90,
            ),
            ("lesser-in-a-higher", (PRO, term("starter", GIFT, 10, 20)), 15, "pro", "month", ACTIVE, 30, 20),
            ("lesser-beyond", (PRO, term("starter", PAID, 10, 45)), 31, "starter", "month", ACTIVE, 45, 45),
            # Of one plan what was paid counts, before what was given, before what is only tried.
            ("paid-and-tried", (term("pro", TRIAL, 0, 7), PRO), 3, "pro", "month", ACTIVE, 30, 7),
            ("tried-first", (term("pro", TRIAL, -3, 4), PRO), 3, "pro", "month", ACTIVE, 30, 4),
            (
                "given-and-tried",
                (term("pro", TRIAL, 0, 7), term("pro", GIFT, 0, 7)),
                3,
                "pro",
                None,
                ACTIVE,
                7,
                7,
            ),
            (
                "month-and-year",
                (PRO, term("pro", PAID, 0, 365, "year")),
                3,
                "pro",
                "year",
                ACTIVE,
                365,
                30,
            ),
            # A trial and given days have no grace.
            ("trial", (term("pro", TRIAL, 0, 7),), 3, "pro", None, ON_TRIAL, 7, 7),
            ("trial-over", (term("pro", TRIAL, 0, 7),), 7, FREE, None, LAPSED, 7, None),
            (
                "trial-then-paid",
                (term("pro", TRIAL, 0, 7), term("pro", PAID, 7, 37)),
                3,
                "pro",
                None,
                ON_TRIAL,
                37,
                7,
            ),
            ("gift", (term("starter", GIFT, 0, 7),), 3, "starter", None, ACTIVE, 7, 7),
            ("gift-over", (term("starter", GIFT, 0, 7),), 7, FREE, None, LAPSED, 7, None),
            ("referral", (term("pro", REFERRAL, 0, 7),), 3, "pro", None, ACTIVE, 7, 7),
            ("referral-over", (term("pro", REFERRAL, 0, 7),), 7, FREE, None, LAPSED, 7, None),
            ("gift-after-paid", (PRO, term("pro", GIFT, 30, 31)), 31, FREE, None, LAPSED, 31, None),
            (
                "paid-after-gift",
                (term("pro", GIFT, 0, 7), term("pro", PAID, 7, 37)),
                38,
                "pro",
                "month",
                IN_GRACE,
                37,
                41,
            ),
            ("both-end-at-once", (PRO, term("business", GIFT, 20, 30)), 31, "pro", "month", IN_GRACE, 30, 34),
            (
                "two-paid-end-at-once",
                (term("starter", PAID, 0, 30), PRO),
                31,
                "pro",
                "month",
                IN_GRACE,
                30,
                34,
            ),
            # What is ahead ends a grace or a lapse.
            ("next-in-grace", (PRO, term("starter", PAID, 32, 62)), 31, "pro", "month", IN_GRACE, 30, 32),
            ("next-after-grace", (PRO, term("starter", PAID, 50, 80)), 31, "pro", "month", IN_GRACE, 30, 34),
            ("gap-before-the-next", (PRO, term("starter", PAID, 50, 80)), 40, FREE, None, LAPSED, 30, 50),
            (
                "next-of-two",
                (term("pro", PAID, 9, 39), term("pro", PAID, 5, 7)),
                0,
                FREE,
                None,
                LAPSED,
                None,
                5,
            ),
            # What was credited or revoked, and what has no length, counts for nothing.
            ("credited", (replace(PRO, state=TermState.CREDITED),), 3, FREE, None, LAPSED, None, None),
            ("revoked", (replace(PRO, state=TermState.REVOKED),), 3, FREE, None, LAPSED, None, None),
            ("revoked-ahead", (replace(PRO, state=TermState.REVOKED),), -3, FREE, None, LAPSED, None, None),
            (
                "no-grace-of-revoked",
                (replace(PRO, state=TermState.REVOKED),),
                31,
                FREE,
                None,
                LAPSED,
                None,
                None,
            ),
            (
                "credited-beside-the-new",
                (replace(PRO, state=TermState.CREDITED), term("business", PAID, 10, 40)),
                12,
                "business",
                "month",
                ACTIVE,
                40,
                40,
            ),
            (
                "revoked-between",
                (PRO, replace(term("pro", PAID, 30, 60), state=TermState.REVOKED), term("pro", PAID, 60, 90)),
                3,
                "pro",
                "month",
                ACTIVE,
                30,
                30,
            ),
            ("without-length", (term("pro", PAID, 0, 0),), 0, FREE, None, LAPSED, None, None),
            ("backwards", (term("pro", PAID, 5, 0),), 3, FREE, None, LAPSED, None, None),
        ]
    ],
)
def test_a_plan_follows_from_the_terms(
    terms: list[Term],
    now: float,
    plan: str,
    period: str | None,
    state: SubscriptionState,
    until: float | None,
    changes: float | None,
) -> None:
    expected = Standing(
        plan,
        period,
        state,
        None if until is None else day(until),
        None if changes is None else day(changes),
    )
    assert judge(terms, day(now)) == expected
    assert judge(terms[::-1], day(now)) == expected


def test_a_grace_lasts_four_days_to_the_moment() -> None:
    over = PRO.ends_at
    assert judge([PRO], over - MOMENT).state == ACTIVE
    assert judge([PRO], over).state == IN_GRACE
    assert judge([PRO], over + timedelta(days=4) - MOMENT).state == IN_GRACE
    assert judge([PRO], over + timedelta(days=4)) == Standing(FREE, None, LAPSED, over, None)


# --- what holds for any terms ---

# Few moments, so that terms often meet, overlap and begin or end at once; and some that are unlike any other.
starts = st.integers(0, 20).map(day) | st.timedeltas(timedelta(0), 20 * DAY).map(lambda after: FIRST + after)
lengths = (
    st.sampled_from([1, 2, 3, 5, 10]).map(timedelta)
    | st.timedeltas(timedelta(0), 6 * DAY)
    | st.sampled_from([timedelta(0), -DAY])
)
sources = st.sampled_from(TermSource)
paid_for = st.sampled_from(["month", "year", None])


@st.composite
def a_term(draw: st.DrawFn) -> Term:
    begins = draw(starts)
    return Term(
        plan=draw(st.sampled_from(["starter", "pro", "business"])),
        period=draw(paid_for),
        source=draw(sources),
        starts_at=begins,
        ends_at=begins + draw(lengths),
        state=draw(st.sampled_from([TermState.STANDING] * 4 + [TermState.CREDITED, TermState.REVOKED])),
    )


@st.composite
def some_terms(draw: st.DrawFn) -> list[Term]:
    """Terms of which some differ only in how they came, and some follow on one another."""
    terms = draw(st.lists(a_term(), max_size=5))
    others = st.lists(st.sampled_from(terms), max_size=2) if terms else st.just([])
    twins = [replace(each, source=draw(sources), period=draw(paid_for)) for each in draw(others)]
    after = [replace(draw(a_term()), starts_at=each.ends_at) for each in draw(others)]
    return [*terms, *twins, *(replace(each, ends_at=each.starts_at + draw(lengths)) for each in after)]


@st.composite
def some_situations(draw: st.DrawFn) -> tuple[list[Term], datetime]:
    """Terms and a moment, most often near one at which something begins or ends."""
    terms = draw(some_terms())
    edges = [edge for each in terms for edge in (each.starts_at, each.ends_at, each.ends_at + GRACE)]
    near = st.sampled_from([-DAY, -MOMENT, timedelta(0), MOMENT, DAY, 2 * DAY, 3 * DAY])
    return terms, draw(st.sampled_from([*edges, FIRST])) + draw(near)


situations = some_situations()
Situation = tuple[list[Term], datetime]
parts = st.floats(0, 1)


def covering(terms: Sequence[Term], now: datetime) -> list[Term]:
    return [
        each for each in terms if each.state == TermState.STANDING and each.starts_at <= now < each.ends_at
    ]


def between(terms: Sequence[Term], now: datetime, until: datetime, part: float) -> list[datetime]:
    """Every moment from `now` on and before `until` at which something might change, and one more."""
    edges = [edge for each in terms for edge in (each.starts_at, each.ends_at, each.ends_at + GRACE)]
    return [each for each in (*edges, now + (until - now) * part, until - MOMENT) if now <= each < until]


@given(situations, st.randoms(use_true_random=False))
def test_the_order_of_the_terms_changes_nothing(situation: Situation, chance: Random) -> None:
    terms, now = situation
    assert judge(terms[::-1], now) == judge(terms, now)
    assert judge(chance.sample(terms, len(terms)), now) == judge(terms, now)


@given(situations)
def test_nothing_that_is_unpaid_is_in_force_beyond_a_grace(situation: Situation) -> None:
    terms, now = situation
    found = judge(terms, now)
    covered = covering(terms, now)
    if found.state in (ACTIVE, ON_TRIAL):
        assert found.plan in {each.plan for each in covered}
    elif found.state == IN_GRACE:
        assert not covered
        assert any(
            each.plan == found.plan
            and each.source == PAID
            and each.state == TermState.STANDING
            and each.starts_at < each.ends_at <= now < each.ends_at + timedelta(days=4)
            and each.ends_at == found.until
            for each in terms
        )
    else:
        assert not covered
        assert (found.plan, found.period) == (FREE, None)


@given(situations)
def test_whatever_covers_a_moment_the_highest_of_it_is_in_force(situation: Situation) -> None:
    terms, now = situation
    covered = covering(terms, now)
    found = judge(terms, now)
    if covered:
        highest = max(DEFAULT[each.plan].rank for each in covered)
        assert DEFAULT[found.plan].rank == highest
        came_by = {each.source for each in covered if each.plan == found.plan}
        assert found.state == (ON_TRIAL if came_by == {TRIAL} else ACTIVE)
    else:
        assert found.state in (IN_GRACE, LAPSED)


@given(situations, parts)
def test_until_its_end_some_plan_is_in_force_and_just_then_none(situation: Situation, part: float) -> None:
    terms, now = situation
    found = judge(terms, now)
    if found.state not in (ACTIVE, ON_TRIAL):
        assert found.until is None or found.until <= now
        return
    assert found.until is not None
    assert found.until > now
    for meanwhile in between(terms, now, found.until, part):
        assert judge(terms, meanwhile).state in (ACTIVE, ON_TRIAL)
        assert judge(terms, meanwhile).until == found.until
    assert not covering(terms, found.until)


@given(situations, parts)
def test_nothing_changes_before_it_is_said_to(situation: Situation, part: float) -> None:
    terms, now = situation
    found = judge(terms, now)
    until = found.changes_at or day(1000)
    assert until > now
    for meanwhile in between(terms, now, until, part):
        assert judge(terms, meanwhile) == found


def life_of(terms: Sequence[Term], now: datetime) -> Iterator[tuple[datetime, Standing]]:
    """What is in force, judged only when time is said to change it."""
    while True:
        found = judge(terms, now)
        yield now, found
        if found.changes_at is None:
            return
        assert found.changes_at > now
        now = found.changes_at


@given(situations)
def test_whoever_looks_only_when_something_is_due_sees_every_change(situation: Situation) -> None:
    terms, later = situation
    looks = list(life_of(terms, day(-3)))
    assert len(looks) <= 3 * len(terms) + 1
    assert looks[-1][1].state == LAPSED
    seen = [found for when, found in looks if when <= later]
    assert seen[-1] == judge(terms, later)
    for when, _ in looks[1:]:
        assert any(
            when in (each.starts_at, each.ends_at, each.ends_at + GRACE)
            for each in terms
            if each.state == TermState.STANDING
        )


@given(situations, st.sampled_from([TermState.CREDITED, TermState.REVOKED]))
def test_what_no_longer_stands_is_as_if_it_had_never_been(situation: Situation, state: TermState) -> None:
    terms, now = situation
    standing_ones = [each for each in terms if each.state == TermState.STANDING]
    fallen = [replace(each, state=state) for each in terms]
    assert judge(terms, now) == judge(standing_ones, now) == judge([*standing_ones, *fallen], now)
