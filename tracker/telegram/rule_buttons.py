"""The buttons of rules: of a watch's, and, as watch 0, of those that new watches begin with."""

from collections.abc import Iterable, Sequence

from aiogram.types import InlineKeyboardButton

from tracker.alerts.terms import DAYS, HOURS, PERCENTS, Limit, in_order, ways
from tracker.telegram.callbacks import RuleAction, RuleButton
from tracker.telegram.cards import Rows, button
from tracker.telegram.rule_lines import drop_of, hours, is_spent
from tracker.texts import Language
from tracker.watches.models import Rearm, Reference, RuleKind, RuleTerms, Watch

FOR_ALL = 0
"""The watch of the default rules."""

_LABELS = {
    RuleKind.TARGET: "kind.target",
    RuleKind.DROP_BY: "kind.drop_by",
    RuleKind.LOWEST: "kind.lowest",
    RuleKind.ANY_DROP: "kind.any_drop",
    RuleKind.BACK_IN_STOCK: "kind.back_in_stock",
    RuleKind.OUT_OF_STOCK: "kind.out_of_stock",
    RuleKind.RISE: "kind.rise",
    RuleKind.ANY_CHANGE: "kind.any_change",
}
_FIRST_TAP = {
    RuleKind.TARGET: RuleAction.TYPE,
    RuleKind.DROP_BY: RuleAction.KIND,
    RuleKind.LOWEST: RuleAction.KIND,
}
"""What a tap on a kind does that is off; all others are simply set."""

_AGAIN = {
    Rearm.ONCE: "button.again_once",
    Rearm.CROSSING: "button.again_crossing",
    Rearm.FURTHER: "button.again_further",
}
_REFERENCES = {
    Reference.HIGHEST: "button.against_highest",
    Reference.ADDED: "button.against_added",
    Reference.LAST_ALERT: "button.against_last_alert",
    Reference.MEDIAN: "button.against_median",
}


def kinds(language: Language, watch_id: int, rules: Iterable[RuleTerms]) -> Rows:
    """Each rule that is set beside when it is told again, then the kinds that are not, two a row."""
    rules = in_order(rules)
    are_set = {rule.kind for rule in rules}
    rows = [[_set(language, watch_id, rule), _again(language, watch_id, rule)] for rule in rules]
    unset = [
        rule_button(
            language.plain("button.off", what=language.plain(label)),
            RuleButton(action=_FIRST_TAP.get(kind, RuleAction.SET), watch_id=watch_id, kind=kind),
        )
        for kind, label in _LABELS.items()
        if kind not in are_set and not (watch_id == FOR_ALL and kind == RuleKind.TARGET)
    ]
    return rows + in_rows(unset, 2)


def drops(language: Language, watch_id: int, rule: RuleTerms | None) -> Rows:
    """How large a drop; and, once that is chosen, against what."""
    kind = RuleKind.DROP_BY
    rows = [
        [
            rule_button(
                _marked(
                    language.plain("rule.percent", percent=language.number(percent)),
                    bool(rule and rule.percent == percent),
                ),
                RuleButton(action=RuleAction.SET, watch_id=watch_id, kind=kind, value=str(percent)),
            )
            for percent in PERCENTS
        ],
        [action(language, "button.other_drop", RuleAction.TYPE, watch_id, kind)],
    ]
    if rule is None:
        return rows
    references = [
        rule_button(
            _marked(language.plain(label), rule.reference == reference),
            RuleButton(action=RuleAction.REFERENCE, watch_id=watch_id, kind=kind, value=reference),
        )
        for reference, label in _REFERENCES.items()
    ]
    return [
        *rows,
        *in_rows(references, 2),
        [action(language, "button.remove", RuleAction.REMOVE, watch_id, kind)],
    ]


def windows(language: Language, watch_id: int, rule: RuleTerms | None) -> Rows:
    """The lowest price of how many days?"""
    kind = RuleKind.LOWEST
    choices = [
        rule_button(
            _marked(_window(language, days), bool(rule and rule.days == days)),
            RuleButton(action=RuleAction.SET, watch_id=watch_id, kind=kind, value=str(days or 0)),
        )
        for days in DAYS
    ]
    rows = in_rows(choices, 2)
    if rule is not None:
        rows.append([action(language, "button.remove", RuleAction.REMOVE, watch_id, kind)])
    return rows


