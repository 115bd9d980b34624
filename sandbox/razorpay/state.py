"""What the sandbox knows: plain records. Amounts are minor units, times Unix seconds, as on the wire."""

import calendar
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

from sandbox.razorpay.errors import not_an_id, unknown_id
from tracker import clock

Json = dict[str, Any]
Notes = dict[str, str]
Method = Literal["upi", "card", "netbanking"]

METHODS: tuple[Method, ...] = ("upi", "card", "netbanking")
_LETTERS = string.ascii_letters + string.digits
_MONTHS = {"monthly": 1, "quarterly": 3, "yearly": 12}
_SECONDS = {"daily": 86_400, "weekly": 7 * 86_400}
DAY = 86_400


def now() -> int:
    return int(clock.now().timestamp())


def bare_id() -> str:
    """Fourteen letters and digits: what follows the prefix of an id."""
    return "".join(secrets.choice(_LETTERS) for _ in range(14))


@dataclass(slots=True)
class Customer:
    id: str = field(default_factory=lambda: f"cust_{bare_id()}")
    email: str | None = "asha@example.com"
    contact: str | None = "+919000090000"


@dataclass(slots=True)
class Order:
    amount: int
    currency: str
    receipt: str | None
    notes: Notes
    id: str = field(default_factory=lambda: f"order_{bare_id()}")
    paid: int = 0
    attempts: int = 0
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)

    @property
    def status(self) -> str:
        return "paid" if self.paid else "attempted" if self.attempts else "created"


@dataclass(slots=True)
class Payment:
    amount: int
    currency: str
    method: Method
    order_id: str
    description: str | None
    customer: Customer
    notes: Notes
    id: str = field(default_factory=lambda: f"pay_{bare_id()}")
    status: Literal["authorized", "captured", "refunded", "failed"] = "authorized"
    refunded: int = 0
    invoice_id: str | None = None
    card_id: str | None = None
    token_id: str | None = None
    created_at: int = field(default_factory=now)

    def __post_init__(self) -> None:
        if self.method == "card":
            self.card_id, self.token_id = f"card_{bare_id()}", f"token_{bare_id()}"

    @property
    def captured(self) -> bool:
        return self.status in ("captured", "refunded")

    @property
    def fee(self) -> int | None:
        """2 % and 18 % GST on it, once captured."""
        return round(self.amount * 0.0236) if self.captured else None

    @property
    def tax(self) -> int | None:
        return round(self.amount * 0.0036) if self.captured else None

    @property
    def refund_status(self) -> str | None:
        return None if not self.refunded else "full" if self.refunded >= self.amount else "partial"


@dataclass(slots=True)
class Link:
    amount: int
    currency: str
    description: str
    reference_id: str
    notes: Notes
    customer: Json
    notify: Json
    expire_by: int = 0
    accept_partial: bool = False
    first_min_partial_amount: int = 0
    reminder_enable: bool = False
    upi_link: bool = False
    callback_url: str = ""
    id: str = field(default_factory=lambda: f"plink_{bare_id()}")
    status: Literal["created", "paid", "cancelled", "expired"] = "created"
    amount_paid: int = 0
    order_id: str | None = None
    payments: list[str] = field(default_factory=list)
    created_at: int = field(default_factory=now)
    updated_at: int = field(default_factory=now)
    cancelled_at: int = 0
    expired_at: int = 0


@dataclass(slots=True)
class Plan:
    period: str
    interval: int
    name: str
    amount: int
    currency: str
    description: str | None
    notes: Notes
    id: str = field(default_factory=lambda: f"plan_{bare_id()}")
    item_id: str = field(default_factory=lambda: f"item_{bare_id()}")
    created_at: int = field(default_factory=now)

    def after(self, start: int, cycles: int) -> int:
        """The moment that many cycles after a start; the day of a shorter month is its last."""
        if self.period in _SECONDS:
            return start + cycles * self.interval * _SECONDS[self.period]
        begun = datetime.fromtimestamp(start, UTC)
        months = begun.month - 1 + cycles * self.interval * _MONTHS[self.period]
        year, month = begun.year + months // 12, months % 12 + 1
        day = min(begun.day, calendar.monthrange(year, month)[1])
        return int(begun.replace(year=year, month=month, day=day).timestamp())


