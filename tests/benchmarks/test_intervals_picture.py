"""The picture of docs/intervals.md shows what the page says."""

from benchmarks.intervals.__main__ import _HEAD
from benchmarks.intervals.picture import FIGURE, PAGE, rows


def test_every_strategy_of_the_first_span_has_its_points() -> None:
    found = rows(PAGE.read_text("utf-8"))
    names = [name for name, _, _ in found]
    assert [
        sum(name.startswith(word) for name in names) for word in ("uniform", "by changes", "promise")
    ] == [
        5,
        5,
        3,
    ]
    assert all(0 < requests < 32 and 0.25 < hours < 16 for _, requests, hours in found)


def test_the_page_that_is_written_shows_the_picture() -> None:
    assert f"(figures/{FIGURE.name})" in _HEAD
    assert PAGE.read_text("utf-8").startswith(_HEAD)
    assert FIGURE.parent == PAGE.parent / "figures"
    assert FIGURE.exists()
