"""The sandbox's own API: be the payer, the bank and the network, as JSON over HTTP."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.razorpay import bodies
from sandbox.razorpay.account import read_method
from sandbox.razorpay.delivery import Event, read_webhook
from sandbox.razorpay.errors import ApiError, CannotDo
from sandbox.razorpay.state import Json

if TYPE_CHECKING:
    from sandbox.razorpay.sandbox import RazorpaySandbox

Answer = Callable[[str, Json], Awaitable[Json]]


class Control:
    """Answers `/razorpay/links/…`, `/razorpay/subscriptions/…` and the rest that is not the API."""

    def __init__(self, sandbox: "RazorpaySandbox") -> None:
        self._sandbox = sandbox
        self._state = sandbox.state

    def routes(self) -> list[BaseRoute]:
        def post(path: str, answer: Answer) -> Route:
            async def endpoint(request: Request) -> Response:
                try:
                    body = await _body(request)
                    return JSONResponse(await answer(request.path_params.get("id", ""), body))
                except CannotDo as problem:
                    return JSONResponse({"error": str(problem)}, 400)
                except ApiError as refused:
                    return JSONResponse({"error": refused.error["description"]}, 400)

            return Route(f"/razorpay/{path}", endpoint, methods=["POST"])

        return [
            post("links/{id}/pay", self._pay_link),
            post("links/{id}/fail", self._fail_link),
            post("links/{id}/cancel", self._cancel),
            post("subscriptions/{id}/pay", self._pay_subscription),
            post("subscriptions/{id}/charge", self._charge),
            post("subscriptions/{id}/fail", self._fail_charges),
            post("subscriptions/{id}/cancel", self._cancel),
            post("payments/{id}/capture_late", self._capture_late),
            post("payments/{id}/dispute", self._dispute),
            post("refunds/{id}/settle", self._settle),
            post("release", self._release),
            post("webhooks", self._webhooks),
            post("faults", self._faults),
            post("tick", self._tick),
            Route("/razorpay/faults", self._clear_faults, methods=["DELETE"]),
            Route("/razorpay/state", self._show, methods=["GET"]),
        ]

    async def _pay_link(self, link_id: str, body: Json) -> Json:
        amount, currency = body.get("amount"), body.get("currency")
        if amount is not None and (type(amount) is not int or amount < 1):
            raise CannotDo('"amount" must be whole minor units')
        if currency is not None and not isinstance(currency, str):
            raise CannotDo('"currency" must be text')
        payment = await self._sandbox.pay(
            self._sandbox.link(link_id).id, **_how(body), amount=amount, currency=currency
        )
        return {"payment": bodies.payment(payment)}

    async def _pay_subscription(self, subscription_id: str, body: Json) -> Json:
        payment = await self._sandbox.pay(self._sandbox.subscription(subscription_id).id, **_how(body))
        return {"payment": bodies.payment(payment)}

    async def _fail_link(self, link_id: str, body: Json) -> Json:
        late = body.get("late_authorisation", False)
        if not isinstance(late, bool):
            raise CannotDo('"late_authorisation" must be true or false')
        payment = await self._sandbox.fail(link_id, **_how(body), late_authorisation=late)
        return {"payment": bodies.payment(payment)}

    async def _cancel(self, thing_id: str, body: Json) -> Json:
        await self._sandbox.cancel(thing_id, at_cycle_end=body.get("at_cycle_end") is True)
        return {}

    async def _charge(self, subscription_id: str, body: Json) -> Json:
        payment = await self._sandbox.charge(
            subscription_id, body.get("outcome", "success"), webhook=read_webhook(body.get("webhook", "once"))
        )
        return {"payment": bodies.payment(payment)}

    async def _fail_charges(self, subscription_id: str, body: Json) -> Json:
        self._sandbox.fail_charges(subscription_id, body.get("times", 1))
        return {}

    async def _capture_late(self, payment_id: str, body: Json) -> Json:
        payment = await self._sandbox.capture_late(
            payment_id, webhook=read_webhook(body.get("webhook", "once"))
        )
        return {"payment": bodies.payment(payment)}

    async def _dispute(self, payment_id: str, body: Json) -> Json:
        webhook = read_webhook(body.get("webhook", "once"))
        dispute = await self._sandbox.dispute(payment_id, body.get("state", "created"), webhook=webhook)
        return {"dispute": dispute.id}

    async def _settle(self, refund_id: str, body: Json) -> Json:
        webhook = read_webhook(body.get("webhook", "once"))
        succeeds = body.get("succeeds", True) is not False
        refund = await self._sandbox.settle_refund(refund_id, succeeds=succeeds, webhook=webhook)
        return {"refund": bodies.refund(refund)}

    async def _release(self, _id: str, body: Json) -> Json:
        return {"released": len(await self._sandbox.release(body.get("order", "as_it_was")))}

    async def _webhooks(self, _id: str, body: Json) -> Json:
        self._sandbox.account.webhook = read_webhook(body.get("webhook"))
        return {"webhook": self._sandbox.account.webhook}

    async def _faults(self, _id: str, body: Json) -> Json:
        faults = self._sandbox.api.faults
        faults.add(
            body.get("kind"),
            body.get("times", 1),
            path=body.get("path", ""),
            after=body.get("after", False),
        )
        return {"waiting": len(faults)}

    async def _clear_faults(self, _request: Request) -> Response:
        self._sandbox.api.faults.clear()
        return JSONResponse({"waiting": 0})

    async def _tick(self, _id: str, _body: Json) -> Json:
        await self._sandbox.tick()
        return {}

    async def _show(self, _request: Request) -> Response:
        url, state = self._sandbox.account.short_url, self._state
        return JSONResponse(
            {
                "links": [bodies.link(each, state, url(each.id)) for each in state.links.values()],
                "plans": [bodies.plan(each) for each in state.plans.values()],
                "subscriptions": [
                    bodies.subscription(each, url(each.id)) for each in state.subscriptions.values()
                ],
                "payments": [bodies.payment(each) for each in state.payments.values()],
                "orders": [bodies.order(each) for each in state.orders.values()],
                "invoices": [bodies.invoice(each, url(each.id)) for each in state.invoices.values()],
                "refunds": [bodies.refund(each) for each in state.refunds.values()],
                "events": [_event(each) for each in self._sandbox.events],
                "held": [each.id for each in self._sandbox.held],
                "attempts": [each.view() for each in self._sandbox.attempts],
                "faults": len(self._sandbox.api.faults),
            }
        )


def _event(event: Event) -> Json:
    return {"id": event.id, "event": event.name, "body": orjson.loads(event.body)}


def _how(body: Json) -> Json:
    return {
        "method": read_method(body.get("method", "upi")),
        "webhook": read_webhook(body.get("webhook", "once")),
    }


async def _body(request: Request) -> Json:
    raw = await request.body()
    try:
        body: Any = orjson.loads(raw) if raw else {}
    except orjson.JSONDecodeError:
        body = None
    if not isinstance(body, dict):
        raise CannotDo("the body must be a JSON object")
    return body
