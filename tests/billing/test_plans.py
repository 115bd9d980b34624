"""What the plans cost and permit, and what an operator's file may change of it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT, FREE, TRIAL, BadPlans, Plans, load
from tracker.money import Money
from tracker.users.allowance import Allowance, Feature

Write = Callable[[str], str]

HALF_AN_HOUR = timedelta(minutes=30)
RULES = {Feature.ALL_RULES, Feature.DIGESTS}
REPORTS = RULES | {Feature.EXPORTS, Feature.FORECASTS}


@pytest.fixture
def told(tmp_path: Path) -> Write:
    """Writes a file of plans and returns where it is."""

    def write(text: str) -> str:
        path = tmp_path / "plans.toml"
        path.write_text(text, "utf-8")
        return str(path)

    return write


# --- the table ---


@pytest.mark.parametrize(
    ("code", "name", "month", "year", "allowance"),
    [
        pytest.param("free", "Free", 0, 0, Allowance(5, 24 * HALF_AN_HOUR, 30, 20, frozenset()), id="free"),
        pytest.param(
            "starter",
            "Starter",
            99_00,
            990_00,
            Allowance(50, 8 * HALF_AN_HOUR, 365, 60, frozenset(RULES)),
            id="starter",
        ),
        pytest.param(
            "pro",
            "Pro",
            299_00,
            2990_00,
            Allowance(300, 2 * HALF_AN_HOUR, None, 120, frozenset(REPORTS)),
            id="pro",
        ),
        pytest.param(
            "business",
            "Business",
            999_00,
            9990_00,
            Allowance(1000, HALF_AN_HOUR, None, 300, frozenset(REPORTS | {Feature.API_TOKEN, Feature.FIRST})),
            id="business",
        ),
    ],
)
def test_a_plan_costs_and_permits_what_it_says(
    code: str, name: str, month: int, year: int, allowance: Allowance
) -> None:
    plan = DEFAULT[code]
    assert (plan.code, plan.name, plan.allowance) == (code, name, allowance)
    assert plan.price(Period.MONTH) == Money(month, "INR")
    assert plan.price(Period.YEAR) == Money(year, "INR")
    assert plan.is_free == (code == FREE)
    assert all(plan.allowance.allows(feature) == (feature in allowance.features) for feature in Feature)


def test_a_higher_plan_costs_more_and_permits_all_that_a_lesser_one_does() -> None:
    plans = list(DEFAULT)
    for lesser, higher in pairwise(plans):
        assert higher.rank > lesser.rank
        assert all(higher.prices[period] > lesser.prices[period] for period in Period)
        less, more = lesser.allowance, higher.allowance
        assert more.watches > less.watches
        assert more.check_every < less.check_every
        assert (more.history_days or 10**6) >= (less.history_days or 10**6)
        assert more.requests_per_minute > less.requests_per_minute
        assert more.features > less.features


def test_a_year_costs_what_ten_months_do() -> None:
    assert all(plan.prices[Period.YEAR] == 10 * plan.prices[Period.MONTH] for plan in DEFAULT)


def test_the_plans_stand_from_the_least_on() -> None:
    assert [plan.code for plan in DEFAULT] == ["free", "starter", "pro", "business"]
    assert [plan.code for plan in DEFAULT.paid] == ["starter", "pro", "business"]
    assert DEFAULT.free is DEFAULT[FREE]
    assert TRIAL in DEFAULT


@pytest.mark.parametrize(
    ("code", "higher"),
    [("free", "starter"), ("starter", "pro"), ("pro", "business"), ("business", None)],
)
def test_after_a_plan_comes_the_next_that_permits_more(code: str, higher: str | None) -> None:
    found = DEFAULT.after(code)
    assert (found.code if found else None) == higher


@pytest.mark.parametrize("code", ["", "Pro", "gold", None, 1])
def test_what_is_no_plan_is_not_among_them(code: object) -> None:
    assert code not in DEFAULT


def test_a_plan_that_there_is_not_raises() -> None:
    with pytest.raises(KeyError):
        DEFAULT["gold"]
    with pytest.raises(KeyError):
        DEFAULT.after("gold")


# --- what a file may change ---


def test_without_a_file_the_plans_are_ours() -> None:
    assert load(None) is DEFAULT


def test_an_empty_file_changes_nothing(told: Write) -> None:
    assert load(told("")) == DEFAULT


def test_a_file_overrides_what_it_names_and_leaves_the_rest(told: Write) -> None:
    plans = load(
        told(
            """
            [free]
            watches = 3
            name = "Gratis"

            [starter]
            month = "149.00"
            year = "1490.50"
            watches = 60
            check_every_minutes = 120

            [pro]
            history_days = 730
            requests_per_minute = 90
            features = ["exports", "api_token"]

            [business]
            month = 1200
            """
        )
    )
    free, starter, pro, business = plans
    assert (free.name, free.is_free) == ("Gratis", True)
    assert free.allowance == Allowance(3, timedelta(hours=12), 30, 20, frozenset())
    assert starter.prices == {Period.MONTH: 149_00, Period.YEAR: 1490_50}
    assert starter.allowance == Allowance(60, timedelta(hours=2), 365, 60, frozenset(RULES))
    assert pro.prices == DEFAULT["pro"].prices
    assert pro.allowance == Allowance(
        300, timedelta(hours=1), 730, 90, frozenset({Feature.EXPORTS, Feature.API_TOKEN})
    )
    assert business.prices == {Period.MONTH: 1200_00, Period.YEAR: 9990_00}
    assert business.allowance == DEFAULT["business"].allowance
    assert [(plan.code, plan.rank) for plan in plans] == [(plan.code, plan.rank) for plan in DEFAULT]


@pytest.mark.parametrize(
    ("text", "paise"),
    [
        pytest.param('"149.00"', 149_00, id="rupees-and-paise"),
        pytest.param('"149.5"', 149_50, id="one-decimal"),
        pytest.param('"149"', 149_00, id="rupees-as-a-text"),
        pytest.param("149", 149_00, id="whole-rupees"),
        pytest.param('"149.99"', 149_99, id="what-no-float-holds"),
    ],
)
def test_a_price_is_exact_to_the_paisa(told: Write, text: str, paise: int) -> None:
    assert load(told(f"[starter]\nmonth = {text}"))["starter"].prices[Period.MONTH] == paise


def test_a_history_of_no_days_is_everything(told: Write) -> None:
    assert load(told("[free]\nhistory_days = 0")).free.allowance.history_days is None


def test_a_plan_may_lose_every_feature(told: Write) -> None:
    assert load(told("[pro]\nfeatures = []"))["pro"].allowance.features == frozenset()


def test_a_long_name_is_cut_to_what_a_button_shows(told: Write) -> None:
    assert load(told(f'[pro]\nname = "{"x" * 40}"'))["pro"].name == "x" * 32


NO_PRICE = 'PLANS_FILE: month of starter is a price such as "149.00".'
NO_FEATURES = (
    "PLANS_FILE: features of pro are a list of "
    "all_rules, digests, exports, forecasts, api_token, checked_first."
)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        pytest.param("[starter]\nmonth = 149.0", NO_PRICE, id="a-float-is-no-price"),
        pytest.param("[starter]\nmonth = true", NO_PRICE, id="neither-is-a-yes"),
        pytest.param('[starter]\nmonth = "cheap"', NO_PRICE, id="neither-is-a-word"),
        pytest.param('[starter]\nmonth = ""', NO_PRICE, id="neither-is-nothing-at-all"),
        pytest.param('[starter]\nmonth = ["149.00"]', NO_PRICE, id="neither-is-a-list"),
        pytest.param('[starter]\nmonth = "NaN"', NO_PRICE, id="neither-is-nan"),
        pytest.param('[starter]\nmonth = "Infinity"', NO_PRICE, id="neither-is-infinity"),
        pytest.param('[starter]\nmonth = "1E+9999999"', NO_PRICE, id="nor-what-no-int-holds"),
        pytest.param('[starter]\nmonth = "₹149"', NO_PRICE, id="nor-one-with-its-sign"),
        pytest.param(
            '[starter]\nyear = "0.00"', "PLANS_FILE: starter costs at least ₹1.", id="paid-for-nothing"
        ),
        pytest.param(
            '[starter]\nyear = "0.004"', "PLANS_FILE: starter costs at least ₹1.", id="less-than-a-paisa"
        ),
        pytest.param('[starter]\nmonth = "0.99"', "PLANS_FILE: starter costs at least ₹1.", id="too-little"),
        pytest.param(
            '[starter]\nyear = "-990.00"', "PLANS_FILE: starter costs at least ₹1.", id="less-than-nothing"
        ),
        pytest.param('[free]\nmonth = "1.00"', "PLANS_FILE: free costs nothing.", id="free-for-money"),
        pytest.param('[free]\nyear = "-1.00"', "PLANS_FILE: free costs nothing.", id="free-and-money-back"),
        pytest.param(
            '[starter]\nmonth = "299.00"',
            "PLANS_FILE: a higher plan must cost more a month.",
            id="as-much-as-the-next",
        ),
        pytest.param(
            '[pro]\nyear = "9991.00"',
            "PLANS_FILE: a higher plan must cost more a year.",
            id="more-than-the-next",
        ),
        pytest.param(
            "[gold]\nwatches = 1\n[diamond]\n",
            "PLANS_FILE names no plan of ours: diamond, gold.",
            id="plans-that-there-are-not",
        ),
        pytest.param("[Pro]\n", "PLANS_FILE names no plan of ours: Pro.", id="a-plan-in-capitals"),
        pytest.param(
            '[pro]\nprice = "1.00"\ncolour = "red"',
            "PLANS_FILE: pro has no colour, price.",
            id="fields-that-there-are-not",
        ),
        pytest.param("[pro]\nrank = 9", "PLANS_FILE: pro has no rank.", id="the-order-stays-ours"),
        pytest.param("pro = 299", "PLANS_FILE: pro is no table.", id="a-number-for-a-plan"),
        pytest.param(
            "[pro]\nwatches = 0", "PLANS_FILE: watches of pro is a whole number from 1 on.", id="no-watches"
        ),
        pytest.param(
            "[pro]\nwatches = 1000000001",
            "PLANS_FILE: watches of pro is a whole number from 1 on.",
            id="more-watches-than-a-column-holds",
        ),
        pytest.param(
            "[pro]\nwatches = 1.5",
            "PLANS_FILE: watches of pro is a whole number from 1 on.",
            id="half-a-watch",
        ),
        pytest.param(
            "[pro]\nwatches = true",
            "PLANS_FILE: watches of pro is a whole number from 1 on.",
            id="a-yes-for-a-number",
        ),
        pytest.param(
            '[pro]\nwatches = "300"',
            "PLANS_FILE: watches of pro is a whole number from 1 on.",
            id="a-text-for-a-number",
        ),
        pytest.param(
            "[pro]\ncheck_every_minutes = 0",
            "PLANS_FILE: check_every_minutes of pro is a whole number from 1 on.",
            id="a-check-all-the-time",
        ),
        pytest.param(
            "[pro]\nhistory_days = -1",
            "PLANS_FILE: history_days of pro is a whole number from 0 on.",
            id="a-history-of-tomorrow",
        ),
        pytest.param(
            "[pro]\nrequests_per_minute = 0",
            "PLANS_FILE: requests_per_minute of pro is a whole number from 1 on.",
            id="no-requests",
        ),
        pytest.param('[pro]\nfeatures = ["exports", "gold"]', NO_FEATURES, id="a-feature-that-there-is-not"),
        pytest.param('[pro]\nfeatures = ""', NO_FEATURES, id="a-text-is-no-list"),
        pytest.param('[pro]\nfeatures = "exports"', NO_FEATURES, id="neither-is-the-name-of-one"),
        pytest.param("[pro.features]\nexports = true", NO_FEATURES, id="neither-is-a-table"),
        pytest.param('[pro]\nfeatures = [["exports"]]', NO_FEATURES, id="a-list-in-a-list"),
        pytest.param("[pro]\nfeatures = 1", NO_FEATURES, id="a-number-of-features"),
    ],
)
def test_what_a_file_may_not_say_is_refused_in_a_sentence(told: Write, text: str, sentence: str) -> None:
    with pytest.raises(BadPlans) as refused:
        load(told(text))
    assert str(refused.value) == sentence


def test_prices_may_rise_together(told: Write) -> None:
    plans = load(told('[starter]\nmonth = "299.00"\n[pro]\nmonth = "299.01"'))
    assert [plan.prices[Period.MONTH] for plan in plans] == [0, 299_00, 299_01, 999_00]


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        pytest.param("missing.toml", "PLANS_FILE cannot be read: No such file or directory.", id="missing"),
        pytest.param(".", "PLANS_FILE cannot be read: Is a directory.", id="a-folder"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path, name: str, sentence: str) -> None:
    with pytest.raises(BadPlans) as refused:
        load(str(tmp_path / name))
    assert str(refused.value) == sentence


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"[starter", id="half-a-table"),
        pytest.param(b"[pro]\nwatches = 1\nwatches = 2", id="said-twice"),
        pytest.param("[pro]\nname = 'Größer'".encode("latin-1"), id="not-utf-8"),
        pytest.param(b"[pro]\nwatches = " + b"9" * 5000, id="a-number-that-python-does-not-read"),
    ],
)
def test_what_is_no_toml_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "plans.toml"
    path.write_bytes(content)
    with pytest.raises(BadPlans, match=r"^PLANS_FILE is no TOML: .+\.$"):
        load(str(path))


def test_a_file_that_was_refused_is_read_again(told: Write) -> None:
    with pytest.raises(BadPlans):
        load(told("[pro]\nwatches = 0"))
    plans: Plans = load(told("[pro]\nwatches = 7"))
    assert plans["pro"].allowance.watches == 7
