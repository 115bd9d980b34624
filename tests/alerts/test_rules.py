"""Every kind of rule over moves, one id a case."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.rows import rupees
from tracker.alerts.rules import RULES, Reason, Standing, judge
from tracker.catalog.history import PriceHistory
from tracker.catalog.move import Move
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.watches.models import AlertRule, Reference, RuleKind

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
IN, OUT, UNKNOWN = Availability.IN_STOCK, Availability.OUT_OF_STOCK, Availability.UNKNOWN


def rule(kind: RuleKind, **terms: object) -> AlertRule:
    return AlertRule(kind=kind, **terms)


def target(amount: str = "1500") -> AlertRule:
    return rule(RuleKind.TARGET, amount_minor=rupees(amount).minor, currency="INR")


def move(
    before: str | Money | None,
    now: str | Money | None,
    *,
    was: Availability = IN,
    stock: Availability | None = None,
    past: tuple[tuple[int, str], ...] = (),
) -> Move:
    """From one price to another; `past` holds (days ago, price) of what it cost before."""
    before, now = (rupees(price) if isinstance(price, str) else price for price in (before, now))
    points = [(NOW - timedelta(days=days), rupees(price).minor) for days, price in past]
    if not points and before is not None:
        points = [(NOW - timedelta(days=1), before.minor)]
    return Move(
        listing_id=1,
        observation_id=1,
        observed_at=NOW,
        before=before,
        now=now,
        was=was,
        availability=stock or (IN if now else OUT),
        history=PriceHistory(points, before.currency if before else "INR"),
    )


def stands(added: str = "2000", *, told: str | None = None, highest: str | None = None) -> Standing:
    return Standing(rupees(added), rupees(told) if told else None, rupees(highest or told or added))


def reason_of(moved: Move, chosen: AlertRule, standing: Standing | None = None) -> Reason | None:
    known = Standing(moved.before, None, moved.before)
    return judge(moved, chosen, standing or known)


def test_every_kind_of_rule_has_its_function() -> None:
    assert set(RULES) == set(RuleKind)


@pytest.mark.parametrize(
    ("moved", "standing", "fires"),
    [
        pytest.param(move("1999", "1499"), None, True, id="a drop"),
        pytest.param(move("1999", "1998"), None, True, id="a drop of one rupee"),
        pytest.param(move("1999", "1998.01"), None, False, id="99 paise are noise"),
        pytest.param(move("1999", "1999"), None, False, id="no change"),
        pytest.param(move("1999", "2499"), None, False, id="a rise"),
        pytest.param(move(None, "1499"), None, False, id="a first reading is no drop"),
        pytest.param(move("1999", None), None, False, id="a page without a price is no drop"),
        pytest.param(move("1999", Money(1499, "USD")), None, False, id="another currency is no drop"),
        pytest.param(move("1998.50", "1998"), stands("1999"), True, id="paise that add up to a rupee"),
        pytest.param(move("1998.60", "1998.30"), stands("1999"), False, id="paise that do not yet"),
        pytest.param(move("1500", "1510"), stands("1999"), False, id="a rise below an older high is none"),
        pytest.param(move("1999", "1499", stock=OUT), None, False, id="nobody can pay it: sold out"),
        pytest.param(move("1999", "1499", stock=UNKNOWN), None, True, id="stock that nobody names counts"),
        pytest.param(
            move("1499", "1499", was=OUT, stock=IN), stands("1999"), True, id="fell while sold out, and back"
        ),
        pytest.param(
            move("1999", "1999", was=OUT, stock=IN), stands("1999"), False, id="back at the same price"
        ),
        pytest.param(move(Money(1000, "JPY"), Money(995, "JPY")), None, False, id="five yen are noise"),
        pytest.param(move(Money(10_000, "KWD"), Money(9_950, "KWD")), None, True, id="fifty fils are a drop"),
    ],
)
def test_any_drop(moved: Move, standing: Standing | None, fires: bool) -> None:
    assert (reason_of(moved, rule(RuleKind.ANY_DROP), standing) is not None) is fires


def test_a_sum_of_small_steps_says_what_it_is_measured_against() -> None:
    assert reason_of(move("1998.50", "1998"), rule(RuleKind.ANY_DROP), stands("1999")) == {
        "kind": RuleKind.ANY_DROP,
        "reference_minor": 199900,
    }


@pytest.mark.parametrize(
    ("now", "fires"),
    [
        pytest.param("1499", True, id="below it"),
        pytest.param("1500", True, id="exactly the target is reached"),
        pytest.param("1500.01", False, id="a paisa above it is not"),
        pytest.param(None, False, id="no price"),
    ],
)
def test_a_target_is_reached(now: str | None, fires: bool) -> None:
    assert (reason_of(move("1999", now), target()) is not None) is fires


def test_a_target_is_not_reached_while_sold_out_nor_in_another_currency() -> None:
    assert reason_of(move("1999", "1400", stock=OUT), target()) is None
    assert reason_of(move(Money(1999, "USD"), Money(1, "USD")), target()) is None


def test_a_target_says_what_it_was() -> None:
    assert reason_of(move("1999", "1499"), target()) == {"kind": RuleKind.TARGET, "target_minor": 150000}


def drop(percent: int | None = None, amount: str | None = None, *, of: Reference) -> AlertRule:
    minor = rupees(amount).minor if amount else None
    return rule(RuleKind.DROP_BY, percent=percent, amount_minor=minor, currency="INR", reference=of)


@pytest.mark.parametrize(
    ("chosen", "moved", "standing", "fires"),
    [
        pytest.param(
            drop(10, of=Reference.ADDED), move("1900", "1800"), stands("2000"), True, id="ten of added"
        ),
        pytest.param(
            drop(10, of=Reference.ADDED), move("1900", "1800.01"), stands("2000"), False, id="a paisa short"
        ),
        pytest.param(
            drop(10, of=Reference.ADDED),
            move("1850", "1715"),
            stands("2000"),
            True,
            id="5 + 5 + 5 crosses 10",
        ),
        pytest.param(
            drop(amount="200", of=Reference.ADDED),
            move("1900", "1800"),
            stands("2000"),
            True,
            id="₹200 of added",
        ),
        pytest.param(
            drop(amount="200", of=Reference.ADDED), move("1900", "1801"), stands("2000"), False, id="₹199"
        ),
        pytest.param(
            drop(10, of=Reference.LAST_ALERT),
            move("1700", "1620"),
            stands("2000", told="1800"),
            True,
            id="ten of what was told",
        ),
        pytest.param(
            drop(10, of=Reference.LAST_ALERT),
            move("1900", "1800"),
            stands("2000"),
            True,
            id="nothing told yet",
        ),
        pytest.param(
            drop(10, of=Reference.HIGHEST),
            move("2100", "1980"),
            stands("2000", told="1900", highest="2200"),
            True,
            id="ten of the highest since the last alert",
        ),
        pytest.param(
            drop(10, of=Reference.HIGHEST),
            move("2100", "1981"),
            stands("2000", told="1900", highest="2200"),
            False,
            id="not ten of it",
        ),
        pytest.param(
            drop(10, of=Reference.MEDIAN),
            move("1500", "1800", past=((60, "3000"), (29, "2000"), (2, "1500"))),
            stands("1000"),
            True,
            id="ten below the usual, although it rose",
        ),
        pytest.param(
            drop(10, of=Reference.MEDIAN),
            move("1500", "1850", past=((60, "3000"), (29, "2000"), (2, "1500"))),
            stands("1000"),
            False,
            id="not ten below the usual",
        ),
        pytest.param(
            drop(1, of=Reference.ADDED),
            move("50", "49.50"),
            stands("50"),
            False,
            id="a percent that is noise",
        ),
        pytest.param(
            drop(10, of=Reference.ADDED), move("1900", "100", stock=OUT), stands("2000"), False, id="sold out"
        ),
    ],
)
def test_a_drop_against_a_reference(chosen: AlertRule, moved: Move, standing: Standing, fires: bool) -> None:
    assert (reason_of(moved, chosen, standing) is not None) is fires


LONG_AGO = ((200, "1000"), (100, "1500"), (60, "2000"))


@pytest.mark.parametrize(
    ("days", "now", "fires"),
    [
        pytest.param(None, "999", True, id="lower than ever"),
        pytest.param(None, "1000", True, id="as low as ever"),
        pytest.param(None, "1001", False, id="a rupee above the lowest ever"),
        pytest.param(365, "1000", True, id="in a year"),
        pytest.param(90, "1500", True, id="what the window begins with counts"),
        pytest.param(90, "1501", False, id="above what the window begins with"),
        pytest.param(30, "1999", True, id="in a month"),
        pytest.param(30, "2000", False, id="no drop at all"),
    ],
)
def test_lowest(days: int | None, now: str, fires: bool) -> None:
    moved = move("2000", now, past=LONG_AGO)
    assert (reason_of(moved, rule(RuleKind.LOWEST, days=days)) is not None) is fires


def test_lowest_says_since_when_we_know_and_what_it_was() -> None:
    moved = move("2000", "1400", past=((10, "2000"),))
    assert reason_of(moved, rule(RuleKind.LOWEST, days=90)) == {
        "kind": RuleKind.LOWEST,
        "days": 90,
        "since": "2026-11-14",
        "was_minor": 200000,
    }


@pytest.mark.parametrize(
    ("was", "stock", "back", "gone"),
    [
        pytest.param(OUT, IN, True, False, id="back"),
        pytest.param(IN, OUT, False, True, id="gone"),
        pytest.param(IN, IN, False, False, id="there all the time"),
        pytest.param(OUT, OUT, False, False, id="away all the time"),
        pytest.param(UNKNOWN, IN, False, False, id="nobody knew before"),
        pytest.param(UNKNOWN, OUT, False, False, id="nobody knew that it was there"),
        pytest.param(OUT, UNKNOWN, False, False, id="nobody knows now"),
    ],
)
def test_stock(was: Availability, stock: Availability, back: bool, gone: bool) -> None:
    moved = move("1999", "1999", was=was, stock=stock)
    assert (reason_of(moved, rule(RuleKind.BACK_IN_STOCK)) is not None) is back
    assert (reason_of(moved, rule(RuleKind.OUT_OF_STOCK)) is not None) is gone
    assert (reason_of(moved, rule(RuleKind.ANY_CHANGE)) is not None) is (back or gone)


@pytest.mark.parametrize(
    ("before", "now", "told", "rises", "changes"),
    [
        pytest.param("1999", "2000", None, True, True, id="a rupee up"),
        pytest.param("1999", "1999.50", None, False, False, id="paise up"),
        pytest.param("1999", "1998", None, False, True, id="a rupee down"),
        pytest.param(
            "1999.50", "2000.10", "1999", False, True, id="paise up that add up since the last word"
        ),
        pytest.param("1998", "1999", "1999", True, False, id="back to what was told"),
        pytest.param("1999", None, None, False, False, id="no price"),
    ],
)
def test_rises_and_changes(
    before: str, now: str | None, told: str | None, rises: bool, changes: bool
) -> None:
    moved = move(before, now, was=UNKNOWN)
    standing = stands(before, told=told)
    assert (reason_of(moved, rule(RuleKind.RISE), standing) is not None) is rises
    assert (reason_of(moved, rule(RuleKind.ANY_CHANGE), standing) is not None) is changes
