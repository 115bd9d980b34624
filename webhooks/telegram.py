"""Telegram's webhook: an update goes to the inbox, in the order of its chat, and the bot process is told."""

import hmac
from typing import Any

import orjson
import structlog
from fastapi import APIRouter, HTTPException, Request

from tracker import metrics
from tracker.config import Settings
from webhooks.receiving import Hint, Receiver

PROVIDER = "telegram"

log = structlog.get_logger(__name__)


def router(settings: Settings, receiver: Receiver, hint: Hint) -> APIRouter:
    routes = APIRouter()

    @routes.post("/telegram/webhook")
    async def telegram_webhook(request: Request) -> dict[str, str]:
        secret = settings.telegram_webhook_secret
        if secret is None:
            raise HTTPException(503, "Telegram's webhook is not configured.")
        given = request.headers.get("x-telegram-bot-api-secret-token", "").encode("latin-1")
        if not hmac.compare_digest(given, secret.get_secret_value().encode()):
            metrics.webhook_events.labels(PROVIDER, "forged").inc()
            log.warning("webhook.forged", provider=PROVIDER)
            raise HTTPException(403, "The secret token is missing or wrong.")
        body = await request.body()
        update = _parse(body)
        await receiver.receive(PROVIDER, str(update["update_id"]), body, partition=chat_of(update), hint=hint)
        return {}

    return routes


def chat_of(update: dict[str, Any]) -> int | None:
    """The chat that an update of any kind belongs to; None for the few that belong to none, as polls.

    What a person does outside a chat (an inline query, a payment's pre-check) goes with their private chat,
    whose id is the person's own.
    """
    happening = next((value for key, value in update.items() if key != "update_id"), None)
    places = (
        ("chat", "id"),
        ("message", "chat", "id"),
        ("user_chat_id",),
        ("from", "id"),
        ("user", "id"),
    )
    for place in places:
        found = happening
        for key in place:
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, int) and -(2**63) <= found < 2**63:
            return found
    return None


def _parse(body: bytes) -> dict[str, Any]:
    try:
        update = orjson.loads(body)
    except orjson.JSONDecodeError:
        update = None
    if not isinstance(update, dict) or type(update.get("update_id")) is not int:
        raise HTTPException(400, "The body is not an update.")
    return update
