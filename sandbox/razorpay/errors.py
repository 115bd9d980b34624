"""What Razorpay answers when it refuses, in its own words, and what the sandbox itself cannot do.

Source: Razorpay API reference, errors and the failure samples of each call.
"""

from typing import Any


class ApiError(Exception):
    """A refusal of the API: an HTTP status and the documented envelope."""

    def __init__(
        self, description: str, *, status: int = 400, field: str | None = None, **facts: Any
    ) -> None:
        super().__init__(description)
        self.status = status
        self.error = {"code": "BAD_REQUEST_ERROR", "description": description} | facts
        if field is not None:
            self.error["field"] = field


class CannotDo(ValueError):
    """The sandbox was told to do what Razorpay's payers and merchants cannot do either."""


_NOT_APPLICABLE: dict[str, Any] = {"source": "NA", "step": "NA", "reason": "NA", "metadata": {}}
_INVALID_INPUT: dict[str, Any] = {
    "source": "business",
    "step": "payment_initiation",
    "reason": "input_validation_failed",
    "metadata": {},
}


def invalid(description: str, field: str | None = None) -> ApiError:
    """An input that the API refuses."""
    return ApiError(description, field=field, **_INVALID_INPUT)


def link_refused(description: str) -> ApiError:
    """Payment links name no source, step or reason."""
    return ApiError(description, source=None, step=None, reason=None, metadata=[])


def unknown_id() -> ApiError:
    return invalid("The id provided does not exist")


def not_an_id(given: str) -> ApiError:
    return invalid(f"{given} is not a valid id")


def no_such_url() -> ApiError:
    return ApiError("The requested URL was not found on the server.", **_NOT_APPLICABLE)


def wrong_key() -> ApiError:
    return ApiError("The api key provided is invalid", status=401, **_NOT_APPLICABLE)


def wrong_secret() -> ApiError:
    return ApiError("Authentication failed", status=401, **_NOT_APPLICABLE)


def other_body() -> ApiError:
    return ApiError(
        "Different request with the same idempotency key has already been processed.",
        status=409,
        **_NOT_APPLICABLE,
    )
