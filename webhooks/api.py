"""The API: for staff under /api/admin, for people about their own things under /api/me."""

from typing import Any

from fastapi import APIRouter, FastAPI, Response
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse

from tracker.admin.roles import Action
from tracker.config import Settings
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.limits import Limiter
from webhooks import admin, me
from webhooks.auth import Gate, Guarded
from webhooks.problems import Problem

_ABOUT = """Errors are problem documents (RFC 9457). Lists are newest first: `next` is the `before` of the \
page that follows. A token allows so many requests a minute as `RateLimit-Limit` says."""


def serve(app: FastAPI, settings: Settings, database: Database, queue: JobQueue) -> None:
    """Add the API to the app. Without `API_SECRET` the part for staff answers 503 and describes nothing."""
    app.state.gate = Gate(settings, database, queue, Limiter(queue.redis))
    routers = [*admin.routers(), me.router()]
    for each in routers:
        app.include_router(each)
    if settings.api_secret is not None:
        app.include_router(_description(routers))


def document(routers: list[APIRouter]) -> dict[str, Any]:
    """The OpenAPI document of those routes."""
    app = FastAPI()
    for each in routers:
        app.include_router(each)
    made = get_openapi(title="Price Tracker Pro", version="1", description=_ABOUT, routes=app.routes)
    schemas = made.setdefault("components", {}).setdefault("schemas", {})
    template = "#/components/schemas/{model}"
    problem = Problem.model_json_schema(ref_template=template)
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    return made


def _description(routers: list[APIRouter]) -> APIRouter:
    routes = Guarded("/api", "description")
    made = document(routers)

    @routes.get("/openapi.json", Action.USE_API, include_in_schema=False)
    async def openapi() -> Response:
        return JSONResponse(made)

    return routes.router
