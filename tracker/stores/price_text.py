"""Amounts in words and digits, as shops print them and as people type them.

price-parser is right wherever one number stands beside one mark: Indian grouping (₹1,49,900), points that
group when two decimals follow (1.499,00 €), spaces between thousands, symbols before and after. Our own
reader is used because price-parser answers something for every text: 5 for "-5", 1 for "1e400", 999 for "EMI
from ₹999/mo", 1.99 for "$1.99 - $5.00"; and it does not know the currency's own ways: 1.234 € and 50.700₫
are thousands, KWD 21.500 and 999,000 DT are not, raised cents (2.999⁹⁹ Lei) and 12€99 are decimals, and $
is no US dollar in Sydney. Here a text holds one amount or none.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from tracker.stores.currencies import (
    CODES,
    COMMA_DECIMAL,
    INDIAN_GROUPING,
    MARKS,
    NO_DECIMALS,
    THREE_DECIMALS,
    currency_of,
    currency_of_country,
)

_LONGEST_TEXT = 200
_LONGEST_AMOUNT = 24
_ZERO_CENTS = frozenset(".,:/")
_FURTHEST = 2  # signs of white space between an amount and its mark
_AMOUNT = re.compile(r"\d{1,12}(?:\.\d{1,4})?")
_MACHINE = re.compile(r"(\d{1,12})(?:\.(\d{1,20}))?")

_MARKS = frozenset(MARKS)
_SHARED = frozenset({"$", "¥", "￥", "kr", "Rs", "Rs."})
_LONGEST_MARK = max(map(len, MARKS))
_MARK_TAILS = frozenset(mark[-2:] for mark in MARKS)
_MARK_HEADS = frozenset(mark[:2] for mark in MARKS)
_MARK_STARTS = frozenset(mark[0] for mark in MARKS)
_MARK_ENDS = frozenset(mark[-1] for mark in MARKS)
_SPACES = " \u00a0\u2009\u202f"
_RAISED = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_NUMBER = re.compile(
    rf"[0-9]+(?:[.,'’][0-9]+|[{_SPACES}][0-9]{{3}}(?![0-9]))*(?:[{_RAISED}]{{2}}(?![{_RAISED}]))?"
)
_CENTS_AFTER_MARK = re.compile(r"(?<=[0-9])€\x1f?([0-9]{2})(?![0-9.,%€])")
_NO_CENTS = re.compile(r"(?<=\d)(?:[.,:]\s?[-–—]{1,2}|/-|[.,]=)(?!\d)")
_LOWERED = str.maketrans(_RAISED, "0123456789")
_MULTIPLIER = re.compile(r"\s?(lakhs?|lacs?|crores?|cr|k|लाख|करोड़)(?![^\W\d_])", re.IGNORECASE)
_MULTIPLES = {
    "lakh": 10**5,
    "lac": 10**5,
    "crore": 10**7,
    "cr": 10**7,
    "k": 10**3,
    "लाख": 10**5,
    "करोड़": 10**7,
}

# Words that make an amount something else than what the thing costs.
_OTHER_AMOUNT = re.compile(
    r"\b(?:emi|save[sd]?|saving|off|discount|cash ?back|instal|month|monthly|mois|monat|deposit|down payment"
    r"|up ?to|per|trade.?in|delivery|shipping|points|coupon|voucher)\b"
    r"|/\s?(?:mo|month|yr|year|week|wk|day|\d*\s?(?:kg|gm?|ml|l|oz|lb|pack|count|unit|pc|sq)\b)",
    re.IGNORECASE,
)


def read_price(
    text: str, *, currency_hint: str | None = None, country_hint: str | None = None
) -> tuple[Decimal, str | None] | None:
    """The one amount in a text, in major units, and its currency where a mark or a hint says it.

    For the text of one chosen node, or of a person ("1,49,900", "Rs. 1,499/-", "₹1.5 lakh"). An amount beside
    a currency mark wins over bare numbers. None when there is no amount, several different ones, a negative
    one, or when the words say that it is an instalment, a saving, a price per unit. `currency_hint` is used
    when the text has no mark of its own; `country_hint` ("in", "uk") decides marks that countries share.
    """
    if len(text) > _LONGEST_TEXT:
        return None
    text = _plain(text)
    if is_other_amount(text):
        return None
    marked: set[tuple[Decimal, str | None]] = set()
    bare: set[tuple[Decimal, str | None]] = set()
    for match in _NUMBER.finditer(text):
        before, mark, after = _surroundings(text, match.start(), match.end())
        multiplier = _MULTIPLIER.match(after)
        amount = None
        currency = currency_of(mark, country_hint, currency_hint) if mark else currency_hint
        if _stands_alone(before, "" if multiplier else after):
            amount = _amount(match.group(0), currency or currency_hint or currency_of_country(country_hint))
        if amount and multiplier:
            amount = _multiplied(amount, multiplier.group(1).lower())
        if amount:
            (marked if mark else bare).add((amount, currency))
        elif mark:
            return None
    found = marked or bare
    return found.pop() if len(found) == 1 else None


@dataclass(frozen=True, slots=True)
class Spotted:
    """One amount with its currency mark in a longer text, in major units, and where both stand."""

    start: int
    end: int
    amount: Decimal
    currency: str | None


def spot_prices(
    text: str, *, currency_hint: str | None = None, country_hint: str | None = None
) -> Iterator[Spotted]:
    """Every amount beside a currency mark in a text that is `plain` already, in order; what they are for is
    not judged.
    """
    taken = 0
    for match in _NUMBER.finditer(text):
        start, end = match.span()
        # Most numbers of a page have no mark on either side: a look at two signs of each settles them.
        last = text[max(start - 3, 0) : start].rstrip()[-2:]
        first = text[end : end + 3].lstrip()[:2]
        if not (
            last in _MARK_TAILS
            or last[-1:] in _MARKS
            or first in _MARK_HEADS
            or first[:1] in _MARKS
            or first[:1] in _ZERO_CENTS
        ):
            continue
        if start < taken or end - start > _LONGEST_AMOUNT:
            continue
        left = max(taken, start - _LONGEST_MARK - 4)
        near = text[left : end + _LONGEST_MARK + 6]
        at, stop = start - left, end - left
        no_cents = _NO_CENTS.match(near, stop)
        stop = no_cents.end() if no_cents else stop
        before, mark, after = _surroundings(near, at, stop)
        if not (mark or (no_cents and currency_hint)) or not _stands_alone(before, after):
            continue
        if mark == "R" and currency_hint not in (None, "ZAR"):
            continue  # "R16" is the size of a tyre there
        # "1 299,-" needs no mark in a country that writes its prices so.
        currency = currency_of(mark, country_hint, currency_hint) if mark else currency_hint
        amount = _amount(match.group(0), currency or currency_hint or currency_of_country(country_hint))
        if amount is None:
            continue
        if len(before) < at:
            start, end = left + len(before), left + stop
        elif mark:
            end = left + near.index(mark, stop) + len(mark)
        else:
            end = left + stop
        cents = _CENTS_AFTER_MARK.match(text, end - 1) if mark == "€" else None
        if cents and amount == int(amount):
            amount += Decimal(cents.group(1)) / 100
            end = cents.end()
        taken = end
        yield Spotted(start, end, amount, currency)


def read_declared_price(
    text: str, currency: str | None, country_hint: str | None = None
) -> tuple[Decimal, str | None] | None:
    """`read_price` for a text whose currency is declared elsewhere: None when its own mark says another."""
    found = read_price(text, currency_hint=currency, country_hint=country_hint)
    return None if found and currency and found[1] != currency else found


def read_machine_price(
    value: object, *, currency_hint: str | None = None, country_hint: str | None = None
) -> tuple[Decimal, str | None] | None:
    """The amount in a machine-readable field: schema.org price, a meta tag's content.

    A point begins the decimals there (schema.org: "Use '.' rather than ','"). Three decimals in a string,
    where the currency has two and groups with points, may be a thousand: that is read as neither. Anything
    else than a plain number is read as text, and a mark there that contradicts `currency_hint` leaves
    nothing. The size is bounded before a number is made of it.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, float):
        value = format(value, ".4f") if abs(value) < 10**12 else "-"
    text = str(value).strip() if isinstance(value, str) or abs(value) < 10**12 else "-"
    plain = _MACHINE.fullmatch(text)
    if plain is None:
        return read_declared_price(text, currency_hint, country_hint)
    whole, decimals = plain.group(1), plain.group(2) or ""
    if len(decimals) == 3 and len(whole) <= 3 and whole != "0":
        currency = currency_hint or currency_of_country(country_hint)
        if currency is None or currency in NO_DECIMALS or (currency in COMMA_DECIMAL - THREE_DECIMALS):
            return None
    amount = round(Decimal(f"{whole}.{decimals or 0}"), 4)
    return (amount, currency_hint) if amount > 0 else None


