"""Every notice that is owed has its words, fits below a document, and leads on."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.telegram.made import LARGEST_ID, NOW, Html, buttons
from tracker.billing.plans import DEFAULT
from tracker.notices.models import Notice
from tracker.telegram import notice_cards
from tracker.texts import Language

ROOT = Path(__file__).parent.parent.parent
UNTIL = NOW.isoformat()
AMOUNT = {"amount_minor": 29900, "currency": "INR"}
ENDS = {"plan": "pro", "until": UNTIL, "next_plan": None, "next_period": "month"}
HELD = {"payment": LARGEST_ID, "provider_id": "pay_Abc123", "reason": "amount", "person": 1001, **AMOUNT}
MANDATE = {"plan": "pro", **AMOUNT}

CASES: list[tuple[str, dict[str, Any], str, list[str]]] = [
    (
        "watches_paused",
        {"paused": 45, "kept": 5, "plan": "free"},
        "⏸ Free watches 5 things, so 45 of yours are paused, the newest first.",
        ["Choose which stay", "⬆ Starter"],
    ),
    (
        "watches_paused",
        {"paused": 1, "kept": 1000, "plan": "business"},
        "so 1 of yours is paused",
        ["Choose which stay"],
    ),
    ("from_the_team", {"text": "<b>Hello</b>"}, "From the people who run this service:\n\n<b>Hello</b>", []),
    ("plan_ended_for_them", {"plan": "pro", "until": None}, "Pro has been ended for you by the people", []),
    (
        "plan_ended_for_them",
        {"plan": "pro", "until": UNTIL},
        "Pro stays until 24 November 2026, and",
        [],
    ),
    (
        "plan_ends_in_days",
        ENDS,
        "⏰ Your Pro ends on 24 Nov, 12:00.",
        ["🔁 Renew Pro for ₹299", "📋 All plans"],
    ),
    (
        "plan_ends_in_days",
        ENDS | {"next_plan": "starter", "next_period": "year"},
        "As you chose, Starter follows",
        ["🔁 Renew Starter for ₹990", "📋 All plans"],
    ),
    (
        "plan_ends_in_days",
        ENDS | {"next_plan": "free", "next_period": None},
        "As you chose, your Pro ends on 24 Nov, 12:00, and nothing more is charged.",
        ["↩ Keep my plan"],
    ),
    (
        "plan_ends_in_a_day",
        ENDS | {"next_period": None},
        "ends within a day, on 24 Nov, 12:00.",
        ["🔁 Renew Pro for ₹299", "📋 All plans"],
    ),
    (
        "plan_ends_in_a_day",
        ENDS | {"next_plan": "free"},
        "As you chose, your Pro ends within a day",
        ["↩ Keep my plan"],
    ),
    (
        "plan_grace",
        ENDS,
        "Your Pro was paid until 24 November 2026. It stays until 28 Nov, 12:00",
        ["🔁 Renew Pro for ₹299", "📋 All plans"],
    ),
    (
        "plan_grace",
        ENDS | {"next_plan": "free"},
        "As you chose, your Pro is not renewed",
        ["🔁 Renew Pro for ₹299", "📋 All plans"],
    ),
    (
        "plan_lapsed",
        ENDS | {"plan": "free"},
        "Your plan ended on 24 November 2026, and you have Free now.",
        ["📋 All plans"],
    ),
    (
        "plan_begun",
        {"plan": "pro", "until": UNTIL},
        "✅ Pro is yours until 24 November 2026.",
        ["💳 My plan"],
    ),
    (
        "payment_applied",
        {"plan": "pro", "until": UNTIL, "invoice_id": 7, **AMOUNT},
        "✅ ₹299 has arrived, and Pro is yours until 24 November 2026.",
        ["💳 My plan"],
    ),
    ("payment_held", AMOUNT, "Your payment of ₹299 has arrived, but", []),
    (
        "payment_failed",
        {"checkout_id": 5, "url": "https://rzp.io/i/abc", **AMOUNT},
        "Your payment of ₹299 did not go through.",
        ["🔄 Try again"],
    ),
    ("payment_failed", {"checkout_id": 5, "url": None, **AMOUNT}, "did not go through", ["🔄 Try again"]),
    (
        "checkout_expired",
        {"plan": "pro", "period": "month"},
        "Your link to pay for Pro, one month has ended.",
        ["🔄 New link"],
    ),
    ("checkout_cancelled", {"plan": "pro", "period": "year"}, "Pro, one year has ended", ["🔄 New link"]),
    (
        "mandate_begun",
        {"plan": "pro", "at": UNTIL, **AMOUNT},
        "🔁 Pro renews by itself for ₹299, the first time on 24 November 2026.",
        ["💳 My plan"],
    ),
    ("mandate_pending", MANDATE, "The renewal of Pro for ₹299 did not go through yet.", ["💳 My plan"]),
    ("mandate_halted", MANDATE, "failed several times, and is not tried again.", ["💳 My plan"]),
    ("mandate_paused", MANDATE, "is paused, and nothing is charged meanwhile.", ["💳 My plan"]),
    ("mandate_cancelled", MANDATE, "has ended, and nothing more is charged.", ["💳 My plan"]),
    (
        "refund_done",
        {"is_full": True, "ended": True, "plan": "free", "credit_note_id": 9, **AMOUNT},
        "↩ ₹299 went back to you. Banks take up to a week to show it.\n"
        "The plan that it had bought has ended; you have Free now.\n"
        "This is the credit note for it.",
        [],
    ),
    (
        "refund_done",
        {"is_full": False, "ended": False, "plan": "pro", "credit_note_id": None, **AMOUNT},
        "↩ ₹299 went back to you. Banks take up to a week to show it.",
        [],
    ),
    ("referral_days", {"days": 7, "plan": "pro"}, "🎁 You have 7 days more of Pro", ["💳 My plan"]),
    ("gift_days", {"days": 30, "plan": "pro"}, "🎁 You are given 30 days of Pro.", ["💳 My plan"]),
    ("invoice_copy", {"invoice_id": 7, "number": "PT/26-27/000001"}, "🧾 Invoice PT/26-27/000001", []),
    (
        "admin_payment_held",
        HELD,
        "A payment is held: ₹299, pay_Abc123, person 1001\nIt is another amount than was asked for.",
        [f"✅ Apply {LARGEST_ID}", f"↩ Refund {LARGEST_ID}"],
    ),
    (
        "admin_payment_held",
        HELD | {"person": None, "reason": "unknown"},
        "Nobody knows whose it is.",
        [f"↩ Refund {LARGEST_ID}"],
    ),
    (
        "admin_refund_failed",
        {"payment": 12, "provider_id": "pay_Abc123", **AMOUNT},
        "A refund failed: ₹299 of pay_Abc123 did not go back.",
        ["↩ Refund 12"],
    ),
    (
        "admin_dispute",
        {"provider_id": "pay_Abc123", "state": "open", "respond_by": UNTIL, "person": 1001, **AMOUNT},
        "A dispute, open: ₹299, pay_Abc123, person 1001\nAnswer in Razorpay's dashboard by 24 Nov, 12:00.",
        [],
    ),
    (
        "admin_dispute",
        {"provider_id": "pay_Abc123", "state": "won", "respond_by": None, "person": None, **AMOUNT},
        "A dispute, won",
        [],
    ),
    (
        "admin_differences",
        {"lines": ["pay_Abc123: 29900 INR at Razorpay, not written down here"] * 20, "total": 45},
        "45 differences between Razorpay's books and ours",
        [],
    ),
    (
        "listing_gone",
        {
            "watch_id": LARGEST_ID,
            "title": "<b>Kettle</b>",
            "url": "https://www.flipkart.com/kettle/p/itm1",
            "store": "flipkart.com",
        },
        "👻 Flipkart has had no page for <b>Kettle</b> on three days, so I have paused it.",
        ["🔄 Try again", "🗑 Stop"],
    ),
    (
        "store_refuses",
        {"store": "flipkart.com", "since": UNTIL, "things": 3},
        "Flipkart has been refusing us since 24 Nov, 12:00. 3 of your things there may be out of date",
        [],
    ),
    (
        "store_answers_again",
        {"store": "x" * 255, "since": UNTIL, "at": (NOW + timedelta(minutes=130)).isoformat(), "things": 3},
        "answers again, after 2 h 10 min: your 3 things there are being checked.",
        [],
    ),
    (
        "store_answers_again",
        {"store": "flipkart.com", "since": UNTIL, "at": UNTIL, "things": 1},
        "Flipkart answers again, after 1 min: your thing there is being checked.",
        [],
    ),
    (
        "store_rests",
        {"store": "flipkart.com", "since": UNTIL, "until": UNTIL, "refusals": 6},
        "Flipkart refuses us (flipkart.com): 6 times in a row since 24 Nov, 12:00.",
        [],
    ),
    ("admin_partly_paid", {"provider_id": "plink_Abc123"}, "The link plink_Abc123 was paid in part", []),
    (
        "admin_paysupport",
        {"person": 1001, "name": "<Asha>", "words": "<b>money</b> " * 100},
        "Help with a payment, <Asha> (1001):\n<b>money</b>",
        [],
    ),
    (
        "admin_token_stolen",
        {"person": 1001},
        "⚠️ A refresh token of 1001 for the admin API was used twice.",
        [],
    ),
]


def notice(kind: str, details: dict[str, Any]) -> Notice:
    return Notice(id=1, key="k", chat_id=1001, kind=kind, details=details)


@pytest.mark.parametrize(
    ("kind", "details", "said", "labels"), CASES, ids=[f"{kind}-{n}" for n, (kind, *_) in enumerate(CASES)]
)
def test_a_notice_is_put_in_words(kind: str, details: dict[str, Any], said: str, labels: list[str]) -> None:
    card = notice_cards.card(Language(), notice(kind, details), DEFAULT)
    words = Html(card).words
    assert said in words
    assert len(words.encode("utf-16-le")) // 2 <= 1024
    assert (list(buttons(card)) if card.keyboard else []) == labels


def test_every_kind_that_is_owed_is_rendered_here() -> None:
    """Those that the code puts together are spelled out."""
    owed = {"plan_ends_in_days", "plan_ends_in_a_day", "plan_grace", "plan_lapsed"}
    owed |= {"checkout_cancelled", "checkout_expired"}
    owed |= {"mandate_pending", "mandate_halted", "mandate_paused", "mandate_cancelled"}
    call = re.compile(r'(?:notices\.owe|tell_admins)\(\s*[^"]*?"([a-z_]+)"')
    for folder in ("tracker", "worker", "bot"):
        for path in (ROOT / folder).rglob("*.py"):
            owed |= set(call.findall(path.read_text()))
    assert owed == {kind for kind, *_ in CASES}


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        notice_cards.card(Language(), notice("of_tomorrow", {}), DEFAULT)


@pytest.mark.parametrize(
    ("details", "document"),
    [
        ({"invoice_id": 7}, ("invoice", 7)),
        ({"credit_note_id": 9}, ("credit_note", 9)),
        ({"credit_note_id": None}, None),
        ({}, None),
    ],
)
def test_which_document_goes_with_a_notice(details: dict[str, Any], document: object) -> None:
    assert notice_cards.document_of(notice("any", details)) == document
