"""The API over HTTP, below `/razorpay/v1`: keys, routing, the envelope, and the faults in between."""

import base64
import binascii
import hmac
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.razorpay import bodies, reading
from sandbox.razorpay.account import Account
from sandbox.razorpay.errors import ApiError, invalid, no_such_url, unknown_id, wrong_key, wrong_secret
from sandbox.razorpay.faults import Faults
from sandbox.razorpay.links import Links
from sandbox.razorpay.state import Json, Link, Subscription, found
from sandbox.razorpay.subscriptions import Subscriptions

Answer = Callable[[Request], Awaitable[Json]]
_ROOT = "/razorpay/v1/"


class Api:
    def __init__(self, account: Account, links: Links, subscriptions: Subscriptions) -> None:
        self.faults = Faults()
        self.calls: list[tuple[str, str, int]] = []
        """Method, path below /v1 and status of every call, oldest first."""
        self._account = account
        self._state = account.state
        self._links = links
        self._subscriptions = subscriptions

    def routes(self) -> list[BaseRoute]:
        def route(method: str, path: str, answer: Answer) -> Route:
            async def endpoint(request: Request) -> Response:
                return await self._run(request, answer)

            return Route(f"{_ROOT}{path}", endpoint, methods=[method])

        return [
            route("POST", "payment_links", self._create_link),
            route("GET", "payment_links", self._list_links),
            route("GET", "payment_links/{id}", self._fetch_link),
            route("POST", "payment_links/{id}/cancel", self._cancel_link),
            route("POST", "plans", self._create_plan),
            route("GET", "plans", self._list_plans),
            route("GET", "plans/{id}", self._fetch_plan),
            route("POST", "subscriptions", self._create_subscription),
            route("GET", "subscriptions", self._list_subscriptions),
            route("GET", "subscriptions/{id}", self._fetch_subscription),
            route("PATCH", "subscriptions/{id}", self._update_subscription),
            route("POST", "subscriptions/{id}/cancel", self._cancel_subscription),
            route("POST", "subscriptions/{id}/pause", self._pause),
            route("POST", "subscriptions/{id}/resume", self._resume),
            route("GET", "payments", self._list_payments),
            route("GET", "payments/{id}", self._fetch_payment),
            route("POST", "payments/{id}/refund", self._refund),
            route("GET", "payments/{id}/refunds", self._refunds_of_payment),
            route("GET", "payments/{id}/refunds/{refund_id}", self._refund_of_payment),
            route("GET", "refunds", self._list_refunds),
            route("GET", "refunds/{refund_id}", self._fetch_refund),
            route("GET", "invoices", self._list_invoices),
            route("GET", "invoices/{id}", self._fetch_invoice),
            route("GET", "orders/{id}", self._fetch_order),
            route("GET", "orders/{id}/payments", self._payments_of_order),
            Route(f"{_ROOT}{{path:path}}", self._no_such_url),
        ]

    async def _run(self, request: Request, answer: Answer) -> Response:
        path = request.url.path.removeprefix(_ROOT)
        fault = self.faults.take(path)
        if fault is not None and not fault.after:
            response = self.faults.answer(fault)
        else:
            response = await self._answered(request, answer)
            if fault is not None:
                response = self.faults.answer(fault)
        self.calls.append((request.method, path, response.status_code))
        return response

    async def _answered(self, request: Request, answer: Answer) -> Response:
        try:
            self._check_keys(request)
            self._links.expire_due()
            return JSONResponse(await answer(request))
        except ApiError as refused:
            return JSONResponse({"error": refused.error}, refused.status)

    async def _no_such_url(self, request: Request) -> Response:
        async def refuse(_request: Request) -> Json:
            raise no_such_url()

        return await self._run(request, refuse)

    def _check_keys(self, request: Request) -> None:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        try:
            key_id, _, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            raise wrong_key() from None
        if scheme != "Basic" or not _same(key_id, self._account.key_id):
            raise wrong_key()
        if not _same(secret, self._account.key_secret):
            raise wrong_secret()

    async def _create_link(self, request: Request) -> Json:
        return self._link_body(self._links.create(await _body(request)))

    async def _list_links(self, request: Request) -> Json:
        """Newest first. Payment links have a list of their own shape."""
        query = request.query_params
        _, _, count, skip = reading.page(query)
        links = [
            link
            for link in reversed(self._state.links.values())
            if query.get("reference_id", link.reference_id) == link.reference_id
            and ("payment_id" not in query or query["payment_id"] in link.payments)
        ]
        url = self._account.short_url
        return {
            "payment_links": [
                bodies.link(link, self._state, url(link.id), listed=True)
                for link in links[skip : skip + count]
            ]
        }

    async def _fetch_link(self, request: Request) -> Json:
        return self._link_body(self._link(request))

    async def _cancel_link(self, request: Request) -> Json:
        link = self._link(request)
        self._links.cancel(link)
        return self._link_body(link)

    async def _create_plan(self, request: Request) -> Json:
        return bodies.plan(self._subscriptions.create_plan(await _body(request)))

    async def _list_plans(self, request: Request) -> Json:
        return _listing(request, (bodies.plan(plan) for plan in self._state.plans.values()))

    async def _fetch_plan(self, request: Request) -> Json:
        return bodies.plan(found(self._state.plans, request.path_params["id"]))

    async def _create_subscription(self, request: Request) -> Json:
        subscription = self._subscriptions.create(await _body(request))
        return bodies.new_subscription(subscription, self._account.short_url(subscription.id))

    async def _list_subscriptions(self, request: Request) -> Json:
        wanted = request.query_params.get("plan_id")
        return _listing(
            request,
            (
                self._subscription_body(each)
                for each in self._state.subscriptions.values()
                if wanted in (None, each.plan.id)
            ),
        )

    async def _fetch_subscription(self, request: Request) -> Json:
        return self._subscription_body(self._subscription(request))

    async def _update_subscription(self, request: Request) -> Json:
        subscription = self._subscription(request)
        self._subscriptions.update(subscription, await _body(request))
        return self._subscription_body(subscription)

    async def _cancel_subscription(self, request: Request) -> Json:
        subscription, body = self._subscription(request), await _body(request)
        at_cycle_end = reading.flag(body, "cancel_at_cycle_end")
        self._subscriptions.cancel(subscription, at_cycle_end=at_cycle_end)
        return self._subscription_body(subscription)

    async def _pause(self, request: Request) -> Json:
        subscription, body = self._subscription(request), await _body(request)
        if body.get("pause_at", "now") != "now":
            raise invalid("The selected pause_at is invalid.", "pause_at")
        self._subscriptions.pause(subscription)
        return bodies.paused_or_resumed(subscription, self._account.short_url(subscription.id))

    async def _resume(self, request: Request) -> Json:
        subscription, body = self._subscription(request), await _body(request)
        if body.get("resume_at", "now") != "now":
            raise invalid("The selected resume_at is invalid.", "resume_at")
        self._subscriptions.resume(subscription)
        return bodies.paused_or_resumed(subscription, self._account.short_url(subscription.id))

    async def _list_payments(self, request: Request) -> Json:
        return _listing(request, (bodies.payment(each) for each in self._state.payments.values()))

    async def _fetch_payment(self, request: Request) -> Json:
        return bodies.payment(found(self._state.payments, request.path_params["id"]))

    async def _refund(self, request: Request) -> Json:
        payment = found(self._state.payments, request.path_params["id"])
        key = request.headers.get("x-refund-idempotency")
        return bodies.refund(self._account.refund(payment, await _body(request), key))

    async def _refunds_of_payment(self, request: Request) -> Json:
        payment = found(self._state.payments, request.path_params["id"])
        return _listing(request, (bodies.refund(each) for each in self._state.refunds_of(payment)))

    async def _refund_of_payment(self, request: Request) -> Json:
        refund = found(self._state.refunds, request.path_params["refund_id"])
        if refund.payment_id != request.path_params["id"]:
            raise unknown_id()
        return bodies.refund(refund)

    async def _list_refunds(self, request: Request) -> Json:
        return _listing(request, (bodies.refund(each) for each in self._state.refunds.values()))

    async def _fetch_refund(self, request: Request) -> Json:
        return bodies.refund(found(self._state.refunds, request.path_params["refund_id"]))

    async def _list_invoices(self, request: Request) -> Json:
        wanted = request.query_params.get("subscription_id")
        return _listing(
            request,
            (
                bodies.invoice(each, self._account.short_url(each.id))
                for each in self._state.invoices.values()
                if wanted in (None, each.subscription.id)
            ),
        )

    async def _fetch_invoice(self, request: Request) -> Json:
        invoice = found(self._state.invoices, request.path_params["id"])
        return bodies.invoice(invoice, self._account.short_url(invoice.id))

    async def _fetch_order(self, request: Request) -> Json:
        return bodies.order(found(self._state.orders, request.path_params["id"]))

    async def _payments_of_order(self, request: Request) -> Json:
        order = found(self._state.orders, request.path_params["id"])
        return bodies.collection(bodies.payment(each) for each in self._state.payments_of(order))

    def _link(self, request: Request) -> Link:
        return found(self._state.links, request.path_params["id"])

    def _link_body(self, link: Link) -> Json:
        return bodies.link(link, self._state, self._account.short_url(link.id))

    def _subscription(self, request: Request) -> Subscription:
        self._subscriptions.expire_due()
        return found(self._state.subscriptions, request.path_params["id"])

    def _subscription_body(self, subscription: Subscription) -> Json:
        return bodies.subscription(subscription, self._account.short_url(subscription.id))


def _listing(request: Request, things: Iterable[Json]) -> Json:
    """A page of a collection, newest first."""
    since, until, count, skip = reading.page(request.query_params)
    kept = [thing for thing in things if since <= _created_at(thing) <= until][::-1]
    return bodies.collection(kept[skip : skip + count])


def _created_at(thing: Json) -> int:
    created_at: int = thing["created_at"]
    return created_at


def _same(given: str, right: str) -> bool:
    return hmac.compare_digest(given.encode(), right.encode())


async def _body(request: Request) -> Json:
    """A JSON object; nothing at all is an empty one. Raises ApiError."""
    raw = await request.body()
    if not raw:
        return {}
    try:
        body: Any = orjson.loads(raw)
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise invalid("The request body is not a JSON object.")
    return body
