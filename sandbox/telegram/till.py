"""What Telegram remembers of payments in Stars."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(slots=True)
class PreCheckout:
    """A question before a payment that waits for its answer."""

    id: str
    asked_at: float
    """UTC timestamp."""
    is_over: bool = False
    is_ok: bool = False
    refusal: str = ""


@dataclass(slots=True)
class Charge:
    """What somebody paid. `renews_at` (UTC timestamp) is of a subscription, by the charge that began it."""

    id: str
    user_id: int
    invoice: Json
    renews_at: int | None = None
    refunded: bool = False
    cancelled: bool = False


def _nobody(_user_id: int, _payment: Json) -> None:
    pass


@dataclass(slots=True)
class Till:
    """Invoices by their address, questions, charges, and the transactions of the bot from the oldest on."""

    links: dict[str, Json] = field(default_factory=dict)
    questions: dict[str, PreCheckout] = field(default_factory=dict)
    charges: dict[str, Charge] = field(default_factory=dict)
    transactions: list[Json] = field(default_factory=list)
    went_back: Callable[[int, Json], object] = _nobody
    """Told of each refund, whose word the bot gets as a message."""
