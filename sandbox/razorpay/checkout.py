"""The hosted page behind a `short_url`: pay, fail or cancel with plain forms and no scripts."""

import hashlib
import hmac
from html import escape
from urllib.parse import urlencode, urlsplit, urlunsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from sandbox.razorpay.account import Account
from sandbox.razorpay.errors import ApiError, CannotDo
from sandbox.razorpay.links import Links
from sandbox.razorpay.state import Link, Payment, Subscription
from sandbox.razorpay.subscriptions import Subscriptions

_STYLE = """
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { box-sizing: border-box; width: min(24rem, 100vw); padding: 1.5rem; }
h1 { margin: 0; font-size: 1rem; font-weight: 500; overflow-wrap: anywhere; }
.amount { margin: .25rem 0 1rem; font-size: 2rem; font-weight: 600; }
.note { margin: 0 0 1rem; } .small { margin: 1rem 0 0; font-size: .8rem; color: GrayText; }
form { display: grid; gap: .5rem; margin: 0; }
button { font: inherit; padding: .7rem; border: 1px solid GrayText; border-radius: 8px; background: none;
  color: inherit; cursor: pointer; }
button.pay { background: #1a56db; border-color: #1a56db; color: #fff; font-weight: 600; }
button:focus-visible { outline: 3px solid #76a9fa; outline-offset: 2px; }
"""
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="stylesheet" href="/razorpay/checkout.css">
</head>
<body>
<main>
<h1>{description}</h1>
<p class="amount">{amount}</p>
{rest}
<p class="small">A stand-in for Razorpay's page. No money moves.</p>
</main>
</body>
</html>
"""
_FORM = """<form method="post">
<button class="pay" name="action" value="upi">Pay by UPI</button>
<button class="pay" name="action" value="card">Pay by card</button>
<button name="action" value="fail">Fail the payment</button>
<button name="action" value="cancel">Cancel</button>
</form>"""
_ENDS = {
    "paid": "Paid",
    "cancelled": "This was cancelled.",
    "expired": "This has expired.",
    "authenticated": "Paid",
    "active": "Paid",
    "completed": "Paid",
}


def sign_callback(key_secret: str, link: Link, payment_id: str) -> str:
    """Source: Razorpay payment links, verify the signature of the callback."""
    message = f"{link.id}|{link.reference_id}|{link.status}|{payment_id}"
    return hmac.new(key_secret.encode(), message.encode(), hashlib.sha256).hexdigest()


def callback(key_secret: str, link: Link, payment: Payment) -> str:
    """Where the payer's browser goes after paying: the link's callback with its signed parameters."""
    parameters = {
        "razorpay_payment_id": payment.id,
        "razorpay_payment_link_id": link.id,
        "razorpay_payment_link_reference_id": link.reference_id,
        "razorpay_payment_link_status": link.status,
        "razorpay_signature": sign_callback(key_secret, link, payment.id),
    }
    parts = urlsplit(link.callback_url)
    query = "&".join(part for part in (parts.query, urlencode(parameters)) if part)
    return urlunsplit(parts._replace(query=query))


class Checkout:
    def __init__(self, account: Account, links: Links, subscriptions: Subscriptions) -> None:
        self._account = account
        self._state = account.state
        self._links = links
        self._subscriptions = subscriptions

    def routes(self) -> list[BaseRoute]:
        return [
            Route("/razorpay/checkout.css", self._style),
            Route("/razorpay/checkout/{id}", self._show, methods=["GET"]),
            Route("/razorpay/checkout/{id}", self._act, methods=["POST"]),
        ]

    async def _style(self, _request: Request) -> Response:
        return Response(_STYLE, media_type="text/css")

    async def _show(self, request: Request) -> Response:
        thing = self._thing(request)
        return _unknown() if thing is None else _page(thing)

    async def _act(self, request: Request) -> Response:
        thing = self._thing(request)
        if thing is None:
            return _unknown()
        async with request.form() as form:
            action = form.get("action")
        try:
            return self._acted(thing, action)
        except (CannotDo, ApiError):
            return _page(thing)  # it is over: the page says so

    def _acted(self, thing: Link | Subscription, action: object) -> Response:
        webhook = self._account.webhook
        match thing, action:
            case Link(), "upi" | "card":
                payment = self._links.pay(thing, "upi" if action == "upi" else "card", webhook=webhook)
                if thing.callback_url:
                    return RedirectResponse(callback(self._account.key_secret, thing, payment), 303)
            case Subscription(), "upi" | "card":
                self._subscriptions.pay(thing, "upi" if action == "upi" else "card", webhook=webhook)
            case Link(), "fail":
                self._links.fail(thing, webhook=webhook)
                return _page(thing, "The payment failed. Nothing was taken.")
            case Subscription(), "fail" if thing.status == "created":
                return _page(thing, "The payment failed. Nothing was taken.")
            case Link(), "cancel":
                self._links.cancel(thing)
            case Subscription(), "cancel" if thing.status == "created":
                self._subscriptions.cancel(thing)
        return _page(thing)

    def _thing(self, request: Request) -> Link | Subscription | None:
        self._links.expire_due()
        self._subscriptions.expire_due()
        thing_id = request.path_params["id"]
        return self._state.links.get(thing_id) or self._state.subscriptions.get(thing_id)


def _page(thing: Link | Subscription, note: str = "") -> Response:
    if isinstance(thing, Link):
        currency, description = thing.currency, thing.description or "Payment"
        amount, target = _shown(thing.amount, currency), thing.callback_url
    else:
        currency, description, target = thing.plan.currency, thing.plan.name, ""
        amount = f"{_shown(thing.amount, currency)} {thing.plan.period}"
    note = note or _ENDS.get(thing.status, "" if thing.status == "created" else thing.status)
    rest = f'<p class="note" role="status">{escape(note)}</p>' if note else ""
    if thing.status == "created":
        rest += _FORM
    page = _PAGE.format(
        title=escape(f"Pay {amount}"), description=escape(description), amount=escape(amount), rest=rest
    )
    return HTMLResponse(page, headers=_headers(target))


def _shown(amount: int, currency: str) -> str:
    """Enough for a stand-in: two decimals, as rupees have."""
    return f"{'₹' if currency == 'INR' else f'{currency} '}{amount // 100:,}.{amount % 100:02}"


def _headers(target: str) -> dict[str, str]:
    """Browsers hold the redirect after a form to `form-action`, so the callback's origin belongs to it."""
    parts = urlsplit(target)
    safe = parts.scheme in ("http", "https") and not set(parts.netloc) & set(" ;,'\"")
    elsewhere = f" {parts.scheme}://{parts.netloc}" if safe else ""
    return {
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'self'; form-action 'self'{elsewhere}; "
            "base-uri 'none'; frame-ancestors 'self'"
        ),
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
    }


def _unknown() -> Response:
    page = _PAGE.format(title="Not found", description="There is no such payment.", amount="", rest="")
    return HTMLResponse(page, 404, headers=_headers(""))
