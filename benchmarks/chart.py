"""A line chart: axes, ticks, lines and their names, as SVG and as PNG."""

import math
from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import NamedTuple

import resvg_py

from benchmarks.ground import Unavailable

WIDTH, HEIGHT = 860, 440
_LEFT, _RIGHT, _TOP, _BOTTOM = 84, 640, 62, 372
_ZOOM = 2
_FONT = "DejaVu Sans, Liberation Sans, Arial, Helvetica, sans-serif"
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7")
"""Told apart by colour-blind people too (Okabe and Ito)."""
_INK, _FAINT = "#333333", "#dddddd"


class Axis(NamedTuple):
    """From its first tick to its last. `scale` is `float`, or `math.log` for ticks above nought."""

    label: str
    ticks: Sequence[float]
    scale: Callable[[float], float] = float

    def share(self, value: float) -> float:
        """Where a value lies: 0 at the first tick, 1 at the last."""
        first, last = self.scale(self.ticks[0]), self.scale(self.ticks[-1])
        return (self.scale(value) - first) / (last - first)


class Line(NamedTuple):
    name: str
    points: Sequence[tuple[float, float]]
    colour: int
    """Lines of one kind share it."""
    dashes: str = "none"


def ticks_to(highest: float) -> Sequence[float]:
    """Four to seven round numbers, from 0 to the first that is not below `highest`."""
    rough = highest / 6
    magnitude = 10 ** math.floor(math.log10(rough))
    step = magnitude * next(nice for nice in (1, 2, 5, 10) if nice * magnitude >= rough)
    return [step * count for count in range(math.ceil(highest / step) + 1)]


def svg(title: str, x: Axis, y: Axis, lines: Sequence[Line]) -> str:
    """The names stand to the right, each as high as its line ends or below the one before."""
    parts = [
        *_frame(title, x, y),
        *(part for line in lines for part in _line(line, x, y)),
        *_names(lines, y),
    ]
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    words = f'font-family="{_FONT}" font-size="13" fill="{_INK}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {words}>\n{body}\n</svg>\n'


def png(picture: str) -> bytes:
    """On white, twice as large. Raises Unavailable without a font, for words would be left out in silence."""
    word = f'<svg xmlns="http://www.w3.org/2000/svg" width="60" height="20" font-family="{_FONT}">{{}}</svg>'
    if _rendered(word.format('<text y="15">word</text>')) == _rendered(word.format("")):
        raise Unavailable("no font is installed")
    return _rendered(picture)


def _rendered(picture: str) -> bytes:
    return resvg_py.svg_to_bytes(svg_string=picture, background="#ffffff", zoom=_ZOOM)


def _frame(title: str, x: Axis, y: Axis) -> Iterator[str]:
    yield _text(_LEFT, 32, title, 'font-size="17" font-weight="bold"')
    for tick in y.ticks:
        height = _height(y, tick)
        yield f'<path d="M{_LEFT} {height:.1f}H{_RIGHT}" stroke="{_FAINT}"/>'
        yield _text(_LEFT - 10, height + 4.5, f"{tick:,.10g}", 'text-anchor="end"')
    for tick in x.ticks:
        across = _across(x, tick)
        yield f'<path d="M{across:.1f} {_BOTTOM}v6" stroke="{_INK}"/>'
        yield _text(across, _BOTTOM + 22, f"{tick:,.10g}", 'text-anchor="middle"')
    yield f'<path d="M{_LEFT} {_TOP}V{_BOTTOM}H{_RIGHT}" fill="none" stroke="{_INK}"/>'
    yield _text((_LEFT + _RIGHT) / 2, _BOTTOM + 50, x.label, 'text-anchor="middle"')
    middle = (_TOP + _BOTTOM) / 2
    yield _text(24, middle, y.label, f'text-anchor="middle" transform="rotate(-90 24 {middle})"')


def _line(line: Line, x: Axis, y: Axis) -> Iterator[str]:
    places = [(_across(x, across), _height(y, height)) for across, height in sorted(line.points)]
    colour = _COLOURS[line.colour]
    path = " ".join(f"{across:.1f},{height:.1f}" for across, height in places)
    drawn = f'fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{line.dashes}"'
    yield f'<polyline points="{path}" {drawn}/>'
    for across, height in places:
        yield f'<circle cx="{across:.1f}" cy="{height:.1f}" r="4" fill="{colour}"/>'


def _names(lines: Sequence[Line], y: Axis) -> Iterator[str]:
    lowest = float(_TOP)
    for height, line in sorted((_height(y, max(line.points)[1]), line) for line in lines):
        lowest = max(lowest, height)
        yield (
            f'<path d="M{_RIGHT + 14} {lowest:.1f}h26" stroke="{_COLOURS[line.colour]}" stroke-width="2.5" '
            f'stroke-dasharray="{line.dashes}"/>'
        )
        yield _text(_RIGHT + 47, lowest + 4.5, line.name)
        lowest += 22


def _across(x: Axis, value: float) -> float:
    return _LEFT + x.share(value) * (_RIGHT - _LEFT)


def _height(y: Axis, value: float) -> float:
    return _BOTTOM - y.share(value) * (_BOTTOM - _TOP)


def _text(across: float, height: float, words: str, look: str = "") -> str:
    return f'<text x="{across:.1f}" y="{height:.1f}" {look}>{escape(words)}</text>'
