"""Amounts of money in English words, counted as in India."""

from tracker.money import Money, exponent

_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
).split()
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_SCALES = ((10**7, "crore"), (10**5, "lakh"), (10**3, "thousand"), (10**2, "hundred"))

# One and many of the unit, one and many of its hundredth.
_NAMES = {
    "INR": ("Rupee", "Rupees", "paisa", "paise"),
    "USD": ("US dollar", "US dollars", "cent", "cents"),
    "EUR": ("Euro", "Euros", "cent", "cents"),
    "GBP": ("Pound", "Pounds", "penny", "pence"),
}


def in_words(minor: int, currency: str = "INR") -> str:
    """ "Rupees one thousand four hundred ninety-nine and fifty paise only", from minor units.

    No two amounts read alike, and none holds a digit. A currency without names of its own is called by its
    code, and its decimals are read one by one: "KWD one point two five zero only".
    Raises ValueError for an amount below zero or beyond `MAX_MINOR`.
    """
    if minor < 0:
        raise ValueError("an amount in words is not below zero")
    Money(minor, currency)
    whole, rest = divmod(minor, 10 ** exponent(currency))
    if currency not in _NAMES:
        decimals = [_SMALL[int(digit)] for digit in f"{rest:0{exponent(currency)}}"] if rest else []
        return " ".join([currency, _number(whole), *(["point", *decimals] if decimals else []), "only"])
    unit, units, hundredth, hundredths = _NAMES[currency]
    small = f" and {_number(rest)} {hundredth if rest == 1 else hundredths}" if rest else ""
    return f"{unit if whole == 1 else units} {_number(whole)}{small} only"


def _number(number: int) -> str:
    """A whole number; beyond a crore, the crores are counted in the same way: "ten lakh crore"."""
    for size, name in _SCALES:
        if number >= size:
            many, rest = divmod(number, size)
            return f"{_number(many)} {name}" + (f" {_number(rest)}" if rest else "")
    if number < 20:
        return _SMALL[number]
    tens, rest = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_SMALL[rest]}" if rest else "")
