"""How the stores answer."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from tracker.admin import stores
from tracker.admin.roles import Action
from tracker.admin.stores import StoreReport
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Limit, Words


class StoreOut(BaseModel):
    """Checks and promises are of the last 24 hours."""

    code: str = Field(examples=["amazon.in"])
    listings: int = Field(description="Those that are checked.")
    checks: int
    outcomes: dict[str, int] = Field(examples=[{"offer": 90, "captcha": 10}])
    read: int
    refused: int
    not_sure: int
    mean_milliseconds: int | None
    promises_kept: int
    promises: int
    refusals_in_a_row: int
    rests_until: datetime | None
    sale_until: datetime | None
    at_once: int | None = Field(description="Null is the service's own, as of the next two.")
    gap_seconds: float | None
    way: str | None


class StoresOut(BaseModel):
    """By code. `next` is the `after` of the page that follows; null on the last."""

    items: list[StoreOut]
    next: str | None


def router() -> APIRouter:
    routes = Guarded("/api/admin", "stores")

    @routes.get("/stores", Action.SEE_STORES, response_model=StoresOut)
    async def all_stores(
        work: InWork,
        actor: ByActor,
        q: Annotated[Words, Query(description="The beginning of a host.", examples=["amazon"])] = "",
        after: Annotated[Words | None, Query(description="The `next` of the page before.")] = None,
        limit: Limit = 20,
    ) -> object:
        """The stores by their codes."""
        found = await stores.search(work.session, actor, words=q, after=after, limit=limit + 1)
        return StoresOut(
            items=[_store(each) for each in found[:limit]],
            next=found[limit - 1].code if len(found) > limit else None,
        )

    return routes.router


def _store(report: StoreReport) -> StoreOut:
    return StoreOut(
        code=report.code,
        listings=report.listings,
        checks=report.checks,
        outcomes=dict(report.outcomes),
        read=report.offers,
        refused=report.refusals,
        not_sure=report.unsure,
        mean_milliseconds=report.mean_milliseconds,
        promises_kept=report.promises.part,
        promises=report.promises.whole,
        refusals_in_a_row=report.refusals_in_a_row,
        rests_until=report.rests_until,
        sale_until=report.sale_until,
        at_once=report.at_once,
        gap_seconds=report.gap_seconds,
        way=report.way,
    )
