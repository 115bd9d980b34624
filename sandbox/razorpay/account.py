"""One merchant's account: its records, what can be done with payments, and the events that follow."""

from collections.abc import Sequence

import orjson

from sandbox.razorpay import reading
from sandbox.razorpay.delivery import Delivery, Event, Webhook
from sandbox.razorpay.errors import CannotDo, invalid, other_body
from sandbox.razorpay.events import Events
from sandbox.razorpay.state import (
    DISPUTE_STATES,
    METHODS,
    Dispute,
    Json,
    Method,
    Order,
    Payment,
    Refund,
    State,
)

_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")


class Account:
    def __init__(self, origin: str, key_id: str, key_secret: str, delivery: Delivery) -> None:
        self.origin = origin
        self.key_id = key_id
        self.key_secret = key_secret
        self.state = State()
        self.events = Events(self.state, key_id)
        self.delivery = delivery
        self.webhook: Webhook = "once"
        """How events are sent that the API, the page or the clock brings about."""
        self.refunds_settle = True
        """Whether a refund is processed at once, as in the samples; else it is pending until settled."""
        self._answered: dict[str, tuple[bytes, Refund]] = {}

    def short_url(self, thing_id: str) -> str:
        """The hosted page of a link, a subscription or an invoice."""
        return f"{self.origin}/razorpay/checkout/{thing_id}"

    def send(self, bodies: Sequence[Json], webhook: Webhook | None = None) -> list[Event]:
        return self.delivery.send(bodies, webhook or self.webhook)

    def begin(self, order: Order, payment: Payment) -> Json:
        """Record an attempt to pay an order, and make its event."""
        order.attempts += 1
        self.state.payments[payment.id] = payment
        name = "payment.failed" if payment.status == "failed" else "payment.authorized"
        return self.events.payment(name, payment)

    def capture(self, payment: Payment) -> Json:
        payment.status = "captured"
        order = self.state.orders[payment.order_id]
        order.paid += payment.amount
        order.updated_at = payment.created_at
        return self.events.payment("payment.captured", payment)

    def refund(self, payment: Payment, body: Json, key: str | None) -> Refund:
        """Raises ApiError. With a key, the same request is answered the same; another one is a 409."""
        if key is None:
            return self._refund(payment, body)
        if len(key) < 10 or not set(key) <= _KEY_LETTERS:
            raise invalid("The idempotency key is invalid.", "X-Refund-Idempotency")
        request = orjson.dumps({"payment": payment.id, "body": body}, option=orjson.OPT_SORT_KEYS)
        if key in self._answered:
            answered, refund = self._answered[key]
            if answered != request:
                raise other_body()
            return refund
        refund = self._refund(payment, body)
        self._answered[key] = (request, refund)
        return refund

    def _refund(self, payment: Payment, body: Json) -> Refund:
        left = payment.amount - payment.refunded
        if payment.status not in ("captured", "refunded"):
            raise invalid("The payment status should be captured for action to be taken", "payment_id")
        if not left:
            raise invalid("The payment has been fully refunded already", "payment_id")
        amount = left if body.get("amount") is None else reading.amount(body)
        if amount > left:
            raise invalid("The refund amount provided is greater than amount captured", "amount")
        speed = body.get("speed", "normal")
        if speed not in ("normal", "optimum"):
            raise invalid("The selected speed is invalid.", "speed")
        receipt = reading.text(body, "receipt", longest=40) or None
        refund = Refund(payment.id, amount, payment.currency, reading.notes(body), receipt, speed, "pending")
        self.state.refunds[refund.id] = refund
        payment.refunded += amount
        if payment.refunded == payment.amount:
            payment.status = "refunded"
        if not self.refunds_settle:
            self.send([self.events.refund("refund.created", refund)])
            return refund
        refund.status = "processed"
        self.send([self.events.refund(f"refund.{name}", refund) for name in ("created", "processed")])
        return refund

    def settle(self, refund: Refund, webhook: Webhook = "once", *, succeeds: bool = True) -> None:
        """Let a pending refund end. Raises CannotDo for one that has ended."""
        if refund.status != "pending":
            raise CannotDo(f"the refund is {refund.status}")
        refund.status = "processed" if succeeds else "failed"
        if not succeeds:
            payment = self.state.payments[refund.payment_id]
            payment.refunded -= refund.amount
            payment.status = "captured"
        self.send([self.events.refund(f"refund.{refund.status}", refund)], webhook)

    def dispute(self, payment: Payment, state: str, webhook: Webhook = "once") -> Dispute:
        """Open a dispute about a payment, or move the one there is. Raises CannotDo."""
        if state not in DISPUTE_STATES:
            raise CannotDo(f'"state" must be one of {", ".join(DISPUTE_STATES)}')
        if not payment.captured:
            raise CannotDo(f"the payment is {payment.status}")
        dispute = next(
            (each for each in self.state.disputes.values() if each.payment_id == payment.id), None
        ) or Dispute(payment.id, payment.amount, payment.currency)
        dispute.state = state
        self.state.disputes[dispute.id] = dispute
        self.send([self.events.dispute(dispute)], webhook)
        return dispute


def read_method(value: object) -> Method:
    """Raises CannotDo for what nobody can pay with here."""
    for method in METHODS:
        if value == method:
            return method
    raise CannotDo(f'"method" must be one of {", ".join(METHODS)}')
