"""The cards on which a person chooses when to be told: of one watch, and of all that are to come."""

from collections.abc import Iterable, Sequence
from decimal import ROUND_DOWN, Decimal

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.alerts.choosing import Known, Met, Unlikely
from tracker.alerts.rearm import MOVING
from tracker.catalog.models import Listing
from tracker.money import Money
from tracker.telegram import rule_buttons
from tracker.telegram.callbacks import AlertsAction, AlertsButton, RuleAction, WatchAction, WatchButton
from tracker.telegram.cards import Card, Rows, button, joined, link_to, photo_of, title_of
from tracker.telegram.rule_buttons import FOR_ALL
from tracker.telegram.rule_lines import AGAINST, again, limit_lines, rule_line, rule_lines
from tracker.texts import Language
from tracker.watches.models import AlertRule, DefaultRule, Rearm, Reference, RuleKind, RuleTerms, Watch

_TITLE = 40


def rules(language: Language, watch: Watch, *, note: Markup | None = None) -> Card:
    """The rules of a watch: a sentence and a button each, and buttons for those that are not set."""
    lines = [*rule_lines(language, watch.rules), *limit_lines(language, watch)]
    rows = [
        *rule_buttons.kinds(language, watch.id, watch.rules),
        [rule_buttons.action(language, "button.limits", RuleAction.LIMITS, watch.id)],
        [button(language, "button.back", WatchButton(action=WatchAction.CARD, watch_id=watch.id))],
    ]
    return _card(language, watch, lines, rows, note)


def target(language: Language, watch: Watch, rule: AlertRule) -> Card:
    rows = [
        [
            rule_buttons.action(language, "button.other_target", RuleAction.TYPE, watch.id, RuleKind.TARGET),
            rule_buttons.action(
                language, "button.remove_target", RuleAction.REMOVE, watch.id, RuleKind.TARGET
            ),
        ],
        _back(language, watch.id),
    ]
    return _card(language, watch, [rule_line(language, rule)], rows)


def drop(language: Language, watch: Watch, known: Known, *, note: Markup | None = None) -> Card:
    """How large a drop, and against what; each reference with the price that it means now."""
    rule = _one(watch.rules, RuleKind.DROP_BY)
    rows = [*rule_buttons.drops(language, watch.id, rule), _back(language, watch.id)]
    if rule is None:
        return _card(language, watch, [language("rule.which_drop")], rows, note)
    lines = [
        rule_line(language, rule),
        *_told_at(language, rule, known),
        Markup(""),
        language("rule.measured"),
    ]
    for reference, price in known.references.items():
        shown = language.money(price) if price else language("price.none")
        lines.append(language("rule.reference", against=language(AGAINST[reference]), price=shown))
    return _card(language, watch, lines, rows, note)


def lowest(language: Language, watch: Watch, known: Known) -> Card:
    """The lowest of how long, with what that is now."""
    rule = _one(watch.rules, RuleKind.LOWEST)
    lines = [rule_line(language, rule) if rule else language("rule.which_lowest")]
    ever = known.lowest[None]
    if ever is not None:
        since = language.calendar_day(ever.since.date())
        lines.append(language("rule.lowest_known", price=language.money(ever.price), since=since))
    rows = [*rule_buttons.windows(language, watch.id, rule), _back(language, watch.id)]
    return _card(language, watch, lines, rows)


def agains(language: Language, watch: Watch, rule: AlertRule) -> Card:
    """When may this rule be told again?"""
    rows = [*rule_buttons.agains(language, watch.id, rule), _back(language, watch.id)]
    return _card(language, watch, [rule_line(language, rule), language("rule.how_often")], rows)


def limits(language: Language, watch: Watch) -> Card:
    """Which offers are heard of, and whether anything holds them back; each explained."""
    lines = []
    if watch.only_seller or watch.listing.seller:
        lines.append(language("limit.seller_means"))
    lines += [language("limit.new_means"), language("limit.now_means")]
    chosen = limit_lines(language, watch)
    rows = [*rule_buttons.limits(language, watch), _back(language, watch.id)]
    return _card(language, watch, [*chosen, *([Markup("")] if chosen else []), *lines], rows)


def ask_target(language: Language, watch: Watch) -> Markup:
    """Which price? With the present one, so that the answer can be sensible."""
    return language(
        "rule.ask_target", title=title_of(watch.listing, limit=80), price=_price(language, watch.listing)
    )


def ask_drop(language: Language, watch: Watch) -> Markup:
    return language(
        "rule.ask_drop", title=title_of(watch.listing, limit=80), price=_price(language, watch.listing)
    )


def target_set(language: Language, watch: Watch, target: Money) -> Markup:
    return language("rule.target_set", target=language.money(target), price=_price(language, watch.listing))


