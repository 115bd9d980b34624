"""The goods and services tax of India: states, registration numbers, the parts of a price, document numbers.

Everything here is a pure function of what it is given. Amounts are minor units (paise) and include the tax.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from tracker.errors import BadInput

INDIA = ZoneInfo("Asia/Kolkata")
"""The zone in which a document is dated and a financial year turns."""

RATE = 18
"""Percent, on information technology services (SAC 998314)."""

# GST state codes; 25 was merged into 26 in 2020, and 28 is Andhra Pradesh before it was divided.
STATES = {
    "01": "Jammu and Kashmir",
    "02": "Himachal Pradesh",
    "03": "Punjab",
    "04": "Chandigarh",
    "05": "Uttarakhand",
    "06": "Haryana",
    "07": "Delhi",
    "08": "Rajasthan",
    "09": "Uttar Pradesh",
    "10": "Bihar",
    "11": "Sikkim",
    "12": "Arunachal Pradesh",
    "13": "Nagaland",
    "14": "Manipur",
    "15": "Mizoram",
    "16": "Tripura",
    "17": "Meghalaya",
    "18": "Assam",
    "19": "West Bengal",
    "20": "Jharkhand",
    "21": "Odisha",
    "22": "Chhattisgarh",
    "23": "Madhya Pradesh",
    "24": "Gujarat",
    "26": "Dadra and Nagar Haveli and Daman and Diu",
    "27": "Maharashtra",
    "29": "Karnataka",
    "30": "Goa",
    "31": "Lakshadweep",
    "32": "Kerala",
    "33": "Tamil Nadu",
    "34": "Puducherry",
    "35": "Andaman and Nicobar Islands",
    "36": "Telangana",
    "37": "Andhra Pradesh",
    "38": "Ladakh",
    "97": "Other Territory",
}
"""The states and union territories by GST code."""

WITHOUT_LEGISLATURE = frozenset({"04", "26", "31", "35", "38", "97"})
"""Where the second half of the tax is not a state's but the Union territory's. Source: UTGST Act, s. 2(8)."""

# Short forms of ISO 3166-2:IN and of number plates, those that were replaced among them, and other names.
_OTHER_NAMES = dict(
    line.split(maxsplit=1)[::-1]
    for line in """
        01 jk
        01 jammu
        01 kashmir
        02 hp
        03 pb
        04 ch
        05 uk
        05 ut
        05 ua
        05 uttaranchal
        06 hr
        07 dl
        07 new delhi
        07 nct of delhi
        08 rj
        09 up
        10 br
        11 sk
        12 ar
        13 nl
        14 mn
        15 mz
        16 tr
        17 ml
        18 as
        19 wb
        20 jh
        21 od
        21 or
        21 orissa
        22 cg
        22 ct
        22 chattisgarh
        23 mp
        24 gj
        26 dh
        26 dn
        26 dd
        26 dnhdd
        26 dadra and nagar haveli
        26 daman and diu
        27 mh
        29 ka
        30 ga
        31 ld
        32 kl
        33 tn
        34 py
        34 pondicherry
        35 an
        35 andaman and nicobar
        35 andamans
        36 tg
        36 ts
        36 telengana
        37 ap
        37 ad
        38 la
        97 ot
    """.strip().splitlines()
)

_DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_GSTIN = re.compile(r"[0-9]{2}[A-Z]{5}[0-9]{4}[A-Z][1-9A-Z]Z[0-9A-Z]")
_NUMBER = re.compile(r"[A-Za-z0-9/-]{1,16}")
_YEAR = re.compile(r"[0-9]{2}([0-9]{2})-([0-9]{2})")


def _plain(words: str) -> str:
    return " ".join(re.findall(r"\w+", words.casefold().replace("&", " and ")))


_BY_NAME = (
    {code: code for code in STATES}
    | {code.lstrip("0"): code for code in STATES}
    | {_plain(name): code for code, name in STATES.items()}
    | _OTHER_NAMES
    | {"j and k": "01"}
)


def state_named(words: str) -> str | None:
    """The GST code of the state that a person means by its code, name or short form; None when it is none.

    Capitals, punctuation and "&" for "and" make no difference: "29", "karnataka", "KA"; "J&K".
    """
    return _BY_NAME.get(_plain(words))


def is_gstin(text: str) -> bool:
    """Whether this is a well-formed GSTIN, however spaced and cased. Nobody is asked if it is in use."""
    return _is_gstin(_compact(text))


def gstin(text: str) -> str:
    """A GSTIN without spaces and in capitals. Raises BadInput when its form or its check digit is wrong.

    Two digits of a known state, a PAN, the count of registrations, Z, and a check digit over all of these.
    """
    number = _compact(text)
    if not _is_gstin(number):
        raise BadInput("billing.bad_gstin")
    return number


def _compact(text: str) -> str:
    return "".join(text.split()).upper()


def _is_gstin(number: str) -> bool:
    return (
        _GSTIN.fullmatch(number) is not None
        and number[:2] in STATES
        and number[-1] == _check_digit(number[:-1])
    )


def _check_digit(number: str) -> str:
    """Base 36, factors 1 and 2 in turn from the left; a product counts as the sum of its two digits."""
    total = 0
    for place, character in enumerate(number):
        total += sum(divmod(_DIGITS.index(character) * (1 + place % 2), 36))
    return _DIGITS[-total % 36]


@dataclass(frozen=True, slots=True)
class TaxSplit:
    """What an amount that includes the tax is made of, in minor units; `rate` is the whole tax in percent."""

    taxable_minor: int
    cgst_minor: int
    sgst_minor: int
    igst_minor: int
    rate: Decimal

    @property
    def tax_minor(self) -> int:
        return self.cgst_minor + self.sgst_minor + self.igst_minor

    @property
    def total_minor(self) -> int:
        return self.taxable_minor + self.tax_minor


def split(
    total_minor: int, *, rate_percent: Decimal | int = RATE, seller_state: str, buyer_state: str | None
) -> TaxSplit:
    """The parts of a price that includes the tax. They add up to it, and CGST equals SGST, to the paisa.

    Within one state the tax is CGST and SGST, an odd paisa staying with the taxable value; between two it is
    IGST. A buyer whose state nobody knows is supplied where the seller is. Raises ValueError for an amount
    below zero, a rate outside 0 to 100, and a state that is no code of `STATES`.
    Source: IGST Act, s. 7, 8 and 12(2).
    """
    rate = Decimal(rate_percent)
    if total_minor < 0:
        raise ValueError("a price is not below zero")
    if not (rate.is_finite() and 0 <= rate <= 100):
        raise ValueError(f"not a rate of tax: {rate}")
    for state in (seller_state, buyer_state):
        if state is not None and state not in STATES:
            raise ValueError(f"not a GST state code: {state!r}")
    tax = int((total_minor * rate / (100 + rate)).to_integral_value(ROUND_HALF_UP))
    if buyer_state is None or buyer_state == seller_state:
        half = tax // 2
        return TaxSplit(total_minor - 2 * half, half, half, 0, rate)
    return TaxSplit(total_minor - tax, 0, 0, tax, rate)


def share(split: TaxSplit, part_minor: int) -> TaxSplit:
    """What the first `part_minor` of an amount is made of, in the proportions of the whole.

    The parts add up to `part_minor`, CGST equals SGST, and the share of the whole is the whole.
    Raises ValueError when the part is below zero or more than the whole.
    """
    total = split.total_minor
    if not 0 <= part_minor <= total:
        raise ValueError(f"{part_minor} is no part of {total}")
    if part_minor == total:
        return split
    cgst, sgst, igst = (
        (2 * tax * part_minor + total) // (2 * total)
        for tax in (split.cgst_minor, split.sgst_minor, split.igst_minor)
    )
    return TaxSplit(part_minor - cgst - sgst - igst, cgst, sgst, igst, split.rate)


def share_of(split: TaxSplit, refunded_before: int, refunded_after: int) -> TaxSplit:
    """What the refund is made of that takes the sum of all refunds from one amount to the next.

    The refunds of a whole add up to the whole, part by part, whatever their sizes and number. CGST and SGST
    rise together, so a refund of a single paisa may take its taxable value below zero; no larger one does.
    Raises ValueError when the amounts fall, or leave the whole.
    """
    if refunded_after < refunded_before:
        raise ValueError("refunds only add up")
    before, after = share(split, refunded_before), share(split, refunded_after)
    return TaxSplit(
        after.taxable_minor - before.taxable_minor,
        after.cgst_minor - before.cgst_minor,
        after.sgst_minor - before.sgst_minor,
        after.igst_minor - before.igst_minor,
        split.rate,
    )


def financial_year(moment_utc: datetime) -> str:
    """The Indian financial year, April to March by the clock in India: "2026-27".

    Raises ValueError for a time without a zone.
    """
    if moment_utc.tzinfo is None:
        raise ValueError("a time without a zone belongs to no year")
    here = moment_utc.astimezone(INDIA)
    first = here.year if here.month >= 4 else here.year - 1
    return f"{first:04}-{(first + 1) % 100:02}"


def document_number(series: str, year: str, serial: int) -> str:
    """The number of a document within a series and a financial year: "PT/26-27/000001".

    Raises ValueError when it is longer than 16 characters (a series of three leaves room for 999,999), holds
    other characters than letters, digits, "/" and "-", or when the year or the serial is none.
    Source: CGST Rules, rules 46(b) and 53(1A)(c).
    """
    short = _YEAR.fullmatch(year)
    if short is None or (int(short[1]) + 1) % 100 != int(short[2]):
        raise ValueError(f"not a financial year: {year!r}")
    if serial < 1:
        raise ValueError("serial numbers begin at 1")
    number = f"{series}/{short[1]}-{short[2]}/{serial:06}"
    if not series or not _NUMBER.fullmatch(number):
        raise ValueError(f"not a document number: {number!r}")
    return number
