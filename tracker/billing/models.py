"""What was bought, paid, given back and written down. Amounts are minor units; nothing here is deleted."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.database import Base, BigId


class Provider(StrEnum):
    RAZORPAY = "razorpay"
    STARS = "stars"


class Subscription(Base):
    """A person's plan: one row, kept up to date from their terms. `paid_until` includes days given."""

    __tablename__ = "subscriptions"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    plan: Mapped[str] = mapped_column(String(16))
    """What is in force now; `free` after a lapse."""
    period: Mapped[str | None] = mapped_column(String(8))
    state: Mapped[str] = mapped_column(String(16))
    paid_until: Mapped[datetime | None]
    anchor_day: Mapped[int | None]
    next_plan: Mapped[str | None] = mapped_column(String(16))
    """What follows at the period's end when it is not the same; `free` is a cancellation."""
    next_period: Mapped[str | None] = mapped_column(String(8))
    is_frozen: Mapped[bool] = mapped_column(default=False)
    """A dispute is open: nothing is changed, credited or refunded."""
    due_at: Mapped[datetime | None]
    """When time alone changes something next: a reminder, the grace, the lapse."""
    step: Mapped[str | None] = mapped_column(String(16))
    """What was last said of `paid_until`."""

    __table_args__ = (Index(None, "due_at"), Index(None, "plan", "state", "id"), Index(None, "state", "id"))


class SubscriptionState(StrEnum):
    ACTIVE = "active"
    TRIAL = "trial"
    GRACE = "grace"
    """Paid time is over and the plan stays for a few days."""
    LAPSED = "lapsed"


class TermSource(StrEnum):
    PAYMENT = "payment"
    TRIAL = "trial"
    GIFT = "gift"
    REFERRAL = "referral"


class TermState(StrEnum):
    STANDING = "standing"
    CREDITED = "credited"
    """Cut short by a change of plan, which counted what was left of it."""
    REVOKED = "revoked"
    """Refunded, lost in a dispute, or ended by those who run the service."""


class Term(Base):
    """A time in which a plan is somebody's. A person's plan is read from their standing terms alone."""

    __tablename__ = "terms"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    plan: Mapped[str] = mapped_column(String(16))
    period: Mapped[str | None] = mapped_column(String(8))
    source: Mapped[str] = mapped_column(String(16))
    payment_id: Mapped[int | None] = mapped_column(ForeignKey("payments.id"), unique=True)
    key: Mapped[str] = mapped_column(String(64), unique=True)
    """What gave it, once: a payment, a trial, a referral, an admin's gift."""
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    value_minor: Mapped[int]
    """What it cost, with what was credited: the ground of a later credit."""
    price_minor: Mapped[int] = mapped_column(default=0)
    """What it was sold for, GST and credit included; stays, whatever of it is refunded or moved."""
    currency: Mapped[str] = mapped_column(String(3), default="INR")
    """Of the value: rupees are credited against rupees, Stars against Stars."""
    state: Mapped[str] = mapped_column(String(16), default=TermState.STANDING)
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "user_id", "state"), Index(None, "source", "ends_at"))


class CheckoutState(StrEnum):
    WANTED = "wanted"
    """The person asked; the provider has not been told."""
    OPEN = "open"
    PAID = "paid"
    EXPIRED = "expired"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The provider would not have it."""


class Checkout(Base):
    """An offer to pay: what, for how much, and where. `reference` is ours and the provider's alike."""

    __tablename__ = "checkouts"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    reference: Mapped[str] = mapped_column(String(40), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    chat_id: Mapped[int]
    provider: Mapped[str] = mapped_column(String(16))
    is_auto: Mapped[bool] = mapped_column(default=False)
    plan: Mapped[str] = mapped_column(String(16))
    period: Mapped[str] = mapped_column(String(8))
    is_change: Mapped[bool]
    """It begins at once and ends the plan of now."""
    begins_at: Mapped[datetime | None]
    """When it follows on what is paid for; null is at once."""
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    quote: Mapped[dict[str, int]] = mapped_column(JSON)
    credited: Mapped[list[int]] = mapped_column(JSON)
    """The terms whose rest was counted."""
    coupon_id: Mapped[int | None] = mapped_column(ForeignKey("coupons.id"))
    state: Mapped[str] = mapped_column(String(16), default=CheckoutState.WANTED)
    provider_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    url: Mapped[str | None] = mapped_column(String(512))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ask_at: Mapped[datetime | None]
    """When the provider is asked for news that no webhook brought."""
    asks: Mapped[int] = mapped_column(default=0)
    message_id: Mapped[int | None]

    __table_args__ = (Index(None, "user_id", "state"), Index(None, "ask_at"))


class Mandate(Base):
    """A permission to charge each period: a subscription at the provider."""

    __tablename__ = "mandates"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    checkout_id: Mapped[int] = mapped_column(ForeignKey("checkouts.id"), unique=True)
    provider: Mapped[str] = mapped_column(String(16))
    provider_id: Mapped[str] = mapped_column(String(64), unique=True)
    plan: Mapped[str] = mapped_column(String(16))
    period: Mapped[str] = mapped_column(String(8))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    paid_count: Mapped[int] = mapped_column(default=0)
    charge_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]
    """When the provider said so, by its own clock: an older word changes nothing."""
    ends_by_us: Mapped[str | None] = mapped_column(String(8))
    """That it ends, as we decided: `now` or with its `cycle`, and `told` once the provider knows."""
    ask_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "user_id", "state"), Index(None, "ask_at"))


