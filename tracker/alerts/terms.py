"""What a rule may say, and when it may be told again. Pure; of a watch's rules and of default ones alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from tracker.alerts.rearm import MOVING
from tracker.alerts.rules import RULES
from tracker.errors import BadInput
from tracker.money import Money
from tracker.watches.models import Rearm, Reference, RuleKind, RuleTerms

PERCENTS = (5, 10, 20, 30)
"""Offered; any whole number from 1 to 99 is taken."""
STEEP = 90
"""Percent: a drop from here on is questioned once."""
DAYS: tuple[int | None, ...] = (None, 30, 90, 365)
HOURS = (1, 6, 24, 168)

_SAYS_MORE = (RuleKind.TARGET, RuleKind.DROP_BY, RuleKind.LOWEST)
_GOES_LOWER = (RuleKind.TARGET, RuleKind.ANY_DROP, RuleKind.LOWEST)
_ORDER = list(RULES)


class Limit(StrEnum):
    """What a watch hears of, and when, whatever its rules say."""

    ONE_SELLER = "seller"
    ANY_SELLER = "anyone"
    ONLY_NEW = "new"
    USED_TOO = "used"
    AT_ONCE = "at_once"
    IN_TURN = "in_turn"
    """With all others: by the person's digests, quiet hours and caps."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What a person chose. What of a drop is None stays as it was; LOWEST without `days` is ever."""

    kind: RuleKind
    amount: Money | None = None
    percent: int | None = None
    reference: Reference | None = None
    days: int | None = None

    @property
    def says_nothing(self) -> bool:
        """Whether the kind is all that there is to say."""
        return self.kind not in _SAYS_MORE

    @property
    def is_steep(self) -> bool:
        return self.percent is not None and STEEP <= self.percent < 100


@dataclass(frozen=True, slots=True)
class Again:
    """When a rule may be told again."""

    rearm: Rearm
    hours: int | None = None


def check(terms: Terms, currency: str | None) -> None:
    """Raises BadInput for terms that no rule can have; `currency` is the page's, where it names one."""
    if terms.percent is not None and not 1 <= terms.percent <= 99:
        raise BadInput("error.drop_percent")
    if terms.days not in DAYS:
        raise BadInput("error.stale_button")
    is_target = terms.kind == RuleKind.TARGET
    if terms.amount is not None:
        if terms.amount.minor <= 0:
            raise BadInput("error.target_not_positive" if is_target else "error.drop_not_positive")
        if currency is not None and terms.amount.currency != currency:
            raise BadInput("error.target_currency" if is_target else "error.drop_currency", currency=currency)
    elif is_target:
        raise BadInput("error.stale_button")


def write(rule: RuleTerms, terms: Terms) -> None:
    """Let a rule say what was chosen. Raises BadInput for a reference without a drop to measure by it."""
    if terms.amount is not None:
        rule.amount_minor, rule.currency, rule.percent = terms.amount.minor, terms.amount.currency, None
    elif terms.percent is not None:
        rule.amount_minor, rule.currency, rule.percent = None, None, terms.percent
    rule.days = terms.days
    if terms.kind == RuleKind.DROP_BY:
        if rule.percent is None and rule.amount_minor is None:
            raise BadInput("error.no_drop_chosen")
        rule.reference = terms.reference or rule.reference or Reference.HIGHEST
    if rule.rearm not in ways(rule):
        rule.rearm, rule.rearm_hours = Rearm.CROSSING, None


def ways(rule: RuleTerms) -> tuple[Rearm, ...]:
    """The ways of being told again that mean something for a rule.

    "Every further low" is what a drop against a reference that moves with each alert is told by anyway.
    """
    goes_lower = rule.kind in _GOES_LOWER or (rule.kind == RuleKind.DROP_BY and rule.reference not in MOVING)
    further = (Rearm.FURTHER,) if goes_lower else ()
    return (Rearm.ONCE, Rearm.CROSSING, *further, Rearm.HOURS)


def write_rearm(rule: RuleTerms, again: Again) -> None:
    """Raises BadInput for a way that the rule does not know."""
    hours = HOURS if again.rearm == Rearm.HOURS else (None,)
    if again.rearm not in ways(rule) or again.hours not in hours:
        raise BadInput("error.stale_button")
    rule.rearm, rule.rearm_hours = again.rearm, again.hours


Rule = TypeVar("Rule", bound=RuleTerms)


def in_order(rules: Iterable[Rule]) -> list[Rule]:
    """As messages name them: the most telling first."""
    return sorted(rules, key=lambda rule: _ORDER.index(RuleKind(rule.kind)))
