"""Whether a rule whose condition holds is told again, and what it remembers then. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker.alerts.rules import Reason
from tracker.alerts.steps import is_below
from tracker.catalog.move import Move
from tracker.money import Money
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind

LEVELS = (RuleKind.TARGET, RuleKind.DROP_BY)
"""Conditions that stay true for a while. The others are events: true in the moment of a move only."""

MOVING = (Reference.LAST_ALERT, Reference.HIGHEST)
"""References that each alert sets anew: what is measured against them is never told twice."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What a rule remembers between moves."""

    is_armed: bool = True
    fired_at: datetime | None = None
    fired_minor: int | None = None

    @classmethod
    def of(cls, rule: AlertRule) -> "Memory":
        return cls(rule.is_armed, rule.fired_at, rule.fired_minor)


def remember(rule: AlertRule, memory: Memory) -> None:
    rule.is_armed, rule.fired_at, rule.fired_minor = memory.is_armed, memory.fired_at, memory.fired_minor


def told(rule: AlertRule, reason: Reason | None, move: Move) -> tuple[bool, Memory]:
    """Whether a rule fires by this move, given the reason that its condition holds for; and its new memory.

    A level that is crossed upwards arms the rule again. While nothing is for sale, levels are neither
    reached nor left.
    """
    memory = Memory.of(rule)
    is_level = rule.kind in LEVELS
    if reason is None:
        if is_level and move.is_for_sale and not _is_spent(rule, memory):
            return False, Memory(True, memory.fired_at, memory.fired_minor)
        return False, memory
    if not _may_fire(rule, memory, move, is_level=is_level):
        return False, memory
    return True, Memory(
        not is_level or rule.reference in MOVING, move.observed_at, move.now.minor if move.now else None
    )


def _is_spent(rule: AlertRule, memory: Memory) -> bool:
    return rule.rearm == Rearm.ONCE and memory.fired_at is not None


def _may_fire(rule: AlertRule, memory: Memory, move: Move, *, is_level: bool) -> bool:
    match rule.rearm:
        case Rearm.ONCE:
            return memory.is_armed and memory.fired_at is None
        case Rearm.HOURS:
            gap = timedelta(hours=rule.rearm_hours or 0)
            return memory.fired_at is None or move.observed_at - memory.fired_at >= gap
        case Rearm.FURTHER:
            return (is_level and memory.is_armed) or _is_further_low(memory, move)
        case _:
            return memory.is_armed


def _is_further_low(memory: Memory, move: Move) -> bool:
    if memory.fired_minor is None:
        return True
    return move.now is not None and is_below(move.now, Money(memory.fired_minor, move.now.currency))