@dataclass(slots=True)
class AddOn:
    name: str
    amount: int
    currency: str


SubscriptionStatus = Literal[
    "created",
    "authenticated",
    "active",
    "pending",
    "halted",
    "paused",
    "cancelled",
    "completed",
    "expired",
]


@dataclass(slots=True)
class Subscription:
    plan: Plan
    total_count: int
    notes: Notes
    quantity: int = 1
    customer_notify: bool = True
    addons: list[AddOn] = field(default_factory=list)
    start_at: int | None = None
    expire_by: int | None = None
    id: str = field(default_factory=lambda: f"sub_{bare_id()}")
    status: SubscriptionStatus = "created"
    customer: Customer | None = None
    method: Method = "upi"
    cycle: int = 0
    """How many cycles began, paid or not."""
    paid_count: int = 0
    current_start: int | None = None
    current_end: int | None = None
    charge_at: int | None = None
    ended_at: int | None = None
    paused_at: int | None = None
    auth_attempts: int = 0
    ends_with_cycle: bool = False
    failures_to_come: int = 0
    """So many of the next charges fail."""
    created_at: int = field(default_factory=now)

    def __post_init__(self) -> None:
        self.charge_at = self.start_at

    @property
    def amount(self) -> int:
        return self.plan.amount * self.quantity

    @property
    def end_at(self) -> int | None:
        return None if self.start_at is None else self.plan.after(self.start_at, self.total_count)

    @property
    def remaining_count(self) -> int:
        return self.total_count - self.cycle


@dataclass(slots=True)
class Invoice:
    subscription: Subscription
    order_id: str
    items: list[tuple[str, int, str]]
    """What is billed: a name, an amount, and `plan` or `addon`."""
    currency: str
    billing_start: int | None
    billing_end: int | None
    id: str = field(default_factory=lambda: f"inv_{bare_id()}")
    payment_id: str | None = None
    issued_at: int = field(default_factory=now)
    paid_at: int | None = None

    @property
    def amount(self) -> int:
        return sum(amount for _, amount, _ in self.items)

    @property
    def status(self) -> str:
        return "issued" if self.paid_at is None else "paid"


@dataclass(slots=True)
class Refund:
    payment_id: str
    amount: int
    currency: str
    notes: Notes
    receipt: str | None
    speed: str = "normal"
    status: Literal["pending", "processed", "failed"] = "processed"
    id: str = field(default_factory=lambda: f"rfnd_{bare_id()}")
    created_at: int = field(default_factory=now)


DISPUTE_STATES = ("created", "under_review", "action_required", "won", "lost", "closed")


@dataclass(slots=True)
class Dispute:
    payment_id: str
    amount: int
    currency: str
    id: str = field(default_factory=lambda: f"disp_{bare_id()}")
    state: str = "created"
    created_at: int = field(default_factory=now)

    @property
    def respond_by(self) -> int:
        return self.created_at + 7 * DAY


Thing = TypeVar("Thing")


class State:
    """Everything of one account, each kind by id, oldest first."""

    def __init__(self) -> None:
        self.merchant_id = bare_id()
        self.links: dict[str, Link] = {}
        self.orders: dict[str, Order] = {}
        self.payments: dict[str, Payment] = {}
        self.plans: dict[str, Plan] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.invoices: dict[str, Invoice] = {}
        self.refunds: dict[str, Refund] = {}
        self.disputes: dict[str, Dispute] = {}

    def refunds_of(self, payment: Payment) -> list[Refund]:
        return [refund for refund in self.refunds.values() if refund.payment_id == payment.id]

    def payments_of(self, order: Order) -> list[Payment]:
        return [payment for payment in self.payments.values() if payment.order_id == order.id]


def found(things: Mapping[str, Thing], given: str) -> Thing:
    """The thing of that id. Raises ApiError as Razorpay words it."""
    if given in things:
        return things[given]
    prefix, _, bare = given.partition("_")
    if not prefix.isalpha() or len(bare) != 14 or not bare.isalnum():
        raise not_an_id(given)
    raise unknown_id()