def is_other_amount(text: str) -> bool:
    """Whether the words make an amount an instalment, a saving, a price per unit, a charge: anything but the
    price.
    """
    return bool(_OTHER_AMOUNT.search(text))


# The zeros of digits that shops write: Arabic, Persian, Devanagari, Bengali, Gurmukhi, Gujarati, Odia, Tamil,
# Telugu, Kannada, Malayalam, Thai, Lao, Myanmar, Khmer, fullwidth.
_ZEROS = (
    0x660, 0x6F0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xE50, 0xED0, 0x1040, 0x17E0,
    0xFF10,
)  # fmt: skip
_UNSEEN = ((0, 9), (0xE, 0x1C), (0x7F, 0x80), (0x200B, 0x2010), (0x202A, 0x202F), (0x2060, 0x206A))
_PLAIN_SIGNS: dict[int, str | None] = {
    **{zero + value: str(value) for zero in _ZEROS for value in range(10)},
    **{code: None for start, end in _UNSEEN for code in range(start, end)},
    **{0xFEFF: None, 0x2212: "-", 0xFF0C: ",", 0xFF0E: ".", 0x066B: ".", 0x066C: ",", 0x2007: "\u00a0"},
}


def plain(text: str) -> str:
    """The same words with ASCII digits, one kind of minus, Arabic and fullwidth separators as ours, and no
    invisible characters.
    """
    return text.translate(_PLAIN_SIGNS) if not (text.isascii() and text.isprintable()) else text


