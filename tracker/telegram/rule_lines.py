"""A rule in one sentence, with when it is told again."""

from collections.abc import Iterable

from markupsafe import Markup

from tracker.alerts.rearm import LEVELS
from tracker.alerts.terms import in_order
from tracker.texts import Language, clean
from tracker.watches.models import AlertRule, Rearm, Reference, RuleKind, RuleTerms, Watch

_SHOWN = 2
"""Rules that a card names when it has more to say than its rules."""

_PLAIN = {
    RuleKind.ANY_DROP: "rule.any_drop",
    RuleKind.BACK_IN_STOCK: "rule.back_in_stock",
    RuleKind.OUT_OF_STOCK: "rule.out_of_stock",
    RuleKind.RISE: "rule.rise",
    RuleKind.ANY_CHANGE: "rule.any_change",
}

AGAINST = {
    Reference.HIGHEST: "against.highest",
    Reference.ADDED: "against.added",
    Reference.LAST_ALERT: "against.last_alert",
    Reference.MEDIAN: "against.median",
}


def rule_line(language: Language, rule: RuleTerms) -> Markup:
    """What a rule tells, and how often: "🎯 At ₹1,500 or less, every time it gets there"."""
    return language("rule.line", rule=_condition(language, rule), again=again(language, rule))


def again(language: Language, rule: RuleTerms) -> Markup:
    """When a rule is told again."""
    is_level = rule.kind in LEVELS
    match rule.rearm:
        case Rearm.ONCE:
            key = "again.said" if is_spent(rule) else "again.once"
        case Rearm.FURTHER:
            key = "again.further_level" if is_level else "again.further"
        case Rearm.HOURS:
            return hours(language, rule.rearm_hours or 1)
        case _:
            key = "again.crossing_level" if is_level else "again.crossing"
    return language(key)


def hours(language: Language, number: int) -> Markup:
    if number % 24:
        return language.count("again.hours", number)
    return language.count("again.days", number // 24)


def is_spent(rule: RuleTerms) -> bool:
    """Whether a rule that is told once was told."""
    return isinstance(rule, AlertRule) and rule.rearm == Rearm.ONCE and rule.fired_at is not None


def drop_of(language: Language, rule: RuleTerms) -> str:
    """How large a drop has to be: "10 %", or "₹500"."""
    if rule.amount is not None:
        return language.money(rule.amount)
    return language.plain("rule.percent", percent=language.number(rule.percent or 0))


def summary(language: Language, watch: Watch) -> list[Markup]:
    """The first of a watch's rules, and how many there are beside them."""
    rules = in_order(watch.rules)
    lines = [rule_line(language, rule) for rule in rules[:_SHOWN]]
    if not lines:
        return [language("rule.none")]
    more = len(rules) - _SHOWN
    return [*lines, language.count("rule.more", more)] if more > 0 else lines


def limit_lines(language: Language, watch: Watch) -> list[Markup]:
    """What a watch does not hear of, and whether it waits."""
    lines = []
    if watch.only_seller:
        lines.append(language("limit.one_seller", seller=clean(watch.only_seller, limit=30)))
    if watch.is_only_new:
        lines.append(language("limit.only_new"))
    if watch.is_always_at_once:
        lines.append(language("limit.at_once"))
    return lines


def rule_lines(language: Language, rules: Iterable[RuleTerms]) -> list[Markup]:
    lines = [rule_line(language, rule) for rule in in_order(rules)]
    return lines or [language("rule.none")]


def _condition(language: Language, rule: RuleTerms) -> Markup:
    match rule.kind:
        case RuleKind.TARGET:
            return language("rule.target", target=language.money(rule.amount) if rule.amount else "")
        case RuleKind.DROP_BY:
            against = language(AGAINST[Reference(rule.reference or Reference.HIGHEST)])
            return language("rule.drop_by", drop=drop_of(language, rule), against=against)
        case RuleKind.LOWEST if rule.days:
            return language("rule.lowest_days", days=language.number(rule.days))
        case RuleKind.LOWEST:
            return language("rule.lowest_ever")
        case kind:
            return language(_PLAIN[RuleKind(kind)])
