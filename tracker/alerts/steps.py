"""The smallest change of a price that means something."""

from tracker.money import Money, exponent

# In minor units. One rupee, five cents, ten yen: what falls below is rounding, exchange rates or noise.
_STEPS = {"INR": 100, "JPY": 10, "KRW": 100, "VND": 1000, "IDR": 10000, "HUF": 1000, "CLP": 10, "ISK": 10}
_SHARE = 20
"""Of other currencies, a twentieth of the major unit: $0.05, KWD 0.050."""


def minimum_step(currency: str) -> int:
    """The least change worth a message, in minor units, at least 1."""
    return _STEPS.get(currency) or max(1, 10 ** exponent(currency) // _SHARE)


def is_below(price: Money, reference: Money) -> bool:
    """Whether a price is lower by at least the smallest meaningful step."""
    return reference.minor - price.minor >= minimum_step(price.currency)
