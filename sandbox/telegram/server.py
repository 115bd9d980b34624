"""The Bot API over HTTP: routing, the envelope, the log of calls, and the faults in between."""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from sandbox.telegram import parameters as reading
from sandbox.telegram import updates as polling
from sandbox.telegram.delivery import Delivery, Pause
from sandbox.telegram.errors import ApiError, too_many_requests
from sandbox.telegram.faults import Fault, FaultKind, Faults
from sandbox.telegram.limits import Limits, RateLimiter
from sandbox.telegram.messages import chat_id
from sandbox.telegram.methods import LIMITED, METHODS
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Json, State
from sandbox.telegram.updates import UpdateQueue

_NAMES = {
    name.lower(): name for name in (*METHODS, "getUpdates", "setWebhook", "deleteWebhook", "getWebhookInfo")
}
_HTML = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center><hr>nginx</body></html>"
_BEFORE = {FaultKind.HANG_BEFORE, FaultKind.DROP_BEFORE}
_HANGING = {FaultKind.HANG_BEFORE, FaultKind.HANG_AFTER}


@dataclass(slots=True)
class Call:
    """One call of the Bot API."""

    at: float
    """Monotonic seconds (time.monotonic) when it arrived."""
    method: str
    params: Json
    chat: int | None = None
    status: int = 0
    """HTTP status of the answer; 0 when there was none (a fault)."""
    description: str = ""
    """The refusal, or the fault; empty when all went well."""
    result: Any = None
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        return self.status == 200

    def view(self) -> Json:
        return {
            "at": self.at,
            "method": self.method,
            "params": self.params,
            "chat": self.chat,
            "status": self.status,
            "description": self.description,
            "seconds": self.seconds,
        }


class _Hung(Response):
    """Answers nothing until the client gives up, or the sandbox closes."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with _disconnection(receive) as gone:
            while not gone.done() and not self._state.closed:
                await _first(gone, self._state.changes.next())
        if not gone.done():
            await _Cut()(scope, receive, send)


class _Cut(Response):
    """Begins an answer and breaks the connection in the middle of it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"application/json"), (b"content-length", b"1000")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": b'{"ok":', "more_body": True})


