"""Razorpay's webhook: verified over the raw bytes, stored once, answered before anything is done about it."""

import hashlib
import hmac
import re
from collections.abc import Iterable

import structlog
from fastapi import APIRouter, HTTPException, Request
from pydantic import SecretStr

from tracker import metrics
from tracker.config import Settings
from webhooks.receiving import Hint, Receiver

PROVIDER = "razorpay"

_EVENT_ID = re.compile(r"[\x21-\x7e]{1,128}")

log = structlog.get_logger(__name__)


def router(settings: Settings, receiver: Receiver, hint: Hint) -> APIRouter:
    routes = APIRouter()

    @routes.post("/razorpay/webhook")
    async def razorpay_webhook(request: Request) -> dict[str, str]:
        secrets = settings.razorpay_webhook_secret
        if not secrets:
            raise HTTPException(503, "Razorpay's webhook is not configured.")
        body = await request.body()
        if not is_signed(body, request.headers.get("x-razorpay-signature", ""), secrets):
            metrics.webhook_events.labels(PROVIDER, "forged").inc()
            log.warning("webhook.forged", provider=PROVIDER, bytes=len(body))
            raise HTTPException(400, "The signature does not fit the body.")
        await receiver.receive(PROVIDER, _event_id(request, body), body, hint=hint)
        return {}

    return routes


def is_signed(body: bytes, signature: str, secrets: Iterable[SecretStr]) -> bool:
    """Whether the hex HMAC-SHA256 of the raw body is `signature` under any of the secrets, in constant time.

    Several secrets, because Razorpay signs its retries of older events with the secret of their time.
    Source: Razorpay webhooks, validate and test.
    """
    # Starlette decodes headers as Latin-1; comparing str would raise TypeError on anything but ASCII.
    given = signature.encode("latin-1")
    matches = [hmac.compare_digest(_signature(body, secret.get_secret_value()), given) for secret in secrets]
    return any(matches)


def _signature(body: bytes, secret: str) -> bytes:
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest().encode()


def _event_id(request: Request, body: bytes) -> str:
    """Razorpay's id of the event, the same in every delivery.

    A signed event without one is genuine, and may be a payment: it goes by the digest of its body.
    """
    event_id = request.headers.get("x-razorpay-event-id", "")
    return event_id if _EVENT_ID.fullmatch(event_id) else f"sha256:{hashlib.sha256(body).hexdigest()}"
