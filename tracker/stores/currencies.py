"""Which currency a mark, a code or a country stands for, and how that currency is written."""

import re

CODES = frozenset(
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CLF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL "
    "GHS GIP GMD GNF GTQ GYD HKD HNL HRK HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF "
    "KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR "
    "MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG "
    "SEK SGD SHP SLE SOS SRD SSP STN SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS "
    "VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG".split()
)
"""Active ISO 4217 codes of money that shops ask for (and HRK, which old pages still carry)."""

# A mark that one currency owns. Longer marks are tried first, so "US$" is not "$".
_OWN_MARKS = {
    mark: currency
    for currency, marks in {
        "INR": "₹ रु रु. ₨.",
        "EUR": "€ Euro euro Euros euros",
        "GBP": "£ ￡ ₤",
        "USD": "US$ US_$ USD$ U$S",
        "AUD": "A$ AU$ AU_$",
        "CAD": "C$ CA$ CDN$ C_$ CA_$",
        "NZD": "NZ$ NZ_$",
        "HKD": "HK$ HK_$",
        "SGD": "S$ SG$",
        "TWD": "NT$ NT_$",
        "BRL": "R$",
        "MXN": "MX$ MEX$ Mex$",
        "CNY": "CN¥ RMB 元",
        "JPY": "円 JP¥",
        "KRW": "₩ ￦ 원",
        "THB": "฿ บาท",
        "VND": "₫ đ VNĐ",
        "TRY": "₺ TL",
        "PLN": "zł zl",
        "CZK": "Kč",
        "HUF": "Ft",
        "RON": "lei Lei LEI",
        "RUB": "₽ руб руб.",
        "UAH": "₴ грн",
        "ILS": "₪",
        "NGN": "₦",
        "PHP": "₱ Php PhP",
        "BDT": "৳ Tk Tk.",
        "NPR": "रू रू.",
        "MYR": "RM",
        "IDR": "Rp Rp.",
        "TND": "DT د.ت",
        "AED": "Dhs Dhs. د.إ",
        "SAR": "ر.س",
        "KWD": "د.ك",
        "EGP": "ج.م",
        "BGN": "лв лв.",
        "CHF": "Fr. SFr. sFr.",
        "PEN": "S/ S/.",
        "PYG": "₲",
        "CRC": "₡",
        "KZT": "₸",
        "GEL": "₾",
        "AZN": "₼",
        "GHS": "GH₵ ₵",
        "KES": "KSh Ksh KSh. KSH",
    }.items()
    for mark in (word.replace("_", " ") for word in marks.split())
}

