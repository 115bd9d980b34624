"""Amounts the way the demo shop's pages print them."""

from decimal import Decimal

from babel.numbers import format_currency, format_decimal

from tracker import money

_LOCALES = {"INR": "en_IN", "EUR": "de_DE", "JPY": "ja_JP"}


def _locale(currency: str) -> str:
    return _LOCALES.get(currency, "en_US")


def plain(amount: Decimal, currency: str) -> str:
    """For machines: `149900.00`."""
    return f"{amount:.{money.exponent(currency)}f}"


def shown(amount: Decimal, currency: str) -> str:
    """For people: `₹1,49,900`, `₹129.50`, `249,90 €`, `￥12,800`, `KWD 14.500`. Rupees hide empty paise."""
    if currency == "INR" and amount == amount.to_integral_value():
        return f"₹{format_decimal(amount, '#,##,##0', locale='en_IN')}"
    if currency == "KWD":
        return f"KWD {format_decimal(amount, '#,##0.000', locale='en_US')}"
    return format_currency(amount, currency, locale=_locale(currency))


def in_parts(amount: Decimal, currency: str) -> tuple[str, str, str, str]:
    """Symbol, whole units, decimal point and fraction, for a page that sets each in a node of its own."""
    symbol = "₹" if currency == "INR" else currency
    whole, point, fraction = plain(amount, currency).partition(".")
    grouped = format_decimal(int(whole), locale=_locale(currency))
    return symbol, grouped, point, fraction
