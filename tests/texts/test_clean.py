import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.texts import clean


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        pytest.param("Kettle  \n 1.5 L", "Kettle 1.5 L", id="white space is folded"),
        pytest.param("Kettle\x00\x07", "Kettle", id="control characters go"),
        pytest.param("\u202egnihton\u2066\u2069\u200f", "gnihton", id="bidi overrides go"),
        pytest.param(
            "Z" + "\u0335" * 40 + "algo", "Z\u0335\u0335\u0335algo", id="piled marks are cut to three"
        ),
        pytest.param("<b>&lt;", "<b>&lt;", id="markup is left to the escaping"),
        pytest.param("👩\u200d🔬 kit", "👩\u200d🔬 kit", id="a joined emoji stays whole"),
        pytest.param("\u200d" * 50, "", id="joiners that join nothing go"),
        pytest.param("\u0301 \u0301a", "a", id="marks on nothing go"),
        pytest.param("केतली", "केतली", id="Devanagari keeps its vowel signs"),
        pytest.param("\ud800broken", "broken", id="half a surrogate pair goes"),
    ],
)
def test_a_foreign_text_is_made_fit(foreign: str, shown: str) -> None:
    assert clean(foreign) == shown


def test_what_is_too_long_ends_in_an_ellipsis_within_the_limit() -> None:
    assert clean("word " * 100, limit=12) == "word word w…"


def test_the_cut_never_parts_a_letter_from_its_marks() -> None:
    assert clean("aaae\u0301\u0323bbb", limit=5) in ("aaa…", "aaaé…", "aaaẹ…", "aaaẹ́…")


@given(st.text(max_size=400), st.integers(min_value=2, max_value=60))
def test_a_cleaned_text_is_short_visible_and_stays_as_it_is(text: str, limit: int) -> None:
    cleaned = clean(text, limit=limit)
    assert len(cleaned) <= limit
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in cleaned)
    assert "\u202e" not in cleaned
    assert clean(cleaned, limit=limit) == cleaned
