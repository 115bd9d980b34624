"""Refusals and failures as `application/problem+json` (RFC 9457), with the reference of their log lines."""

from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException


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
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        # What was sent is not repeated: it may hold a secret.
        errors = [{"where": list(each["loc"]), "what": each["msg"]} for each in error.errors()]
        return problem(
            request.state.request_id, 422, "The request does not have the right form.", errors=errors
        )
