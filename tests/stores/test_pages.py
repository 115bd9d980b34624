"""A page test is two files: tests/pages/<store>/<case>.html and, as JSON, the fields to read from it."""

import json
from pathlib import Path

import pytest

from tracker.stores.__main__ import fields
from tracker.stores.registry import read

PAGES = Path(__file__).parent.parent / "pages"
CASES = sorted(PAGES.glob("*/*.html"))


@pytest.mark.parametrize("case", CASES, ids=[f"{case.parent.name}/{case.stem}" for case in CASES])
def test_a_page_reads_as_the_file_beside_it_says(case: Path) -> None:
    expected = json.loads(case.with_suffix(".json").read_text(encoding="utf-8"))
    reading = read(case.read_bytes(), expected.pop("url"), status=expected.pop("status", 200))
    found = fields(reading)
    assert {name: found[name] for name in expected} == expected


def test_every_expectation_has_its_page() -> None:
    assert {case.with_suffix(".json") for case in CASES} == set(PAGES.glob("*/*.json"))
    assert len(CASES) > 200
