"""When a person is told: one pure function for each kind of rule, over a move and where the watch stands.

A function says whether its condition holds, and why in data (`Alert.reasons`). Whether the person hears of it
again is `rearm.py`'s to say. A condition that needs no answer now, since nobody could buy, gives `Open`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from tracker.alerts.steps import is_below, minimum_step
from tracker.catalog.move import Move
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.watches.models import AlertRule, Reference, RuleKind, RuleTerms

Reason = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a watch stands before a move: the prices that its rules may refer to."""

    added: Money | None = None
    last_alert: Money | None = None
    highest: Money | None = None
    """Since the last alert, or since the watch began."""

    @property
    def last_told(self) -> Money | None:
        return self.last_alert or self.added


def any_drop(move: Move, _terms: RuleTerms, standing: Standing) -> Reason | None:
    """The price fell, by at least the smallest step below the highest since the last alert.

    So a fall in steps too small to mention is mentioned once their sum is not, and a price that fell while
    the thing was sold out is told when it is back.
    """
    now = _payable(move)
    if now is None or move.before is None or move.before.currency != now.currency:
        return None
    fell = now < move.before or _is_back(move)
    highest = standing.highest if _same(standing.highest, now) else None
    mark = highest if highest and move.before < highest else move.before
    if not fell or not is_below(now, mark):
        return None
    reason: Reason = {"kind": RuleKind.ANY_DROP}
    return reason if mark == move.before else reason | {"reference_minor": mark.minor}


def drop_by(move: Move, terms: RuleTerms, standing: Standing) -> Reason | None:
    """The price is at least an amount or a percentage below a reference that the person chose."""
    now, reference = _payable(move), reference_price(move, terms.reference, standing)
    if now is None or reference is None or not _same(reference, now) or not is_below(now, reference):
        return None
    reason: Reason = {
        "kind": RuleKind.DROP_BY,
        "reference": terms.reference,
        "reference_minor": reference.minor,
    }
    if terms.percent is not None:
        falls = (reference.minor - now.minor) * 100 >= terms.percent * reference.minor
        return reason | {"percent": terms.percent} if falls else None
    amount = terms.amount
    if amount is None or not _same(amount, now) or reference.minor - now.minor < amount.minor:
        return None
    return reason | {"amount_minor": amount.minor}


def reached_target(move: Move, terms: RuleTerms, _standing: Standing) -> Reason | None:
    """The price is at the target or below it."""
    now, target = _payable(move), terms.amount
    if now is None or target is None or not _same(target, now) or target < now:
        return None
    return {"kind": RuleKind.TARGET, "target_minor": target.minor}


def lowest(move: Move, terms: RuleTerms, standing: Standing) -> Reason | None:
    """The price came down to the lowest in so many days, or ever; both since the listing is tracked.

    Coming back to the same low counts; being there already does not.
    """
    now = _payable(move)
    within = timedelta(days=terms.days) if terms.days else None
    known = move.history.lowest(move.observed_at, within)
    if now is None or known is None or not _same(known.price, now) or known.price < now:
        return None
    if any_drop(move, terms, standing) is None:
        return None
    return {
        "kind": RuleKind.LOWEST,
        "days": terms.days,
        "since": known.since.date().isoformat(),
        "was_minor": known.price.minor,
    }


def back_in_stock(move: Move, _terms: RuleTerms, _standing: Standing) -> Reason | None:
    return {"kind": RuleKind.BACK_IN_STOCK} if _is_back(move) else None


def out_of_stock(move: Move, _terms: RuleTerms, _standing: Standing) -> Reason | None:
    gone = move.was == Availability.IN_STOCK and move.availability == Availability.OUT_OF_STOCK
    return {"kind": RuleKind.OUT_OF_STOCK} if gone else None


def rise(move: Move, _terms: RuleTerms, _standing: Standing) -> Reason | None:
    now = _payable(move)
    if now is None or move.before is None or not _same(move.before, now) or not is_below(move.before, now):
        return None
    return {"kind": RuleKind.RISE}


def any_change(move: Move, terms: RuleTerms, standing: Standing) -> Reason | None:
    """Price or stock changed; a price by at least the smallest step from what was last told."""
    if back_in_stock(move, terms, standing) or out_of_stock(move, terms, standing):
        return {"kind": RuleKind.ANY_CHANGE}
    now, told = _payable(move), standing.last_told or move.before
    if now is None or told is None or move.before is None or not _same(told, now) or now == move.before:
        return None
    moved = abs(now.minor - told.minor) >= minimum_step(now.currency)
    return {"kind": RuleKind.ANY_CHANGE, "reference_minor": told.minor} if moved else None


Rule = Callable[[Move, RuleTerms, Standing], Reason | None]

RULES: Mapping[RuleKind, Rule] = {
    RuleKind.TARGET: reached_target,
    RuleKind.LOWEST: lowest,
    RuleKind.DROP_BY: drop_by,
    RuleKind.ANY_DROP: any_drop,
    RuleKind.BACK_IN_STOCK: back_in_stock,
    RuleKind.OUT_OF_STOCK: out_of_stock,
    RuleKind.RISE: rise,
    RuleKind.ANY_CHANGE: any_change,
}
"""In the order in which a message names them: the most telling first."""


def judge(move: Move, rule: AlertRule, standing: Standing) -> Reason | None:
    return RULES[RuleKind(rule.kind)](move, rule, standing)


def reference_price(move: Move, reference: str | None, standing: Standing) -> Money | None:
    """What a drop is measured against; None while that is not known."""
    match reference:
        case Reference.ADDED:
            return standing.added
        case Reference.LAST_ALERT:
            return standing.last_told
        case Reference.MEDIAN:
            return move.history.median(move.observed_at)
        case _:
            return standing.highest


def _payable(move: Move) -> Money | None:
    return move.now if move.is_for_sale else None


def _is_back(move: Move) -> bool:
    return move.was == Availability.OUT_OF_STOCK and move.availability == Availability.IN_STOCK


def _same(one: Money | None, other: Money) -> bool:
    return one is not None and one.currency == other.currency
