"""What holds for every request: a reference, one line in the log, a bounded body, safe headers."""

import re
from contextlib import suppress
from time import perf_counter
from uuid import uuid4

import structlog
from fastapi import FastAPI
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from webhooks.problems import problem

MAX_BODY = 1 << 20
"""1 MiB: thirty times the largest event that Razorpay documents, and far above any update of Telegram's."""

API_PREFIX = "/api/"
MAX_API_BODY = 64 << 10

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_PROBES = frozenset({"/healthz", "/readyz", "/metrics"})
_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "strict-transport-security": "max-age=31536000; includeSubDomains",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

log = structlog.get_logger(__name__)


def protect(app: FastAPI) -> None:
    """Wrap the app; what is added last is outermost."""
    app.add_middleware(BodyLimit)
    app.add_middleware(SecureHeaders)
    app.add_middleware(Requests)


class Requests:
    """Gives each request an id (a sane `X-Request-Id` is kept), logs it once, and is the last to catch.

    An error that nobody expected becomes a problem document with the id as its reference; the log holds
    the traceback under the same id. If the answer had begun, the connection is cut instead.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        status: int | None = None
        started = perf_counter()

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers.update(scope["state"].get("answer_headers", {}))
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, answer)
            except Exception:
                log.exception("http.failed")
                if status is not None:
                    raise
                response = problem(request_id, 500, "Something went wrong here. It is in the log.")
                SecureHeaders.set(response.headers)
                await response(scope, receive, answer)
            finally:
                token_id = scope["state"].get("token_id")
                log.log(
                    10 if scope["path"] in _PROBES else 20,
                    "http.request",
                    method=scope["method"],
                    path=scope["path"][:200],
                    status=status,
                    ms=round((perf_counter() - started) * 1000, 1),
                    **({"token_id": token_id} if token_id else {}),
                )


class SecureHeaders:
    """Sets the headers of a service that is no place for browsers; a page may set its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    @staticmethod
    def set(headers: MutableHeaders) -> None:
        for name, value in _HEADERS.items():
            headers.setdefault(name, value)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def answer(message: Message) -> None:
            if message["type"] == "http.response.start":
                self.set(MutableHeaders(scope=message))
            await send(message)

        await self._app(scope, receive, answer if scope["type"] == "http" else send)


class BodyTooLarge(Exception):
    """Raised into whoever reads the body; the answer is already decided then."""


class BodyLimit:
    """Answers 413: before reading when the length is announced, and as soon as a stream passes the limit."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        limit = MAX_API_BODY if scope["path"].startswith(API_PREFIX) else MAX_BODY
        if int(Headers(scope=scope).get("content-length", "0")) > limit:
            await self._refuse(limit, scope, receive, send)
            return
        read = 0
        exceeded = False

        async def bounded() -> Message:
            nonlocal read, exceeded
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                exceeded = True
                raise BodyTooLarge
            return message

        async def answer(message: Message) -> None:
            # A framework that turns the error above into an answer of its own is not heard.
            if not exceeded:
                await send(message)

        with suppress(BodyTooLarge):
            await self._app(scope, bounded, answer)
        if exceeded:
            await self._refuse(limit, scope, receive, send)

    async def _refuse(self, limit: int, scope: Scope, receive: Receive, send: Send) -> None:
        response = problem(scope["state"]["request_id"], 413, f"The body may hold {limit} bytes.")
        response.headers["connection"] = "close"  # the rest of the body is not read
        await response(scope, receive, send)