@asynccontextmanager
async def _disconnection(receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """A task that ends when the client goes away."""

    async def gone() -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    task = asyncio.create_task(gone())
    try:
        yield task
    finally:
        task.cancel()


async def _first(gone: asyncio.Task[None], other: Awaitable[Any]) -> None:
    """Return when either ends; the other work is cancelled, the watch on the client is not."""
    work = asyncio.ensure_future(other)
    try:
        await asyncio.wait({gone, work}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        work.cancel()


@dataclass(slots=True)
class Traffic:
    """What is on its way, to know when a bot is quiet."""

    in_flight: int = 0
    last_end: float = field(default_factory=time.monotonic)


class BotApi:
    """Answers `/bot<token>/<method>` and `/file/bot<token>/<path>`."""

    def __init__(self, state: State, limits: Limits, pause: Pause) -> None:
        self.state = state
        self.updates = UpdateQueue(state.changes)
        self.delivery = Delivery(state, self.updates, self._call_from_webhook, pause)
        self.faults = Faults()
        self.limits = limits
        self.calls: deque[Call] = deque(maxlen=20_000)
        self.log_calls = True
        self.traffic = Traffic()
        self._limiter = RateLimiter()

    def routes(self) -> list[Route]:
        return [
            Route("/bot{token}/{method}", self._answer, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self._file),
        ]

    async def _answer(self, request: Request) -> Response:
        arrived = time.monotonic()
        token, name = request.path_params["token"], request.path_params["method"]
        method = _NAMES.get(name.lower())
        if token != self.state.token:
            return _refusal(ApiError(401, "Unauthorized"))
        if method is None:
            return _refusal(ApiError(404, "Not Found: method not found"))
        call = Call(arrived, method, {})
        polls = method == "getUpdates"
        self.traffic.in_flight += not polls
        try:
            parameters = await reading.read(request)
            call.params, call.chat = parameters.loggable(), chat_id(parameters)
            return await self._run(request, call, parameters)
        except ApiError as refused:
            call.status, call.description = refused.code, refused.description
            return _refusal(refused)
        finally:
            ended = time.monotonic()
            call.seconds = ended - arrived
            if self.log_calls:
                self.calls.append(call)
            if not polls:
                self.traffic.in_flight -= 1
                self.traffic.last_end = ended
                self.state.changes.notify()

    async def _run(self, request: Request, call: Call, parameters: Parameters) -> Response:
        fault = self.faults.take(call.method, call.chat)
        if fault is not None:
            call.description = fault.kind
            if (answer := self._before(fault, call)) is not None:
                return answer
        if call.method == "getUpdates":
            result: Any = await self._poll(request, parameters)
        else:
            result = await self.execute(call.method, parameters)
        if fault is not None and fault.kind in (FaultKind.HANG_AFTER, FaultKind.DROP_AFTER):
            return _Hung(self.state) if fault.kind in _HANGING else _Cut()
        call.status, call.result = 200, result
        envelope: Json = {"ok": True, "result": result}
        if isinstance(result, tuple):
            envelope = {"ok": True, "result": result[0], "description": result[1]}
        return Response(orjson.dumps(envelope), media_type="application/json")

    def _before(self, fault: Fault, call: Call) -> Response | None:
        """Let a fault strike before the method runs: an answer in its place, a refusal, or None to go on."""
        match fault.kind:
            case FaultKind.TOO_MANY_REQUESTS:
                raise too_many_requests(fault.retry_after)
            case FaultKind.ERROR:
                raise ApiError(fault.status, fault.description)
            case FaultKind.HTML:
                call.status = fault.status
                page = _HTML.format(f"{fault.status} {fault.description}")
                return Response(page, status_code=fault.status, media_type="text/html")
            case FaultKind.BLOCK | FaultKind.DEACTIVATE:
                user = self.state.users.get(call.chat or 0)
                if user is not None:
                    user.blocked |= fault.kind is FaultKind.BLOCK
                    user.deactivated |= fault.kind is FaultKind.DEACTIVATE
            case kind if kind in _BEFORE:
                return _Hung(self.state) if kind in _HANGING else _Cut()
        return None

    async def _poll(self, request: Request, parameters: Parameters) -> list[Json]:
        """A long poll ends when its client goes away, so that a restarted bot does not meet its own ghost."""
        poll = asyncio.create_task(
            polling.poll(self.state, self.updates, self.delivery.webhook.url, parameters)
        )
        async with _disconnection(request.receive) as gone:
            await _first(gone, poll)
        try:
            return await poll
        except asyncio.CancelledError:
            return []

    async def execute(self, method: str, parameters: Parameters) -> Any:
        """Run a method. Raises ApiError."""
        match method:
            case "setWebhook":
                return await self.delivery.set_webhook(parameters)
            case "deleteWebhook":
                return await self.delivery.delete_webhook(parameters)
            case "getWebhookInfo":
                return self.delivery.info()
        if method in LIMITED and self.limits.enabled:
            chat = chat_id(parameters)
            if chat in self.state.chats:
                self._limiter.admit(chat, self.limits, time.monotonic())
        return METHODS[method](self.state, parameters)

    async def _call_from_webhook(self, name: str, parameters: Parameters) -> None:
        """A method in the reply to a webhook: nobody hears how it went, but the log does."""
        method = _NAMES.get(name.lower())
        if method is None or method == "getUpdates":
            return
        call = Call(time.monotonic(), method, parameters.loggable(), chat_id(parameters))
        try:
            call.result, call.status = await self.execute(method, parameters), 200
        except ApiError as refused:
            call.status, call.description = refused.code, refused.description
        if self.log_calls:
            self.calls.append(call)

    async def _file(self, request: Request) -> Response:
        stored = next(
            (file for file in self.state.files.values() if file.path == request.path_params["path"]), None
        )
        if request.path_params["token"] != self.state.token:
            return _refusal(ApiError(401, "Unauthorized"))
        if stored is None:
            return _refusal(ApiError(404, "Not Found"))
        return Response(stored.content, media_type=stored.mime_type)


def _refusal(refused: ApiError) -> Response:
    envelope: Json = {"ok": False, "error_code": refused.code, "description": refused.description}
    if refused.parameters:
        envelope["parameters"] = refused.parameters
    return Response(orjson.dumps(envelope), status_code=refused.code, media_type="application/json")