def _plain(text: str) -> str:
    """`plain`, no dash in the place of zero cents ("999,-"), and cents before their mark ("12€99")."""
    return _CENTS_AFTER_MARK.sub(r".\1€", _NO_CENTS.sub("", plain(text)))


def _surroundings(text: str, start: int, end: int) -> tuple[str, str | None, str]:
    """What stands before a number, its currency mark, and what stands after; a mark belongs to the nearer
    number.
    """
    before, after = text[:start], text[end:]
    bare = before.rstrip()
    if bare and bare[-1] in _MARK_ENDS and len(before) - len(bare) <= _FURTHEST:
        mark = _mark_at_end(bare)
        gap = before[len(bare) :]
        if mark and not ("\n" in gap and _is_marked_after(after)):
            rest = bare[: -len(mark)]
            nearer = rest.rstrip()
            if not (nearer[-1:].isdigit() and _width(rest[len(nearer) :]) < _width(gap)):
                code = _sharpened(mark, rest, after)
                return nearer.removesuffix(code) if code != mark else rest, code, after
    bare = after.lstrip()
    if bare and bare[0] in _MARK_STARTS and len(after) - len(bare) <= _FURTHEST:
        mark = _mark_at_start(bare)
        if mark:
            rest = bare[len(mark) :]
            nearer = rest.lstrip()
            gap = after[: len(after) - len(bare)]
            if not (nearer[:1].isdigit() and _width(rest[: len(rest) - len(nearer)]) < _width(gap)):
                return before, mark, ""
    return before, None, after


def _width(gap: str) -> int:
    """How far white space holds a mark away from a number: the end of a line more than any space."""
    return len(gap) + 2 * ("\n" in gap)


def _is_marked_after(after: str) -> bool:
    """Whether a mark follows a number on its own line."""
    bare = after.lstrip(_SPACES)
    return bool(bare) and bare[0] in _MARK_STARTS and _mark_at_start(bare) is not None


