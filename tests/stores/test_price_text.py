"""Amounts in text: what shops print, what people type, and what only looks like a price."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.stores.currencies import CODES, currency_of, largest_minor
from tracker.stores.price_text import plain, read_machine_price, read_price, spot_prices

ONE_AMOUNT = {
    "₹1,499": ("1499", "INR"),
    "₹1,49,900": ("149900", "INR"),
    "₹12,34,567": ("1234567", "INR"),
    "Rs. 1,499": ("1499", "INR"),
    "Rs.1,49,900.00": ("149900.00", "INR"),
    "Rs. 1,499/-": ("1499", "INR"),
    "Rs500": ("500", "INR"),
    "inr 500": ("500", "INR"),
    "499 INR": ("499", "INR"),
    "₹ १,४९९": ("1499", "INR"),
    "₹1.5 lakh": ("150000", "INR"),
    "Rs 20k": ("20000", "INR"),
    "₹1,499 ₹1,499": ("1499", "INR"),
    "iPhone 15 ₹59,900": ("59900", "INR"),
    "Price: ₹1,499": ("1499", "INR"),
    "-30% $14.99": ("14.99", "USD"),
    "US $ 38.17": ("38.17", "USD"),
    "A$ 299.95": ("299.95", "AUD"),
    "$125.": ("125", "USD"),
    "$1,600.00": ("1600.00", "USD"),
    "£49.00": ("49.00", "GBP"),
    "1.234 €": ("1234", "EUR"),
    "1.234,56 €": ("1234.56", "EUR"),
    "1 234,56 €": ("1234.56", "EUR"),
    "1\u202f234,56\u00a0€": ("1234.56", "EUR"),
    "999,- €": ("999", "EUR"),
    "0,99 €": ("0.99", "EUR"),
    "CHF 1'299.–": ("1299", "CHF"),
    "R$ 1.299,90": ("1299.90", "BRL"),
    "999,000 TND": ("999.000", "TND"),
    "999,667 DT": ("999.667", "TND"),
    "KWD 14.500": ("14.500", "KWD"),
    "¥1,980": ("1980", None),
    "1,49,900": ("149900", None),
    "2.999⁹⁹ Lei": ("2999.99", "RON"),
    "₹ 1,49,900/-": ("149900", "INR"),
    "CHF 1'499.–": ("1499", "CHF"),
    "12€99": ("12.99", "EUR"),
    "50.700₫": ("50700", "VND"),
    "KWD 21.500": ("21.500", "KWD"),
    "￥1,980": ("1980", None),
    "１２，９８０円": ("12980", "JPY"),
    "١٤٩٩ د.إ": ("1499", "AED"),
    "١٬٤٩٩٫٥٠ ر.س": ("1499.50", "SAR"),
    "৳ ১,২৯৯": ("1299", "BDT"),
    "฿๑,๒๙๐": ("1290", "THB"),
    "CAD$ 14.50": ("14.50", "CAD"),
    "$14.50 AUD": ("14.50", "AUD"),
    "C $12.99": ("12.99", "CAD"),
    "199,- Kč": ("199", "CZK"),
    "1\u00a0299,90\u00a0zł": ("1299.90", "PLN"),
    "Tk. 1,200": ("1200", "BDT"),
    "2 crore": ("20000000", None),
    "1,234": ("1234", None),
    "3,50": ("3.50", None),
    "under 500": ("500", None),
}

NO_AMOUNT = [
    "", "free", "-5", "-₹500", "₹-500", "\u2212₹500", "+$1.00", "50%", "1e3", "1e400", "1E+9999999", "NaN",
    "₹0", "₹0.00",
    "EMI from ₹999/mo", "₹999 per month", "Save ₹500", "₹8.9/gm", "₹500 off", "up to ₹2,000", "Delivery ₹49",
    "$1.99 - $5.00", "499 € 599 €", "499€ 599€", "₹499₹599", "MRP ₹24,999 ₹19,490", "2 x 500",
    "1.234", "$1.234", "₹1,49", "1,2,3", "1.49.900", "1.234.5,6", "99999999999999", "₹ 9999999 crore",
    "x" * 300 + " ₹5",
    "1,234.56,78", "KWD 1,234", "1,23,45,67 €",
]  # fmt: skip


@pytest.mark.parametrize(("text", "meant"), ONE_AMOUNT.items(), ids=ONE_AMOUNT)
def test_a_text_with_one_amount_is_read_as_it_is_meant(text: str, meant: tuple[str, str | None]) -> None:
    assert read_price(text) == (Decimal(meant[0]), meant[1])


@pytest.mark.parametrize("text", NO_AMOUNT, ids=[text[:30] for text in NO_AMOUNT])
def test_what_is_no_single_price_is_read_as_none(text: str) -> None:
    assert read_price(text) is None


@pytest.mark.parametrize(
    ("text", "hint", "country", "meant"),
    [
        ("1,499", "INR", None, ("1499", "INR")),
        ("1.499", "EUR", None, ("1499", "EUR")),
        ("₹1,499", "USD", None, ("1499", "INR")),
        ("$299.95", "AUD", None, ("299.95", "AUD")),
        ("$299.95", None, "ca", ("299.95", "CAD")),
        ("$299.95", "EUR", None, ("299.95", "USD")),
        ("¥1,980", None, "jp", ("1980", "JPY")),
        ("¥ 309.00", None, "cn", ("309.00", "CNY")),
        ("Rs. 1,499", None, "pk", ("1499", "PKR")),
        ("1.299 kr", None, "dk", ("1299", "DKK")),
        ("1 299 kr", "INR", None, ("1299", None)),
        ("1 499,00 kr", None, "se", ("1499.00", "SEK")),
        ("￥1,980", None, "jp", ("1980", "JPY")),
        ("₨ 1,499", None, "pk", ("1499", "PKR")),
        ("150 DH", None, "ma", ("150", "MAD")),
    ],
)
def test_hints_settle_what_the_text_leaves_open(
    text: str, hint: str | None, country: str | None, meant: tuple[str, str | None]
) -> None:
    assert read_price(text, currency_hint=hint, country_hint=country) == (Decimal(meant[0]), meant[1])


@pytest.mark.parametrize(
    ("value", "currency", "amount"),
    [
        (19490, "INR", "19490"),
        (99.0, "EUR", "99"),
        (49.989999999999995, "EUR", "49.99"),
        ("2802.803738", "TND", "2802.8037"),
        ("1299.0000", "EUR", "1299"),
        ("1.499", "INR", "1.499"),
        ("1.499", "EUR", None),
        ("1.499", "JPY", None),
        ("1.499", None, None),
        ("0.499", "EUR", "0.499"),
        ("1.499", "KWD", "1.499"),
        ("1.299,00", "EUR", "1299"),
        ("₹ 499", "INR", "499"),
        (0, "INR", None),
        ("0.00", "INR", None),
        (-5, "INR", None),
        (True, "INR", None),
        (None, "INR", None),
        ({"value": 5}, "INR", None),
        (float("nan"), "INR", None),
        (float("inf"), "INR", None),
        (10**40, "INR", None),
        ("1E+9999999", "INR", None),
        ("10" * 30, "INR", None),
    ],
)
def test_a_machine_readable_amount_is_gated_before_it_becomes_a_number(
    value: object, currency: str | None, amount: str | None
) -> None:
    found = read_machine_price(value, currency_hint=currency)
    assert (found and found[0]) == (Decimal(amount) if amount else None)


SPOTTED = {
    "MRP $24,999 $19.99": ["24999", "19.99"],
    "$12 - $15": ["12", "15"],
    "12€\x1f99 or 3 x 4,33 €": ["12.99", "4.33"],
    "Call +91 22 4000 or pay ₹499 in 2021": ["499"],
    "£5.99£4.99": ["5.99", "4.99"],
    "CHF 49.– instead of CHF 69.–": ["49", "69"],
    "-$5 off, $0, size 10": [],
    "SKU A12 $3.50": ["3.50"],
    "1,2,3 $": [],
    "Barolo 2017\n€ 42,00 € 35,50": ["42", "35.50"],
    "12 990 €\n9 990 €\nsave 3 000 €": ["12990", "9990", "3000"],
}


def test_the_letter_of_the_rand_is_no_mark_where_another_currency_is_known() -> None:
    assert [one.amount for one in spot_prices("205/55 R16 R899", currency_hint="ZAR")] == [16, 899]
    assert not list(spot_prices("205/55 R16 91V", currency_hint="EUR"))


def test_a_dash_for_cents_marks_an_amount_where_the_currency_is_known() -> None:
    text = "1 299,- and 1 899"
    assert [(one.amount, one.currency) for one in spot_prices(text, currency_hint="NOK")] == [
        (Decimal(1299), "NOK")
    ]
    assert not list(spot_prices(text))


@pytest.mark.parametrize(("text", "amounts"), SPOTTED.items(), ids=SPOTTED)
def test_every_marked_amount_of_a_longer_text_is_spotted_where_it_stands(
    text: str, amounts: list[str]
) -> None:
    spotted = list(spot_prices(text))
    assert [one.amount for one in spotted] == [Decimal(amount) for amount in amounts]
    for one in spotted:
        alone = read_price(text[one.start : one.end].replace("\x1f", ""))
        assert alone == (one.amount, one.currency)


@given(st.text(max_size=250))
def test_spotting_never_raises_and_its_places_are_in_order(text: str) -> None:
    spotted = list(spot_prices(plain(text)))
    places = [place for one in spotted for place in (one.start, one.end)]
    assert places == sorted(places)
    assert all(0 < one.amount < 10**12 for one in spotted)


@given(st.text(max_size=250))
def test_no_text_raises_and_no_amount_is_negative_or_endless(text: str) -> None:
    found = read_price(text, currency_hint="INR")
    assert found is None or (found[0].is_finite() and 0 < found[0] < 10**12)


@given(st.integers(1, 10**9))
def test_indian_and_western_grouping_of_one_number_are_one_amount(number: int) -> None:
    western = f"{number:,}"
    head, tail = str(number)[:-3], str(number)[-3:]
    pairs = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)]
    indian = ",".join([*reversed(pairs), tail])
    assert read_price(f"₹{western}") == read_price(f"₹{indian}") == (Decimal(number), "INR")


def test_a_code_in_small_letters_counts_only_when_it_is_no_word() -> None:
    assert currency_of("inr") == "INR"
    assert currency_of("try") is None
    assert currency_of("all") is None
    assert currency_of("XXX") is None
    assert all(len(code) == 3 for code in CODES)


def test_small_money_may_have_more_digits() -> None:
    assert largest_minor("IDR") > largest_minor("INR") == 10**10
