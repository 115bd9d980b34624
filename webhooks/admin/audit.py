"""Who did what."""

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.admin import audit
from tracker.admin.roles import Action
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Before, Limit, Page, Words


class EntryOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[41])
    at: datetime
    by: int = Field(description="A Telegram id.", examples=[1003])
    role: str = Field(examples=["owner"])
    door: str = Field(description="`chat` or `api`.", examples=["chat"])
    action: str = Field(examples=["suspend_user"])
    subject: str | None = Field(examples=["user:7"])
    details: dict[str, Any]


def router() -> APIRouter:
    routes = Guarded("/api/admin", "audit")

    @routes.get("/audit", Action.SEE_AUDIT, response_model=Page[EntryOut])
    async def audit_entries(
        work: InWork,
        actor: ByActor,
        subject: Annotated[Words | None, Query(examples=["user:7"])] = None,
        by: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="A Telegram id.")] = None,
        action: Action | None = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """The audit log, the newest first."""
        actor.must_be_let(Action.SEE_AUDIT)
        found = await audit.entries(
            work.session, subject=subject, by=by, action=action, before=before, limit=limit + 1
        )
        return Page.of(found, limit, EntryOut.model_validate)

    return routes.router
