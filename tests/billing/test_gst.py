"""States, registration numbers, the parts of a price, and how documents are numbered."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.billing import gst
from tracker.billing.gst import STATES, TaxSplit, share, share_of, split
from tracker.errors import BadInput

TOTALS = st.integers(0, 10**12)
RATES = st.sampled_from([*map(Decimal, "0 5 12 18 28 40 100 0.25 1.5".split())])
PLACES = st.sampled_from([None, "29", "27", "97"])
KARNATAKA = "29"
DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
BODIES = st.tuples(
    st.sampled_from(sorted(STATES)), st.from_regex(r"[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]", fullmatch=True)
).map("".join)


def check_digit(body: str) -> str:
    """The check digit by Luhn's rule in base 36, counted from the right, as its general form is defined."""
    total, factor = 0, 2
    for character in reversed(body):
        product = factor * int(character, 36)
        total += product // 36 + product % 36
        factor = 3 - factor
    return DIGITS[(36 - total % 36) % 36]


def parts(split: TaxSplit) -> tuple[int, int, int, int]:
    return split.taxable_minor, split.cgst_minor, split.sgst_minor, split.igst_minor


# --- states ---


@pytest.mark.parametrize(
    ("words", "code"),
    [
        pytest.param("29", "29", id="code"),
        pytest.param("7", "07", id="code-without-its-zero"),
        pytest.param("97", "97", id="other-territory"),
        pytest.param("Karnataka", "29", id="name"),
        pytest.param("  tamil   NADU ", "33", id="spaces-and-capitals"),
        pytest.param("KA", "29", id="short-form"),
        pytest.param("mh", "27", id="short-form-in-small-letters"),
        pytest.param("Dl", "07", id="short-form-of-delhi"),
        pytest.param("Jammu & Kashmir", "01", id="ampersand"),
        pytest.param("jammu and kashmir", "01", id="and"),
        pytest.param("J&K", "01", id="initials"),
        pytest.param("Andaman&Nicobar Islands", "35", id="ampersand-without-spaces"),
        pytest.param("Dadra & Nagar Haveli and Daman & Diu", "26", id="both-kinds-of-and"),
        pytest.param("Daman and Diu", "26", id="merged"),
        pytest.param("Andhra Pradesh", "37", id="after-it-was-divided"),
        pytest.param("AP", "37", id="short-form-of-andhra"),
        pytest.param("OD", "21", id="odisha-now"),
        pytest.param("OR", "21", id="odisha-before"),
        pytest.param("TG", "36", id="telangana-now"),
        pytest.param("TS", "36", id="telangana-on-number-plates"),
        pytest.param("Orissa", "21", id="former-name"),
        pytest.param("Tamil-Nadu.", "33", id="punctuation"),
        pytest.param("25", None, id="code-that-was-merged"),
        pytest.param("28", None, id="code-that-was-divided"),
        pytest.param("00", None, id="no-code"),
        pytest.param("0", None, id="zero"),
        pytest.param("029", None, id="code-with-a-zero-too-many"),
        pytest.param("", None, id="nothing"),
        pytest.param("&", None, id="and-alone"),
        pytest.param("Bengaluru", None, id="city"),
        pytest.param("कर्नाटक", None, id="other-script"),
    ],
)
def test_a_state_is_known_by_code_name_and_short_form(words: str, code: str | None) -> None:
    assert gst.state_named(words) == code


@pytest.mark.parametrize("code", sorted(STATES))
def test_each_state_is_found_by_its_own_name_and_code(code: str) -> None:
    name = STATES[code]
    assert {gst.state_named(each) for each in (code, name, name.upper(), name.replace(" and ", " & "))} == {
        code
    }


def test_the_states_are_all_that_the_tax_knows() -> None:
    numbers = {f"{number:02}" for number in range(1, 39)} - {"25", "28"}
    assert set(STATES) == numbers | {"97"}
    assert len(set(STATES.values())) == len(STATES)
    assert set(STATES) > gst.WITHOUT_LEGISLATURE


