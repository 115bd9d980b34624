"""Webhooks: updates posted to the bot's own address, in order within a chat, until it takes them.

The behaviour is that of tdlib/telegram-bot-api, WebhookActor.cpp: any 2xx is an acknowledgement; the first
retry follows at once, then the delay doubles up to a random 60-120 s; a `Retry-After` header is honoured up
to an hour; a JSON reply may carry a `method` to call.
"""

import asyncio
import ipaddress
import random
import re
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpcore
import orjson

from sandbox.telegram.errors import bad_request
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Json, State
from sandbox.telegram.updates import Pending, UpdateQueue, take_allowed
from tracker import clock

Pause = Callable[[float], Awaitable[object]]
_SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
_TIMEOUT = {"connect": 10.0, "read": 60.0, "write": 10.0, "pool": 60.0}
_LONGEST_RETRY_AFTER = 3600


@dataclass(slots=True)
class Webhook:
    """What setWebhook set."""

    url: str = ""
    secret: str = ""
    max_connections: int = 40
    last_error_date: int | None = None
    last_error_message: str = ""


def retry_delay(failures: int) -> float:
    """Seconds to wait after the `failures`-th failure in a row: 0, 1, 2, 4 … at most a random 60-120."""
    return 0.0 if failures == 1 else min(2.0 ** min(failures - 2, 7), random.uniform(60, 120))


def _is_acceptable(url: str) -> bool:
    """Any https address; plain http on this machine only, where the sandbox's bot lives."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port
    except ValueError:
        return False
    if parts.scheme == "https":
        return bool(host) and port in (None, 443, 80, 88, 8443)
    if parts.scheme != "http":
        return False
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


class Delivery:
    """Posts updates while a webhook is set."""

    def __init__(
        self,
        state: State,
        updates: UpdateQueue,
        call: Callable[[str, Parameters], Awaitable[object]],
        pause: Pause = asyncio.sleep,
    ) -> None:
        self.webhook = Webhook()
        self._state = state
        self._updates = updates
        self._call = call
        self._pause = pause
        self._runner: asyncio.Task[None] | None = None

    async def set_webhook(self, parameters: Parameters) -> tuple[bool, str]:
        """setWebhook: the result and the description that Telegram adds to it."""
        url = parameters.text("url")
        if not url:
            return await self.delete_webhook(parameters)
        if not _is_acceptable(url):
            raise bad_request("bad webhook: An HTTPS URL must be provided for webhook")
        secret = parameters.text("secret_token")
        if secret and not _SECRET.fullmatch(secret):
            raise bad_request("secret token contains unallowed characters")
        connections = parameters.number("max_connections")
        webhook = Webhook(url, secret, min(max(connections or 40, 1), 100))
        take_allowed(self._updates, parameters)
        if parameters.flag("drop_pending_updates"):
            self._updates.clear()
        self._updates.end_poll("terminated by setWebhook request")
        known = self.webhook.url == url
        await self.stop()
        self.webhook = webhook
        self._runner = asyncio.create_task(self._run())
        return True, "Webhook is already set" if known else "Webhook was set"

    async def delete_webhook(self, parameters: Parameters) -> tuple[bool, str]:
        """deleteWebhook: updates wait for getUpdates again."""
        if parameters.flag("drop_pending_updates"):
            self._updates.clear()
        known = self.webhook.url
        await self.stop()
        self.webhook = Webhook()
        return True, "Webhook was deleted" if known else "Webhook is already deleted"

    def info(self) -> Json:
        """getWebhookInfo."""
        webhook = self.webhook
        result: Json = {
            "url": webhook.url,
            "has_custom_certificate": False,
            "pending_update_count": len(self._updates),
        }
        if webhook.url:
            result["max_connections"] = webhook.max_connections
        if webhook.last_error_date is not None:
            result["last_error_date"] = webhook.last_error_date
            result["last_error_message"] = webhook.last_error_message
        if self._updates.allowed:
            result["allowed_updates"] = self._updates.allowed
        return result

    async def stop(self) -> None:
        """Stop posting; what was not acknowledged waits."""
        if self._runner is not None:
            self._runner.cancel()
            with suppress(asyncio.CancelledError):
                await self._runner
            self._runner = None

    async def _run(self) -> None:
        busy: set[int] = set()

        async def deliver(pending: Pending, pool: httpcore.AsyncConnectionPool) -> None:
            try:
                await self._deliver(pending, pool)
            finally:
                busy.discard(pending.queue)
                self._state.changes.notify()

        async with (
            httpcore.AsyncConnectionPool(max_connections=100) as pool,
            asyncio.TaskGroup() as deliveries,
        ):
            while True:
                for pending in self._updates:
                    if len(busy) >= self.webhook.max_connections:
                        break
                    if pending.queue not in busy:
                        busy.add(pending.queue)
                        deliveries.create_task(deliver(pending, pool))
                await self._state.changes.next()

    async def _deliver(self, pending: Pending, pool: httpcore.AsyncConnectionPool) -> None:
        failures = 0
        while clock.now().timestamp() < pending.expires_at:
            retry_after, problem = await self._post(pending, pool)
            if problem is None:
                break
            failures += 1
            self.webhook.last_error_date = self._state.timestamp()
            self.webhook.last_error_message = problem
            self._state.changes.notify()
            await self._pause(retry_delay(failures) if retry_after is None else retry_after)
        self._updates.confirm(pending.update_id)

    async def _post(
        self, pending: Pending, pool: httpcore.AsyncConnectionPool
    ) -> tuple[float | None, str | None]:
        """Post once: (seconds of a Retry-After, None) and what went wrong, None when the bot took it."""
        headers = [("Content-Type", "application/json")]
        if self.webhook.secret:
            headers.append(("X-Telegram-Bot-Api-Secret-Token", self.webhook.secret))
        try:
            response = await pool.request(
                "POST",
                self.webhook.url,
                headers=headers,
                content=orjson.dumps(pending.payload),
                extensions={"timeout": _TIMEOUT},
            )
        except httpcore.TimeoutException:
            return None, "Read timeout expired"
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return None, "Connection refused"
        if 200 <= response.status < 300:
            await self._call_from_reply(response.content)
            return None, None
        retry_after = {name.lower(): value for name, value in response.headers}.get(b"retry-after")
        seconds = int(retry_after) if retry_after and retry_after.isdigit() else None
        problem = f"Wrong response from the webhook: {response.status}"
        return None if seconds is None else min(seconds, _LONGEST_RETRY_AFTER), problem

    async def _call_from_reply(self, body: bytes) -> None:
        with suppress(orjson.JSONDecodeError):
            reply = orjson.loads(body)
            if isinstance(reply, dict) and isinstance(reply.get("method"), str):
                await self._call(reply.pop("method"), Parameters(reply))