def agains(language: Language, watch_id: int, rule: RuleTerms) -> Rows:
    """When may it be told again? Only what means something for this rule."""
    kind = RuleKind(rule.kind)

    def choice(text: str, value: str, is_chosen: bool) -> InlineKeyboardButton:
        data = RuleButton(action=RuleAction.REARM, watch_id=watch_id, kind=kind, value=value)
        return rule_button(_marked(text, is_chosen), data)

    rows = [
        [choice(language.plain(_AGAIN[way]), way, rule.rearm == way)]
        for way in ways(rule)
        if way != Rearm.HOURS
    ]
    waits = [
        choice(
            hours(language, number).striptags(),
            str(number),
            rule.rearm == Rearm.HOURS and rule.rearm_hours == number,
        )
        for number in HOURS
    ]
    return rows + in_rows(waits, 2)


def limits(language: Language, watch: Watch) -> Rows:
    """What a watch hears of, and when. A seller can be kept to where the page names one."""
    choices = []
    if watch.only_seller or watch.listing.seller:
        other = Limit.ANY_SELLER if watch.only_seller else Limit.ONE_SELLER
        choices.append(("limit.this_seller", bool(watch.only_seller), other))
    choices += [
        ("limit.new", watch.is_only_new, Limit.USED_TOO if watch.is_only_new else Limit.ONLY_NEW),
        ("limit.now", watch.is_always_at_once, Limit.IN_TURN if watch.is_always_at_once else Limit.AT_ONCE),
    ]
    return [
        [
            rule_button(
                language.plain("button.on" if is_on else "button.off", what=language.plain(label)),
                RuleButton(action=RuleAction.LIMIT, watch_id=watch.id, value=other),
            )
        ]
        for label, is_on, other in choices
    ]


def action(
    language: Language, key: str, what: RuleAction, watch_id: int, kind: RuleKind | None = None
) -> InlineKeyboardButton:
    return button(language, key, RuleButton(action=what, watch_id=watch_id, kind=kind))


def rule_button(text: str, data: RuleButton) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def in_rows(buttons: Sequence[InlineKeyboardButton], a_row: int) -> Rows:
    return [list(buttons[start : start + a_row]) for start in range(0, len(buttons), a_row)]


def _set(language: Language, watch_id: int, rule: RuleTerms) -> InlineKeyboardButton:
    """A rule that is on: a tap takes it away, or shows what else could be chosen."""
    kind = RuleKind(rule.kind)
    what = RuleAction.KIND if kind in _FIRST_TAP else RuleAction.REMOVE
    data = RuleButton(action=what, watch_id=watch_id, kind=kind)
    return rule_button(language.plain("button.on", what=_name(language, rule)), data)


def _name(language: Language, rule: RuleTerms) -> str:
    match rule.kind:
        case RuleKind.TARGET if rule.amount:
            return language.plain("kind.target_of", target=language.money(rule.amount))
        case RuleKind.DROP_BY:
            return language.plain("kind.drop_of", drop=drop_of(language, rule))
        case RuleKind.LOWEST:
            return language.plain("kind.lowest_in", days=_window(language, rule.days))
        case kind:
            return language.plain(_LABELS[RuleKind(kind)])


def _window(language: Language, days: int | None) -> str:
    return language.count("kind.days", days).striptags() if days else language.plain("kind.ever")


def _again(language: Language, watch_id: int, rule: RuleTerms) -> InlineKeyboardButton:
    kind = RuleKind(rule.kind)
    if is_spent(rule):
        return action(language, "button.arm", RuleAction.ARM, watch_id, kind)
    if rule.rearm == Rearm.HOURS:
        text = hours(language, rule.rearm_hours or 1).striptags()
    else:
        text = language.plain(_AGAIN[Rearm(rule.rearm)])
    data = RuleButton(action=RuleAction.AGAIN, watch_id=watch_id, kind=kind)
    return rule_button(language.plain("button.again", how=text), data)


def _marked(text: str, is_chosen: bool) -> str:
    return f"• {text}" if is_chosen else text