@given(st.text())
def test_whatever_is_typed_is_a_state_or_none(words: str) -> None:
    assert gst.state_named(words) in {None, *STATES}


# --- registration numbers ---

PUBLISHED = ["27AAPFU0939F1ZV", "29AAAAA0000A1ZY", "07AAPFU0939F1ZX"]


@pytest.mark.parametrize("number", PUBLISHED)
def test_a_published_number_is_well_formed(number: str) -> None:
    assert number[-1] == check_digit(number[:-1])
    assert gst.is_gstin(number)
    assert gst.gstin(number) == number


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("27aapfu0939f1zv", id="small-letters"),
        pytest.param("  27AAPFU0939F1ZV\n", id="spaces-around"),
        pytest.param("27 AAPFU0939F 1ZV", id="spaces-between"),
        pytest.param("27\u00a0AAPFU0939F\u00a01ZV", id="unbreakable-spaces"),
    ],
)
def test_a_number_is_kept_in_one_form(text: str) -> None:
    assert gst.is_gstin(text)
    assert gst.gstin(text) == "27AAPFU0939F1ZV"


def with_check_digit(body: str) -> str:
    return body + check_digit(body)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("27AAPFU0939F1ZW", id="wrong-check-digit"),
        pytest.param("72AAPFU0939F1ZV", id="digits-swapped"),
        pytest.param("27AAPFU0939F1Z", id="too-short"),
        pytest.param("27AAPFU0939F1ZVV", id="too-long"),
        pytest.param("27-AAPFU0939F-1ZV", id="dashes"),
        pytest.param(with_check_digit("28AAPFU0939F1Z"), id="state-that-was-divided"),
        pytest.param(with_check_digit("25AAPFU0939F1Z"), id="state-that-was-merged"),
        pytest.param(with_check_digit("00AAPFU0939F1Z"), id="no-state"),
        pytest.param(with_check_digit("27AAPF10939F1Z"), id="digit-for-a-letter"),
        pytest.param(with_check_digit("27AAPFUO939F1Z"), id="letter-for-a-digit"),
        pytest.param(with_check_digit("27AAPFU0939F0Z"), id="no-registration"),
        pytest.param(with_check_digit("27AAPFU0939F1Y"), id="no-z"),
        pytest.param("२७AAPFU0939F1ZV", id="digits-of-another-script"),
        pytest.param("27AAPFU0939F1ZV" * 1000, id="very-long"),
    ],
)
def test_what_is_no_number_is_refused_in_the_same_words(text: str) -> None:
    assert not gst.is_gstin(text)
    with pytest.raises(BadInput) as refused:
        gst.gstin(text)
    assert refused.value.text_key == "billing.bad_gstin"


@given(BODIES)
def test_each_number_has_one_check_digit(body: str) -> None:
    accepted = [digit for digit in DIGITS if gst.is_gstin(f"{body}Z{digit}")]
    assert accepted == [check_digit(f"{body}Z")]


@given(BODIES, st.integers(0, 14), st.sampled_from(DIGITS))
def test_one_wrong_character_is_always_found(body: str, place: int, character: str) -> None:
    number = with_check_digit(f"{body}Z")
    wrong = number[:place] + character + number[place + 1 :]
    assert gst.is_gstin(wrong) == (wrong == number)


@given(st.text())
def test_whatever_is_typed_is_a_number_or_refused(text: str) -> None:
    assert not gst.is_gstin(text)


# --- the parts of a price ---