def _sharpened(mark: str, before: str, after: str) -> str:
    """The code that stands beside a mark which countries share: "USD $5" and "$5 CAD" leave nothing open."""
    if mark not in _SHARED:
        return mark
    for code in (before.rstrip()[-3:], after.lstrip()[:3]):
        if code in CODES and currency_of(mark, hint=code) == code:
            return code
    return mark


def _mark_at_end(text: str) -> str | None:
    """The longest mark that a text ends with; "Rs" and "TL" must not be the tail of a longer word."""
    for length in range(min(_LONGEST_MARK, len(text)), 0, -1):
        mark = text[-length:]
        if mark in _MARKS and not (mark[0].isalpha() and text[-length - 1 : -length].isalpha()):
            return mark
    return None


def _mark_at_start(text: str) -> str | None:
    for length in range(min(_LONGEST_MARK, len(text)), 0, -1):
        mark = text[:length]
        if mark in _MARKS and not (mark[-1].isalpha() and text[length : length + 1].isalpha()):
            return mark
    return None


def _stands_alone(before: str, after: str) -> bool:
    """Whether a number is neither signed, nor a part of a word, a code or a percentage."""
    if before and (before[-1].isalnum() or before[-1] in "_#+"):
        return False
    bare = before.rstrip(_SPACES)
    if bare.endswith("+") and not bare[:-1][-1:].isalnum():
        return False
    if before.endswith("-") and not before[:-1].rstrip(_SPACES)[-1:].isalnum():
        return False
    return not (after[:1].isalpha() or after[:1] in ("_", "%") or after[:2] in (" %", "\u00a0%"))


def _multiplied(amount: Decimal, word: str) -> Decimal | None:
    product = amount * _MULTIPLES[word if word in _MULTIPLES else word.rstrip("s")]
    return product if product < 10**12 else None


def _amount(number: str, currency: str | None) -> Decimal | None:
    """The value of digits and separators as the currency writes them, or None when it could be two values."""
    number = re.sub(rf"[{_SPACES}'’]", "", number)
    if number[-1] in _RAISED:
        whole, decimals = re.sub("[.,]", "", number[:-2]), number[-2:].translate(_LOWERED)
        return Decimal(f"{whole}.{decimals}") or None if len(whole) <= 12 else None
    points, commas = number.count("."), number.count(",")
    if points and commas:
        decimal_mark = max(".", ",", key=number.rfind)
        if number.count(decimal_mark) > 1:
            return None
        whole, _, decimals = number.rpartition(decimal_mark)
        whole = _ungrouped(whole, "," if decimal_mark == "." else ".") or ""
    elif points + commas > 1:
        whole, decimals = _ungrouped(number, "." if points else ",") or "", ""
    elif points + commas == 1:
        mark = "." if points else ","
        whole, _, decimals = number.partition(mark)
        if not _begins_decimals(mark, whole, decimals, currency):
            if not _groups(mark, whole, decimals, currency):
                return None
            whole, decimals = whole + decimals, ""
    else:
        whole, decimals = number, ""
    canonical = f"{whole}.{decimals}" if decimals else whole
    return Decimal(canonical) or None if _AMOUNT.fullmatch(canonical) else None


def _begins_decimals(mark: str, whole: str, decimals: str, currency: str | None) -> bool:
    if mark == "," and currency in INDIAN_GROUPING:
        return False
    if len(decimals) <= 2:
        return currency not in NO_DECIMALS
    if len(decimals) == 3 and currency in THREE_DECIMALS:
        return mark == ("," if currency in COMMA_DECIMAL else ".")
    return len(decimals) == 3 and whole == "0"


def _groups(mark: str, whole: str, rest: str, currency: str | None) -> bool:
    if len(rest) != 3 or len(whole) > 3 or whole.startswith("0") or currency in THREE_DECIMALS:
        return False
    return mark == "," or currency in COMMA_DECIMAL


def _ungrouped(number: str, mark: str) -> str | None:
    """The digits without their grouping: threes everywhere, or the Indian three and then twos."""
    first, *groups = number.split(mark)
    if not groups:
        return first
    threes = all(len(group) == 3 for group in groups) and len(first) <= 3
    twos = mark == "," and len(groups[-1]) == 3 and all(len(g) == 2 for g in groups[:-1]) and len(first) <= 2
    return number.replace(mark, "") if threes or twos else None