class ProviderPlan(Base):
    """A price that the provider knows as a plan of its own; a new price is a new one."""

    __tablename__ = "provider_plans"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    plan: Mapped[str] = mapped_column(String(16))
    period: Mapped[str] = mapped_column(String(8))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    provider_id: Mapped[str] = mapped_column(String(64))

    __table_args__ = (UniqueConstraint("provider", "plan", "period", "amount_minor", "currency"),)


class PaymentState(StrEnum):
    """In the order in which a payment moves; it never moves back."""

    FAILED = "failed"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    REFUNDED = "refunded"


_HELD = text("held_because IS NOT NULL")


class Payment(Base):
    """Money that came, or tried to. `held_because` says why it bought nothing yet."""

    __tablename__ = "payments"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    provider: Mapped[str] = mapped_column(String(16))
    provider_id: Mapped[str] = mapped_column(String(255))
    """Telegram's are longer than 128 characters."""
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    checkout_id: Mapped[int | None] = mapped_column(ForeignKey("checkouts.id"))
    mandate_id: Mapped[int | None] = mapped_column(ForeignKey("mandates.id"))
    amount_minor: Mapped[int]
    refunded_minor: Mapped[int] = mapped_column(default=0)
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(16))
    held_because: Mapped[str | None] = mapped_column(String(32))
    created_at: Mapped[datetime]
    captured_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("provider", "provider_id"),
        Index(None, "user_id", "id"),
        Index(None, "captured_at"),
        Index("ix_payments_held", "id", postgresql_where=_HELD, sqlite_where=_HELD),
    )


class RefundState(StrEnum):
    WANTED = "wanted"
    """Decided here; the provider has not been told."""
    PENDING = "pending"
    FAILED = "failed"
    PROCESSED = "processed"


class Refund(Base):
    """Money that goes back. `key` is our idempotency key at the provider; null when it began there."""

    __tablename__ = "refunds"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    key: Mapped[str | None] = mapped_column(String(40), unique=True)
    provider_id: Mapped[str | None] = mapped_column(String(64), unique=True)
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    state: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(String(256), default="")
    asked_by: Mapped[int | None]
    """The Telegram id of the admin."""
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    settled_at: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "payment_id"), Index(None, "due_at"), Index(None, "settled_at"))


class Dispute(Base):
    """A payer's bank asks the money back."""

    __tablename__ = "disputes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"))
    provider_id: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[str] = mapped_column(String(16))
    phase: Mapped[str | None] = mapped_column(String(32))
    reason: Mapped[str | None] = mapped_column(String(64))
    amount_minor: Mapped[int]
    deducted_minor: Mapped[int] = mapped_column(default=0)
    respond_by: Mapped[datetime | None]
    created_at: Mapped[datetime]

    __table_args__ = (Index(None, "payment_id"),)


class LedgerEntry(Base):
    """One side of a posting; the sides of a posting sum to zero. Debits are positive."""

    __tablename__ = "ledger_entries"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    posting: Mapped[str] = mapped_column(String(64))
    account: Mapped[str] = mapped_column(String(32))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    amount_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("posting", "account"),
        Index(None, "account", "user_id"),
        Index(None, "account", "created_at"),
    )


