from datetime import UTC, datetime, timedelta

import pytest
from markupsafe import Markup

from tracker.money import Money
from tracker.texts import Guess, Language, guess, language_name, locales

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [
        pytest.param(14990000, "INR", "₹1,49,900", id="lakhs are grouped by two"),
        pytest.param(149950, "INR", "₹1,499.50", id="paise are shown when there are any"),
        pytest.param(1234567890, "INR", "₹1,23,45,678.90", id="crores"),
        pytest.param(0, "INR", "₹0", id="nothing"),
        pytest.param(24990, "EUR", "€249.90", id="euro in Indian English"),
    ],
)
def test_money_is_written_as_its_country_writes_it(minor: int, currency: str, shown: str) -> None:
    assert Language()("price.now", price=Language().money(Money(minor, currency))) == f"<b>{shown}</b>"


def test_yen_have_no_decimals_and_dinars_have_three() -> None:
    language = Language()
    assert language.money(Money(12800, "JPY")).endswith("12,800")
    assert language.money(Money(21500, "KWD")).endswith("21.500")
    assert language.money(Money(21000, "KWD")).endswith("21")


def test_rupees_are_grouped_by_two_for_a_reader_elsewhere() -> None:
    assert Language(territory="US").money(Money(14990000, "INR")) == "₹1,49,900"


@pytest.mark.parametrize(
    ("before", "now", "shown"),
    [
        pytest.param(199900, 149900, "−₹500 (−25 %)", id="a drop"),
        pytest.param(100000, 102500, "+₹25 (+2.5 %)", id="a rise, with a decimal while it is small"),
        pytest.param(0, 5000, "+₹50", id="from nothing, of which there is no percentage"),
    ],
)
def test_a_change_shows_its_sign_in_money_and_percent(before: int, now: int, shown: str) -> None:
    assert Language().change(Money(before, "INR"), Money(now, "INR")) == shown


def test_what_is_put_into_a_text_is_escaped_and_our_own_markup_is_not() -> None:
    language = Language()
    assert "&lt;b&gt;&#34;" in language("error.not_a_price", words='<b>"')
    assert "<i>x</i>" in language("error.not_a_price", words=Markup("<i>x</i>"))


def test_a_text_that_is_not_in_the_catalogue_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"no\.such\.text"):
        Language()("no.such.text")


def test_a_detail_that_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        Language()("price.now")


def test_a_button_label_has_no_markup() -> None:
    assert Language().plain("price.now", price="₹1") == "₹1"


@pytest.mark.parametrize(("number", "shown"), [(1, "You watch 1 thing"), (2, "You watch 2 things")])
def test_one_thing_is_not_two_things(number: int, shown: str) -> None:
    assert shown in Language().count("list.heading", number)


def test_times_are_in_the_persons_zone() -> None:
    assert Language(time_zone="Asia/Kolkata").time(NOW) == "24 Nov, 12:00"
    assert Language(time_zone="America/New_York").time(NOW) == "24 Nov, 01:30"


@pytest.mark.parametrize(
    ("duration", "shown"),
    [
        (timedelta(0), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
        (timedelta(days=1), "1 d 0 h"),
        (timedelta(days=3, hours=4, minutes=59), "3 d 4 h"),
    ],
)
def test_a_duration_is_told_by_its_two_largest_units(duration: timedelta, shown: str) -> None:
    assert Language().duration(duration) == shown


def test_today_is_the_persons_day() -> None:
    late = datetime(2026, 11, 24, 19, 0, tzinfo=UTC)  # past midnight in Kolkata, not in UTC
    assert Language(time_zone="UTC").day(NOW, late) == "today"
    assert Language(time_zone="Asia/Kolkata").day(NOW, late) == "24 November 2026"


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-3, "just now"), (-300, "5 minutes ago"), (-7200, "2 hours ago")]
)
def test_the_past_is_told_in_words(seconds: int, shown: str) -> None:
    assert Language().ago(NOW + timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(-60, "in a moment"), (3, "in a moment"), (1740, "in 29 minutes")]
)
def test_the_future_is_told_in_words(seconds: int, shown: str) -> None:
    assert Language().ahead(NOW + timedelta(seconds=seconds), NOW) == shown


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        pytest.param(None, Guess("en", "INR", "Asia/Kolkata"), id="unknown"),
        pytest.param("en", Guess("en", "INR", "Asia/Kolkata"), id="plain English is taken for India"),
        pytest.param("hi", Guess("en", "INR", "Asia/Kolkata"), id="Hindi"),
        pytest.param("ta", Guess("en", "INR", "Asia/Kolkata"), id="Tamil"),
        pytest.param("en-GB", Guess("en", "GBP", "Europe/London"), id="English of a region"),
        pytest.param("de", Guess("en", "EUR", "Europe/Berlin"), id="German"),
        pytest.param("ja", Guess("en", "JPY", "Asia/Tokyo"), id="Japanese"),
        pytest.param("pt-br", Guess("en", "BRL", "America/Sao_Paulo"), id="Portuguese of Brazil"),
        pytest.param("xx-yy", Guess("en", "INR", "UTC"), id="no language at all"),
    ],
)
def test_language_currency_and_zone_are_guessed_from_telegrams_code(
    code: str | None, expected: Guess
) -> None:
    assert guess(code) == expected


def test_english_is_first_among_the_languages() -> None:
    assert locales()[0] == "en"
    assert language_name("en") == "English"
