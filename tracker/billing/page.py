"""One page of A4 to write on: texts in cells that break their rows. Points from the lower left corner.

The text is set in Helvetica, which every reader of PDF has and which shows Western European letters only:
no rupee sign, no Indian script. A character that it lacks is shown as "?".
"""

import io
import unicodedata
from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

WIDTH, HEIGHT = 595.28, 841.89
LEFT, RIGHT, TOP, BOTTOM = 48.0, 547.28, 790.0, 84.0
MIDDLE = 280.0
SIZES = (9.0, 8.0, 7.0, 6.0, 5.0, 4.0)
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
_UNKNOWN = "?"

Colour = tuple[float, float, float]
INK: Colour = (0.13, 0.15, 0.19)
FAINT: Colour = (0.38, 0.41, 0.46)
ACCENT: Colour = (0.07, 0.33, 0.52)
HAIR: Colour = (0.82, 0.84, 0.87)
BAND: Colour = (0.94, 0.95, 0.97)


@dataclass(frozen=True, slots=True)
class Cell:
    """A text between two edges; `scale` is its size in sizes of running text."""

    text: str
    left: float
    right: float
    font: str = PLAIN
    scale: float = 1
    ink: Colour = INK
    ragged_left: bool = False


class Page:
    """One page, and the height at which the next text begins. `size` is that of running text."""

    def __init__(self, size: float) -> None:
        # Heavy, and most processes that know of invoices never draw one.
        from reportlab.pdfgen.canvas import Canvas  # type: ignore[import-untyped]  # it ships without types

        self.size = size
        self.y = TOP
        self.has_unknown = False
        self._file = io.BytesIO()
        self._canvas: Any = Canvas(self._file, (WIDTH, HEIGHT), invariant=1, pageCompression=1, lang="en-IN")

    def write(self, *cells: Cell) -> None:
        """Cells that begin at one height, each in as many rows as it takes; the next begin below all."""
        self.beside(*(partial(self._cell, cell) for cell in cells))

    def beside(self, *columns: Callable[[], None]) -> None:
        """Columns that begin at one height; the next text begins below the longest."""
        top, lowest = self.y, self.y
        for column in columns:
            self.y = top
            column()
            lowest = min(lowest, self.y)
        self.y = lowest

    def skip(self, rows: float) -> None:
        self.y -= self.size * rows

    def rule(self, left: float = LEFT, *, width: float = 0.5, ink: Colour = HAIR) -> None:
        self._canvas.setStrokeColorRGB(*ink)
        self._canvas.setLineWidth(width)
        self._canvas.line(left, self.y, RIGHT, self.y)

    def band(self, rows: float) -> None:
        """A shaded strip from the current height down, to write upon."""
        height = self.size * rows
        self._canvas.setFillColorRGB(*BAND)
        self._canvas.rect(LEFT, self.y - height, RIGHT - LEFT, height, stroke=0, fill=1)

    def finish(self, title: str, author: str) -> bytes:
        self._canvas.setTitle(title)
        self._canvas.setAuthor(author)
        self._canvas.setCreator(author)
        self._canvas.setSubject(f"{title} by {author}")
        self._canvas.save()
        return self._file.getvalue()

    def _cell(self, cell: Cell) -> None:
        size = self.size * cell.scale
        self._canvas.setFillColorRGB(*cell.ink)
        self._canvas.setFont(cell.font, size)
        text = _shown(cell.text)
        self.has_unknown |= text.count(_UNKNOWN) > cell.text.count(_UNKNOWN)

        def measure(words: str) -> float:
            return float(self._canvas.stringWidth(words, cell.font, size))

        for row in _rows(text, cell.right - cell.left, measure):
            self.y -= size * 1.35
            if cell.ragged_left:
                self._canvas.drawRightString(cell.right, self.y, row)
            else:
                self._canvas.drawString(cell.left, self.y, row)


def _shown(text: str) -> str:
    """The text in the characters that the font has. A letter with its marks that it lacks is one "?"."""
    shown: list[str] = []
    for character in text:
        kind = unicodedata.category(character)
        if _is_in_font(character):
            shown.append(character)
        elif not kind.startswith(("M", "C")):
            shown.append(_UNKNOWN)
        elif kind.startswith("M") and shown and not unicodedata.name(character, "").startswith("VARIATION"):
            shown[-1] = _UNKNOWN
    return "".join(shown)


def _is_in_font(character: str) -> bool:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return False
    return True


def _rows(text: str, width: float, measure: Callable[[str], float]) -> list[str]:
    """The text in rows no wider than `width`, broken at spaces, and within a word only when it is wider."""
    rows, row = [], ""
    for word in text.split():
        if row and measure(f"{row} {word}") <= width:
            row = f"{row} {word}"
            continue
        if row:
            rows.append(row)
        row = word
        while measure(row) > width and len(row) > 1:
            end = max(1, bisect_right(range(1, len(row)), width, key=lambda end: measure(row[:end])))
            rows.append(row[:end])
            row = row[end:]
    return [*rows, row] if row else rows
