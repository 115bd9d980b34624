"""When a person is told: one pure function for each kind of rule, over a move."""

from collections.abc import Callable, Mapping
from typing import Any

from tracker.catalog.move import Move
from tracker.watches.models import AlertRule, RuleKind

Reason = dict[str, Any]


def any_drop(move: Move, _rule: AlertRule) -> Reason | None:
    """The price fell. A first reading is no drop, and neither is a page without a price."""
    if move.before is None or move.now is None or move.before.currency != move.now.currency:
        return None
    return {"kind": RuleKind.ANY_DROP} if move.now < move.before else None


def reached_target(move: Move, rule: AlertRule) -> Reason | None:
    """The price came from above the target to it or below it; while it stays there, that is said once.

    A target that is met already when it is set is said then, so a first reading is silent here.
    """
    target = rule.target
    if target is None or move.before is None or move.now is None:
        return None
    if not move.before.currency == move.now.currency == target.currency:
        return None
    if move.now <= target < move.before:
        return {"kind": RuleKind.TARGET, "target_minor": target.minor}
    return None


RULES: Mapping[RuleKind, Callable[[Move, AlertRule], Reason | None]] = {
    RuleKind.ANY_DROP: any_drop,
    RuleKind.TARGET: reached_target,
}
