"""Patterns that ignore case find the same in small letters as anyhow."""

import re

import pytest

from tracker.stores.wording import any_of


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("priceToPay", "class PRICETOPAY"),
        (r"\bde:?\s*(?=R\$)", "DE: R$ 10"),
        (r"price\W{1,2}now", "Price: NOW"),
        ("fiyatı", "FIYATI"),
        ("[A-F]{2}\\D", "xx ab!"),
        ("größe", "Größe L"),
        ("sold out", "not \u017fold out"),
    ],
)
def test_a_pattern_finds_the_place_that_ignoring_case_finds(pattern: str, text: str) -> None:
    wanted = re.search(pattern, text, re.IGNORECASE)
    found = any_of("never this", pattern).search(text)
    assert wanted is not None
    assert found is not None
    assert found.span() == wanted.span()


def test_a_whole_text_and_the_beginning_of_one_match_as_well() -> None:
    words = any_of("add to cart", "buy")
    assert words.fullmatch("Add To CART")
    assert not words.fullmatch("Add To CART now")
    assert words.match("Buy now")
    assert not words.match("To buy")


def test_every_place_between_two_others_is_found() -> None:
    words = any_of("old")
    assert [found.start() for found in words.finditer("OLD Old old", 1, 9)] == [4]
    assert [found.start() for found in words.finditer("ÖLD Old old", 1)] == [4, 8]


def test_what_is_left_of_a_text_keeps_its_letters() -> None:
    assert any_of("b+").sub("-", "ABBA") == "A-A"


def test_a_text_is_found_again_after_many_others() -> None:
    words = any_of(r"price-\d+")
    for _ in range(2):
        for number in range(300):
            found = words.search(f"a PRICE-{number} b")
            assert found is not None
            assert found[0] == f"price-{number}"
    assert words.search("a prize") is words.search("a prize") is None
