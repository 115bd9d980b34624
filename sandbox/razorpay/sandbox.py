"""Razorpay on one machine: the API, the hosted page, the webhooks, and the people who pay."""

import asyncio
from typing import Any

from starlette.routing import BaseRoute

from sandbox.razorpay.account import Account, read_method
from sandbox.razorpay.checkout import Checkout, callback
from sandbox.razorpay.control import Control
from sandbox.razorpay.delivery import Attempt, Delivery, Event, Pause, Webhook
from sandbox.razorpay.errors import CannotDo
from sandbox.razorpay.faults import FaultKind
from sandbox.razorpay.links import Links
from sandbox.razorpay.server import Api
from sandbox.razorpay.state import (
    Dispute,
    Invoice,
    Link,
    Method,
    Payment,
    Plan,
    Refund,
    State,
    Subscription,
    Thing,
)
from sandbox.razorpay.subscriptions import Outcome, Subscriptions


class RazorpaySandbox:
    """A Razorpay account under `{origin}/razorpay/`; serve `routes()`, call `tick()` as time goes by.

    A `webhook_url` of None delivers nothing; `origin` and `webhook_url` may be set later. Seconds between the
    attempts of a delivery begin with `backoff` and double; `pause` waits for them. What has ids raises
    CannotDo for one that is unknown or when the thing is in no state for it.
    """

    def __init__(
        self,
        *,
        origin: str = "",
        webhook_url: str | None = None,
        key_id: str = "rzp_test_SandboxKey0001",
        key_secret: str = "sandbox-key-secret",
        webhook_secret: str = "sandbox-webhook-secret",
        backoff: float = 1.0,
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.delivery = Delivery(webhook_url, webhook_secret, backoff=backoff, pause=pause)
        self.account = Account(origin, key_id, key_secret, self.delivery)
        self._links = Links(self.account)
        self._subscriptions = Subscriptions(self.account)
        self.api = Api(self.account, self._links, self._subscriptions)

    def routes(self) -> list[BaseRoute]:
        checkout = Checkout(self.account, self._links, self._subscriptions)
        return [*self.api.routes(), *checkout.routes(), *Control(self).routes()]

    async def close(self) -> None:
        """End what hangs and what is still being delivered."""
        self.api.faults.closed.set()
        await self.delivery.close()

    @property
    def origin(self) -> str:
        return self.account.origin

    @origin.setter
    def origin(self, origin: str) -> None:
        self.account.origin = origin

    @property
    def api_base(self) -> str:
        """What `RAZORPAY_API_BASE` is set to: the SDK appends /v1."""
        return f"{self.origin}/razorpay"

    @property
    def webhook_url(self) -> str | None:
        return self.delivery.url

    @webhook_url.setter
    def webhook_url(self, url: str | None) -> None:
        self.delivery.url = url

    @property
    def key_id(self) -> str:
        return self.account.key_id

    @property
    def key_secret(self) -> str:
        return self.account.key_secret

    @property
    def webhook_secret(self) -> str:
        return self.delivery.secret

    @property
    def state(self) -> State:
        return self.account.state

    @property
    def held(self) -> list[Event]:
        """Events that wait for `release`."""
        return self.delivery.held

    @property
    def events(self) -> list[Event]:
        """Every event that ever was, sent or not, oldest first."""
        return self.delivery.events

    @property
    def attempts(self) -> list[Attempt]:
        """Every POST of a webhook, oldest first, with the status of its answer."""
        return self.delivery.attempts

    async def tick(self) -> None:
        """Let what is due happen: links and subscriptions expire, subscriptions are charged or end."""
        self._links.expire_due()
        self._subscriptions.expire_due()
        self._subscriptions.charge_due()

    async def pay(
        self,
        thing_id: str,
        *,
        method: Method = "upi",
        webhook: Webhook = "once",
        amount: int | None = None,
        currency: str | None = None,
    ) -> Payment:
        """Pay a link, or authorise a subscription. Another amount or currency is for links alone."""
        read_method(method)
        if thing_id in self.state.subscriptions:
            if amount is not None or currency is not None:
                raise CannotDo("a subscription is paid as its plan says")
            return self._subscriptions.pay(self.subscription(thing_id), method, webhook=webhook)
        return self._links.pay(self.link(thing_id), method, amount=amount, currency=currency, webhook=webhook)

    async def fail(
        self,
        link_id: str,
        *,
        method: Method = "upi",
        webhook: Webhook = "once",
        late_authorisation: bool = False,
    ) -> Payment:
        """A payment of a link that fails; with a late authorisation it is captured right afterwards."""
        return self._links.fail(
            self.link(link_id), read_method(method), late_authorisation=late_authorisation, webhook=webhook
        )

    async def capture_late(self, payment_id: str, *, webhook: Webhook = "once") -> Payment:
        """A failed payment of a link is authorised and captured after all, whatever became of its link."""
        payment = self.payment(payment_id)
        self._links.capture_late(payment, webhook)
        return payment

    async def cancel(self, thing_id: str, *, at_cycle_end: bool = False) -> None:
        """Cancel a link or a subscription, as the merchant's dashboard does. Raises ApiError as the API."""
        if thing_id in self.state.subscriptions:
            self._subscriptions.cancel(self.subscription(thing_id), at_cycle_end=at_cycle_end)
        else:
            self._links.cancel(self.link(thing_id))

    async def charge(
        self, subscription_id: str, outcome: Outcome = "success", *, webhook: Webhook = "once"
    ) -> Payment:
        """Charge a subscription now, due or not."""
        if outcome not in ("success", "failure"):
            raise CannotDo('"outcome" must be success or failure')
        return self._subscriptions.charge(self.subscription(subscription_id), outcome, webhook=webhook)

    def fail_charges(self, subscription_id: str, times: int) -> None:
        """Let the next charges of `tick` fail."""
        if type(times) is not int or times < 0:
            raise CannotDo('"times" must be a whole number')
        self.subscription(subscription_id).failures_to_come = times

    async def dispute(self, payment_id: str, state: str = "created", *, webhook: Webhook = "once") -> Dispute:
        """Open the dispute about a payment, or move it on."""
        return self.account.dispute(self.payment(payment_id), state, webhook)

    async def settle_refund(
        self, refund_id: str, *, succeeds: bool = True, webhook: Webhook = "once"
    ) -> Refund:
        """End a refund that stayed pending because `account.refunds_settle` is off."""
        refund = _known(self.state.refunds, refund_id)
        self.account.settle(refund, webhook, succeeds=succeeds)
        return refund

    async def release(self, order: str = "as_it_was") -> list[Event]:
        """Send what is held, as it came or `reversed`."""
        return self.delivery.release(order)

    async def delivered(self) -> None:
        """Wait until every webhook was acknowledged or given up."""
        await self.delivery.delivered()

    def fault(self, kind: FaultKind, times: int = 1, *, path: str = "", after: bool = False) -> None:
        """Let calls fail whose path below /v1 begins with `path`; `after` loses the answer only."""
        self.api.faults.add(kind, times, path=path, after=after)

    def callback(self, link_id: str) -> str:
        """Where a payer's browser goes after paying a link."""
        link = self.link(link_id)
        if not link.payments or not link.callback_url:
            raise CannotDo("the link is not paid, or has no callback")
        return callback(self.key_secret, link, self.state.payments[link.payments[0]])

    def link(self, link_id: str) -> Link:
        return _known(self.state.links, link_id)

    def subscription(self, subscription_id: str) -> Subscription:
        return _known(self.state.subscriptions, subscription_id)

    def payment(self, payment_id: str) -> Payment:
        return _known(self.state.payments, payment_id)

    def plan(self, plan_id: str) -> Plan:
        return _known(self.state.plans, plan_id)

    def invoices_of(self, subscription_id: str) -> list[Invoice]:
        return [each for each in self.state.invoices.values() if each.subscription.id == subscription_id]


def _known(things: dict[str, Thing], thing_id: Any) -> Thing:
    if thing_id not in things:
        raise CannotDo(f"there is no {thing_id}")
    return things[thing_id]
