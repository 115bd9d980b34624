"""Amounts of money in words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.billing.words import in_words
from tracker.money import MAX_MINOR

AMOUNTS = st.one_of(st.integers(0, 10**6), st.integers(0, MAX_MINOR))
CODES = st.sampled_from(["INR", "USD", "EUR", "GBP", "JPY", "KWD", "XTR", "CLF"])
VALUES = {
    word: value
    for value, word in enumerate(
        (
            "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
            "sixteen seventeen eighteen nineteen"
        ).split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), 2)
}
SCALES = {"hundred": 10**2, "thousand": 10**3, "lakh": 10**5, "crore": 10**7}


def read(words: str) -> int:
    """The number that words say: a scale multiplies all that is smaller than itself before it."""
    total = current = 0
    for word in re.split(r"[ -]", words):
        if word == "crore":
            total, current = (total + current) * SCALES[word], 0
        elif word == "hundred":
            current *= 100
        elif word in SCALES:
            total, current = total + current * SCALES[word], 0
        else:
            current += VALUES[word]
    return total + current


@pytest.mark.parametrize(
    ("minor", "words"),
    [
        pytest.param(
            1_499_50, "Rupees one thousand four hundred ninety-nine and fifty paise only", id="paise"
        ),
        pytest.param(1_499_00, "Rupees one thousand four hundred ninety-nine only", id="whole"),
        pytest.param(0, "Rupees zero only", id="nothing"),
        pytest.param(1, "Rupees zero and one paisa only", id="one-paisa"),
        pytest.param(99, "Rupees zero and ninety-nine paise only", id="paise-only"),
        pytest.param(1_00, "Rupee one only", id="one-rupee"),
        pytest.param(2_01, "Rupees two and one paisa only", id="two-rupees-and-one-paisa"),
        pytest.param(10_00, "Rupees ten only", id="ten"),
        pytest.param(13_00, "Rupees thirteen only", id="teen"),
        pytest.param(19_19, "Rupees nineteen and nineteen paise only", id="nineteen"),
        pytest.param(20_00, "Rupees twenty only", id="twenty"),
        pytest.param(21_00, "Rupees twenty-one only", id="twenty-one"),
        pytest.param(100_00, "Rupees one hundred only", id="hundred"),
        pytest.param(101_00, "Rupees one hundred one only", id="hundred-and-one"),
        pytest.param(999_00, "Rupees nine hundred ninety-nine only", id="below-a-thousand"),
        pytest.param(1_000_00, "Rupees one thousand only", id="thousand"),
        pytest.param(12_012_00, "Rupees twelve thousand twelve only", id="thousands"),
        pytest.param(
            99_999_00, "Rupees ninety-nine thousand nine hundred ninety-nine only", id="below-a-lakh"
        ),
        pytest.param(1_00_000_00, "Rupees one lakh only", id="lakh"),
        pytest.param(1_49_900_00, "Rupees one lakh forty-nine thousand nine hundred only", id="lakhs"),
        pytest.param(1_00_00_000_00, "Rupees one crore only", id="crore"),
        pytest.param(
            12_34_56_789_01,
            "Rupees twelve crore thirty-four lakh fifty-six thousand seven hundred eighty-nine"
            " and one paisa only",
            id="every-scale",
        ),
        pytest.param(100_00_00_000_00, "Rupees one hundred crore only", id="hundred-crore"),
        pytest.param(MAX_MINOR, "Rupees ten lakh crore only", id="largest"),
    ],
)
def test_rupees_are_spelled_as_in_india(minor: int, words: str) -> None:
    assert in_words(minor) == words


@pytest.mark.parametrize(
    ("minor", "currency", "words"),
    [
        pytest.param(19_99, "USD", "US dollars nineteen and ninety-nine cents only", id="dollars"),
        pytest.param(1_01, "EUR", "Euro one and one cent only", id="euro"),
        pytest.param(5_02, "GBP", "Pounds five and two pence only", id="pounds"),
        pytest.param(1_500, "JPY", "JPY one thousand five hundred only", id="no-decimals"),
        pytest.param(1_250, "KWD", "KWD one point two five zero only", id="three-decimals"),
        pytest.param(2_000, "KWD", "KWD two only", id="three-decimals-whole"),
        pytest.param(1_05, "AED", "AED one point zero five only", id="two-decimals"),
        pytest.param(250, "XTR", "XTR two hundred fifty only", id="telegram-stars"),
    ],
)
def test_other_money_is_spelled_too(minor: int, currency: str, words: str) -> None:
    assert in_words(minor, currency) == words


@given(AMOUNTS)
def test_the_words_say_the_amount(minor: int) -> None:
    found = re.fullmatch(r"Rupees? (.+?)(?: and (.+) pais[ae])? only", in_words(minor))
    assert found
    assert read(found[1]) * 100 + (read(found[2]) if found[2] else 0) == minor


@given(AMOUNTS, CODES)
def test_the_words_hold_no_digit_and_no_stray_space(minor: int, currency: str) -> None:
    words = in_words(minor, currency)
    assert re.fullmatch(r"[A-Za-z-]+( [a-z-]+)+ only", words)


@given(st.lists(AMOUNTS, unique=True, min_size=2), CODES)
def test_no_two_amounts_read_alike(amounts: list[int], currency: str) -> None:
    assert len({in_words(minor, currency) for minor in amounts}) == len(amounts)


def test_no_two_small_amounts_read_alike() -> None:
    assert len({in_words(minor) for minor in range(0, 3_00_000, 7)}) == len(range(0, 3_00_000, 7))


@pytest.mark.parametrize(
    ("minor", "currency", "why"),
    [
        pytest.param(-1, "INR", "below zero", id="below-zero"),
        pytest.param(MAX_MINOR + 1, "INR", "too large", id="too-large"),
        pytest.param(1, "rupees", "not an ISO 4217 code", id="no-currency"),
    ],
)
def test_what_is_no_amount_is_refused(minor: int, currency: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        in_words(minor, currency)
