"""Webhooks: signed over their bytes, posted in order, tried again with back-off, held or forged on demand.

Source: Razorpay webhooks: 2xx within 5 s is an acknowledgement, anything else is tried again; an event keeps
its id in every delivery.
"""

import asyncio
import hashlib
import hmac
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Literal, get_args

import httpcore
import orjson

from sandbox.razorpay.errors import CannotDo
from sandbox.razorpay.state import Json, bare_id

Webhook = Literal["once", "twice", "late", "never", "forged"]
Pause = Callable[[float], Awaitable[object]]

ATTEMPTS = 5
_TIMEOUT = {"connect": 5.0, "read": 5.0, "write": 5.0, "pool": 5.0}


def read_webhook(value: Any) -> Webhook:
    """Raises CannotDo for a word that says nothing about deliveries."""
    if value not in get_args(Webhook):
        raise CannotDo(f'"webhook" must be one of {", ".join(get_args(Webhook))}')
    return value  # type: ignore[no-any-return]  # it is one of the literals


@dataclass(frozen=True, slots=True)
class Event:
    """One event as it goes over the wire. `secret` signs it."""

    id: str
    name: str
    body: bytes
    secret: str

    @property
    def signature(self) -> str:
        return hmac.new(self.secret.encode(), self.body, hashlib.sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Attempt:
    """One POST. `status` is that of the answer, None when there was none."""

    event_id: str
    event: str
    attempt: int
    status: int | None

    def view(self) -> Json:
        return {
            "event_id": self.event_id,
            "event": self.event,
            "attempt": self.attempt,
            "status": self.status,
        }


class Delivery:
    """Posts events to `url`, in the order of `send`; a None sends nothing."""

    def __init__(self, url: str | None, secret: str, *, backoff: float, pause: Pause) -> None:
        self.url = url
        self.secret = secret
        self.events: list[Event] = []
        """Every event that ever was, sent or not, oldest first."""
        self.held: list[Event] = []
        self.attempts: list[Attempt] = []
        self._backoff = backoff
        self._pause = pause
        self._pool = httpcore.AsyncConnectionPool(max_connections=10)
        self._tasks: set[asyncio.Task[None]] = set()
        self._in_order = asyncio.Lock()

    def send(self, bodies: Sequence[Json], webhook: Webhook = "once") -> list[Event]:
        """Begin to deliver; `delivered` waits for the end. Each event is made once and sent as told."""
        secret = self.secret if webhook != "forged" else f"not {self.secret}"
        events = [Event(bare_id(), body["event"], orjson.dumps(body), secret) for body in bodies]
        self.events += events
        match webhook:
            case "late":
                self.held += events
            case "twice":
                self._start([each for event in events for each in (event, event)])
            case "once" | "forged":
                self._start(events)
        return events

    def release(self, order: str = "as_it_was") -> list[Event]:
        """Send what is held, as it came or `reversed`. Raises CannotDo for another order."""
        if order not in ("as_it_was", "reversed"):
            raise CannotDo('"order" must be as_it_was or reversed')
        events = self.held if order == "as_it_was" else self.held[::-1]
        self.held = []
        self._start(events)
        return events

    def send_again(self, event: Event) -> None:
        """Deliver an event once more, under its own id."""
        self._start([event])

    async def delivered(self) -> None:
        """Wait until every delivery was acknowledged or given up."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for task in list(self._tasks):
            with suppress(asyncio.CancelledError):
                await task
        await self._pool.aclose()

    def _start(self, events: Sequence[Event]) -> None:
        if events and self.url is not None:
            self._run(self._deliver(events, self.url))

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, events: Sequence[Event], url: str) -> None:
        """First attempts are in order; what fails is tried again beside what follows it."""
        async with self._in_order:
            for event in events:
                if not await self._attempt(event, url, 1) and event.secret == self.secret:
                    self._run(self._insist(event, url))  # which a forger does not

    async def _insist(self, event: Event, url: str) -> None:
        for attempt in range(2, ATTEMPTS + 1):
            await self._pause(self._backoff * 2 ** (attempt - 2))
            if await self._attempt(event, url, attempt):
                return

    async def _attempt(self, event: Event, url: str, attempt: int) -> bool:
        """Whether it was acknowledged."""
        status = await self._post(event, url)
        self.attempts.append(Attempt(event.id, event.name, attempt, status))
        return status is not None and 200 <= status < 300

    async def _post(self, event: Event, url: str) -> int | None:
        headers = [
            ("Content-Type", "application/json"),
            ("X-Razorpay-Signature", event.signature),
            ("x-razorpay-event-id", event.id),
        ]
        try:
            async with asyncio.timeout(_TIMEOUT["read"]):
                response = await self._pool.request(
                    "POST", url, headers=headers, content=event.body, extensions={"timeout": _TIMEOUT}
                )
        except (TimeoutError, httpcore.TimeoutException, httpcore.NetworkError, httpcore.ProtocolError):
            return None
        return response.status
