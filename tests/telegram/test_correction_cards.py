"""Cards of corrections: amounts with their words, buttons that fit, and foreign text that stays text."""

from typing import Any

import pytest

from tests.telegram.made import LARGEST_ID, NOW, Html, alert, buttons, listing, told, watch
from tracker.alerts.owing import CORRECTED
from tracker.catalog.models import Correction, CorrectionState
from tracker.stores.candidates import Role
from tracker.telegram import alert_cards, correction_cards
from tracker.texts import Language


def offered(minor: int = 199900, *, role: str = Role.SELLING, text: str = "Price ₹1,999") -> dict[str, Any]:
    return {
        "amount": "1999.00",
        "minor": minor,
        "currency": "INR",
        "source": "visible",
        "place": "selling span.price",
        "role": role,
        "text": text,
    }


def correction(*choices: dict[str, Any], **details: Any) -> Correction:
    known = {
        "id": LARGEST_ID,
        "user_id": 1,
        "state": CorrectionState.OFFERED,
        "wrong_minor": 16658,
        "offered": list(choices),
        "asked_at": NOW,
        "decided_at": NOW,
    }
    return Correction(**(known | details))


def test_a_question_names_what_was_read_and_offers_the_rest() -> None:
    asked = correction(offered(), offered(4000, role=Role.SHIPPING, text="₹40 delivery"))
    card = correction_cards.question(Language(), asked, listing(), words="EMI ₹166.58/month")
    words = Html(card).words
    assert "I read ₹166.58 from “EMI ₹166.58/month”." in words
    assert "• ₹1,999, a price: “Price ₹1,999”" in words
    assert "• ₹40, shipping: “₹40 delivery”" in words
    assert list(buttons(card)) == ["₹1,999", "₹40", "None of these", "It is right"]


def test_a_question_without_other_prices_says_so() -> None:
    card = correction_cards.question(Language(), correction(), listing())
    assert "I see no other price on the page." in Html(card).words
    assert list(buttons(card)) == ["None of these", "It is right"]


def test_every_role_is_said_in_words_of_its_own() -> None:
    choices = [offered(100 * number, role=role) for number, role in enumerate(Role, start=1)]
    lines = Html(correction_cards.question(Language(), correction(*choices), listing())).words.split("•")[1:]
    said = {line.split("“")[0].rpartition(", ")[2] for line in lines}
    assert len(said) == len(Role)


@pytest.mark.parametrize(
    "hostile",
    ["<b>Kettle</b> & <script>" * 40, "\u202eelttek" * 60, "x" * 2000],
    ids=["markup", "right-to-left", "long"],
)
def test_no_question_is_longer_than_a_message_or_holds_markup_of_the_page(hostile: str) -> None:
    choices = [offered(10**15 - number, text=hostile) for number in range(6)]
    card = correction_cards.question(
        Language(), correction(*choices), listing(title=hostile[:500]), words=hostile
    )
    assert len(Html(card).words) <= 4096
    assert "<script>" not in str(card.text)
    assert "\u202e" not in str(card.text)
    assert all(len(data.encode()) <= 64 for data in buttons(card).values())


def test_an_admin_reads_what_was_said_by_whom() -> None:
    in_force = [
        (correction(offered(), chosen=0, id=7), listing()),
        (correction(chosen=None, id=8), listing()),
    ]
    card = correction_cards.for_admin(Language(), in_force)
    words = Html(card).words
    assert "7. Kettle: ₹166.58 → ₹1,999 (person 1, " in words
    assert "8. Kettle: ₹166.58 is not believed (person 1, " in words
    assert list(buttons(card)) == ["Undo 7", "Undo 8"]


@pytest.mark.parametrize(
    ("now_minor", "line"),
    [(199900, "Kettle: ₹1,999; ₹149, as I told you before, was wrong"), (None, "Kettle: ₹149, as I told")],
    ids=["right-price-known", "unknown"],
)
def test_a_digest_says_that_a_price_was_wrong(now_minor: int | None, line: str) -> None:
    reasons = [{"kind": CORRECTED, "wrong_minor": 14900}]
    excuse = alert(id=2, reasons=reasons, before_minor=None, now_minor=now_minor)
    earlier = alert(id=1, before_minor=249900, now_minor=189900)
    watched = watch(listing())
    card = alert_cards.digest(Language(), [told(earlier, watched), told(excuse, watched)])
    assert line in Html(card).words
