"""The API in its own process, asked without a network: staff, a person with a plan, and their tokens."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import SecretStr

from tests import rows
from tests.conftest import MakeSettings
from tracker import clock
from tracker.admin import sessions
from tracker.admin.models import Staff
from tracker.admin.roles import Actor, Door, Role
from tracker.admin.sessions import Tokens
from tracker.billing.plans import DEFAULT
from tracker.database import Database
from tracker.jobs import JobQueue
from tracker.users import api_tokens
from tracker.users import service as users
from webhooks import admin, me
from webhooks.api import document
from webhooks.app import create_app

SECRET = SecretStr("a secret of the tests, long enough for HS256")
OWNER, SUPPORT, VIEWER = 9001, 9002, 9003
ASHA, RAVI = 1001, 1002
BUSINESS = DEFAULT["business"]


@dataclass(frozen=True, slots=True)
class Route:
    """One route under /api: `needs` is an action, "own" or "nobody"."""

    method: str
    path: str
    needs: str

    def at(self, id: int | str = 1) -> str:
        return self.path.replace("{id}", str(id))


@dataclass
class Api:
    app: FastAPI
    client: httpx.AsyncClient
    database: Database
    queue: JobQueue
    transport: httpx.ASGITransport
    knocks: int = 0

    async def sign_in(self, telegram_id: int = OWNER, role: Role = Role.OWNER) -> Tokens:
        async with self.database.transaction() as session:
            if telegram_id != OWNER:
                row = Staff(telegram_id=telegram_id, role=role, given_by=OWNER, given_at=clock.now())
                await session.merge(row)
            return await sessions.begin(session, Actor(telegram_id, role, Door.CHAT), SECRET)

    async def own_token(self, telegram_id: int = ASHA) -> str:
        async with self.database.transaction() as session:
            user = await rows.person(session, telegram_id)
            users.permit(user, BUSINESS.code, BUSINESS.allowance)
            return await api_tokens.make(session, user)

    async def ask(
        self, path: str, token: str | None = None, *, method: str = "GET", **how: Any
    ) -> httpx.Response:
        headers = how.pop("headers", {}) | ({"Authorization": f"Bearer {token}".encode()} if token else {})
        return await self.client.request(method, path, headers=headers, **how)

    def query_of(self, route: "Route") -> set[str]:
        """What may stand behind the question mark, as the description says."""
        operation = self._described["paths"].get(route.path, {}).get(route.method.lower(), {})
        return {each["name"] for each in operation.get("parameters", [])}

    @cached_property
    def _described(self) -> dict[str, Any]:
        return document([*admin.routers(), me.router()])

    def routes(self) -> list[Route]:
        """Every route of the app under /api."""
        return routes_of(self.app)


def routes_of(app: FastAPI) -> list[Route]:
    return [
        Route(
            method, str(route.path), (getattr(route, "openapi_extra", None) or {}).get("x-action", "nothing")
        )
        for route in iter_route_contexts(app.routes)
        if str(route.path).startswith("/api")
        for method in sorted(route.methods or ())
    ]


@asynccontextmanager
async def open_api(
    settings: MakeSettings, database: Database, queue: JobQueue, **values: Any
) -> AsyncIterator[Api]:
    configured = {"api_secret": SECRET.get_secret_value(), "admin_ids": str(OWNER)}
    app = create_app(settings(**(configured | values)), database, queue)
    transport = httpx.ASGITransport(app, client=("203.0.113.7", 4711))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.test") as client:
        yield Api(app, client, database, queue, transport)
