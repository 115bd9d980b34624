"""What people type where a price or a drop is asked for."""

import re

from tracker.errors import BadInput
from tracker.money import Money
from tracker.stores.price_text import read_price
from tracker.texts import clean

_PERCENT = re.compile(r"\s*[-−]?\s*(\d{1,4})\s*(?:[%％٪]|per ?cent\b|प्रतिशत)\s*(?:off)?\s*", re.IGNORECASE)


def price(text: str, currency: str) -> Money:
    """Raises BadInput for what is no price. A currency that the text names is kept, whatever was expected."""
    return _money(text, currency, "error.not_a_price")


def drop(text: str, currency: str) -> Money | int:
    """An amount, or a whole percentage. Raises BadInput for what is neither."""
    percent = _PERCENT.fullmatch(text)
    if percent:
        return int(percent.group(1))
    if any(sign in text for sign in "%％٪"):
        raise BadInput("error.drop_percent")
    return _money(text, currency, "error.not_a_drop")


def _money(text: str, currency: str, problem: str) -> Money:
    read = read_price(text, currency_hint=currency)
    if read is None:
        raise BadInput(problem, words=clean(text, limit=40))
    amount, named = read
    try:
        return Money.of(amount, named or currency)
    except ValueError:
        raise BadInput(problem, words=clean(text, limit=40)) from None
