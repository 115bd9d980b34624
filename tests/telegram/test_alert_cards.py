"""Alerts and digests: what they say, in whose words, and within Telegram's limits."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.telegram.made import LARGEST_ID, NOW, Html, alert, buttons, listing, told, watch
from tracker.alerts.models import Alert, AlertPreferences
from tracker.alerts.owing import CORRECTED, SNOOZE_OVER
from tracker.alerts.rules import Reason
from tracker.alerts.service import MOST_IN_ONE, Told
from tracker.stores.offer import Availability
from tracker.telegram import alert_cards
from tracker.telegram.callbacks import CorrectionAction, CorrectionButton, Place, WatchAction, WatchButton
from tracker.texts import Language
from tracker.watches.models import Reference, RuleKind, WatchState


def words_of(said: Alert, **details: object) -> str:
    return Html(alert_cards.alert(Language(), told(said, watch(listing()), **details))).words  # type: ignore[arg-type]


def test_an_alert_says_what_it_costs_what_it_cost_and_the_difference() -> None:
    words = words_of(alert())
    assert "📉 Kettle" in words
    assert "₹1,499 instead of ₹1,999" in words
    assert "−₹500 (−25 %)" in words
    assert "Flipkart, read 24 Nov, 12:00" in words


EVERY_REASON: list[Reason] = [
    {"kind": RuleKind.TARGET, "target_minor": 150000},
    {"kind": RuleKind.LOWEST, "days": None, "since": "2026-10-03", "was_minor": 159900},
    {"kind": RuleKind.LOWEST, "days": 90, "since": "2026-10-03", "was_minor": 159900},
    *(
        {"kind": RuleKind.DROP_BY, "percent": 10, "reference": reference, "reference_minor": 179900}
        for reference in Reference
    ),
    {"kind": RuleKind.ANY_DROP},
    {"kind": RuleKind.ANY_DROP, "reference_minor": 199950},
    {"kind": RuleKind.BACK_IN_STOCK},
    {"kind": RuleKind.OUT_OF_STOCK},
    {"kind": RuleKind.RISE},
    {"kind": RuleKind.ANY_CHANGE},
    {"kind": SNOOZE_OVER, "below_minor": 159900},
    {"kind": CORRECTED, "wrong_minor": 14900},
]


@pytest.mark.parametrize(
    ("reason", "sentence"),
    [
        pytest.param(EVERY_REASON[0], "That reaches your target of ₹1,500", id="target"),
        pytest.param(EVERY_REASON[1], "since we track it, which is since 3 October 2026", id="lowest ever"),
        pytest.param(EVERY_REASON[2], "lowest price in the last 90 days", id="lowest in 90 days"),
        pytest.param(EVERY_REASON[3], "−₹300 (−17 %) since you added it at ₹1,799", id="since added"),
        pytest.param(EVERY_REASON[4], "since I last told you, at ₹1,799", id="since the last alert"),
        pytest.param(EVERY_REASON[5], "against its usual ₹1,799 of the last 30 days", id="the usual"),
        pytest.param(EVERY_REASON[6], "from ₹1,799, its highest since my last message", id="the highest"),
        pytest.param(EVERY_REASON[8], "It was ₹1,999.50 when I last told you", id="small steps"),
        pytest.param(EVERY_REASON[9], "back in stock", id="back"),
        pytest.param(EVERY_REASON[13], "below ₹1,599, so your snooze is over", id="snooze"),
        pytest.param(EVERY_REASON[14], "I told you ₹149 before, and that was wrong", id="corrected"),
    ],
)
def test_a_reason_is_said_in_a_sentence(reason: Reason, sentence: str) -> None:
    assert sentence in words_of(alert(reasons=[reason]))


def test_one_message_names_every_rule_that_fired() -> None:
    words = words_of(alert(reasons=EVERY_REASON[:2]))
    assert "your target of ₹1,500" in words
    assert "since we track it" in words


def test_a_plain_reason_is_not_said_beside_a_telling_one() -> None:
    alone, beside = words_of(alert()), words_of(alert(reasons=[EVERY_REASON[0], {"kind": RuleKind.ANY_DROP}]))
    assert "any drop" in alone
    assert "any drop" not in beside


@pytest.mark.parametrize(
    ("said", "sign"),
    [
        pytest.param(alert(now_minor=249900), "📈 Kettle", id="rise"),
        pytest.param(alert(reasons=[{"kind": RuleKind.BACK_IN_STOCK}]), "📦 Kettle", id="back"),
        pytest.param(alert(reasons=[EVERY_REASON[14]]), "⚠️ Kettle", id="corrected"),
    ],
)
def test_the_sign_says_what_happened(said: Alert, sign: str) -> None:
    assert sign in words_of(said)


def test_what_is_sold_out_has_no_price_in_its_alert() -> None:
    gone = alert(reasons=[{"kind": RuleKind.OUT_OF_STOCK}], now_minor=None)
    words = words_of(gone, availability=Availability.OUT_OF_STOCK)
    assert "sold out now" in words
    assert "₹" not in words


def test_an_alert_names_the_seller_when_it_is_not_the_store() -> None:
    assert "Flipkart, sold by RetailNet, read" in words_of(alert(), seller="RetailNet")
    assert "sold by" not in words_of(alert(), seller="flipkart")


def test_an_alert_leads_to_the_page_and_offers_all_that_can_be_done() -> None:
    found = listing()
    offered = buttons(alert_cards.alert(Language(), told(alert(), watch(found))))
    assert offered.pop("🛒 Open at Flipkart") == found.url
    assert offered.pop("❓ Wrong price?") == CorrectionButton(action=CorrectionAction.WRONG, id=5).pack()
    actions = {label: WatchButton.unpack(data) for label, data in offered.items()}
    assert {label: button.action for label, button in actions.items()} == {
        "🔄 Still this price?": WatchAction.STILL,
        "⏸ Pause": WatchAction.PAUSE,
        "😴 Snooze": WatchAction.SNOOZE,
        "🎯 New target": WatchAction.SET_TARGET,
        "🛍 I bought it": WatchAction.BOUGHT,
        "🗑 Stop": WatchAction.STOP,
        "📊 Details": WatchAction.CARD,
    }
    assert {button.place for button in actions.values()} == {Place.ALERT}


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        pytest.param(WatchState.PAUSED, "▶ Resume", id="paused"),
        pytest.param(WatchState.SNOOZED, "▶ Resume", id="snoozed"),
        pytest.param(WatchState.STOPPED, "↩ Undo", id="stopped"),
        pytest.param(WatchState.BOUGHT, "↩ Undo", id="bought"),
    ],
)
def test_an_alert_offers_the_way_back(state: WatchState, offered: str) -> None:
    seen = watch(listing(), state=state)
    assert offered in buttons(alert_cards.alert(Language(), told(alert(), seen)))


def test_a_photo_is_left_out_for_whoever_wants_text() -> None:
    pictured = watch(listing(image="https://shop.example/kettle.png"))
    text_only = AlertPreferences(user_id=1, has_photos=False)
    assert alert_cards.alert(Language(), told(alert(), pictured)).photo
    assert alert_cards.alert(Language(), told(alert(), pictured, preferences=text_only)).photo is None


@given(
    title=st.text(max_size=400),
    seller=st.text(max_size=300),
    minor=st.integers(min_value=1, max_value=10**15 - 1),
    currency=st.sampled_from(["INR", "JPY", "KWD", "EUR"]),
)
def test_no_alert_is_longer_than_a_caption_may_be(title: str, seller: str, minor: int, currency: str) -> None:
    # Once for each kind: a watch has at most one rule of a kind.
    reasons = list({reason["kind"]: reason for reason in EVERY_REASON}.values())
    said = alert(reasons=reasons, now_minor=minor, before_minor=10**15, currency=currency)
    note = Language()("alert.source", store="x" * 60, when="24 Nov, 12:00")
    card = alert_cards.alert(Language(), told(said, watch(listing(title=title)), seller=seller), note=note)
    read = Html(card)
    assert len(read.words.encode("utf-16-le")) // 2 <= 1024
    assert read.tags <= {"a", "b", "s"}


def several(*changes: tuple[int, int | None]) -> list[Told]:
    """Alerts of the one watch, from and to so many rupees."""
    return [
        told(
            alert(id=index, before_minor=before * 100, now_minor=now and now * 100, observed_at=NOW),
            watch(listing(price_minor=changes[-1][1] and changes[-1][1] * 100)),
        )
        for index, (before, now) in enumerate(changes, start=1)
    ]


@pytest.mark.parametrize(
    ("moves", "line"),
    [
        pytest.param([(1999, 1499)], "Kettle: ₹1,499, −₹500 (−25 %)", id="one move"),
        pytest.param(
            [(1999, 1499), (1499, 1299)], "Kettle: ₹1,299, −₹700 (−35 %)", id="two moves are one line"
        ),
        pytest.param(
            [(1999, 1499), (1499, 1999)],
            "Kettle: it was ₹1,499 for a while, and is ₹1,999 again",
            id="there and back",
        ),
        pytest.param([(1999, None)], "Kettle: sold out", id="sold out"),
    ],
)
def test_a_digest_has_a_line_for_each_watch(moves: list[tuple[int, int | None]], line: str) -> None:
    words = Html(alert_cards.digest(Language(), several(*moves))).words
    assert line in words
    assert words.count("Kettle") == 1
    assert "1 thing that you watch has moved" in words


def test_a_digest_says_when_the_price_has_moved_on_since() -> None:
    waited = told(alert(), watch(listing(price_minor=159900)))
    assert "₹1,499, −₹500 (−25 %) (by now ₹1,599)" in Html(alert_cards.digest(Language(), [waited])).words


@given(title=st.text(min_size=1, max_size=400), minor=st.integers(min_value=1, max_value=10**15 - 1))
def test_no_digest_is_longer_than_a_message_may_be(title: str, minor: int) -> None:
    found = listing(title=title, price_minor=10**15 - 1)
    together = [
        told(
            alert(id=number, now_minor=minor, before_minor=10**15, reasons=EVERY_REASON[:1]),
            watch(found, id=LARGEST_ID - number, number=number),
        )
        for number in range(1, MOST_IN_ONE + 1)
    ]
    card = alert_cards.digest(Language(), together)
    assert len(Html(card).words.encode("utf-16-le")) // 2 <= 4096


def test_an_alert_is_in_the_zone_of_whoever_reads_it() -> None:
    said = replace(told(alert(observed_at=NOW + timedelta(hours=14)), watch(listing())))
    berlin = Language("en", "Europe/Berlin", "DE")
    assert "read 24 Nov, 21:30" in Html(alert_cards.alert(berlin, said)).words
