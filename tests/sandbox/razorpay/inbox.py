"""Who receives the webhooks: keeps what came, and answers as told."""

from dataclasses import dataclass, field
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send


@dataclass(frozen=True, slots=True)
class Delivered:
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return orjson.loads(self.raw)

    @property
    def event(self) -> str:
        name: str = self.body["event"]
        return name

    @property
    def event_id(self) -> str:
        return self.headers["x-razorpay-event-id"]

    @property
    def signature(self) -> str:
        return self.headers["x-razorpay-signature"]


@dataclass(slots=True)
class Inbox:
    """An ASGI app. `answers` are the next statuses; 200 follows."""

    came: list[Delivered] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        request = Request(scope, receive)
        self.came.append(Delivered(dict(request.headers), await request.body()))
        status = self.answers.pop(0) if self.answers else 200
        await Response(status_code=status)(scope, receive, send)

    @property
    def names(self) -> list[str]:
        return [each.event for each in self.came]

    def last(self, name: str) -> Any:
        """The body of the newest event of that name."""
        return next(each.body for each in reversed(self.came) if each.event == name)
