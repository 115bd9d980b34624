"""What a change of plan costs: the price, less what is left of what was paid. All in whole minor units."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

LEAST_CHARGE = 100
"""Razorpay takes no payment below ₹1. What is less is waived."""


@dataclass(frozen=True, slots=True)
class Span:
    """A time that was paid for; `[start, end)`, both aware UTC."""

    start: datetime
    end: datetime
    paid_minor: int


def unused(span: Span, now: datetime) -> int:
    """The part of what was paid for a span that is still ahead, rounded down to the paisa."""
    left = span.end - max(now, span.start)
    whole = span.end - span.start
    if left <= timedelta(0) or whole <= timedelta(0):
        return 0
    return span.paid_minor * _microseconds(left) // _microseconds(whole)


@dataclass(frozen=True, slots=True)
class Quote:
    """What somebody is shown before they pay.

    `price - discount == used + waived + charge`, and `unused + balance == used + left`; nothing is negative.
    """

    price: int
    discount: int
    unused: int
    """Of the plan that ends now."""
    balance: int
    """Left from an earlier change."""
    used: int
    """Of both, for this."""
    left: int
    """Of both, kept for later."""
    waived: int
    charge: int


def quote(
    price: int,
    *,
    discount: int = 0,
    unused: Sequence[int] = (),
    balance: int = 0,
    least: int = LEAST_CHARGE,
) -> Quote:
    """What is less than `least` is waived. Raises ValueError for a negative amount."""
    if min(price, discount, balance, *unused, 0) < 0:
        raise ValueError("an amount is negative")
    discount = min(discount, price)
    available = sum(unused) + balance
    used = min(price - discount, available)
    rest = price - discount - used
    waived = rest if rest < least else 0
    return Quote(
        price=price,
        discount=discount,
        unused=sum(unused),
        balance=balance,
        used=used,
        left=available - used,
        waived=waived,
        charge=rest - waived,
    )


def _microseconds(duration: timedelta) -> int:
    return duration // timedelta(microseconds=1)
