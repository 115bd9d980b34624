"""Whether Telegram answers, as it shows in the work itself: nothing is asked for the sake of knowing."""

from collections.abc import Callable

from aiogram import Bot
from aiogram.client.session.middlewares.base import BaseRequestMiddleware, NextRequestMiddlewareType
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramNetworkError,
    TelegramServerError,
)
from aiogram.methods import Response, TelegramMethod
from aiogram.methods.base import TelegramType

SERVICE = "telegram"

Note = Callable[[str, str | None], None]


def tell(bot: Bot, note: Note) -> None:
    """Call `note` with the service and an error, or None, after each call of this client's."""
    bot.session.middleware(_Listening(note))


class _Listening(BaseRequestMiddleware):
    """A refusal is an answer. What stands in an error text is not told: it may name what was asked."""

    def __init__(self, note: Note) -> None:
        self._note = note

    async def __call__(
        self,
        make_request: NextRequestMiddlewareType[TelegramType],
        bot: Bot,
        method: TelegramMethod[TelegramType],
    ) -> Response[TelegramType]:
        try:
            answer = await make_request(bot, method)
        except (TelegramNetworkError, TelegramServerError, ClientDecodeError) as error:
            self._note(SERVICE, type(error).__name__)
            raise
        except TelegramAPIError:
            self._note(SERVICE, None)
            raise
        self._note(SERVICE, None)
        return answer
