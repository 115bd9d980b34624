"""Messages to many, in two steps: written down with how many it reaches, then started."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tracker.admin import broadcasts
from tracker.admin.broadcasts import Progress, Segment
from tracker.admin.roles import Action
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Before, Days, Limit, Moment, Page, RowId, Words

Text = Annotated[str, StringConstraints(min_length=1, max_length=3000, pattern=r"^[^\x00]*$")]


class SegmentIn(BaseModel):
    """To whom: all that is given must be so; nothing given is everybody who can be written to."""

    model_config = ConfigDict(extra="forbid")

    plan: Words | None = Field(None, examples=["pro"])
    locale: Words | None = Field(None, examples=["en"])
    store: Words | None = Field(None, examples=["amazon.in"], description="They watch something there.")
    active_days: Days | None = None


class BroadcastIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Text = Field(examples=["We are back."], description="Text, no markup.")
    segment: SegmentIn
    starts_at: Moment | None = Field(None, description="At once when it is started, without it.")


class BroadcastOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[41])
    text: str
    segment: dict[str, str | int]
    state: str = Field(examples=["draft"])
    starts_at: datetime | None
    by: int = Field(description="A Telegram id.")
    created_at: datetime
    ended_at: datetime | None


class DraftOut(BaseModel):
    broadcast: BroadcastOut
    recipients: int = Field(description="So many people it would reach now.")


class ProgressOut(BaseModel):
    broadcast: BroadcastOut
    owed: int
    sent: int
    failed: int


def router() -> APIRouter:
    routes = Guarded("/api/admin", "broadcasts")

    @routes.get("/broadcasts", Action.SEE_BROADCASTS, response_model=Page[BroadcastOut])
    async def all_broadcasts(
        work: InWork, actor: ByActor, before: Before = None, limit: Limit = 20
    ) -> object:
        """The broadcasts, the newest first."""
        found = await broadcasts.recent(work.session, actor, before=before, limit=limit + 1)
        return Page.of(found, limit, BroadcastOut.model_validate)

    @routes.get("/broadcasts/{id}", Action.SEE_BROADCASTS, 404, response_model=ProgressOut)
    async def broadcast(work: InWork, actor: ByActor, id: RowId) -> object:
        """How far one is."""
        return _progress(await broadcasts.get(work.session, actor, id))

    @routes.post("/broadcasts", Action.SEND_BROADCAST, 409, status_code=201, response_model=DraftOut)
    async def write(work: InWork, actor: ByActor, given: BroadcastIn) -> object:
        """Write one down. Nobody is told anything before it is started."""
        segment = broadcasts.checked(Segment(**given.segment.model_dump()), work.billing.plans)
        draft = await broadcasts.draft(work.session, actor, segment, given.text)
        if given.starts_at is not None:
            draft = await broadcasts.plan_for(work.session, actor, draft.id, given.starts_at)
        return DraftOut(
            broadcast=BroadcastOut.model_validate(draft),
            recipients=await broadcasts.recipients(work.session, actor, segment),
        )

    @routes.post("/broadcasts/{id}/start", Action.SEND_BROADCAST, 404, 409, response_model=ProgressOut)
    async def start(work: InWork, actor: ByActor, id: RowId) -> object:
        """Let a draft begin, now or at its time."""
        await broadcasts.start(work.session, actor, id)
        return _progress(await broadcasts.get(work.session, actor, id))

    return routes.router


def _progress(found: Progress) -> ProgressOut:
    return ProgressOut(
        broadcast=BroadcastOut.model_validate(found.broadcast),
        owed=found.owed,
        sent=found.sent,
        failed=found.failed,
    )