@pytest.mark.parametrize(
    ("total", "rate", "buyer", "expected"),
    [
        pytest.param(118_00, 18, None, (100_00, 9_00, 9_00, 0), id="buyer-without-an-address"),
        pytest.param(118_00, 18, "29", (100_00, 9_00, 9_00, 0), id="same-state"),
        pytest.param(118_00, 18, "27", (100_00, 0, 0, 18_00), id="another-state"),
        pytest.param(1_499_00, 18, "29", (1_270_34, 114_33, 114_33, 0), id="tax-of-even-paise"),
        pytest.param(199_00, 18, "29", (168_64, 15_18, 15_18, 0), id="tax-rounded-up"),
        pytest.param(499_00, 18, "29", (422_88, 38_06, 38_06, 0), id="tax-rounded-down"),
        pytest.param(20, 18, "29", (18, 1, 1, 0), id="odd-paisa-of-tax-stays-with-the-value"),
        pytest.param(20, 18, "27", (17, 0, 0, 3), id="odd-paisa-of-one-tax"),
        pytest.param(1, 18, "29", (1, 0, 0, 0), id="one-paisa"),
        pytest.param(1, 18, "27", (1, 0, 0, 0), id="one-paisa-elsewhere"),
        pytest.param(0, 18, "29", (0, 0, 0, 0), id="nothing"),
        pytest.param(0, 18, "27", (0, 0, 0, 0), id="nothing-elsewhere"),
        pytest.param(100_00, 0, "27", (100_00, 0, 0, 0), id="no-tax"),
        pytest.param(105_00, 5, "29", (100_00, 2_50, 2_50, 0), id="five-percent"),
        pytest.param(100_25, Decimal("0.25"), "27", (100_00, 0, 0, 25), id="quarter-percent"),
    ],
)
def test_a_price_has_these_parts(
    total: int, rate: int | Decimal, buyer: str | None, expected: tuple[int, int, int, int]
) -> None:
    found = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    assert parts(found) == expected
    assert found.rate == rate


def test_the_rate_is_that_of_the_service_unless_said() -> None:
    assert split(1_180, seller_state=KARNATAKA, buyer_state="27").rate == 18


@given(TOTALS, RATES, PLACES)
def test_the_parts_are_the_price_to_the_paisa(total: int, rate: Decimal, buyer: str | None) -> None:
    found = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    assert sum(parts(found)) == found.total_minor == total
    assert min(parts(found)) >= 0
    assert found.cgst_minor == found.sgst_minor
    assert found.tax_minor == total - found.taxable_minor
    if buyer in (None, KARNATAKA):
        assert found.igst_minor == 0
    else:
        assert found.cgst_minor == 0


@given(TOTALS, RATES, PLACES)
def test_the_tax_is_the_rate_of_the_value(total: int, rate: Decimal, buyer: str | None) -> None:
    found = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    assert abs(found.tax_minor - found.taxable_minor * Decimal(rate) / 100) <= 3


@pytest.mark.parametrize(
    ("total", "rate", "seller", "buyer", "why"),
    [
        pytest.param(-1, 18, "29", None, "below zero", id="below-zero"),
        pytest.param(1, -1, "29", None, "not a rate", id="negative-rate"),
        pytest.param(1, 101, "29", None, "not a rate", id="more-than-all"),
        pytest.param(1, Decimal("NaN"), "29", None, "not a rate", id="no-number"),
        pytest.param(1, Decimal("Infinity"), "29", None, "not a rate", id="endless"),
        pytest.param(1, 18, "KA", None, "not a GST state code: 'KA'", id="seller-by-short-form"),
        pytest.param(1, 18, "29", "", "not a GST state code: ''", id="buyer-in-no-state"),
        pytest.param(1, 18, "29", "28", "not a GST state code: '28'", id="buyer-in-a-former-state"),
    ],
)
def test_what_cannot_be_taxed_is_refused(
    total: int, rate: int | Decimal, seller: str, buyer: str | None, why: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(why)):
        split(total, rate_percent=rate, seller_state=seller, buyer_state=buyer)


# --- refunds ---


