"""Money is whole minor units of one currency."""

from decimal import Decimal
from time import perf_counter

import pytest
from babel.numbers import get_currency_precision
from hypothesis import given
from hypothesis import strategies as st

from tracker.money import MAX_MINOR, Money, exponent

CODES = st.sampled_from(["INR", "USD", "JPY", "KWD", "CLF", "XTR"])


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        pytest.param("1499.00", "INR", 149900, id="two-decimals"),
        pytest.param("1499", "JPY", 1499, id="no-decimals"),
        pytest.param("1.234", "KWD", 1234, id="three-decimals"),
        pytest.param("1.2345", "CLF", 12345, id="four-decimals"),
        pytest.param("50", "XTR", 50, id="telegram-stars"),
        pytest.param("0.005", "INR", 1, id="half-goes-up"),
        pytest.param("0.0049", "INR", 0, id="below-half-goes-down"),
        pytest.param("-0.005", "INR", -1, id="half-goes-away-from-zero"),
        pytest.param("1999.5", "JPY", 2000, id="half-a-yen"),
        pytest.param("1E+3", "INR", 100000, id="exponent"),
        pytest.param("0", "INR", 0, id="nothing"),
        pytest.param("0E+5", "INR", 0, id="nothing-with-an-exponent"),
        pytest.param("0.00000000000000000000000001", "INR", 0, id="next-to-nothing"),
    ],
)
def test_an_amount_in_major_units_becomes_minor_units(amount: str, currency: str, minor: int) -> None:
    assert Money.of(Decimal(amount), currency) == Money(minor, currency)


@pytest.mark.parametrize(
    "amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+16", "1E+9999999", "-1E+9999999"]
)
def test_what_is_no_amount_is_refused_at_once(amount: str) -> None:
    started = perf_counter()
    with pytest.raises(ValueError, match="not an amount"):
        Money.of(Decimal(amount), "INR")
    assert perf_counter() - started < 1


@pytest.mark.parametrize("minor", [MAX_MINOR, -MAX_MINOR])
def test_the_largest_amount_is_an_amount_and_one_more_is_not(minor: int) -> None:
    assert Money(minor, "INR").minor == minor
    with pytest.raises(ValueError, match="too large"):
        Money(minor + (1 if minor > 0 else -1), "INR")


def test_an_amount_too_large_for_its_currency_is_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        Money.of(Decimal(MAX_MINOR), "INR")


@pytest.mark.parametrize("code", ["", "IN", "INRR", "inr", "₹", "IN1", "INR\n"])
def test_what_is_no_currency_code_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not an ISO 4217 code"):
        Money(1, code)


@given(st.integers(-MAX_MINOR, MAX_MINOR), CODES)
def test_major_units_and_back_is_the_same_money(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert Money.of(money.amount, currency) == money


@given(st.decimals(-(10**9), 10**9, allow_nan=False), CODES)
def test_rounding_moves_an_amount_by_half_a_minor_unit_at_most(amount: Decimal, currency: str) -> None:
    half = Decimal(5).scaleb(-exponent(currency) - 1)
    assert abs(Money.of(amount, currency).amount - amount) <= half


def test_money_of_one_currency_subtracts_and_compares() -> None:
    assert Money(300, "INR") - Money(100, "INR") == Money(200, "INR")
    assert Money(100, "INR") < Money(300, "INR") <= Money(300, "INR")
    assert not Money(300, "INR") < Money(300, "INR")
    assert min(Money(3, "INR"), Money(1, "INR"), Money(2, "INR")) == Money(1, "INR")


def test_money_of_two_currencies_is_never_mixed() -> None:
    rupees, dollars = Money(100, "INR"), Money(100, "USD")
    assert rupees != dollars
    with pytest.raises(ValueError, match="INR and USD do not compare"):
        rupees - dollars
    with pytest.raises(ValueError, match="INR and USD do not compare"):
        rupees < dollars  # noqa: B015
    with pytest.raises(ValueError, match="INR and USD do not compare"):
        rupees <= dollars  # noqa: B015


@pytest.mark.parametrize("code", "BHD CLF CLP EUR GBP INR ISK JOD JPY KRW KWD OMR TND USD VND".split())
def test_decimals_are_those_of_an_independent_table(code: str) -> None:
    assert exponent(code) == get_currency_precision(code)
