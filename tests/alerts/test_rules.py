from datetime import UTC, datetime

import pytest

from tests.rows import rupees
from tracker.alerts.rules import RULES, any_drop, reached_target
from tracker.catalog.move import Move
from tracker.money import Money
from tracker.watches.models import AlertRule, RuleKind

TARGET = AlertRule(kind=RuleKind.TARGET, target_minor=150000, target_currency="INR")


def move(before: Money | None, now: Money | None) -> Move:
    return Move(1, 1, datetime(2026, 11, 24, tzinfo=UTC), before, now)


def test_every_kind_of_rule_has_its_function() -> None:
    assert set(RULES) == set(RuleKind)


@pytest.mark.parametrize(
    ("before", "now", "fires"),
    [
        pytest.param(rupees("1999"), rupees("1499"), True, id="a drop"),
        pytest.param(rupees("1999"), rupees("1998.99"), True, id="a drop of one paisa"),
        pytest.param(rupees("1999"), rupees("1999"), False, id="no change"),
        pytest.param(rupees("1999"), rupees("2499"), False, id="a rise"),
        pytest.param(None, rupees("1499"), False, id="a first reading is no drop"),
        pytest.param(rupees("1999"), None, False, id="a page without a price is no drop"),
        pytest.param(rupees("1999"), Money(1499, "USD"), False, id="another currency is no drop"),
    ],
)
def test_any_drop(before: Money | None, now: Money | None, fires: bool) -> None:
    assert (any_drop(move(before, now), AlertRule(kind=RuleKind.ANY_DROP)) is not None) is fires


@pytest.mark.parametrize(
    ("before", "now", "fires"),
    [
        pytest.param(rupees("1999"), rupees("1499"), True, id="from above to below"),
        pytest.param(rupees("1999"), rupees("1500"), True, id="exactly the target is reached"),
        pytest.param(rupees("1999"), rupees("1500.01"), False, id="a paisa above it is not"),
        pytest.param(rupees("1500.01"), rupees("1500"), True, id="the last paisa"),
        pytest.param(rupees("1499"), rupees("1399"), False, id="further down below it is said once only"),
        pytest.param(rupees("1500"), rupees("1499"), False, id="on the target counts as reached already"),
        pytest.param(rupees("1399"), rupees("1999"), False, id="up and away"),
        pytest.param(None, rupees("1"), False, id="a first reading is silent"),
        pytest.param(rupees("1999"), None, False, id="no price"),
        pytest.param(Money(1999, "USD"), Money(1, "USD"), False, id="a target in another currency"),
    ],
)
def test_reached_target(before: Money | None, now: Money | None, fires: bool) -> None:
    assert (reached_target(move(before, now), TARGET) is not None) is fires


def test_a_target_says_what_it_was() -> None:
    assert reached_target(move(rupees("1999"), rupees("1499")), TARGET) == {
        "kind": RuleKind.TARGET,
        "target_minor": 150000,
    }
