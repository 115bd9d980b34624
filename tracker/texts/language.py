"""Texts for people: one person's language, money, dates and numbers.

A text is a key of a gettext catalogue (`tracker/texts/<locale>/*.po`) with named places. Whatever is
put into a place is escaped for Telegram's HTML unless it is `Markup` already, so no foreign string can bring
its own markup. Adding a language is adding a folder.
"""

import gettext
import io
import unicodedata
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.dates import format_date, format_datetime, format_timedelta
from babel.languages import get_official_languages
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, format_decimal
from markupsafe import Markup

from tracker.money import Money, exponent

DEFAULT_LOCALE = "en"
DEFAULT_TERRITORY = "IN"
_FOLDER = Path(__file__).parent


def locales() -> list[str]:
    """The languages that a catalogue exists for, the default first."""
    found = {path.parent.name for path in _FOLDER.glob("*/messages.po")}
    return sorted(found, key=lambda locale: (locale != DEFAULT_LOCALE, locale))


def language_name(locale: str) -> str:
    """What its speakers call the language: "en" is "English"."""
    return (Locale.parse(locale).get_display_name(locale) or locale).capitalize()


@cache
def _catalogue(locale: str) -> gettext.GNUTranslations:
    catalogue = Catalog(locale)
    for path in sorted((_FOLDER / locale).glob("*.po")):
        with path.open("rb") as source:
            for message in read_po(source, locale=locale):
                if message.id:
                    catalogue[message.id] = message
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)


def clean(text: str, *, limit: int = 200) -> str:
    """A foreign text (title, seller, variant) made fit to stand inside ours.

    Control and bidirectional override characters go, runs of combining marks are cut to three, those that
    combine with nothing go, white space is folded, and what is longer than `limit` characters is cut at a
    whole character with an ellipsis.
    """
    kept: list[str] = []
    marks = 0
    for character in unicodedata.normalize("NFC", text):
        category = unicodedata.category(character)
        if category in ("Cc", "Cs", "Co", "Cn") and not character.isspace():
            continue
        joins = category in ("Mn", "Me") or character == "\u200d"  # the joiner is part of many emoji
        if category == "Cf" and not joins:
            continue
        marks = marks + 1 if joins else 0
        if marks <= 3 and not (joins and (not kept or kept[-1].isspace())):
            kept.append(character)
    folded = " ".join("".join(kept).split())
    if len(folded) <= limit:
        return folded
    cut = folded[: limit - 1]
    while cut and (unicodedata.category(folded[len(cut)]) in ("Mn", "Me", "Mc") or cut[-1] == "\u200d"):
        cut = cut[:-1]
    return cut.rstrip() + "…"


class Person(Protocol):
    """What a text needs to know of whom it is for."""

    @property
    def locale(self) -> str: ...
    @property
    def currency(self) -> str: ...
    @property
    def time_zone(self) -> str: ...