@st.composite
def refunds(draw: st.DrawFn) -> tuple[TaxSplit, list[int]]:
    """A price, and the sums of its refunds after each one, from nothing to all of it."""
    total = draw(st.one_of(st.integers(0, 300), TOTALS))
    whole = split(total, rate_percent=draw(RATES), seller_state=KARNATAKA, buyer_state=draw(PLACES))
    between = draw(st.lists(st.integers(0, total), max_size=12))
    return whole, [0, *sorted(between), total]


@given(refunds())
def test_refunds_of_the_whole_add_up_to_it_part_by_part(refunds: tuple[TaxSplit, list[int]]) -> None:
    whole, sums = refunds
    taken = [share_of(whole, before, after) for before, after in pairwise(sums)]
    assert tuple(map(sum, zip(*map(parts, taken), strict=True))) == parts(whole)
    for refund, (before, after) in zip(taken, pairwise(sums), strict=True):
        assert refund.total_minor == after - before
        assert refund.cgst_minor == refund.sgst_minor
        assert refund.rate == whole.rate
        assert min(parts(refund)[1:]) >= 0
        assert refund.taxable_minor >= 0 or after - before == 1


@given(st.integers(0, 400), RATES, PLACES)
def test_refunds_paisa_by_paisa_add_up_too(total: int, rate: int | Decimal, buyer: str | None) -> None:
    whole = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    taken = [parts(share_of(whole, paid, paid + 1)) for paid in range(total)]
    assert tuple(map(sum, zip((0, 0, 0, 0), *taken, strict=True))) == parts(whole)


@given(TOTALS, RATES, PLACES, st.fractions(0, 1))
def test_a_share_has_the_proportions_of_the_whole(
    total: int, rate: int | Decimal, buyer: str | None, of_it: Decimal
) -> None:
    whole = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    part = int(total * of_it)
    found = share(whole, part)
    assert found.total_minor == part
    for each, all_of_it in zip(parts(found), parts(whole), strict=True):
        assert abs(each * total - all_of_it * part) <= total


@given(TOTALS, RATES, PLACES)
def test_the_share_of_all_is_the_whole_and_of_nothing_is_nothing(
    total: int, rate: int | Decimal, buyer: str | None
) -> None:
    whole = split(total, rate_percent=rate, seller_state=KARNATAKA, buyer_state=buyer)
    assert share(whole, total) == share_of(whole, 0, total) == whole
    assert parts(share(whole, 0)) == parts(share_of(whole, total, total)) == (0, 0, 0, 0)


def test_half_of_a_price_is_refunded_with_half_of_its_tax() -> None:
    whole = split(1_499_00, seller_state=KARNATAKA, buyer_state="29")
    assert parts(share_of(whole, 0, 749_50)) == (635_16, 57_17, 57_17, 0)
    assert parts(share_of(whole, 749_50, 1_499_00)) == (635_18, 57_16, 57_16, 0)


@pytest.mark.parametrize("part", [-1, 101])
def test_what_is_no_part_is_refused(part: int) -> None:
    whole = split(100, seller_state=KARNATAKA, buyer_state=None)
    with pytest.raises(ValueError, match=f"{part} is no part of 100"):
        share(whole, part)
    with pytest.raises(ValueError, match=r"no part|only add up"):
        share_of(whole, 0, part)


def test_refunds_are_never_taken_back() -> None:
    with pytest.raises(ValueError, match="only add up"):
        share_of(split(100, seller_state=KARNATAKA, buyer_state=None), 50, 49)


# --- years and numbers ---


