"""What a chart draws: its words, and its lines where the numbers are."""

import math
import re
from functools import partial
from itertools import pairwise

import pytest
import resvg_py

from benchmarks import chart
from benchmarks.chart import Axis, Line, png, svg, ticks_to
from benchmarks.ground import Unavailable

X = Axis("listings", (10, 100, 1000), math.log)
Y = Axis("ms", (0, 20, 40))


def test_words_are_drawn() -> None:
    assert png(svg("A title", X, Y, [])) != png(svg("", X, Y, []))
    assert png(svg("A title", X, Y, [])).startswith(b"\x89PNG")


def test_without_a_font_nothing_is_drawn_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resvg_py, "svg_to_bytes", partial(resvg_py.svg_to_bytes, skip_system_fonts=True))
    with pytest.raises(Unavailable, match="no font"):
        png(svg("A title", X, Y, []))


@pytest.mark.parametrize(
    ("axis", "value", "share"),
    [(X, 10, 0), (X, 100, 0.5), (X, 1000, 1), (Y, 0, 0), (Y, 10, 0.25), (Y, 40, 1)],
)
def test_a_value_lies_where_its_axis_says(axis: Axis, value: float, share: float) -> None:
    assert axis.share(value) == pytest.approx(share)


def test_a_line_goes_from_corner_to_corner_and_in_order() -> None:
    drawn = svg("", X, Y, [Line("one", [(1000, 40), (10, 0), (100, 20)], 0)])
    assert 'points="84.0,372.0 362.0,217.0 640.0,62.0"' in drawn


def test_names_of_lines_that_end_at_the_same_height_do_not_lie_on_each_other() -> None:
    drawn = svg("", X, Y, [Line(name, [(10, 5), (1000, 5)], 0) for name in ("one", "two", "three")])
    heights = sorted(float(found) for found in re.findall(r'y="([\d.]+)" >(?:one|two|three)<', drawn))
    assert len(heights) == 3
    assert min(after - before for before, after in pairwise(heights)) >= 20


def test_what_a_name_holds_is_no_markup() -> None:
    assert "a &lt; b" in svg("a < b", X, Y, [])


@pytest.mark.parametrize("highest", [0.7, 1, 9.9, 34.5, 60, 61, 4336, 120_000])
def test_ticks_are_few_and_reach_the_highest_value(highest: float) -> None:
    ticks = ticks_to(highest)
    assert 4 <= len(ticks) <= 7
    assert ticks[0] == 0
    assert ticks[-2] < highest <= ticks[-1]


def test_a_chart_is_as_large_as_it_says() -> None:
    header = png(svg("", X, Y, []))[16:24]
    assert (int.from_bytes(header[:4]), int.from_bytes(header[4:])) == (2 * chart.WIDTH, 2 * chart.HEIGHT)
