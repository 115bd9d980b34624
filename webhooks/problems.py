"""Refusals and failures as `application/problem+json` (RFC 9457), with the reference of their log lines."""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.routing import compile_path

from tracker.admin.roles import Forbidden
from tracker.errors import NotYours, OverAllowance, PriceTrackerError
from tracker.texts import Language


class Where(BaseModel):
    where: list[str | int]
    what: str


class Problem(BaseModel):
    """A problem document (RFC 9457)."""

    type: str = "about:blank"
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str | None = None
    errors: list[Where] | None = None
    reference: str = Field(description="Names the request in the log.", examples=["0f3c8a5e9d1b4c72"])


_MEANINGS = {
    400: "The body cannot be read.",
    401: "There is no token, or one that is no good.",
    403: "The role is too small.",
    404: "It does not exist, or is somebody else's.",
    409: "Its state does not allow that.",
    413: "The body is too large.",
    422: "The request does not have the right form.",
    429: "Too many requests; `Retry-After` says when to come back.",
    503: "It is not configured.",
}

ERRORS: dict[int, dict[str, Any]] = {
    status: {
        "description": meaning,
        "content": {
            "application/problem+json": {
                "schema": {"$ref": "#/components/schemas/Problem"},
                "example": {
                    "type": "about:blank",
                    "title": HTTPStatus(status).phrase,
                    "status": status,
                    "detail": meaning,
                    "reference": "0f3c8a5e9d1b4c72",
                },
            }
        },
    }
    for status, meaning in _MEANINGS.items()
}
"""How a document of the API describes each."""


def problem(reference: str, status: int, detail: str | None = None, **members: Any) -> Response:
    """A problem document. `detail` is shown to strangers: it names no internals."""
    content = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status}
    if detail is not None:
        content["detail"] = detail
    return Response(
        orjson.dumps(content | members | {"reference": reference}),
        status_code=status,
        media_type="application/problem+json",
    )


def handle_errors(app: FastAPI) -> None:
    """Make FastAPI's own refusals problem documents. What nobody expected ends in `security.Requests`."""

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        detail = error.detail if error.detail != HTTPStatus(error.status_code).phrase else None
        response = problem(request.state.request_id, error.status_code, detail)
        response.headers.update(error.headers or {})
        if error.status_code == 405:
            response.headers["allow"] = ", ".join(_methods_at(app, request.url.path))
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it may hold a secret.
        errors = [{"where": list(each["loc"]), "what": each["msg"]} for each in error.errors()]
        return problem(
            request.state.request_id, 422, "The request does not have the right form.", errors=errors
        )

    @app.exception_handler(PriceTrackerError)
    async def impossible(request: Request, error: PriceTrackerError) -> Response:
        sentence = Language()(error.text_key, **error.details).striptags()
        return problem(request.state.request_id, _status_of(error), sentence)


def _methods_at(app: FastAPI, path: str) -> list[str]:
    """Of all routes there: Starlette names those of the first alone."""
    routes = [each for each in iter_route_contexts(app.routes) if compile_path(str(each.path))[0].match(path)]
    return sorted({method for route in routes for method in route.methods or ()})


def _status_of(error: PriceTrackerError) -> int:
    """The form was judged before: what a service finds bad in an input is that it cannot be now."""
    if isinstance(error, NotYours):
        return 404
    return 403 if isinstance(error, Forbidden | OverAllowance) else 409
