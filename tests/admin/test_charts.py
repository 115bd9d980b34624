"""Pictures of figures: round ticks, a bar for each value, letters on any machine."""

import re

import pytest

from tracker.admin import charts
from tracker.admin.charts import Bars, Panel

LABELS = ["1 Nov", "2 Nov", "3 Nov"]


@pytest.mark.parametrize(
    ("lowest", "highest", "expected"),
    [
        (0, 0, [0, 0.2]),
        (5, 92, [0, 20, 40, 60, 80, 100]),
        (-1800, 9000, [-5000, 0, 5000, 10000]),
        (-7, -3, [-8, -6, -4, -2, 0]),
        (0, 1, [0, 0.2, 0.4, 0.6, 0.8, 1]),
    ],
    ids=["nothing", "above", "around", "below", "one"],
)
def test_ticks_are_round_and_hold_nought(lowest: float, highest: float, expected: list[float]) -> None:
    assert charts.ticks(lowest, highest) == pytest.approx(expected)


def test_a_bar_stands_on_nought_and_is_as_high_as_its_value() -> None:
    drawn = charts.svg("A & B", LABELS, [Panel("Rupees", [Bars("earned", [100, 50, -100])])])
    tall = [
        (float(y), float(h)) for y, h in re.findall(r'y="([\d.]+)" width="[\d.]+" height="([\d.]+)"', drawn)
    ]
    (top, whole), (_, half), (nought, below) = tall
    assert half == pytest.approx(whole / 2, abs=0.1)
    assert below == pytest.approx(whole, abs=0.1)
    assert nought == pytest.approx(top + whole, abs=0.1)
    assert "A &amp; B" in drawn


def test_the_letters_are_drawn_without_a_font_of_the_machine() -> None:
    with_words = charts.png("Revenue", LABELS, [])
    without = charts.png("", LABELS, [])
    assert with_words.startswith(b"\x89PNG")
    assert with_words != without