@dataclass(frozen=True)
class Language:
    """One person's way of reading: call it with a text key to get HTML."""

    locale: str = DEFAULT_LOCALE
    time_zone: str = "Asia/Kolkata"
    territory: str = DEFAULT_TERRITORY
    _numbers: str = field(init=False, default="", repr=False)

    def __post_init__(self) -> None:
        regional = f"{self.locale}_{self.territory}"
        try:
            Locale.parse(regional)
        except (UnknownLocaleError, ValueError):
            regional = self.locale
        object.__setattr__(self, "_numbers", regional)

    @classmethod
    def of(cls, person: Person) -> "Language":
        return cls(person.locale, person.time_zone, _territory_of(person.currency))

    def __call__(self, key: str, **details: Any) -> Markup:
        """The text in HTML. Raises KeyError for a key or a detail that is missing: tests find both."""
        return self._fill(key, _catalogue(self.locale).gettext(key), details)

    def count(self, key: str, number: int, **details: Any) -> Markup:
        """The text in the plural form that the language has for `number`, which it may name as {number}."""
        text = _catalogue(self.locale).ngettext(key, key, number)
        return self._fill(key, text, details | {"number": self.number(number)})

    def plain(self, key: str, **details: Any) -> str:
        """The text without markup, for button labels and pop-ups, where Telegram takes no HTML."""
        return self(key, **details).striptags()

    def money(self, money: Money) -> str:
        """With the currency's sign and digit grouping; a whole amount shows no decimals: ₹1,49,900."""
        if money.currency == "XTR":  # Telegram Stars, of which ISO 4217 and Babel know nothing
            return f"{self.number(money.minor)}\u00a0⭐"
        whole = money.minor % 10 ** exponent(money.currency) == 0
        # The grouping of the money's own country: 1,49,900 for rupees whoever reads it in English.
        numbers = f"{self.locale}_IN" if money.currency == "INR" else self._numbers
        try:
            Locale.parse(numbers)
        except (UnknownLocaleError, ValueError):
            numbers = self._numbers
        text = format_currency(money.amount, money.currency, locale=numbers, currency_digits=True)
        if whole and exponent(money.currency):
            pattern = Locale.parse(numbers).currency_formats["standard"].pattern
            text = format_currency(
                money.amount,
                money.currency,
                pattern.replace(".00", ""),
                locale=numbers,
                currency_digits=False,
            )
        return text.replace("\u200f", "").replace("\u200e", "")

    def number(self, number: int | Decimal) -> str:
        return format_decimal(number, locale=self._numbers)

    def change(self, before: Money, now: Money) -> str:
        """The difference in money and percent, with its sign: "−₹500 (−25 %)"."""
        difference = Money(abs(now.minor - before.minor), now.currency)
        sign = "−" if now < before else "+"
        if not before.minor:
            return f"{sign}{self.money(difference)}"
        percent = Decimal(difference.minor) * 100 / Decimal(before.minor)
        digits = "0" if percent >= 10 or percent == percent.to_integral_value() else "0.0"
        shown = format_decimal(percent.quantize(Decimal(digits)), locale=self._numbers)
        return f"{sign}{self.money(difference)} ({sign}{shown} %)"

    def time(self, moment: datetime) -> str:
        """In the person's zone, to the minute: "24 Nov, 15:04"."""
        return format_datetime(moment, "d MMM, HH:mm", tzinfo=ZoneInfo(self.time_zone), locale=self.locale)

    def day(self, moment: datetime, now: datetime) -> str:
        """The day in the person's zone: "today", or "3 November 2026"."""
        zone = ZoneInfo(self.time_zone)
        if moment.astimezone(zone).date() == now.astimezone(zone).date():
            return self.plain("time.today")
        return format_datetime(moment, "d MMMM y", tzinfo=zone, locale=self.locale)

    def calendar_day(self, day: date) -> str:
        """ "3 November 2026"."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def weekday(self, number: int) -> str:
        """The name of a day of the week; Monday is 0."""
        return str(Locale.parse(self.locale).days["stand-alone"]["wide"][number])

    def wall_clock(self, minutes: int) -> str:
        """A time of day from minutes since midnight, written as `time` writes it: "07:00"."""
        return f"{minutes // 60:02}:{minutes % 60:02}"

    def ago(self, moment: datetime, now: datetime) -> str:
        """ "just now", or "5 minutes ago"."""
        if (now - moment).total_seconds() < 10:
            return self.plain("time.just_now")
        return format_timedelta(moment - now, add_direction=True, locale=self.locale, threshold=1.2)

    def ahead(self, moment: datetime, now: datetime) -> str:
        """ "in a moment", or "in 5 minutes"."""
        if (moment - now).total_seconds() < 10:
            return self.plain("time.soon")
        return format_timedelta(moment - now, add_direction=True, locale=self.locale, threshold=1.2)

    def duration(self, duration: timedelta) -> str:
        """By its two largest units, cut: "2 h 10 min", "3 d 4 h"; at least a minute."""
        minutes = max(1, int(duration / timedelta(minutes=1)))
        hours, minutes = divmod(minutes, 60)
        days, hours = divmod(hours, 24)
        if days:
            return self.plain("time.days_and_hours", days=self.number(days), hours=hours)
        if hours:
            return self.plain("time.hours_and_minutes", hours=hours, minutes=minutes)
        return self.plain("time.minutes", minutes=minutes)

    def _fill(self, key: str, text: str, details: dict[str, Any]) -> Markup:
        if text == key:
            raise KeyError(f"no text {key!r} in {self.locale!r}")
        return Markup(text).format(**details)  # noqa: S704 - our own catalogue; the details are escaped by it


# The zone where most of a country lives; whoever lives elsewhere says so in /settings.
_ZONES = dict(
    line.split()
    for line in """
        AE Asia/Dubai
        AU Australia/Sydney
        BD Asia/Dhaka
        BR America/Sao_Paulo
        CA America/Toronto
        CN Asia/Shanghai
        CZ Europe/Prague
        DE Europe/Berlin
        DK Europe/Copenhagen
        EG Africa/Cairo
        ES Europe/Madrid
        FI Europe/Helsinki
        FR Europe/Paris
        GB Europe/London
        GR Europe/Athens
        HU Europe/Budapest
        ID Asia/Jakarta
        IL Asia/Jerusalem
        IN Asia/Kolkata
        IR Asia/Tehran
        IT Europe/Rome
        JP Asia/Tokyo
        KR Asia/Seoul
        LK Asia/Colombo
        MX America/Mexico_City
        MY Asia/Kuala_Lumpur
        NL Europe/Amsterdam
        NO Europe/Oslo
        NP Asia/Kathmandu
        PK Asia/Karachi
        PL Europe/Warsaw
        PT Europe/Lisbon
        RO Europe/Bucharest
        RU Europe/Moscow
        SA Asia/Riyadh
        SE Europe/Stockholm
        TH Asia/Bangkok
        TR Europe/Istanbul
        TW Asia/Taipei
        UA Europe/Kyiv
        US America/New_York
        VN Asia/Ho_Chi_Minh
    """.strip().splitlines()
)


@dataclass(frozen=True)
class Guess:
    """What a Telegram client's language says about a person, until they say otherwise."""

    locale: str
    currency: str
    time_zone: str


def guess(language_code: str | None) -> Guess:
    """Language, currency and zone from Telegram's `language_code` ("en", "hi", "pt-br").

    Plain English and everything unknown is taken for India, which the product is made for first; English
    with a region ("en-GB") for that region; any other language for the country where most speakers live.
    """
    code = (language_code or "").replace("-", "_")
    language, _, region = code.partition("_")
    language = language.lower()
    territory = region.upper() if len(region) == 2 else _home_of(language)
    known = get_global("territory_currencies").get(territory, [])
    currencies = [name for name, _, until, is_tender in known if is_tender and not until]
    locale = language if language in locales() else DEFAULT_LOCALE
    return Guess(locale, currencies[0] if currencies else "INR", _ZONES.get(territory, "UTC"))


def _home_of(language: str) -> str:
    if language in ("", "en") or language in get_official_languages("IN", regional=True, de_facto=True):
        return DEFAULT_TERRITORY
    likely = get_global("likely_subtags").get(language, "")
    return likely.rpartition("_")[2] if "_" in likely else DEFAULT_TERRITORY


def _territory_of(currency: str) -> str:
    """The country whose digit grouping a person reads; a currency's first two letters name it."""
    return currency[:2] if currency != "EUR" else "DE"
