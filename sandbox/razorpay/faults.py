"""Outages of the API, on order."""

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Any, Literal, get_args

from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.razorpay.errors import CannotDo
from sandbox.razorpay.state import Json

FaultKind = Literal["timeout", "500", "429", "502"]
_HTML = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"
_ERRORS: dict[str, Json] = {
    "500": {
        "code": "SERVER_ERROR",
        "description": "We are facing some trouble completing your request at the moment.",
    },
    "429": {"code": "BAD_REQUEST_ERROR", "description": "Too many requests"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Strikes one call whose path below /v1 begins with `path`.

    With `after` the call is carried out and only its answer is lost.
    """

    kind: FaultKind
    path: str = ""
    after: bool = False


class Faults:
    def __init__(self) -> None:
        self._waiting: deque[Fault] = deque()
        self.closed = asyncio.Event()

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, kind: Any, times: Any = 1, *, path: Any = "", after: Any = False) -> None:
        """Raises CannotDo for a fault that there is none of."""
        if kind not in get_args(FaultKind):
            raise CannotDo(f'"kind" must be one of {", ".join(get_args(FaultKind))}')
        if type(times) is not int or not 1 <= times <= 10_000:
            raise CannotDo('"times" must be a whole number from 1')
        if not isinstance(path, str) or not isinstance(after, bool):
            raise CannotDo('"path" must be text and "after" true or false')
        self._waiting.extend([Fault(kind, path.lstrip("/"), after)] * times)

    def clear(self) -> None:
        self._waiting.clear()

    def take(self, path: str) -> Fault | None:
        fault = next((each for each in self._waiting if path.startswith(each.path)), None)
        if fault is not None:
            self._waiting.remove(fault)
        return fault

    def answer(self, fault: Fault) -> Response:
        match fault.kind:
            case "timeout":
                return _Hung(self.closed)
            case "502":
                return HTMLResponse(_HTML, 502)
        return JSONResponse({"error": _ERRORS[fault.kind]}, int(fault.kind))


class _Hung(Response):
    """Answers nothing until the client gives up, or the sandbox closes."""

    def __init__(self, closed: asyncio.Event) -> None:
        super().__init__(status_code=504)
        self._closed = closed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def gone() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass

        waits = {asyncio.ensure_future(gone()), asyncio.ensure_future(self._closed.wait())}
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        if self._closed.is_set():
            await super().__call__(scope, receive, send)
