"""The marks that a reading gets, and the account that is kept of them."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from benchmarks.reading_score import account, labels
from benchmarks.reading_score.labels import Label
from benchmarks.reading_score.marking import Answer, Mark, Score, likeness, marks
from benchmarks.reading_score.readers import extruct_and_price_parser


def label(**said: Any) -> Label:
    return Label("ours/x/y", "shop.example", "ours", "https://shop.example/lamp", 200, Path(), said)


PRICED = {"price": "1499.00", "currency": "INR"}


@pytest.mark.parametrize(
    ("said", "answer", "mark"),
    [
        (PRICED, Answer(Decimal(1499), "INR"), Mark.RIGHT),
        (PRICED, Answer(Decimal(1499), "USD"), Mark.WRONG),
        (PRICED, Answer(Decimal("14.99"), "INR"), Mark.WRONG),
        (PRICED, Answer(), Mark.MISSING),
        ({**PRICED, "accept": ["1599.00"]}, Answer(Decimal(1599), "INR"), Mark.RIGHT),
        ({**PRICED, "accept": [None]}, Answer(), Mark.RIGHTLY_NONE),
        ({**PRICED, "accept": [None]}, Answer(Decimal(9), "INR"), Mark.WRONG),
        ({"price": None}, Answer(), Mark.RIGHTLY_NONE),
        ({"price": None}, Answer(Decimal(9), "INR"), Mark.INVENTED),
    ],
    ids=[
        "right", "another currency", "another amount", "nothing", "another that is accepted",
        "nothing, which is accepted", "wrong where nothing is accepted", "a trap", "a trap with a price",
    ],
)  # fmt: skip
def test_a_price_is_marked(said: dict[str, Any], answer: Answer, mark: Mark) -> None:
    assert marks(label(**said), answer)["price"] is mark


def test_a_list_price_where_there_is_none_is_invented() -> None:
    given = marks(label(**PRICED, list_price=None), Answer(Decimal(1499), "INR", list_price=Decimal(1999)))
    assert given["list_price"] is Mark.INVENTED


def test_fields_that_the_label_does_not_speak_of_get_no_mark() -> None:
    assert marks(label(outcome="offer"), Answer(Decimal(5), "INR")) == {}
    assert "availability" not in marks(
        label(**PRICED, availability="unknown"), Answer(availability="in_stock")
    )


def test_titles_are_compared_by_their_words() -> None:
    assert likeness("Brass Oil-Lamp!", "brass oil lamp") == 1
    assert likeness("Brass Oil Lamp", "Copper Kettle") == 0
    assert likeness("", "") == 0


def test_a_wrong_answer_costs_precision_and_recall_and_an_invented_one_precision() -> None:
    score = Score.of(
        [Mark.RIGHT, Mark.RIGHT, Mark.WRONG, Mark.MISSING, Mark.INVENTED, Mark.RIGHTLY_NONE, None]
    )
    assert (score.precision, score.recall) == (0.5, 0.5)
    assert score.f1 == 0.5
    assert Score.of([]).f1 == 1


def test_changes_name_what_became_right_or_wrong_and_count_new_pages() -> None:
    before = {"a": {"price": Mark.RIGHT, "title": Mark.MISSING}, "b": {"price": Mark.RIGHT}}
    now = {
        "a": {"price": Mark.WRONG, "title": Mark.RIGHT},
        "b": {"price": Mark.RIGHTLY_NONE},
        "c": {"price": Mark.WRONG},
    }
    assert [*account.changes(before, now)] == [
        "newly wrong: a price (right -> wrong)",
        "newly right: a title (missing -> right)",
        "new pages: 1",
    ]


def test_reasons_that_were_written_by_hand_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "SCORE", tmp_path / "reading.json")
    monkeypatch.setattr(account, "MISSES", tmp_path / "reading.md")
    of = Label("real/lamp", "shop.example", "structured", "https://shop.example/lamp", 200, Path(), PRICED)
    miss = account.Miss(of, "price", Mark.MISSING, None)
    account.keep({of.key: {"price": Mark.MISSING}}, {}, {"ours": {}}, [miss])
    written = account.MISSES.read_text("utf-8")
    account.MISSES.write_text(
        written.replace("| nothing |  |", "| nothing | the price is a picture |"), "utf-8"
    )
    account.keep({of.key: {"price": Mark.MISSING}}, {}, {"ours": {}}, [miss])
    assert account.reasons() == {("real/lamp", "price"): "the price is a picture"}
    # Without real pages what is known of them stays.
    account.keep({"ours/a/b": {"price": Mark.RIGHT}}, {}, {}, [])
    assert set(account.kept()["marks"]) == {"real/lamp", "ours/a/b"}
    assert account.reasons() == {("real/lamp", "price"): "the price is a picture"}


def test_our_own_pages_are_labels_too() -> None:
    own = [one for one in labels.load()[0] if one.key.startswith("ours/")]
    assert len(own) > 200
    trap = next(one for one in own if one.key == "ours/gone/status_404")
    assert (trap.is_trap, trap.is_priced, trap.status) == (True, False, 404)


def test_the_other_reader_reads_what_it_can() -> None:
    offer = {"price": "1,499.00", "priceCurrency": "INR", "availability": "https://schema.org/InStock"}
    data = json.dumps({"@type": "Product", "name": "Lamp", "sku": "L1", "offers": [offer]})
    html = f'<html><script type="application/ld+json">{data}</script></html>'.encode()
    found = extruct_and_price_parser(html, label(**PRICED))
    assert found == Answer(Decimal("1499.00"), "INR", None, "in_stock", "Lamp", "L1")
    tags = b'<html><meta property="og:price:amount" content="5">'
    assert extruct_and_price_parser(tags, label()).price == Decimal(5)