class MailState(StrEnum):
    DUE = "due"
    SENT = "sent"
    DEAD = "dead"


class InvoiceMail(Base):
    """An invoice or a credit note that is owed to an address that its person has proved to be theirs."""

    __tablename__ = "invoice_mails"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    address: Mapped[str] = mapped_column(String(254))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoices.id"), unique=True)
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_notes.id"), unique=True)
    state: Mapped[str] = mapped_column(String(16), default=MailState.DUE)
    attempts: Mapped[int] = mapped_column(default=0)
    due_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    last_error: Mapped[str | None] = mapped_column(Text)

    __table_args__ = (Index(None, "state", "due_at"),)


class SerialCounter(Base):
    """The last number that a series gave in a financial year; locked by whoever takes the next."""

    __tablename__ = "serial_counters"

    series: Mapped[str] = mapped_column(String(8), primary_key=True)
    year: Mapped[str] = mapped_column(String(8), primary_key=True)
    last: Mapped[int]


class Invoice(Base):
    """A tax invoice, as it was issued: later changes of the person or the seller leave it as it is."""

    __tablename__ = "invoices"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payments.id"), unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    series: Mapped[str] = mapped_column(String(8))
    year: Mapped[str] = mapped_column(String(8))
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(16), unique=True)
    issued_at: Mapped[datetime]
    total_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    split: Mapped[dict[str, Any]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("series", "year", "serial"), Index(None, "user_id"))


class CreditNote(Base):
    """What takes back a part of an invoice, for a refund."""

    __tablename__ = "credit_notes"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refunds.id"), unique=True)
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoices.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    series: Mapped[str] = mapped_column(String(8))
    year: Mapped[str] = mapped_column(String(8))
    serial: Mapped[int]
    number: Mapped[str] = mapped_column(String(16), unique=True)
    issued_at: Mapped[datetime]
    total_minor: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    split: Mapped[dict[str, Any]] = mapped_column(JSON)
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)

    __table_args__ = (UniqueConstraint("series", "year", "serial"), Index(None, "user_id"))


class BillingDetails(Base):
    """Whom invoices name."""

    __tablename__ = "billing_details"

    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    name: Mapped[str | None] = mapped_column(String(128))
    address: Mapped[str | None] = mapped_column(String(300))
    state: Mapped[str | None] = mapped_column(String(2))
    """The GST code of the state."""
    gstin: Mapped[str | None] = mapped_column(String(15))


class Coupon(Base):
    """Less to pay: a percentage or an amount. Its code is kept in upper case."""

    __tablename__ = "coupons"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    percent: Mapped[int | None]
    amount_minor: Mapped[int | None]
    most_uses: Mapped[int | None]
    expires_at: Mapped[datetime | None]
    created_by: Mapped[int | None]
    created_at: Mapped[datetime]


class CouponUse(Base):
    """Once for each person; held while a checkout is open, given back when that is not paid."""

    __tablename__ = "coupon_uses"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    coupon_id: Mapped[int] = mapped_column(ForeignKey("coupons.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    checkout_id: Mapped[int] = mapped_column(ForeignKey("checkouts.id"), unique=True)
    is_final: Mapped[bool] = mapped_column(default=False)

    __table_args__ = (UniqueConstraint("coupon_id", "user_id"),)


class Referral(Base):
    """Who brought whom; both are given days when the one who came has paid."""

    __tablename__ = "referrals"

    id: Mapped[int] = mapped_column(BigId, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    invited_by: Mapped[int] = mapped_column(ForeignKey("users.id"))
    created_at: Mapped[datetime]
    rewarded_at: Mapped[datetime | None]

    __table_args__ = (Index(None, "invited_by"),)


class Trial(Base):
    """A trial that was taken. It outlives the account: one for each Telegram account, for ever."""

    __tablename__ = "trials"

    telegram_id: Mapped[int] = mapped_column(BigId, primary_key=True, autoincrement=False)
    taken_at: Mapped[datetime]


OPEN_CHECKOUT = text("state IN ('wanted', 'open')")
Index(
    "uq_checkouts_one_open",
    Checkout.user_id,
    unique=True,
    postgresql_where=OPEN_CHECKOUT,
    sqlite_where=OPEN_CHECKOUT,
)
