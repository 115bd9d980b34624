"""When a rule that fired is told again: tables of prices and what is said at each."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.rows import rupees
from tracker.alerts.rearm import remember, told
from tracker.alerts.rules import Standing, judge
from tracker.catalog.history import PriceHistory
from tracker.catalog.move import Move
from tracker.stores.offer import Availability
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind

BEGIN = datetime(2026, 11, 24, tzinfo=UTC)


def said(rule: AlertRule, prices: list[str], *, added: str = "2000", hours_apart: float = 1) -> list[str]:
    """The prices at which the rule fires, when each stands for so long. "-1500" is sold out at 1500."""
    rule.is_armed = True
    fired: list[str] = []
    last_alert, highest, before = None, rupees(added), rupees(added)
    points = [(BEGIN - timedelta(days=1), before.minor)]
    was = Availability.IN_STOCK
    for step, price in enumerate(prices):
        stock = Availability.OUT_OF_STOCK if price.startswith("-") else Availability.IN_STOCK
        now = rupees(price.removeprefix("-"))
        moment = BEGIN + timedelta(hours=hours_apart * step)
        move = Move(1, step, moment, before, now, was, stock, history=PriceHistory(points, "INR"))
        reason = judge(move, rule, Standing(rupees(added), last_alert, highest))
        fires, memory = told(rule, reason, move)
        remember(rule, memory)
        if fires:
            fired.append(price)
            last_alert = highest = now
        elif highest < now:
            highest = now
        before, was = now, stock
        points.append((moment, now.minor))
    return fired


def target(rearm: Rearm, **terms: object) -> AlertRule:
    return AlertRule(kind=RuleKind.TARGET, amount_minor=150000, currency="INR", rearm=rearm, **terms)


@pytest.mark.parametrize(
    ("rule", "prices", "expected"),
    [
        pytest.param(
            target(Rearm.CROSSING), ["1500", "1400", "1600", "1450"], ["1500", "1450"], id="each crossing"
        ),
        pytest.param(target(Rearm.ONCE), ["1500", "1600", "1400"], ["1500"], id="once"),
        pytest.param(
            target(Rearm.FURTHER),
            ["1500", "1499.50", "1400", "1450", "1399"],
            ["1500", "1400", "1399"],
            id="each further low, but no paise",
        ),
        pytest.param(
            target(Rearm.FURTHER), ["1400", "1600", "1500"], ["1400", "1500"], id="a further low crosses too"
        ),
        pytest.param(
            target(Rearm.HOURS, rearm_hours=3),
            ["1500", "1600", "1400", "1300", "1600", "1250"],
            ["1500", "1300"],
            id="not before three hours",
        ),
        pytest.param(
            target(Rearm.CROSSING),
            ["1400", "-1400", "1400", "1600", "-1400", "1400"],
            ["1400", "1400"],
            id="while sold out nothing is reached or left",
        ),
        pytest.param(
            AlertRule(kind=RuleKind.ANY_DROP, rearm=Rearm.CROSSING),
            ["1900", "1800", "1800.50", "1700"],
            ["1900", "1800", "1700"],
            id="any drop, every time",
        ),
        pytest.param(
            AlertRule(kind=RuleKind.ANY_DROP, rearm=Rearm.ONCE), ["1900", "1800"], ["1900"], id="a drop once"
        ),
        pytest.param(
            AlertRule(kind=RuleKind.ANY_DROP, rearm=Rearm.HOURS, rearm_hours=2),
            ["1900", "1800", "1700"],
            ["1900", "1700"],
            id="drops at most each two hours",
        ),
        pytest.param(
            AlertRule(kind=RuleKind.LOWEST, rearm=Rearm.CROSSING),
            ["1900", "2000", "1900", "1950", "1800"],
            ["1900", "1900", "1800"],
            id="back at the lowest is told again",
        ),
        pytest.param(
            AlertRule(kind=RuleKind.LOWEST, rearm=Rearm.FURTHER),
            ["1900", "2000", "1900", "1950", "1800"],
            ["1900", "1800"],
            id="only lower than the lowest told",
        ),
    ],
)
def test_told_again(rule: AlertRule, prices: list[str], expected: list[str]) -> None:
    assert said(rule, prices) == expected


@pytest.mark.parametrize(
    ("reference", "prices", "expected"),
    [
        pytest.param(
            Reference.HIGHEST,
            ["1900", "1805", "1715", "1630", "1500"],
            ["1715", "1500"],
            id="slow slides count",
        ),
        pytest.param(
            Reference.HIGHEST,
            ["1800", "2500", "2250"],
            ["1800", "2250"],
            id="from a new high, although above",
        ),
        pytest.param(
            Reference.LAST_ALERT, ["1800", "2500", "2250", "1620"], ["1800", "1620"], id="from what was told"
        ),
        pytest.param(
            Reference.ADDED, ["1800", "1700", "1900", "1750"], ["1800", "1750"], id="from the first price"
        ),
        pytest.param(
            Reference.MEDIAN, ["1800", "1790", "2100", "1800"], ["1800", "1800"], id="from the usual"
        ),
    ],
)
def test_a_tenth_below_each_reference(reference: Reference, prices: list[str], expected: list[str]) -> None:
    rule = AlertRule(kind=RuleKind.DROP_BY, percent=10, reference=reference, rearm=Rearm.CROSSING)
    assert said(rule, prices) == expected
