"""A Telegram that a test holds in its hand: it takes messages without a network, and fails when told to.

For tests that run thousands of steps in a time of their own; `server.py` is the one that speaks HTTP.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count
from typing import Any, cast

from aiogram import Bot
from aiogram.client.session.base import BaseSession
from aiogram.exceptions import (
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.methods import SendMessage, SendPhoto, TelegramMethod
from aiogram.methods.base import TelegramType
from aiogram.types import Chat, Message


class Fault(StrEnum):
    """What can come of a message."""

    LOST = "lost"
    """It never arrived."""
    LOST_ANSWER = "lost_answer"
    """It arrived, and nobody knows."""
    REFUSED_FOR_NOW = "refused_for_now"
    """An error of the server that passes."""
    TOO_MANY = "too_many"
    BLOCKED = "blocked"
    CRASH_BEFORE = "crash_before"
    """The worker ends before it is sent."""
    CRASH_AFTER = "crash_after"
    """The worker ends when it has arrived, before it is written down."""


class Crashed(BaseException):
    """The process that was sending is no more."""


Heard = Callable[[int, Fault | None], Awaitable[None]]


class InProcess(BaseSession):
    """An aiogram session whose calls end here. `heard` is told of each; `faults` strike the next ones."""

    def __init__(self, heard: Heard) -> None:
        super().__init__()
        self.heard = heard
        self.faults: list[Fault] = []
        self._numbers = count(1)

    async def make_request(
        self,
        bot: Bot,
        method: TelegramMethod[TelegramType],
        timeout: int | None = None,  # noqa: ASYNC109 - aiogram's signature
    ) -> TelegramType:
        assert isinstance(method, SendMessage | SendPhoto)
        chat = int(method.chat_id)
        fault = self.faults.pop(0) if self.faults else None
        await self.heard(chat, fault)
        match fault:
            case Fault.LOST | Fault.LOST_ANSWER:
                raise TelegramNetworkError(method=method, message="the connection broke")
            case Fault.REFUSED_FOR_NOW:
                raise TelegramServerError(method=method, message="Bad Gateway")
            case Fault.TOO_MANY:
                raise TelegramRetryAfter(method=method, message="Too Many Requests", retry_after=3)
            case Fault.BLOCKED:
                raise TelegramForbiddenError(method=method, message="Forbidden: bot was blocked by the user")
            case Fault.CRASH_BEFORE | Fault.CRASH_AFTER:
                raise Crashed
        message = Message(
            message_id=next(self._numbers), date=datetime.now(UTC), chat=Chat(id=chat, type="private")
        )
        return cast(TelegramType, message)

    async def stream_content(
        self,
        url: str,
        headers: dict[str, Any] | None = None,
        timeout: int = 30,  # noqa: ASYNC109 - aiogram's signature
        chunk_size: int = 65536,
        raise_for_status: bool = True,
    ) -> AsyncGenerator[bytes, None]:
        """No file is kept here."""
        nothing: tuple[bytes, ...] = ()
        for chunk in nothing:
            yield chunk

    async def close(self) -> None:
        """There is nothing to close."""