# A mark that several countries share: the country of the shop decides, else the first entry under "".
_SHARED_MARKS: dict[str, dict[str, str]] = {
    "$": {
        "": "USD", "au": "AUD", "ca": "CAD", "nz": "NZD", "sg": "SGD", "hk": "HKD", "tw": "TWD", "mx": "MXN",
        "ar": "ARS", "cl": "CLP", "co": "COP", "uy": "UYU", "jm": "JMD", "tt": "TTD", "bb": "BBD",
        "bs": "BSD", "bz": "BZD", "fj": "FJD", "na": "NAD", "bn": "BND", "bm": "BMD",
    },
    "＄": {"": "USD", "tw": "TWD", "hk": "HKD"},
    "¥": {"jp": "JPY", "cn": "CNY"},
    "￥": {"jp": "JPY", "cn": "CNY"},
    "Rs.": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR", "mu": "MUR"},
    "Rs": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR", "mu": "MUR"},
    "RS.": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "RS": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "rs.": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "rs": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR"},
    "₨": {"": "INR", "pk": "PKR", "lk": "LKR", "np": "NPR", "mu": "MUR"},
    "kr": {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "Kr": {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "KR": {"se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK"},
    "kr.": {"dk": "DKK", "se": "SEK", "no": "NOK"},
    "Kr.": {"dk": "DKK", "se": "SEK", "no": "NOK"},
    "DH": {"": "AED", "ma": "MAD"},
    "Dh": {"": "AED", "ma": "MAD"},
    "R": {"za": "ZAR"},
}  # fmt: skip

# People type these codes in small letters; no English word is among them.
_SMALL_CODES = {
    code.lower(): code for code in "INR USD EUR GBP JPY CNY AED SAR CAD AUD SGD PKR BDT NPR LKR".split()
}

MARKS: tuple[str, ...] = tuple(
    sorted({*_OWN_MARKS, *_SHARED_MARKS, *_SMALL_CODES, *CODES}, key=lambda mark: (-len(mark), mark))
)
"""Every mark that may stand beside an amount, longest first."""

_COUNTRY_CURRENCIES = {
    "in": "INR", "uk": "GBP", "us": "USD", "au": "AUD", "ca": "CAD", "nz": "NZD", "jp": "JPY", "cn": "CNY",
    "tn": "TND", "sg": "SGD", "my": "MYR", "ae": "AED", "sa": "SAR", "za": "ZAR", "br": "BRL", "mx": "MXN",
    "pk": "PKR", "bd": "BDT", "lk": "LKR", "np": "NPR", "th": "THB", "id": "IDR", "vn": "VND", "ph": "PHP",
    "kr": "KRW", "tr": "TRY", "pl": "PLN", "cz": "CZK", "hu": "HUF", "ro": "RON", "ru": "RUB", "ua": "UAH",
    "ch": "CHF", "se": "SEK", "no": "NOK", "dk": "DKK", "is": "ISK", "il": "ILS", "hk": "HKD", "tw": "TWD",
    "ng": "NGN", "ke": "KES", "eg": "EGP", "ma": "MAD", "kw": "KWD", "bh": "BHD", "om": "OMR", "qa": "QAR",
    "jo": "JOD", "lb": "LBP", "gh": "GHS", "tz": "TZS", "ug": "UGX", "bg": "BGN", "rs": "RSD", "kz": "KZT",
    "ge": "GEL", "ar": "ARS", "cl": "CLP", "pe": "PEN", "uy": "UYU", "py": "PYG", "cr": "CRC", "li": "CHF",
    "co": "COP",
    "de": "EUR", "fr": "EUR", "it": "EUR", "es": "EUR", "nl": "EUR", "be": "EUR", "at": "EUR", "ie": "EUR",
    "fi": "EUR", "pt": "EUR", "gr": "EUR", "sk": "EUR", "si": "EUR", "ee": "EUR", "lv": "EUR", "lt": "EUR",
    "lu": "EUR", "mt": "EUR", "cy": "EUR", "hr": "EUR", "eu": "EUR",
}  # fmt: skip

THREE_DECIMALS = frozenset("BHD IQD JOD KWD LYD OMR TND".split())
NO_DECIMALS = frozenset("CLP ISK JPY KRW PYG UGX VND XAF XOF".split())
COMMA_DECIMAL = frozenset(
    "EUR BRL IDR TRY VND CLP COP ARS UYU PYG DKK NOK SEK ISK CZK PLN HUF RON BGN HRK RSD UAH RUB "
    "TND LYD MAD DZD".split()
)
"""Where a comma begins the decimals and a point groups thousands."""

INDIAN_GROUPING = frozenset("INR PKR BDT NPR LKR".split())
"""Where 1,49,900 is written and a comma never begins the decimals."""

_SMALL_MONEY = frozenset("IDR VND IRR LBP COP KRW UZS LAK KHR GNF PYG UGX TZS MMK SYP IQD".split())
_LARGEST_MINOR = 10**10


def largest_minor(currency: str) -> int:
    """The most that we believe a thing costs, in minor units: 100 million; in small money, 100 times that."""
    return _LARGEST_MINOR * (100 if currency in _SMALL_MONEY else 1)


def country_of(host: str) -> str | None:
    """The country in a host's last label: "shop.co.uk" is "uk"; "shop.com" says nothing, but "shop.com.co"
    does.
    """
    before, _, last = host.rstrip(".").rpartition(".")
    last = last.lower()
    if last == "co":
        return "co" if before.endswith((".com", ".net", ".org")) else None
    return last if last in _COUNTRY_CURRENCIES else None


def country_of_locale(locale: str) -> str | None:
    """The country of "en-GB", "pt_BR" or "sv-SE"; where only a language is named, its only country if it has
    one.
    """
    language, _, region = locale.strip().replace("_", "-").lower().partition("-")
    region = {"gb": "uk"}.get(region[:2], region[:2]) if len(region) == 2 else ""
    if region in _COUNTRY_CURRENCIES:
        return region
    return _LANGUAGE_COUNTRIES.get(language) if not region else None


_LETTERS = (
    (re.compile(r"[\u3041-\u30ff]"), "jp"),
    (re.compile(r"[\uac00-\ud7a3]"), "kr"),
    (re.compile(r"[\u4e00-\u9fff]"), "cn"),
    (re.compile(r"[\u0e01-\u0e5b]"), "th"),
    (re.compile(r"[\u0904-\u0939]"), "in"),
)


def country_of_letters(text: str) -> str | None:
    """The country whose letters a title is written in: kana is Japan's, Hangul Korea's, other Han China's."""
    return next((country for letters, country in _LETTERS if letters.search(text)), None)


_LANGUAGE_COUNTRIES = {
    "sv": "se", "da": "dk", "nb": "no", "no": "no", "nn": "no", "is": "is", "ja": "jp", "ko": "kr",
    "pl": "pl", "cs": "cz", "hu": "hu", "ro": "ro", "hi": "in", "th": "th", "vi": "vn", "tr": "tr",
    "he": "il", "uk": "ua", "zh-cn": "cn", "zh": "cn", "id": "id", "bg": "bg", "it": "it", "fi": "fi",
    "nl": "nl", "el": "gr", "et": "ee", "lv": "lv", "lt": "lt", "sk": "sk", "sl": "si", "hr": "hr",
}  # fmt: skip


def currency_of_country(country: str | None) -> str | None:
    return _COUNTRY_CURRENCIES.get(country) if country else None


def currency_of(mark: str, country: str | None = None, hint: str | None = None) -> str | None:
    """The ISO code for a code, symbol or abbreviation, or None when it could be several.

    For a mark that countries share, `hint` (what the page declares) decides if it is one of them, then the
    country.
    """
    mark = mark.strip()
    if mark.upper() in CODES and (mark.isupper() or mark in _SMALL_CODES):
        return mark.upper()
    if mark in _OWN_MARKS:
        return _OWN_MARKS[mark]
    shared = _SHARED_MARKS.get(mark)
    if shared is None:
        return None
    if hint in shared.values():
        return hint
    return shared.get(country or "") or shared.get("")
