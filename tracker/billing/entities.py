"""What Razorpay says of its things, in events and in answers alike: read leniently, kept strictly.

The official samples differ in what they carry: `notes` is an object, a list or null, `captured` is a string
in payments of subscriptions, an order's id may lack its prefix, and link entities name no `entity`. So what
we do not need is passed over, and what we need and cannot read is a `Malformed`.
Source: Razorpay webhooks and API reference.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

Json = Mapping[str, Any]


class Malformed(Exception):
    """The body is not what Razorpay documents: nothing is concluded from it."""


@dataclass(frozen=True, slots=True)
class LinkEntity:
    """A payment link. `paid_by` are the ids of its captured payments, when the answer names them."""

    id: str
    reference: str
    status: str
    amount_minor: int
    paid_minor: int
    currency: str
    url: str | None
    order_id: str | None
    paid_by: tuple[str, ...]

    @classmethod
    def of(cls, body: Json) -> "LinkEntity":
        payments = body.get("payments")
        return cls(
            id=_text(body, "id"),
            reference=_optional(body, "reference_id") or "",
            status=_text(body, "status"),
            amount_minor=_whole(body, "amount"),
            paid_minor=_whole(body, "amount_paid", absent=0),
            currency=_text(body, "currency"),
            url=_optional(body, "short_url"),
            order_id=_order_id(body),
            paid_by=tuple(
                str(each["payment_id"])
                for each in (payments if isinstance(payments, list) else [])
                if isinstance(each, Mapping) and each.get("payment_id") and each.get("status") == "captured"
            ),
        )


@dataclass(frozen=True, slots=True)
class PaymentEntity:
    """A payment. `status` is created, authorized, captured, refunded or failed."""

    id: str
    status: str
    amount_minor: int
    refunded_minor: int
    currency: str
    method: str | None
    order_id: str | None
    invoice_id: str | None
    description: str
    error: str | None
    fee_minor: int
    created_at: datetime | None

    @classmethod
    def of(cls, body: Json) -> "PaymentEntity":
        return cls(
            id=_text(body, "id"),
            status=_text(body, "status"),
            amount_minor=_whole(body, "amount"),
            refunded_minor=_whole(body, "amount_refunded", absent=0),
            currency=_text(body, "currency"),
            method=_optional(body, "method"),
            order_id=_order_id(body),
            invoice_id=_optional(body, "invoice_id"),
            description=_optional(body, "description") or "",
            error=_optional(body, "error_description"),
            fee_minor=_whole(body, "fee", absent=0),
            created_at=_moment(body, "created_at"),
        )

    @property
    def link_id(self) -> str | None:
        """The payment link that this paid: its payments carry "#<the link's id without prefix>"."""
        bare = self.description.removeprefix("#")
        is_one = self.description.startswith("#") and len(bare) == 14 and bare.isalnum()
        return f"plink_{bare}" if is_one else None


@dataclass(frozen=True, slots=True)
class SubscriptionEntity:
    """A subscription. `current_end` may be the end of a cycle whose charge failed: a charge alone renews."""

    id: str
    plan_id: str
    status: str
    paid_count: int
    current_start: datetime | None
    current_end: datetime | None
    charge_at: datetime | None
    url: str | None
    reference: str | None
    """Our own, from the notes."""

    @classmethod
    def of(cls, body: Json) -> "SubscriptionEntity":
        notes = body.get("notes")
        return cls(
            id=_text(body, "id"),
            plan_id=_text(body, "plan_id"),
            status=_text(body, "status"),
            paid_count=_whole(body, "paid_count", absent=0),
            current_start=_moment(body, "current_start"),
            current_end=_moment(body, "current_end"),
            charge_at=_moment(body, "charge_at"),
            url=_optional(body, "short_url"),
            reference=_optional(notes, "reference") if isinstance(notes, Mapping) else None,
        )


@dataclass(frozen=True, slots=True)
class RefundEntity:
    """A refund. `status` is pending, processed or failed."""

    id: str
    payment_id: str
    status: str
    amount_minor: int
    currency: str
    receipt: str | None

    @classmethod
    def of(cls, body: Json) -> "RefundEntity":
        return cls(
            id=_text(body, "id"),
            payment_id=_text(body, "payment_id"),
            status=_optional(body, "status") or "pending",
            amount_minor=_whole(body, "amount"),
            currency=_text(body, "currency"),
            receipt=_optional(body, "receipt"),
        )


@dataclass(frozen=True, slots=True)
class DisputeEntity:
    """A dispute. `status` is open, under_review, won, lost or closed."""

    id: str
    payment_id: str
    status: str
    phase: str | None
    reason: str | None
    amount_minor: int
    deducted_minor: int
    currency: str
    respond_by: datetime | None

    @classmethod
    def of(cls, body: Json) -> "DisputeEntity":
        return cls(
            id=_text(body, "id"),
            payment_id=_text(body, "payment_id"),
            status=_text(body, "status"),
            phase=_optional(body, "phase"),
            reason=_optional(body, "reason_code"),
            amount_minor=_whole(body, "amount"),
            deducted_minor=_whole(body, "amount_deducted", absent=0),
            currency=_text(body, "currency"),
            respond_by=_moment(body, "respond_by"),
        )


def _text(body: Json, name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise Malformed(f"{name} is no text")
    return value


def _optional(body: Json, name: str) -> str | None:
    value = body.get(name)
    return value if isinstance(value, str) and value else None


def _whole(body: Json, name: str, *, absent: int | None = None) -> int:
    value = body.get(name)
    if value is None and absent is not None:
        return absent
    if type(value) is not int or not 0 <= value < 10**15:
        raise Malformed(f"{name} is no amount")
    return value


def _moment(body: Json, name: str) -> datetime | None:
    """From Unix seconds; 0 and null are no moment."""
    value = body.get(name)
    if type(value) is not int or not 0 < value < 10**11:
        return None
    return datetime.fromtimestamp(value, UTC)


def _order_id(body: Json) -> str | None:
    found = _optional(body, "order_id")
    return found if found is None or found.startswith("order_") else f"order_{found}"
