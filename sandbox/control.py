"""The sandbox's own API: be a person, look into a chat, order faults, move the clock.

`say`, `tap`, `block` and `unblock` answer with what followed in the chat once the bot is quiet: the update is
confirmed, no call of the Bot API is under way, none was for a moment, and nothing is at work behind it.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import BaseRoute, Route

from sandbox.telegram import CannotDo, Fault, Limits, TelegramSandbox
from sandbox.telegram.state import Json
from tracker import clock

_LOOK_AGAIN = 0.02  # seconds between two looks at work that does not report its end
_KEEP_ALIVE = 15.0  # seconds; proxies cut silent streams
_SAYABLE = (
    "chat",
    "first_name",
    "last_name",
    "username",
    "language_code",
    "entities",
    "caption",
    "photo",
    "forward",
    "reply_to",
)
_NUMBERS = ("chat", "reply_to")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long, in seconds, a bot must be silent to count as quiet, and when to stop waiting for it."""

    settle: float = 0.25
    bound: float = 20.0


class Control:
    """Answers `/sandbox/…`."""

    def __init__(
        self,
        telegram: TelegramSandbox,
        *,
        busy: Callable[[], bool] = lambda: False,
        advance_clock: Callable[[timedelta], object] = clock.advance,
        patience: Patience | None = None,
    ) -> None:
        self._telegram = telegram
        self._state = telegram.state
        self._busy = busy
        self._advance_clock = advance_clock
        self._patience = patience or Patience()

    def routes(self) -> list[BaseRoute]:
        def post(path: str, answer: Callable[[Json], Awaitable[Json]]) -> Route:
            async def endpoint(request: Request) -> Response:
                try:
                    return JSONResponse(await answer(await _body(request)))
                except ValueError as problem:
                    return _problem(problem)

            return Route(f"/sandbox/{path}", endpoint, methods=["POST"])

        def get(path: str, answer: Callable[[Request], Json]) -> Route:
            async def endpoint(request: Request) -> Response:
                try:
                    return JSONResponse(answer(request))
                except ValueError as problem:
                    return _problem(problem)

            return Route(f"/sandbox/{path}", endpoint, methods=["GET"])

        return [
            post("say", self._say),
            post("tap", self._tap),
            post("pay", self._pay),
            post("block", self._block),
            post("unblock", self._unblock),
            post("deactivate", self._deactivate),
            post("users", self._add_user),
            post("faults", self._add_fault),
            post("limits", self._limit),
            post("clock", self._clock),
            get("users", self._users),
            get("chat/{user}", self._chat),
            get("faults", self._faults),
            get("calls", self._calls),
            Route("/sandbox/faults", self._clear_faults, methods=["DELETE"]),
            Route("/sandbox/events", self._events, methods=["GET"]),
            Route("/sandbox/files/{file_id}", self._file, methods=["GET"]),
        ]

    async def _say(self, body: Json) -> Json:
        user = _number(body, "user")
        extra = {name: body[name] for name in _SAYABLE if body.get(name) is not None}
        for name, value in extra.items():
            if name in _NUMBERS:
                extra[name] = _number(body, name)
            elif name != "entities":
                _text(body, name)
            elif not _are_entities(value):
                raise CannotDo('"entities" must be a list of objects, each with type, offset and length')
        position = self._state.position
        update_id = await self._telegram.say(user, _text(body, "text", optional="photo" in extra), **extra)
        return await self._followed(body, extra.get("chat", user), update_id, position)

    async def _tap(self, body: Json) -> Json:
        user, message_id = _number(body, "user"), _number(body, "message_id")
        button = body.get("button")
        if not isinstance(button, str | int) or isinstance(button, bool):
            raise CannotDo('"button" must be the text, the callback data or the index of a button')
        chat = _number(body, "chat") if body.get("chat") is not None else None
        position = self._state.position
        query_id = await self._telegram.tap(
            user, message_id, button, chat=chat, forced=body.get("forced") is True
        )
        update_id = self._state.queries[query_id].update_id
        return await self._followed(body, user if chat is None else chat, update_id, position)

    async def _pay(self, body: Json) -> Json:
        """Pay an invoice, by its message or its link: `paid`, or why not, and what followed."""
        user, link = _number(body, "user"), body.get("link")
        message_id = _number(body, "message_id") if link is None else None
        position = self._state.position
        outcome = await self._telegram.payments.pay(
            user, message_id, link=None if link is None else _text(body, "link")
        )
        followed = await self._followed(body, user, outcome.update_id, position)
        return followed | {
            "paid": outcome.charge_id is not None,
            "charge_id": outcome.charge_id,
            "refusal": outcome.refusal,
        }

    async def _block(self, body: Json) -> Json:
        position = self._state.position
        user = _number(body, "user")
        return await self._followed(body, user, await self._telegram.block(user), position)

    async def _unblock(self, body: Json) -> Json:
        position = self._state.position
        user = _number(body, "user")
        return await self._followed(body, user, await self._telegram.unblock(user), position)

    async def _deactivate(self, body: Json) -> Json:
        await self._telegram.deactivate(_number(body, "user"))
        return {"user": self._state.user(_number(body, "user")).view()}

    async def _followed(self, body: Json, chat_id: int, update_id: int | None, position: int) -> Json:
        """What the bot did in a chat after a position, once it is quiet; at once with `"wait": false`."""
        quiet = body.get("wait") is False or await self._until_quiet(update_id)
        messages = [message for message in self._state.chat(chat_id).messages.values() if message.from_bot]
        result: Json = {
            "messages": [
                message.view()
                for message in messages
                if message.created_at > position and not message.deleted
            ],
            "edits": [
                message.view()
                for message in messages
                if message.created_at <= position < message.edited_at and not message.deleted
            ],
            "deleted": [message.message_id for message in messages if message.deleted_at > position],
            "answers": [
                {"text": answer.text, "show_alert": answer.show_alert, "url": answer.url}
                for answer in self._state.answers
                if answer.chat_id == chat_id and answer.position > position
            ],
            "update_id": update_id,
        }
        return result if quiet else result | {"quiet": False}

    async def _until_quiet(self, update_id: int | None) -> bool:
        """Whether the bot became quiet within the bound."""
        try:
            async with asyncio.timeout(self._patience.bound):
                if update_id is not None:
                    await self._telegram.wait_for(
                        lambda: self._telegram.api.updates.is_handled(update_id), self._patience.bound
                    )
                silent_since = time.monotonic()
                while True:
                    traffic = self._telegram.api.traffic
                    if traffic.in_flight or self._busy():
                        silent_since = time.monotonic()
                    silence = time.monotonic() - max(silent_since, traffic.last_end)
                    if silence >= self._patience.settle:
                        return True
                    await asyncio.sleep(min(_LOOK_AGAIN, self._patience.settle))
        except TimeoutError:
            return False

    async def _add_user(self, body: Json) -> Json:
        facts = {name: _text(body, name) for name in ("username", "language_code") if body.get(name)}
        user = self._telegram.add_user(_number(body, "user"), _text(body, "first_name"), **facts)
        return {"user": user.view()}

    async def _add_fault(self, body: Json) -> Json:
        try:
            fault = Fault(**body)
        except TypeError:
            known = ", ".join(Fault.__dataclass_fields__)
            raise CannotDo(f"a fault has a kind and may have: {known}") from None
        self._telegram.faults.add(fault)
        return {"waiting": len(self._telegram.faults)}

    async def _limit(self, body: Json) -> Json:
        scale = body.get("scale", 1)
        if not isinstance(scale, int | float) or isinstance(scale, bool) or scale <= 0:
            raise CannotDo('"scale" must be a number above zero')
        enabled = body.get("enabled", True) is not False
        self._telegram.limits = Limits().scaled(scale) if enabled else Limits.off()
        return asdict(self._telegram.limits)

    async def _clock(self, body: Json) -> Json:
        seconds = body.get("advance_seconds")
        if not isinstance(seconds, int | float) or isinstance(seconds, bool) or not 0 <= seconds <= 10**9:
            raise CannotDo('"advance_seconds" must be a number of seconds, zero or more')
        self._advance_clock(timedelta(seconds=seconds))
        self._state.changes.notify()
        return {"now": clock.now().isoformat()}

    def _users(self, _request: Request) -> Json:
        return {"users": [user.view() for user in self._state.users.values()]}

    def _chat(self, request: Request) -> Json:
        user = _number(request.path_params, "user")
        if user not in self._state.chats:
            self._state.user(user)
        return {"user": user, "messages": self._telegram.chat(user)}

    def _faults(self, _request: Request) -> Json:
        return {"faults": [asdict(fault) for fault in self._telegram.faults]}

    def _calls(self, request: Request) -> Json:
        method, limit = request.query_params.get("method"), request.query_params.get("limit")
        calls = [call.view() for call in self._telegram.calls if method in (None, call.method)]
        return {"calls": calls[-_number({"limit": limit}, "limit") :] if limit else calls}

    async def _clear_faults(self, _request: Request) -> Response:
        self._telegram.faults.clear()
        return JSONResponse({"waiting": 0})

    async def _file(self, request: Request) -> Response:
        stored = self._state.files.get(request.path_params["file_id"])
        if stored is None:
            return JSONResponse({"error": "there is no such file"}, status_code=404)
        picture = stored.mime_type.startswith("image/") and "svg" not in stored.mime_type
        headers = {"X-Content-Type-Options": "nosniff"}
        if not picture:
            headers["Content-Disposition"] = "attachment"
        return Response(stored.content, media_type=stored.mime_type, headers=headers)

    async def _events(self, request: Request) -> Response:
        """Server-sent events of one chat: everything at first, then each change."""
        try:
            user = self._state.user(_number(dict(request.query_params), "user"))
        except ValueError as problem:
            return _problem(problem)
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        return StreamingResponse(self._stream(user.id), media_type="text/event-stream", headers=headers)

    async def _stream(self, user_id: int) -> AsyncIterator[bytes]:
        user, chat = self._state.user(user_id), self._state.chat(user_id)
        listener: asyncio.Queue[tuple[str, Json]] = asyncio.Queue()
        chat.listeners.add(listener)
        try:
            yield _event(
                "sync",
                {
                    "user": user.view(),
                    "bot": self._state.bot,
                    "messages": self._telegram.chat(user_id),
                    "commands": self._state.commands_for(user),
                },
            )
            while not self._state.closed:
                try:
                    kind, data = await asyncio.wait_for(listener.get(), _KEEP_ALIVE)
                except TimeoutError:
                    yield b": still here\n\n"
                    continue
                yield _event(kind, data)
        finally:
            chat.listeners.discard(listener)


def _event(kind: str, data: Json) -> bytes:
    return b"event: " + kind.encode() + b"\ndata: " + orjson.dumps(data) + b"\n\n"


def _problem(problem: ValueError) -> Response:
    return JSONResponse({"error": str(problem)}, status_code=400)


async def _body(request: Request) -> Json:
    try:
        body = orjson.loads(await request.body())
    except orjson.JSONDecodeError:
        raise CannotDo("the body must be a JSON object") from None
    if not isinstance(body, dict):
        raise CannotDo("the body must be a JSON object")
    return body


def _number(body: Json, name: str) -> int:
    value: Any = body.get(name)
    if isinstance(value, str) and value.lstrip("-").isdecimal():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**52:
        raise CannotDo(f'"{name}" must be a whole number')
    return value


def _are_entities(value: Any) -> bool:
    return isinstance(value, list) and all(
        isinstance(entity, dict)
        and isinstance(entity.get("type"), str)
        and isinstance(entity.get("offset"), int)
        and isinstance(entity.get("length"), int)
        for entity in value
    )


def _text(body: Json, name: str, *, optional: bool = False) -> str:
    value = body.get(name, "" if optional else None)
    if not isinstance(value, str):
        raise CannotDo(f'"{name}" must be text')
    return value
