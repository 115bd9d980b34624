"""Payment links: made and cancelled by the merchant, paid by a payer, expired by the clock."""

from dataclasses import replace
from typing import Any

from sandbox.razorpay import reading
from sandbox.razorpay.account import Account
from sandbox.razorpay.delivery import Webhook
from sandbox.razorpay.errors import CannotDo, link_refused
from sandbox.razorpay.state import Customer, Json, Link, Method, Order, Payment, now

_SOONEST_EXPIRY = 15 * 60
_LATEST_EXPIRY = 184 * 86_400


class Links:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._state = account.state

    def create(self, body: Json) -> Link:
        """Raises ApiError. A reference is taken for ever, whatever became of its link."""
        reference = reading.text(body, "reference_id", longest=40)
        upi_link, partial = reading.flag(body, "upi_link"), reading.flag(body, "accept_partial")
        if upi_link and self._account.key_id.startswith("rzp_test_"):
            raise link_refused("UPI Payment Links is not supported in Test Mode")
        if upi_link and partial:
            raise link_refused("partial payment not supported in upi link")
        expire_by = reading.moment(body, "expire_by") or 0
        if expire_by and expire_by < now() + _SOONEST_EXPIRY:
            raise link_refused("timestamp must be atleast 15 minutes in future")
        if expire_by > now() + _LATEST_EXPIRY:
            raise link_refused("timestamp must be within 6 months")
        link = Link(
            amount=reading.amount(body),
            currency=reading.currency(body),
            description=reading.text(body, "description", longest=2048),
            reference_id=reference,
            notes=reading.notes(body, longest=255),
            customer=_object(body, "customer"),
            notify=_object(body, "notify"),
            expire_by=expire_by,
            accept_partial=partial,
            first_min_partial_amount=reading.whole(body, "first_min_partial_amount", default=0, least=0),
            reminder_enable=reading.flag(body, "reminder_enable"),
            upi_link=upi_link,
            callback_url=reading.text(body, "callback_url", longest=2048),
        )
        if reference and any(each.reference_id == reference for each in self._state.links.values()):
            raise link_refused("payment link creation with reference ID already attempted")
        self._state.links[link.id] = link
        return link

    def cancel(self, link: Link) -> None:
        """Raises ApiError for a link that is over."""
        if link.status == "paid":
            raise link_refused("cannot cancel or expire an already paid/partially paid link")
        if link.status == "expired":
            raise link_refused("cannot cancel or expire an expired link")
        if link.status == "cancelled":
            raise link_refused("cannot cancel or expire a cancelled link")
        link.status = "cancelled"
        link.cancelled_at = link.updated_at = now()
        self._tell("payment_link.cancelled", link)

    def expire_due(self) -> None:
        """Expire what is due."""
        for link in self._state.links.values():
            if link.status == "created" and 0 < link.expire_by <= now():
                link.status = "expired"
                link.expired_at = link.expire_by
                self._tell("payment_link.expired", link)

    def pay(
        self,
        link: Link,
        method: Method = "upi",
        *,
        amount: int | None = None,
        currency: str | None = None,
        webhook: Webhook = "once",
    ) -> Payment:
        """Pay it, whole unless another amount or currency is named: the link counts as paid all the same.

        Raises CannotDo for a link that is over.
        """
        payment = self._attempt(link, method, amount=amount, currency=currency)
        events = [self._account.begin(self._state.orders[payment.order_id], payment)]
        self._account.send(events + self._captured(payment), webhook)
        return payment

    def fail(
        self,
        link: Link,
        method: Method = "upi",
        *,
        late_authorisation: bool = False,
        webhook: Webhook = "once",
    ) -> Payment:
        """An attempt that fails; with a late authorisation it is captured afterwards. Raises CannotDo."""
        payment = self._attempt(link, method)
        payment.status = "failed"
        events = [self._account.begin(self._state.orders[payment.order_id], payment)]
        if late_authorisation:
            events += self._authorised_late(payment)
        self._account.send(events, webhook)
        return payment

    def capture_late(self, payment: Payment, webhook: Webhook = "once") -> None:
        """A failed payment turns out to be authorised and is captured, up to days later. Raises CannotDo."""
        if payment.status != "failed":
            raise CannotDo(f"the payment is {payment.status}")
        self._account.send(self._authorised_late(payment), webhook)

    def of_order(self, order_id: str) -> Link | None:
        return next((link for link in self._state.links.values() if link.order_id == order_id), None)

    def _authorised_late(self, payment: Payment) -> list[Json]:
        payment.status = "authorized"
        return [self._account.events.payment("payment.authorized", payment), *self._captured(payment)]

    def _attempt(
        self, link: Link, method: Method, *, amount: int | None = None, currency: str | None = None
    ) -> Payment:
        self.expire_due()
        if link.status != "created":
            raise CannotDo(f"the link is {link.status}")
        if link.order_id is None:
            order = Order(link.amount, link.currency, link.reference_id or None, dict(link.notes))
            self._state.orders[order.id] = order
            link.order_id = order.id
        return Payment(
            amount=link.amount if amount is None else amount,
            currency=currency or link.currency,
            method=method,
            order_id=link.order_id,
            description=f"#{link.id.removeprefix('plink_')}",
            customer=_payer(link),
            notes=dict(link.notes),
        )

    def _captured(self, payment: Payment) -> list[Json]:
        """Capture; the order and the link are paid by the first payment that is."""
        events, order = self._account.events, self._state.orders[payment.order_id]
        first = not order.paid
        bodies = [self._account.capture(payment)]
        if first:
            bodies.append(events.order_paid(order, payment))
        link = self.of_order(order.id)
        if link is not None:
            link.payments.append(payment.id)
            link.amount_paid += payment.amount
            link.updated_at = now()
            if link.status == "created":
                link.status = "paid"
                bodies.append(
                    events.link("payment_link.paid", link, self._account.short_url(link.id), payment)
                )
        return bodies

    def _tell(self, name: str, link: Link) -> None:
        self._account.send([self._account.events.link(name, link, self._account.short_url(link.id))])


def _payer(link: Link) -> Customer:
    """Whom the merchant named, and a made-up person for the rest."""
    known = {name: str(link.customer[name]) for name in ("email", "contact") if link.customer.get(name)}
    return replace(Customer(), **known)


def _object(body: Json, name: str) -> Json:
    value: Any = body.get(name) or {}
    if not isinstance(value, dict):
        raise link_refused(f"{name}: must be an object.")
    return value
