"""Where a browser comes back after paying: it says what the signature proves, and changes nothing.

What was paid counts by Razorpay's webhook and by asking Razorpay, never by this page: a browser may never
come here, and anybody can call it.
"""

from html import escape
from typing import Annotated

import structlog
from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse

from tracker.billing.signatures import callback_is_signed
from tracker.config import Settings

log = structlog.get_logger(__name__)

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><style>body{{font:18px/1.5 system-ui,sans-serif;margin:15vh auto;max-width:26rem;
padding:0 1rem;text-align:center}}h1{{font-size:1.4rem}}</style></head>
<body><h1>{title}</h1><p>{words}</p></body></html>"""

_HEADERS = {
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
}

_PAID = (
    "Payment received",
    "Thank you. Your plan begins as soon as the payment is confirmed, usually at once; \
the bot tells you in the chat. You can close this page.",
)
_NOT_PAID = ("Not paid", "Nothing was charged by this page. Go back to the chat to try again.")
_UNKNOWN = (
    "We cannot tell",
    "This address does not prove a payment. If you have paid, the bot will tell you in \
the chat within minutes.",
)

_Text = Annotated[str, Query(max_length=128)]


def router(settings: Settings) -> APIRouter:
    routes = APIRouter()

    @routes.get("/pay/return")
    async def pay_return(
        razorpay_payment_id: _Text = "",
        razorpay_payment_link_id: _Text = "",
        razorpay_payment_link_reference_id: _Text = "",
        razorpay_payment_link_status: _Text = "",
        razorpay_signature: _Text = "",
    ) -> HTMLResponse:
        secret = settings.razorpay_key_secret
        is_signed = secret is not None and callback_is_signed(
            secret.get_secret_value(),
            razorpay_payment_link_id,
            razorpay_payment_link_reference_id,
            razorpay_payment_link_status,
            razorpay_payment_id,
            razorpay_signature,
        )
        if not is_signed:
            log.warning("pay_return.not_signed")
            return _page(_UNKNOWN, 400)
        return _page(_PAID if razorpay_payment_link_status == "paid" else _NOT_PAID, 200)

    return routes


def _page(words: tuple[str, str], status: int) -> HTMLResponse:
    title, text = (escape(word) for word in words)
    return HTMLResponse(_PAGE.format(title=title, words=text), status, headers=_HEADERS)
