"""What is kept of a score: reading.json (a mark for each page and field) and reading.md (every miss and its
reason).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.reading_score.labels import Label
from benchmarks.reading_score.marking import Answer, Mark

FOLDER = Path(__file__).parents[1]
SCORE = FOLDER / "reading.json"
MISSES = FOLDER / "reading.md"

_BAD = (Mark.MISSING, Mark.WRONG, Mark.INVENTED)
_ROW = re.compile(
    r"^\| (?P<key>(?:real|ours)/\S+) \| (?P<field>\S+) \|.*\| (?P<reason>[^|]*) \|$", re.MULTILINE
)
_HEAD = """# What is not read right

`make bench-reading UPDATE=1` writes this list; the last column is written by hand and kept. "real" pages are
those of shops, which are no part of this repository; "ours" are in `tests/pages`.

"""

Marks = Mapping[str, Mapping[str, Mark]]
"""By page, then by field."""


@dataclass(frozen=True, slots=True)
class Miss:
    """A field of a page that was not read right."""

    label: Label
    field: str
    mark: Mark
    found: object

    @property
    def expected(self) -> object:
        said = self.label.said
        others = said.get({"price": "accept", "list_price": "accept_list_price"}.get(self.field, ""), [])
        first = said.get(self.field)
        return " or ".join(str(one) for one in dict.fromkeys([first, *others]))


def misses(labels: list[Label], answers: list[Answer], given: Marks) -> Iterator[Miss]:
    """In the order of the pages."""
    for label, answer in zip(labels, answers, strict=True):
        for field, mark in given[label.key].items():
            if mark in _BAD:
                yield Miss(label, field, mark, getattr(answer, field))


def changes(before: Marks, now: Marks) -> Iterator[str]:
    """One line for each page and field that became right or ceased to be; new pages are counted."""
    for key, fields in now.items():
        for field, mark in fields.items():
            was = before.get(key, {}).get(field)
            if was is None or was == mark:
                continue
            if (was in _BAD) != (mark in _BAD):
                yield f"newly {'wrong' if mark in _BAD else 'right'}: {key} {field} ({was} -> {mark})"
            elif mark in _BAD:
                yield f"otherwise wrong: {key} {field} ({was} -> {mark})"
    new = [key for key in now if key not in before]
    if new and before:
        yield f"new pages: {len(new)}"


def kept() -> dict[str, Any]:
    """What was committed last: its "marks", "marks_without_adapters" and "score"."""
    if not SCORE.exists():
        return {"marks": {}, "marks_without_adapters": {}, "score": {}}
    found: dict[str, Any] = json.loads(SCORE.read_text("utf-8"))
    return found


def keep(marks: Marks, without_adapters: Marks, score: Mapping[str, object], found: list[Miss]) -> None:
    """Write both files. What is known of real pages stays when there are none to read."""
    real = any(key.startswith("real/") for key in marks)
    before = kept()
    written = {
        "score": score if real else before["score"],
        "marks": _joined(before["marks"], marks, real=real),
        "marks_without_adapters": _joined(before["marks_without_adapters"], without_adapters, real=real),
    }
    SCORE.write_text(_a_line_each(written), "utf-8")
    if real:
        MISSES.write_text(_HEAD + _table(found), "utf-8")


def _a_line_each(parts: Mapping[str, Mapping[str, object]]) -> str:
    """As JSON with each page on a line of its own, so that a change of the score reads well."""
    told = (
        f"{json.dumps(part)}: {{\n"
        + ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in pages.items())
        + "\n}"
        for part, pages in parts.items()
    )
    return "{\n" + ",\n".join(told) + "\n}\n"


def _joined(before: Marks, now: Marks, *, real: bool) -> Marks:
    stay = {} if real else {key: fields for key, fields in before.items() if key.startswith("real/")}
    return {**stay, **now}


def reasons() -> dict[tuple[str, str], str]:
    """The reasons that were written by hand, by page and field."""
    if not MISSES.exists():
        return {}
    rows = _ROW.finditer(MISSES.read_text("utf-8"))
    return {(row["key"], row["field"]): row["reason"].strip() for row in rows}


def _table(found: list[Miss]) -> str:
    known = reasons()
    lines = ["| page | field | expected | read | reason |", "|---|---|---|---|---|"]
    for miss in found:
        reason = known.get((miss.label.key, miss.field), "")
        cells = (miss.label.key, miss.field, _cell(miss.expected), _cell(miss.found), reason)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _cell(value: object) -> str:
    return "nothing" if value is None else " ".join(str(value).replace("|", "/").split())[:80]