def met(language: Language, one: Met) -> Markup:
    """What holds already is said at once, with when it is said again."""
    rule, price = one.rule, language.money(one.price)
    said_again = _after_met(language, rule)
    if rule.kind == RuleKind.TARGET:
        target = Money(one.reason["target_minor"], one.price.currency)
        return language("rule.target_met", price=price, target=language.money(target), again=said_again)
    reference = Money(one.reason["reference_minor"], one.price.currency)
    return language(
        "rule.drop_met",
        price=price,
        change=language.change(reference, one.price),
        reference=language.money(reference),
        again=said_again,
    )


def unlikely(language: Language, kind: RuleKind, why: Unlikely) -> Markup:
    """Is that meant? Said once."""
    lowest = language.money(why.lowest)
    if kind == RuleKind.TARGET:
        percent = _percent_below(language, why.wanted, why.price)
        return language(
            "rule.unlikely_target", target=language.money(why.wanted), percent=percent, lowest=lowest
        )
    price, wanted = language.money(why.price), language.money(why.wanted)
    return language("rule.unlikely_drop", price=price, wanted=wanted, lowest=lowest)


def default_rules(language: Language, rules: Sequence[DefaultRule], *, note: Markup | None = None) -> Card:
    """The rules that new watches begin with."""
    rows = [
        *rule_buttons.kinds(language, FOR_ALL, rules),
        [button(language, "button.back", AlertsButton(action=AlertsAction.SHOW))],
    ]
    return _default_card(language, rule_lines(language, rules), rows, note)


def default_drop(language: Language, rules: Sequence[DefaultRule]) -> Card:
    rule = _one(rules, RuleKind.DROP_BY)
    lines = [rule_line(language, rule) if rule else language("rule.which_drop")]
    return _default_card(
        language, lines, [*rule_buttons.drops(language, FOR_ALL, rule), _back(language, FOR_ALL)]
    )


def default_lowest(language: Language, rules: Sequence[DefaultRule]) -> Card:
    rule = _one(rules, RuleKind.LOWEST)
    lines = [rule_line(language, rule) if rule else language("rule.which_lowest")]
    rows = [*rule_buttons.windows(language, FOR_ALL, rule), _back(language, FOR_ALL)]
    return _default_card(language, lines, rows)


def default_agains(language: Language, rule: DefaultRule) -> Card:
    rows = [*rule_buttons.agains(language, FOR_ALL, rule), _back(language, FOR_ALL)]
    return _default_card(language, [rule_line(language, rule), language("rule.how_often")], rows)


def _card(
    language: Language, watch: Watch, lines: Sequence[Markup], rows: Rows, note: Markup | None = None
) -> Card:
    listing = watch.listing
    above = [*([note, Markup("")] if note else []), link_to(listing, limit=_TITLE)]
    above += [language("price.now", price=_price(language, listing)), Markup("")]
    keyboard = InlineKeyboardMarkup(inline_keyboard=rows)
    return Card(joined([*above, *lines]), photo_of(listing), keyboard)


def _default_card(
    language: Language, lines: Sequence[Markup], rows: Rows, note: Markup | None = None
) -> Card:
    above = [*([note, Markup("")] if note else []), language("defaults.heading"), Markup("")]
    return Card(joined([*above, *lines]), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _told_at(language: Language, rule: RuleTerms, known: Known) -> list[Markup]:
    """The price that a drop means now."""
    reference = known.references[Reference(rule.reference or Reference.HIGHEST)]
    if reference is None:
        return []
    if rule.percent is not None:
        minor = reference.minor * (100 - rule.percent) // 100
    else:
        minor = reference.minor - (rule.amount_minor or 0)
    return (
        [language("rule.drop_now", price=language.money(Money(minor, reference.currency)))]
        if minor > 0
        else []
    )


def _percent_below(language: Language, wanted: Money, price: Money) -> str:
    """Never rounded up: what costs something is not 100 % less."""
    percent = Decimal(price.minor - wanted.minor) * 100 / Decimal(price.minor)
    return language.number(percent.quantize(Decimal("0.01"), ROUND_DOWN))


def _after_met(language: Language, rule: AlertRule) -> Markup:
    match rule.rearm:
        case Rearm.ONCE:
            return language("met.once")
        case Rearm.FURTHER:
            return language("met.further")
        case Rearm.HOURS:
            return language("met.hours", again=again(language, rule))
        case _:
            return language("met.moving" if rule.reference in MOVING else "met.crossing")


def _price(language: Language, listing: Listing) -> str | Markup:
    return language.money(listing.price) if listing.price else language("price.none")


def _back(language: Language, watch_id: int) -> list[InlineKeyboardButton]:
    return [rule_buttons.action(language, "button.back", RuleAction.SHOW, watch_id)]


def _one(rules: Iterable[RuleTerms], kind: RuleKind) -> RuleTerms | None:
    return next((rule for rule in rules if rule.kind == kind), None)