@pytest.mark.parametrize(
    ("moment", "year"),
    [
        pytest.param(datetime(2026, 11, 24, tzinfo=UTC), "2026-27", id="autumn"),
        pytest.param(datetime(2027, 1, 1, tzinfo=UTC), "2026-27", id="new-year"),
        pytest.param(datetime(2026, 3, 31, 18, 29, 59, tzinfo=UTC), "2025-26", id="last-second-in-india"),
        pytest.param(datetime(2026, 3, 31, 18, 30, tzinfo=UTC), "2026-27", id="first-second-in-india"),
        pytest.param(datetime(2026, 4, 1, tzinfo=UTC), "2026-27", id="first-of-april"),
        pytest.param(datetime(2099, 4, 1, tzinfo=UTC), "2099-00", id="end-of-a-century"),
        pytest.param(datetime(2000, 3, 31, tzinfo=UTC), "1999-00", id="end-of-another"),
        pytest.param(
            datetime(2026, 3, 31, 14, 30, tzinfo=timezone(timedelta(hours=-4))), "2026-27", id="another-zone"
        ),
    ],
)
def test_the_year_turns_on_the_first_of_april_in_india(moment: datetime, year: str) -> None:
    assert gst.financial_year(moment) == year


def test_a_time_without_a_zone_has_no_year() -> None:
    with pytest.raises(ValueError, match="without a zone"):
        gst.financial_year(datetime(2026, 4, 1))  # noqa: DTZ001 - what is refused


@pytest.mark.parametrize(
    ("series", "serial", "number"),
    [
        pytest.param("PT", 1, "PT/26-27/000001", id="first"),
        pytest.param("CN", 42, "CN/26-27/000042", id="credit-note"),
        pytest.param("PT", 1_000_000, "PT/26-27/1000000", id="the-millionth"),
        pytest.param("P-C", 999_999, "P-C/26-27/999999", id="longest-series"),
        pytest.param("P", 99_999_999, "P/26-27/99999999", id="largest-serial"),
    ],
)
def test_a_document_is_numbered_within_series_and_year(series: str, serial: int, number: str) -> None:
    assert gst.document_number(series, "2026-27", serial) == number


@pytest.mark.parametrize(
    ("series", "year", "serial"),
    [
        pytest.param("PT", "2026-27", 0, id="zero"),
        pytest.param("PT", "2026-27", -1, id="below-zero"),
        pytest.param("PT", "2026-27", 10_000_000, id="serial-too-long"),
        pytest.param("PTCN", "2026-27", 1, id="series-too-long"),
        pytest.param("", "2026-27", 1, id="no-series"),
        pytest.param("P T", "2026-27", 1, id="space"),
        pytest.param("P_T", "2026-27", 1, id="underscore"),
        pytest.param("₹", "2026-27", 1, id="sign"),
        pytest.param("É", "2026-27", 1, id="letter-with-a-mark"),
        pytest.param("PT", "26-27", 1, id="short-year"),
        pytest.param("PT", "2026-28", 1, id="two-years"),
        pytest.param("PT", "2026-27\n", 1, id="line-end"),
        pytest.param("PT", "", 1, id="no-year"),
    ],
)
def test_what_the_law_does_not_allow_as_a_number_is_refused(series: str, year: str, serial: int) -> None:
    with pytest.raises(ValueError, match=r"document number|financial year|begin at 1"):
        gst.document_number(series, year, serial)


@given(st.text(), st.datetimes(timezones=st.just(UTC)), st.integers(max_value=10**10))
def test_every_number_is_one_that_the_law_allows(series: str, moment: datetime, serial: int) -> None:
    try:
        number = gst.document_number(series, gst.financial_year(moment), serial)
    except (ValueError, OverflowError):
        return
    assert re.fullmatch(r"[A-Za-z0-9/-]{1,16}", number)


@given(
    st.tuples(st.sampled_from(["PT", "CN", "P"]), st.integers(2000, 2098), st.integers(1, 9_999_999)),
    st.tuples(st.sampled_from(["PT", "CN", "P"]), st.integers(2000, 2098), st.integers(1, 9_999_999)),
)
def test_two_documents_never_share_a_number(one: tuple[str, int, int], other: tuple[str, int, int]) -> None:
    numbers = {
        gst.document_number(series, f"{year}-{(year + 1) % 100:02}", serial)
        for series, year, serial in (one, other)
    }
    assert len(numbers) == len({one, other})
