"""What a person reads about their rules: one sentence each, and buttons for what can be chosen."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup

from tests.rows import rupees
from tests.telegram.made import LARGEST_ID, NOW, Html, buttons, listing, watch
from tracker.alerts.choosing import Known, Met, Unlikely
from tracker.alerts.terms import DAYS
from tracker.catalog.history import Lowest
from tracker.money import Money
from tracker.telegram import cards, rule_cards
from tracker.telegram.callbacks import RuleAction, RuleButton
from tracker.telegram.cards import Card
from tracker.telegram.rule_lines import rule_line, summary
from tracker.texts import Language
from tracker.watches.models import AlertRule, DefaultRule, Rearm, Reference, RuleKind, Watch


def rule(kind: RuleKind, rearm: Rearm = Rearm.CROSSING, **terms: Any) -> AlertRule:
    return AlertRule(kind=kind, rearm=rearm, **terms)


TARGET: dict[str, Any] = {"amount_minor": 150000, "currency": "INR"}


@pytest.mark.parametrize(
    ("chosen", "sentence"),
    [
        pytest.param(rule(RuleKind.ANY_DROP), "🔔 I tell you about any drop, every time", id="any drop"),
        pytest.param(
            rule(RuleKind.TARGET, **TARGET),
            "🎯 I tell you at ₹1,500 or less, every time it gets there",
            id="a target",
        ),
        pytest.param(
            rule(RuleKind.TARGET, Rearm.FURTHER, **TARGET),
            "🎯 I tell you at ₹1,500 or less, every time it gets there and at every further low",
            id="further lows of a target",
        ),
        pytest.param(
            rule(RuleKind.TARGET, Rearm.ONCE, **TARGET), "🎯 I tell you at ₹1,500 or less, once", id="once"
        ),
        pytest.param(
            rule(RuleKind.TARGET, Rearm.ONCE, fired_at=NOW, **TARGET),
            "🎯 I tell you at ₹1,500 or less, once, and that was said",
            id="once, and said",
        ),
        pytest.param(
            rule(RuleKind.TARGET, Rearm.HOURS, rearm_hours=1, **TARGET),
            "🎯 I tell you at ₹1,500 or less, at most once an hour",
            id="an hour",
        ),
        pytest.param(
            rule(RuleKind.ANY_DROP, Rearm.HOURS, rearm_hours=6),
            "🔔 I tell you about any drop, at most once in 6 hours",
            id="hours",
        ),
        pytest.param(
            rule(RuleKind.ANY_DROP, Rearm.HOURS, rearm_hours=24),
            "🔔 I tell you about any drop, at most once a day",
            id="a day",
        ),
        pytest.param(
            rule(RuleKind.ANY_DROP, Rearm.HOURS, rearm_hours=168),
            "🔔 I tell you about any drop, at most once in 7 days",
            id="a week",
        ),
        pytest.param(
            rule(RuleKind.ANY_DROP, Rearm.FURTHER),
            "🔔 I tell you about any drop, only when lower than the last time",
            id="further lows",
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, percent=10, reference=Reference.HIGHEST),
            "📉 I tell you at 10 % less than its highest since my last message, every time it gets there",
            id="percent of the highest",
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, amount_minor=50000, currency="INR", reference=Reference.ADDED),
            "📉 I tell you at ₹500 less than when you added it, every time it gets there",
            id="an amount since added",
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, percent=5, reference=Reference.LAST_ALERT),
            "📉 I tell you at 5 % less than when I last told you, every time it gets there",
            id="since told",
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, percent=5, reference=Reference.MEDIAN),
            "📉 I tell you at 5 % less than its usual price of 30 days, every time it gets there",
            id="the median",
        ),
        pytest.param(
            rule(RuleKind.LOWEST),
            "🏆 I tell you at the lowest price since we track it, every time",
            id="lowest ever",
        ),
        pytest.param(
            rule(RuleKind.LOWEST, days=90),
            "🏆 I tell you at the lowest price in 90 days, every time",
            id="lowest",
        ),
        pytest.param(
            rule(RuleKind.BACK_IN_STOCK), "📦 I tell you when it is back in stock, every time", id="back"
        ),
        pytest.param(rule(RuleKind.OUT_OF_STOCK), "🚫 I tell you when it is sold out, every time", id="out"),
        pytest.param(rule(RuleKind.RISE), "📈 I tell you when it costs more, every time", id="rise"),
        pytest.param(
            rule(RuleKind.ANY_CHANGE),
            "🔁 I tell you about every change of price or stock, every time",
            id="any change",
        ),
    ],
)
def test_a_rule_is_one_sentence(chosen: AlertRule, sentence: str) -> None:
    assert rule_line(Language(), chosen).striptags() == sentence


def met(chosen: AlertRule, **reason: object) -> str:
    return rule_cards.met(Language(), Met(chosen, reason, rupees("1400"))).striptags()


@pytest.mark.parametrize(
    ("rearm", "hours", "said"),
    [
        (Rearm.CROSSING, None, "I tell you when it has been above and comes back."),
        (Rearm.ONCE, None, "That was the once: I say no more unless you arm it again."),
        (Rearm.FURTHER, None, "I tell you at every further low, and when it has been above and comes back."),
        (Rearm.HOURS, 6, "I tell you of changes while it stays there, at most once in 6 hours."),
    ],
)
def test_a_target_that_is_met_says_when_it_is_told_again(rearm: Rearm, hours: int | None, said: str) -> None:
    chosen = rule(RuleKind.TARGET, rearm, rearm_hours=hours, **TARGET)
    assert met(chosen, target_minor=150000) == (
        f"🎯 It costs ₹1,400 already, which meets your target of ₹1,500. {said}"
    )


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        (Reference.MEDIAN, "I tell you when it has been above and comes back."),
        (Reference.HIGHEST, "I tell you when it falls as much again."),
    ],
)
def test_a_drop_that_is_met_names_what_it_fell_from(reference: Reference, said: str) -> None:
    chosen = rule(RuleKind.DROP_BY, percent=20, reference=reference)
    assert met(chosen, reference_minor=200000) == (
        f"📉 It costs ₹1,400 already: −₹600 (−30 %) from ₹2,000. {said}"
    )


@pytest.mark.parametrize(
    ("kind", "why", "said"),
    [
        pytest.param(
            RuleKind.TARGET,
            Unlikely(rupees("50000"), rupees("1"), rupees("40000")),
            "🤔 ₹1 is 99.99 % less than it costs, and the lowest I know is ₹40,000. "
            "Send it again if you mean it, or another price.",
            id="never rounded up to all of it",
        ),
        pytest.param(
            RuleKind.TARGET,
            Unlikely(rupees("1000"), rupees("100"), rupees("900")),
            "🤔 ₹100 is 90 % less than it costs, and the lowest I know is ₹900. "
            "Send it again if you mean it, or another price.",
            id="a whole number",
        ),
        pytest.param(
            RuleKind.DROP_BY,
            Unlikely(rupees("2000"), rupees("100"), rupees("1300")),
            "🤔 Such a drop would be from ₹2,000 to ₹100, and the lowest I know is ₹1,300. "
            "Send it again if you mean it, or another drop.",
            id="a drop",
        ),
    ],
)
def test_a_wish_that_can_hardly_come_true_is_questioned_with_figures(
    kind: RuleKind, why: Unlikely, said: str
) -> None:
    assert rule_cards.unlikely(Language(), kind, why).striptags() == said


def known(price: Money | None) -> Known:
    lowest = Lowest(price, NOW) if price else None
    return Known(dict.fromkeys(Reference, price), dict.fromkeys(DAYS, lowest))


def test_each_reference_is_explained_with_the_price_that_it_means_now() -> None:
    chosen = rule(RuleKind.DROP_BY, percent=10, reference=Reference.ADDED)
    prices = dict(known(None).references) | {
        Reference.HIGHEST: rupees("1999"),
        Reference.ADDED: rupees("1899"),
        Reference.LAST_ALERT: rupees("1799"),
    }
    seen = watch(listing(), rules=[chosen])
    card = rule_cards.drop(Language(), seen, Known(prices, known(None).lowest))
    lines = Html(card).words.splitlines()
    assert "As things stand, that is at ₹1,709.10 or less." in lines
    assert "• its highest since my last message: ₹1,999" in lines
    assert "• when you added it: ₹1,899" in lines
    assert "• when I last told you: ₹1,799" in lines
    assert "• its usual price of 30 days: no price now" in lines
    assert {"5 %", "• 10 %", "• When added", "Usual price", "✏ Another drop…"} <= buttons(card).keys()


def test_a_drop_below_nothing_names_no_price() -> None:
    chosen = rule(RuleKind.DROP_BY, amount_minor=500000, currency="INR", reference=Reference.ADDED)
    card = rule_cards.drop(Language(), watch(listing(), rules=[chosen]), known(rupees("1999")))
    assert "As things stand" not in Html(card).words


def test_the_rules_that_are_set_stand_above_those_that_could_be() -> None:
    seen = watch(listing(), rules=[rule(RuleKind.ANY_DROP), rule(RuleKind.TARGET, **TARGET)])
    assert list(buttons(rule_cards.rules(Language(), seen))) == [
        "✅ Target ₹1,500",
        "🔁 Every time",
        "✅ Any drop",
        "☐ Drop by…",
        "☐ Lowest price",
        "☐ Back in stock",
        "☐ Sold out",
        "☐ Price rise",
        "☐ Any change",
        "⚙ Seller, condition, at once",
        "◀ Back",
    ]


def test_a_rule_that_was_said_once_offers_to_be_armed_again() -> None:
    spent = rule(RuleKind.ANY_DROP, Rearm.ONCE, fired_at=NOW)
    found = buttons(rule_cards.rules(Language(), watch(listing(), rules=[spent])))
    data = RuleButton.unpack(found["🔁 Said once: arm again"])
    assert (data.action, data.kind) == (RuleAction.ARM, RuleKind.ANY_DROP)


@pytest.mark.parametrize(
    ("chosen", "offered"),
    [
        pytest.param(rule(RuleKind.RISE), {"Once", "• Every time"}, id="a rise"),
        pytest.param(
            rule(RuleKind.TARGET, **TARGET), {"Once", "• Every time", "Every further low"}, id="a target"
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, percent=5, reference=Reference.HIGHEST),
            {"Once", "• Every time"},
            id="a drop against what moves",
        ),
        pytest.param(
            rule(RuleKind.DROP_BY, Rearm.FURTHER, percent=5, reference=Reference.ADDED),
            {"Once", "Every time", "• Every further low"},
            id="a drop against what stays",
        ),
    ],
)
def test_only_ways_that_mean_something_are_offered(chosen: AlertRule, offered: set[str]) -> None:
    found = buttons(rule_cards.agains(Language(), watch(listing(), rules=[chosen]), chosen)).keys()
    hours = {
        "at most once an hour",
        "at most once in 6 hours",
        "at most once a day",
        "at most once in 7 days",
    }
    assert found - hours - {"◀ Back"} == offered


def test_a_seller_can_be_kept_to_where_the_page_names_one() -> None:
    without = rule_cards.limits(Language(), watch(listing()))
    with_one = rule_cards.limits(Language(), watch(listing(seller="Cloudtail")))
    assert "☐ Only from this seller" not in buttons(without)
    assert "☐ Only from this seller" in buttons(with_one)
    chosen = watch(listing(), only_seller="Cloudtail", is_only_new=True, is_always_at_once=True)
    card = rule_cards.limits(Language(), chosen)
    assert "🏷 Only from Cloudtail\n✨ Only new, no used ones\n⚡ Always at once" in Html(card).words
    assert {"✅ Only from this seller", "✅ Only new, no used ones", "✅ Always at once"} <= buttons(
        card
    ).keys()


def test_defaults_offer_no_target_and_nothing_to_arm() -> None:
    card = rule_cards.default_rules(Language(), [DefaultRule(kind=RuleKind.ANY_DROP, rearm=Rearm.ONCE)])
    found = buttons(card)
    assert "🔔 I tell you about any drop, once" in Html(card).words
    assert not [label for label in found if "Target" in label or "arm" in label]


def test_a_watch_with_many_rules_names_the_first_and_counts_the_others() -> None:
    kinds = [RuleKind.ANY_CHANGE, RuleKind.RISE, RuleKind.OUT_OF_STOCK, RuleKind.ANY_DROP, RuleKind.LOWEST]
    lines = [line.striptags() for line in summary(Language(), Watch(rules=[rule(kind) for kind in kinds]))]
    assert len(lines) == 3
    assert lines[0].startswith("🏆")
    assert lines[-1] == "… and 3 more rules"


def everything(minor: int, currency: str, seller: str) -> tuple[Watch, AlertRule]:
    """A watch with every rule at its longest."""
    money: dict[str, Any] = {"amount_minor": minor, "currency": currency}
    drop = rule(RuleKind.DROP_BY, Rearm.FURTHER, reference=Reference.MEDIAN, **money)
    others = [
        rule(kind, Rearm.HOURS, rearm_hours=168, days=365)
        for kind in RuleKind
        if kind not in (RuleKind.DROP_BY, RuleKind.TARGET)
    ]
    rules = [drop, rule(RuleKind.TARGET, Rearm.FURTHER, **money), *others]
    found = listing(title=seller * 9, seller=seller, variant=seller, price_minor=minor, currency=currency)
    seen = watch(
        found, id=LARGEST_ID, rules=rules, only_seller=seller, is_only_new=True, is_always_at_once=True
    )
    return seen, drop


@settings(deadline=None, max_examples=40)  # each draws seven cards
@given(
    seller=st.text(max_size=255),
    minor=st.integers(min_value=1, max_value=10**15 - 1),
    currency=st.sampled_from(["INR", "JPY", "KWD", "EUR"]),
)
def test_no_card_of_rules_is_longer_than_a_caption_nor_a_button_than_64_bytes(
    seller: str, minor: int, currency: str
) -> None:
    seen, drop = everything(minor, currency, seller)
    price, language = Money(minor, currency), Language()
    note = rule_cards.met(language, Met(drop, {"reference_minor": minor}, price))
    shown = [
        rule_cards.rules(language, seen, note=note),
        rule_cards.target(language, seen, seen.rules[1]),
        rule_cards.drop(language, seen, known(price), note=note),
        rule_cards.lowest(language, seen, known(price)),
        rule_cards.agains(language, seen, drop),
        rule_cards.limits(language, seen),
        cards.watch(language, seen, (price, price), NOW, note=language("watch.begun")),
    ]
    for card in shown:
        read = Html(card)
        assert len(read.words.encode("utf-16-le")) // 2 <= 1024
        assert read.tags <= {"a", "b", "s"}
        assert all(len(data.encode()) <= 64 for data in _data(card))


def _data(card: Card) -> list[str]:
    return [data for data in buttons(card).values() if not data.startswith("http")]


@pytest.mark.parametrize(
    "title", ["<b>x</b>", '"><a href="https://evil.example">x', "I <3 AT&T", "\u202eevil\u2066 title"]
)
def test_a_foreign_title_or_seller_stays_one(title: str) -> None:
    seen = watch(listing(title=title, seller=title), only_seller=title)
    for card in (rule_cards.rules(Language(), seen), rule_cards.limits(Language(), seen)):
        read = Html(card)
        assert read.tags <= {"a", "b"}
        assert set(read.links) <= {seen.listing.url}
    asked = Html(Card(Markup(rule_cards.ask_target(Language(), seen))))
    assert asked.tags == {"b"}
