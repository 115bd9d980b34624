"""Figures over time as a picture: bars in panels, one below the other. The caller has the words."""

import math
from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from pathlib import Path
from typing import NamedTuple

WIDTH, PANEL = 860, 300
"""Pixels before they are doubled for sharp screens."""

_HEAD, _FOOT = 48, 22
_LEFT, _RIGHT, _TOP, _BOTTOM = 96, 836, 46, 258
_ZOOM = 2
_FONTS = ("Vera.ttf", "VeraBd.ttf")
"""What the library of invoices brings with it: no machine needs a font of its own."""
_COLOURS = ("#0072b2", "#d55e00")
"""Told apart by colour-blind people too (Okabe and Ito)."""
_INK, _FAINT = "#333333", "#dddddd"
_MOST_LABELS = 10


class Bars(NamedTuple):
    name: str
    values: Sequence[float]


class Panel(NamedTuple):
    """Bars of one unit, one group a label; at most two series."""

    title: str
    series: Sequence[Bars]


def png(title: str, labels: Sequence[str], panels: Sequence[Panel]) -> bytes:
    """On white, twice as large as it is drawn."""
    import reportlab  # type: ignore[import-untyped]  # it ships without types
    import resvg_py

    fonts = Path(reportlab.__file__).parent / "fonts"
    drawn: bytes = resvg_py.svg_to_bytes(
        svg_string=svg(title, labels, panels),
        background="#ffffff",
        zoom=_ZOOM,
        skip_system_fonts=True,
        font_files=[str(fonts / name) for name in _FONTS],
    )
    return drawn


def svg(title: str, labels: Sequence[str], panels: Sequence[Panel]) -> str:
    height = _HEAD + PANEL * len(panels) + _FOOT
    parts = [_text(24, 32, title, 'font-size="19" font-weight="bold"')]
    for number, panel in enumerate(panels):
        parts.append(f'<g transform="translate(0 {_HEAD + number * PANEL})">')
        parts += _panel(panel, labels)
        parts.append("</g>")
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    words = f'font-family="Bitstream Vera Sans" font-size="13" fill="{_INK}"'
    body = "\n".join(parts)
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {words}>\n{body}\n</svg>\n'


def label_of(day: date, by: str) -> str:
    """Short: "24 Nov", of a month "Nov 2026"."""
    return f"{day:%b %Y}" if by == "month" else f"{day.day} {day:%b}"


def ticks(lowest: float, highest: float) -> list[float]:
    """Round numbers around both and 0, three to eight of them."""
    lowest, highest = min(lowest, 0), max(highest, 0)
    rough = (highest - lowest or 1) / 5
    magnitude = 10 ** math.floor(math.log10(rough))
    step = magnitude * next(nice for nice in (1, 2, 5, 10) if nice * magnitude >= rough)
    first, last = math.floor(lowest / step), math.ceil(highest / step)
    return [step * number for number in range(first, max(last, first + 1) + 1)]


def _panel(panel: Panel, labels: Sequence[str]) -> Iterator[str]:
    values = [value for series in panel.series for value in series.values]
    scale = ticks(min(values, default=0), max(values, default=0))
    yield _text(24, 22, panel.title, 'font-weight="bold"')
    yield from _legend(panel.series)
    for tick in scale:
        height = _height(tick, scale)
        yield f'<path d="M{_LEFT} {height:.1f}H{_RIGHT}" stroke="{_INK if tick == 0 else _FAINT}"/>'
        yield _text(_LEFT - 8, height + 4.5, f"{tick:,.10g}", 'text-anchor="end"')
    slot = (_RIGHT - _LEFT) / max(len(labels), 1)
    every = math.ceil(len(labels) / _MOST_LABELS)
    for number, label in enumerate(labels):
        if (len(labels) - 1 - number) % every == 0:  # the last always has its label
            across = _LEFT + slot * (number + 0.5)
            yield _text(across, _BOTTOM + 20, label, 'text-anchor="middle" font-size="12"')
    wide = slot * 0.8 / max(len(panel.series), 1)
    for place, series in enumerate(panel.series):
        for number, value in enumerate(series.values):
            across = _LEFT + slot * (number + 0.1) + wide * place
            ends = sorted((_height(0, scale), _height(value, scale)))
            yield (
                f'<rect x="{across:.1f}" y="{ends[0]:.1f}" width="{wide:.1f}" '
                f'height="{ends[1] - ends[0]:.1f}" fill="{_COLOURS[place]}"/>'
            )


def _legend(series: Sequence[Bars]) -> Iterator[str]:
    if len(series) < 2:
        return
    for place, each in enumerate(series):
        across = _RIGHT - 150 * (len(series) - place)
        yield f'<rect x="{across}" y="12" width="12" height="12" fill="{_COLOURS[place]}"/>'
        yield _text(across + 18, 22.5, each.name)


def _height(value: float, scale: Sequence[float]) -> float:
    return _BOTTOM - (value - scale[0]) / (scale[-1] - scale[0]) * (_BOTTOM - _TOP)


def _text(across: float, height: float, words: str, look: str = "") -> str:
    return f'<text x="{across:.1f}" y="{height:.1f}" {look}>{escape(words)}</text>'
