"""Refusals: the Bot API's own answers, and what a person at the page cannot do."""

from typing import Any


class ApiError(Exception):
    """The Bot API answers `{"ok": false, "error_code": …, "description": …, "parameters": …}`."""

    def __init__(self, code: int, description: str, **parameters: Any) -> None:
        self.code = code
        self.description = description
        self.parameters = parameters
        super().__init__(f"{code} {description}")


class CannotDo(ValueError):
    """A person cannot do this: no such button, the bot is blocked. The message is one clear sentence."""


def bad_request(reason: str) -> ApiError:
    """400 `Bad Request: …`. Source of the texts: tdlib/telegram-bot-api, Client.cpp."""
    return ApiError(400, f"Bad Request: {reason}")


def forbidden(reason: str) -> ApiError:
    """403 `Forbidden: …`."""
    return ApiError(403, f"Forbidden: {reason}")


def conflict(reason: str) -> ApiError:
    """409 `Conflict: …`: two pollers, or a poller beside a webhook."""
    return ApiError(409, f"Conflict: {reason}")


def too_many_requests(retry_after: int) -> ApiError:
    """429 with `parameters.retry_after` in seconds."""
    return ApiError(429, f"Too Many Requests: retry after {retry_after}", retry_after=retry_after)
