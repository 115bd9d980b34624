"""Tables as files: CSV, and XLSX that is written row by row. No cell is ever a formula.

A spreadsheet runs what begins with =, +, - or @, however it came there: a name that somebody chose for
themselves, say. Such text gets an apostrophe before it, in both kinds of file: one is saved as the other
(OWASP, "CSV Injection"). Numbers and dates are written as what they are.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Protocol

import xlsxwriter

Cell = str | int | Decimal | datetime | None

_ACTIVE = tuple("=+-@\t\r\n＝＋－＠")
_LONGEST = 32_767
"""Characters that a cell of a spreadsheet holds."""

_DIGITS_KEPT = 15
"""A spreadsheet's numbers are doubles: a longer one, an id say, is written as text."""


class Format(StrEnum):
    CSV = "csv"
    XLSX = "xlsx"


class Sheet(Protocol):
    def add(self, rows: Iterable[Sequence[Cell]]) -> None: ...

    def content(self) -> bytes:
        """The whole file; nothing can be added after it."""
        ...


def inert(text: str) -> str:
    """Text that no spreadsheet runs."""
    shown = text.lstrip(" \u00a0\ufeff")
    return f"'{text}"[:_LONGEST] if shown.startswith(_ACTIVE) else text[:_LONGEST]


def sheet(format: Format, headings: Sequence[str]) -> Sheet:
    made: Sheet = _Csv() if format is Format.CSV else _Xlsx()
    made.add([headings])
    return made


class _Csv:
    """With the mark by which Excel knows UTF-8."""

    def __init__(self) -> None:
        self._text = io.StringIO("\ufeff")
        self._text.seek(0, io.SEEK_END)
        self._writer = csv.writer(self._text)

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        self._writer.writerows([_text(cell) for cell in row] for row in rows)

    def content(self) -> bytes:
        return self._text.getvalue().encode()


class _Xlsx:
    """Rows go to a file of their own as they come."""

    def __init__(self) -> None:
        self._folder = TemporaryDirectory()
        self._path = Path(self._folder.name) / "sheet.xlsx"
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self._book = xlsxwriter.Workbook(str(self._path), options | {"tmpdir": self._folder.name})
        self._sheet = self._book.add_worksheet()
        self._row = 0

    def add(self, rows: Iterable[Sequence[Cell]]) -> None:
        for row in rows:
            for column, cell in enumerate(row):
                if _is_number(cell):
                    self._sheet.write_number(self._row, column, cell)
                elif cell is not None:
                    self._sheet.write_string(self._row, column, _text(cell))
            self._row += 1

    def content(self) -> bytes:
        self._book.close()
        content = self._path.read_bytes()
        self._folder.cleanup()
        return content


def _is_number(cell: Cell) -> bool:
    return isinstance(cell, int | Decimal) and len(str(abs(cell))) <= _DIGITS_KEPT


def _text(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M:%S}"
    return inert(cell) if isinstance(cell, str) else str(cell)
