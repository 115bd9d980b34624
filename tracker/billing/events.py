"""What each of Razorpay's events means: one entry a kind. What is not here is kept and ignored.

Order never matters. An event says what became of an entity, and an entity only moves forward. Where an event
alone cannot say what is true now it is a Doubt, and the worker asks Razorpay for the entity itself.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.billing import checkouts, disputes, fulfilment, mandates, refunds
from tracker.billing.entities import (
    DisputeEntity,
    LinkEntity,
    Malformed,
    PaymentEntity,
    RefundEntity,
    SubscriptionEntity,
)
from tracker.billing.fulfilment import Paid
from tracker.billing.models import Checkout, CheckoutState, Mandate, PaymentState, Provider
from tracker.billing.setup import Billing
from tracker.notices import service as notices
from tracker.users.models import User

log = structlog.get_logger()


class Doubt(Exception):
    """Only the provider can say what is true of this entity now: `kind` is link or subscription."""

    def __init__(self, kind: str, id: str) -> None:
        self.kind = kind
        self.id = id
        super().__init__(kind, id)


@dataclass(frozen=True, slots=True)
class Event:
    """An event as its bytes say. `at` is when it happened, when it says so."""

    name: str
    payload: Mapping[str, Any]
    at: datetime | None

    @classmethod
    def of(cls, body: bytes) -> "Event":
        """Raises Malformed."""
        try:
            told = orjson.loads(body)
        except orjson.JSONDecodeError:
            raise Malformed("no JSON") from None
        if not isinstance(told, dict) or not isinstance(told.get("event"), str):
            raise Malformed("no event")
        payload = told.get("payload")
        payload = payload if isinstance(payload, dict) else {}
        # Two kinds of events carry their time inside the payload.
        seconds = told.get("created_at", payload.get("created_at"))
        at = None
        if type(seconds) is int and 0 < seconds < 10**11:
            at = datetime.fromtimestamp(seconds, UTC)
        return cls(told["event"], payload, at)

    def entity(self, name: str) -> Mapping[str, Any] | None:
        holder = self.payload.get(name)
        entity = holder.get("entity") if isinstance(holder, dict) else None
        return entity if isinstance(entity, dict) else None

    def needed(self, name: str) -> Mapping[str, Any]:
        """Raises Malformed."""
        entity = self.entity(name)
        if entity is None:
            raise Malformed(f"no {name}")
        return entity

    @property
    def payment(self) -> PaymentEntity | None:
        entity = self.entity("payment")
        return PaymentEntity.of(entity) if entity is not None else None


Handler = Callable[[AsyncSession, Billing, Event], Awaitable[bool]]
"""Returns whether the event concerned us."""


async def apply(session: AsyncSession, billing: Billing, body: bytes) -> bool:
    """Apply one event; True when it changed or confirmed something of ours, False when it is ignored.

    Raises Malformed, and Doubt before anything is changed.
    """
    event = Event.of(body)
    handler = HANDLERS.get(event.name)
    return await handler(session, billing, event) if handler else False


async def link_is(
    session: AsyncSession, billing: Billing, link: LinkEntity, payment: PaymentEntity | None
) -> bool:
    """Apply what is true of a payment link now. A paid one without its payment is a Doubt."""
    checkout = await _checkout_of(session, link.id, link.reference)
    if checkout is None:
        return False
    if checkout.provider_id is None:
        checkout = await checkouts.opened(session, checkout.id, link.id, link.url)
    if link.status == "paid":
        if payment is None or payment.status not in ("captured", "refunded"):
            raise Doubt("link", link.id)
        await fulfilment.fulfil(session, billing, paid_by(payment), checkout=checkout)
        return True
    if link.status == "partially_paid":
        await fulfilment.tell_admins(
            session, billing, "admin_partly_paid", f"partly:{checkout.id}", provider_id=link.id
        )
        return True
    if link.status in ("cancelled", "expired"):
        await _ended(session, checkout, CheckoutState(link.status))
    return True


async def payment_is(session: AsyncSession, billing: Billing, payment: PaymentEntity) -> bool:
    """Apply a payment of a link of ours, if it is captured."""
    checkout = await _checkout_of(session, payment.link_id, None)
    if checkout is None or payment.status not in ("captured", "refunded"):
        return False
    await fulfilment.fulfil(session, billing, paid_by(payment), checkout=checkout)
    return True


def paid_by(payment: PaymentEntity) -> Paid:
    return Paid(
        Provider.RAZORPAY,
        payment.id,
        payment.amount_minor,
        payment.currency,
        payment.method,
        payment.created_at,
    )


async def _link(session: AsyncSession, billing: Billing, event: Event) -> bool:
    return await link_is(session, billing, LinkEntity.of(event.needed("payment_link")), event.payment)


async def _captured(session: AsyncSession, billing: Billing, event: Event) -> bool:
    """A captured payment names its link; those of subscriptions come with `subscription.charged`."""
    return await payment_is(session, billing, PaymentEntity.of(event.needed("payment")))


async def _not_captured(session: AsyncSession, billing: Billing, event: Event) -> bool:
    """Authorized or failed: neither is final, for a failed payment may be captured days later."""
    payment = PaymentEntity.of(event.needed("payment"))
    checkout = await _checkout_of(session, payment.link_id, None)
    if checkout is None:
        return False
    state = PaymentState.FAILED if event.name == "payment.failed" else PaymentState.AUTHORIZED
    noted = await fulfilment.note(session, paid_by(payment), state, checkout)
    if noted is not None and state == PaymentState.FAILED and checkout.state == CheckoutState.OPEN:
        await notices.owe(
            session,
            checkout.chat_id,
            "payment_failed",
            f"failed:{payment.id}",
            checkout_id=checkout.id,
            amount_minor=payment.amount_minor,
            currency=payment.currency,
            url=checkout.url,
        )
    return True


async def _refund(session: AsyncSession, billing: Billing, event: Event) -> bool:
    return await refunds.record(session, billing, RefundEntity.of(event.needed("refund"))) is not None


async def _dispute(session: AsyncSession, billing: Billing, event: Event) -> bool:
    return await disputes.record(session, billing, DisputeEntity.of(event.needed("dispute"))) is not None


async def _charged(session: AsyncSession, billing: Billing, event: Event) -> bool:
    """The one event that renews, and the activation that carries the first payment."""
    told = SubscriptionEntity.of(event.needed("subscription"))
    mandate = await mandates.known(session, told)
    if mandate is None:
        return False
    payment = event.payment
    if payment is not None and payment.status in ("captured", "refunded"):
        checkout = await session.get_one(Checkout, mandate.checkout_id)
        await fulfilment.fulfil(session, billing, paid_by(payment), checkout=checkout, mandate=mandate)
    await mandates.record(session, billing, mandate, told, event.at)
    return True


async def _subscription(session: AsyncSession, billing: Billing, event: Event) -> bool:
    told = SubscriptionEntity.of(event.needed("subscription"))
    mandate = await mandates.known(session, told)
    if mandate is None:
        return False
    checkout = await session.get_one(Checkout, mandate.checkout_id)
    is_unpaid = checkout.state in checkouts.OPEN and checkout.begins_at is None and checkout.amount_minor > 0
    if event.at is None or (is_unpaid and told.status in ("authenticated", "active")):
        raise Doubt("subscription", told.id)  # the event does not carry what was paid with the permission
    await mandates.record(session, billing, mandate, told, event.at)
    return True


async def subscription_is(
    session: AsyncSession,
    billing: Billing,
    told: SubscriptionEntity,
    payments: list[PaymentEntity],
    at: datetime,
) -> bool:
    """Apply what is true of a subscription now, with every payment that it took."""
    mandate: Mandate | None = await mandates.known(session, told)
    if mandate is None:
        return False
    checkout = await session.get_one(Checkout, mandate.checkout_id)
    for payment in sorted(payments, key=lambda each: each.created_at or at):
        if payment.status in ("captured", "refunded"):
            await fulfilment.fulfil(session, billing, paid_by(payment), checkout=checkout, mandate=mandate)
    await mandates.record(session, billing, mandate, told, at)
    return True


async def _checkout_of(session: AsyncSession, link_id: str | None, reference: str | None) -> Checkout | None:
    """Ours alone counts: what the notes of a payment claim is never believed."""
    if link_id is not None:
        found = await session.scalar(select(Checkout).where(Checkout.provider_id == link_id))
        if found is not None:
            return found
    if reference:
        return await session.scalar(select(Checkout).where(Checkout.reference == reference))
    return None


async def _ended(session: AsyncSession, checkout: Checkout, state: CheckoutState) -> None:
    await session.get_one(User, checkout.user_id, with_for_update=True, populate_existing=True)
    await session.refresh(checkout)
    if await checkouts.close(session, checkout, state):
        await notices.owe(
            session,
            checkout.chat_id,
            f"checkout_{state}",
            f"ended:{checkout.id}",
            plan=checkout.plan,
            period=checkout.period,
        )


HANDLERS: dict[str, Handler] = {
    "payment_link.paid": _link,
    "payment_link.partially_paid": _link,
    "payment_link.cancelled": _link,
    "payment_link.expired": _link,
    "payment.authorized": _not_captured,
    "payment.captured": _captured,
    "payment.failed": _not_captured,
    "order.paid": _captured,
    "refund.created": _refund,
    "refund.processed": _refund,
    "refund.failed": _refund,
    "refund.speed_changed": _refund,
    "subscription.authenticated": _subscription,
    "subscription.activated": _charged,
    "subscription.charged": _charged,
    "subscription.completed": _charged,
    "subscription.updated": _subscription,
    "subscription.pending": _subscription,
    "subscription.halted": _subscription,
    "subscription.paused": _subscription,
    "subscription.resumed": _subscription,
    "subscription.cancelled": _subscription,
    "payment.dispute.created": _dispute,
    "payment.dispute.under_review": _dispute,
    "payment.dispute.action_required": _dispute,
    "payment.dispute.won": _dispute,
    "payment.dispute.lost": _dispute,
    "payment.dispute.closed": _dispute,
}
