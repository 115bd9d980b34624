"""Subscriptions: authorised by a payer, charged by the clock, tried again when a charge fails.

A cycle begins with the attempt to charge it, paid or not: that is why `current_end` of a pending or halted
subscription lies beyond what was paid, as in Razorpay's samples.
Source: Razorpay subscriptions, states and retries: T+1, T+2 and T+3 days, then halted.
"""

from typing import Literal

from sandbox.razorpay import reading
from sandbox.razorpay.account import Account
from sandbox.razorpay.delivery import Webhook
from sandbox.razorpay.errors import ApiError, CannotDo, invalid
from sandbox.razorpay.state import (
    DAY,
    Customer,
    Invoice,
    Json,
    Method,
    Order,
    Payment,
    Plan,
    Refund,
    Subscription,
    found,
    now,
)

_PERIODS = ("daily", "weekly", "monthly", "quarterly", "yearly")
_OVER = ("cancelled", "completed", "expired")
_AUTHORISATION = 500  # minor units of a payment that is only to authorise, and goes back
_RETRIES = 3
_LONGEST = 36_525 * DAY  # a hundred years, in all

Outcome = Literal["success", "failure"]


class Subscriptions:
    def __init__(self, account: Account) -> None:
        self._account = account
        self._state = account.state

    def create_plan(self, body: Json) -> Plan:
        """Raises ApiError."""
        period = body.get("period")
        if period not in _PERIODS:
            raise invalid("The selected period is invalid.", "period")
        interval = reading.whole(body, "interval")
        if period == "daily" and interval < 7:
            raise invalid("The interval must be at least 7 for daily plans.", "interval")
        item = body.get("item")
        if not isinstance(item, dict):
            raise invalid("The item field is required.", "item")
        plan = Plan(
            period=period,
            interval=interval,
            name=reading.text(item, "name", longest=255, required=True),
            amount=reading.amount(item),
            currency=reading.currency(item),
            description=reading.text(item, "description", longest=2048) or None,
            notes=reading.notes(body),
        )
        self._state.plans[plan.id] = plan
        return plan

    def create(self, body: Json) -> Subscription:
        """Raises ApiError."""
        plan = found(self._state.plans, reading.text(body, "plan_id", longest=40, required=True))
        total = reading.whole(body, "total_count")
        start_at, expire_by = reading.moment(body, "start_at"), reading.moment(body, "expire_by")
        if start_at is not None and start_at <= now():
            raise invalid("start_at cannot be lesser than the current time.", "start_at")
        if expire_by is not None and expire_by <= now():
            raise invalid("Link expire by cannot be lesser than the current time.", "expire_by")
        if not _ends_in_time(plan, total):
            raise invalid("Exceeds the maximum total count allowed.", "total_count")
        subscription = Subscription(
            plan=plan,
            total_count=total,
            notes=reading.notes(body),
            quantity=reading.whole(body, "quantity", default=1),
            customer_notify=reading.flag(body, "customer_notify", default=True),
            addons=reading.addons(body),
            start_at=start_at,
            expire_by=expire_by,
        )
        self._state.subscriptions[subscription.id] = subscription
        return subscription

    def update(self, subscription: Subscription, body: Json) -> None:
        """Refused as it is in India, but for the offer of a card's subscription. Raises ApiError."""
        if subscription.status not in ("authenticated", "active"):
            raise ApiError(f"Subscription is not updatable in {subscription.status} status.", field="status")
        if subscription.method != "card":
            raise ApiError("subscriptions cannot be updated when payment mode is UPI")
        if set(body) - {"offer_id"}:
            raise ApiError(
                "Only offers can be updated for subscriptions when payment mode is domestic card",
                field="offer_id",
            )

    def cancel(self, subscription: Subscription, *, at_cycle_end: bool = False) -> None:
        """Raises ApiError for one that is over, or that has no cycle to end."""
        if subscription.status in _OVER:
            raise ApiError(
                f"Subscription is not cancellable in {subscription.status} status.", field="status"
            )
        if not at_cycle_end:
            self._end(subscription, now())
        elif subscription.current_end is None:
            raise ApiError("Subscription cannot be cancelled since no billing cycle is going on.")
        else:
            subscription.ends_with_cycle = True

    def pause(self, subscription: Subscription) -> None:
        """Pausing what is only authorised cancels it. Raises ApiError."""
        if subscription.status == "authenticated":
            self._end(subscription, now())
            return
        if subscription.status != "active":
            raise ApiError(f"Subscription is not pausable in {subscription.status} status.", field="status")
        subscription.status, subscription.charge_at = "paused", None
        subscription.paused_at = now()
        self._tell("subscription.paused", subscription)

    def resume(self, subscription: Subscription) -> None:
        """Raises ApiError."""
        if subscription.status != "paused":
            raise ApiError(f"Subscription is not resumable in {subscription.status} status.", field="status")
        subscription.status = "active"
        subscription.charge_at = max(subscription.current_end or 0, now())
        self._tell("subscription.resumed", subscription)

    def pay(
        self, subscription: Subscription, method: Method = "upi", *, webhook: Webhook = "once"
    ) -> Payment:
        """The payer authorises: the first charge, or what is paid upfront, or a token that goes back.

        Raises CannotDo when it is not waiting for that.
        """
        self.expire_due()
        if subscription.status != "created":
            raise CannotDo(f"the subscription is {subscription.status}")
        subscription.method, subscription.customer = method, Customer()
        events = self._account.events
        if subscription.start_at is None:
            subscription.status = "active"
            self._begin_cycle(subscription, now())
            items = [(subscription.plan.name, subscription.amount, "plan"), *_upfront(subscription)]
            bodies, payment = self._take(subscription, items, now())
            subscription.charge_at = subscription.current_end
            subscription.paid_count = 1
            bodies += [
                events.subscription("subscription.authenticated", subscription),
                events.subscription("subscription.activated", subscription, payment),
                events.subscription("subscription.charged", subscription, payment),
            ]
            bodies += self._completed(subscription, payment, now())
        else:
            subscription.status = "authenticated"
            if subscription.addons:
                bodies, payment = self._take(subscription, _upfront(subscription), now())
            else:
                bodies, payment = self._authorise_only(subscription)
            bodies.append(events.subscription("subscription.authenticated", subscription))
        self._account.send(bodies, webhook)
        return payment

    def charge(
        self,
        subscription: Subscription,
        outcome: Outcome = "success",
        *,
        webhook: Webhook = "once",
        at: int | None = None,
    ) -> Payment:
        """Charge it now, or try again when the last charge failed. Raises CannotDo."""
        if subscription.status not in ("authenticated", "active", "pending", "halted"):
            raise CannotDo(f"the subscription is {subscription.status}")
        moment = now() if at is None else at
        first = subscription.status == "authenticated"
        if subscription.status in ("authenticated", "active"):
            if not subscription.remaining_count:
                raise CannotDo("every cycle was charged")
            self._begin_cycle(subscription, moment)
        items = [(subscription.plan.name, subscription.amount, "plan")]
        bodies, payment = self._take(subscription, items, moment, fails=outcome == "failure")
        bodies += (
            self._failed(subscription, moment)
            if outcome == "failure"
            else self._charged(subscription, payment, moment, first=first)
        )
        self._account.send(bodies, webhook)
        return payment

    def expire_due(self) -> None:
        """What was never authorised in time."""
        for subscription in self._state.subscriptions.values():
            limits = (subscription.start_at, subscription.expire_by)
            if subscription.status == "created" and any(limit and limit <= now() for limit in limits):
                subscription.status, subscription.ended_at = "expired", now()
                subscription.charge_at = None

    def charge_due(self) -> None:
        """Charge what is due, each cycle at its own moment, and end what was to end with its cycle."""
        for subscription in self._state.subscriptions.values():
            while (due := _due(subscription)) is not None and due <= now():
                if subscription.ends_with_cycle and due == subscription.current_end:
                    self._end(subscription, due)
                elif subscription.status == "halted":
                    self._pass_by(subscription, due)
                else:
                    fails = subscription.failures_to_come > 0
                    subscription.failures_to_come -= fails
                    outcome: Outcome = "failure" if fails else "success"
                    self.charge(subscription, outcome, webhook=self._account.webhook, at=due)

    def _begin_cycle(self, subscription: Subscription, moment: int) -> None:
        if subscription.start_at is None:
            subscription.start_at = moment
        subscription.current_start = subscription.plan.after(subscription.start_at, subscription.cycle)
        subscription.cycle += 1
        subscription.current_end = subscription.plan.after(subscription.start_at, subscription.cycle)

    def _charged(
        self, subscription: Subscription, payment: Payment, moment: int, *, first: bool
    ) -> list[Json]:
        subscription.status = "active"
        subscription.paid_count += 1
        subscription.auth_attempts = 0
        subscription.charge_at = subscription.current_end
        event = self._account.events.subscription
        bodies = [event("subscription.activated", subscription)] if first else []
        bodies.append(event("subscription.charged", subscription, payment))
        return bodies + self._completed(subscription, payment, moment)

    def _completed(self, subscription: Subscription, payment: Payment, moment: int) -> list[Json]:
        """The last charge completes it."""
        if subscription.remaining_count:
            return []
        subscription.status, subscription.charge_at, subscription.ended_at = "completed", None, moment
        return [self._account.events.subscription("subscription.completed", subscription, payment)]

    def _failed(self, subscription: Subscription, moment: int) -> list[Json]:
        subscription.auth_attempts += 1
        subscription.status = "pending"
        subscription.charge_at = moment + DAY
        bodies = [self._account.events.subscription("subscription.pending", subscription)]
        if subscription.auth_attempts > _RETRIES:
            subscription.status, subscription.charge_at = "halted", subscription.current_end
            bodies.append(self._account.events.subscription("subscription.halted", subscription))
        return bodies

    def _pass_by(self, subscription: Subscription, moment: int) -> None:
        """A halted subscription goes on writing invoices that nobody is charged for."""
        if not subscription.remaining_count:
            subscription.status, subscription.charge_at, subscription.ended_at = "completed", None, moment
            return
        self._begin_cycle(subscription, moment)
        subscription.charge_at = subscription.current_end
        self._invoice(subscription, [(subscription.plan.name, subscription.amount, "plan")], moment)

    def _end(self, subscription: Subscription, moment: int) -> None:
        subscription.status, subscription.ended_at, subscription.charge_at = "cancelled", moment, None
        self._tell("subscription.cancelled", subscription)

    def _invoice(
        self, subscription: Subscription, items: list[tuple[str, int, str]], moment: int
    ) -> tuple[Invoice, Order]:
        total = sum(amount for _, amount, _ in items)
        order = Order(total, subscription.plan.currency, None, {}, created_at=moment)
        invoice = Invoice(
            subscription=subscription,
            order_id=order.id,
            items=items,
            currency=subscription.plan.currency,
            billing_start=subscription.current_start,
            billing_end=subscription.current_end,
            issued_at=moment,
        )
        self._state.orders[order.id] = order
        self._state.invoices[invoice.id] = invoice
        return invoice, order

    def _take(
        self,
        subscription: Subscription,
        items: list[tuple[str, int, str]],
        moment: int,
        *,
        fails: bool = False,
    ) -> tuple[list[Json], Payment]:
        """A payment of an invoice, and its events."""
        invoice, order = self._invoice(subscription, items, moment)
        payment = Payment(
            amount=order.amount,
            currency=order.currency,
            method=subscription.method,
            order_id=order.id,
            description="Recurring Payment via Subscription",
            customer=subscription.customer or Customer(),
            notes={},
            status="failed" if fails else "authorized",
            invoice_id=invoice.id,
            created_at=moment,
        )
        bodies = [self._account.begin(order, payment)]
        if fails:
            return bodies, payment
        bodies.append(self._account.capture(payment))
        invoice.payment_id, invoice.paid_at = payment.id, moment
        url = self._account.short_url(invoice.id)
        return [*bodies, self._account.events.invoice_paid(invoice, payment, url)], payment

    def _authorise_only(self, subscription: Subscription) -> tuple[list[Json], Payment]:
        """A small payment that goes back at once."""
        order = Order(_AUTHORISATION, subscription.plan.currency, None, {})
        self._state.orders[order.id] = order
        payment = Payment(
            amount=order.amount,
            currency=order.currency,
            method=subscription.method,
            order_id=order.id,
            description="Authorisation of a subscription",
            customer=subscription.customer or Customer(),
            notes={},
        )
        bodies = [self._account.begin(order, payment)]
        payment.status, payment.refunded = "refunded", payment.amount
        refund = Refund(payment.id, payment.amount, payment.currency, {}, None)
        self._state.refunds[refund.id] = refund
        return bodies, payment

    def _tell(self, name: str, subscription: Subscription) -> None:
        self._account.send([self._account.events.subscription(name, subscription)])


def _ends_in_time(plan: Plan, total: int) -> bool:
    try:
        return plan.after(now(), total) <= now() + _LONGEST
    except (ValueError, OverflowError):  # beyond the calendar
        return False


def _due(subscription: Subscription) -> int | None:
    """When something is to happen to it by itself."""
    if subscription.status == "created" or subscription.status in _OVER:
        return None
    moments = [subscription.charge_at, subscription.current_end if subscription.ends_with_cycle else None]
    return min((moment for moment in moments if moment is not None), default=None)


def _upfront(subscription: Subscription) -> list[tuple[str, int, str]]:
    return [(addon.name, addon.amount, "addon") for addon in subscription.addons]
