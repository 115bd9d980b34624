"""The figures of the dashboard, and what was earned over time. docs/metrics.md defines each."""

from datetime import date, datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.admin import figures
from tracker.admin.counts import Share
from tracker.admin.figures import By, Dashboard
from tracker.admin.roles import Action
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Day


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class PeopleOut(_Read):
    total: int
    active: int = Field(description="Within 7 days.")
    new_today: int
    new_this_week: int
    new_this_month: int
    verified_emails: int
    blocked: int


class EarningsOut(_Read):
    """In minor units of one currency."""

    currency: str = Field(examples=["INR"])
    monthly_minor: int = Field(description="MRR.")
    per_person_minor: int = Field(description="ARPU.")
    paying: int
    this_month_minor: int
    total_minor: int
    refunded_this_month_minor: int
    refunded_minor: int


class ShareOut(_Read):
    part: int
    whole: int


class PlanCount(BaseModel):
    plan: str
    state: str
    count: int


class SaidOut(_Read):
    sent: int
    held: int
    failed: int


class CountedOut(BaseModel):
    taken_at: datetime
    people: PeopleOut
    earnings: list[EarningsOut]
    churn: ShareOut
    conversion: ShareOut
    subscriptions: list[PlanCount]
    alerts: SaidOut
    promise_kept: ShareOut


class StoreCountOut(_Read):
    code: str = Field(description="Empty for all others together.")
    listings: int
    watches: int


class StoresOut(BaseModel):
    taken_at: datetime
    stores: list[StoreCountOut]


class ChecksOut(BaseModel):
    hour: datetime
    outcomes: dict[str, int]


class QueueOut(_Read):
    name: str = Field(examples=["alerts"])
    depth: int
    age_seconds: int


class StatsOut(BaseModel):
    """`counted` and `stores` are null until a worker has counted for the first time."""

    at: datetime
    counted: CountedOut | None
    stores: StoresOut | None
    checks: list[ChecksOut] = Field(description="Of the last whole hour, and of this one so far.")
    queues: list[QueueOut]
    alarms: int


class PointOut(_Read):
    begins: date
    value: int


class SeriesOut(_Read):
    name: str
    currency: str | None
    points: list[PointOut]


def router() -> APIRouter:
    routes = Guarded("/api/admin/dashboard", "dashboard")

    @routes.get("/stats", Action.SEE_DASHBOARD, response_model=StatsOut)
    async def stats(work: InWork, actor: ByActor) -> object:
        """Every figure of the dashboard."""
        return _stats(await figures.dashboard(work.session, actor))

    @routes.get("/revenue-chart", Action.SEE_DASHBOARD, 409, response_model=list[SeriesOut])
    async def revenue_chart(
        work: InWork,
        actor: ByActor,
        by: By = By.DAY,
        since: Annotated[Day | None, Query()] = None,
        until: Annotated[Day | None, Query(description="The last day.")] = None,
    ) -> object:
        """What was earned and what went back, in each currency apart, in minor units. At most 400 points."""
        return await figures.revenue(work.session, actor, by, since, until)

    return routes.router


def _stats(found: Dashboard) -> StatsOut:
    counted, stores = found.counted, found.stores
    return StatsOut(
        at=found.at,
        counted=None
        if counted is None
        else CountedOut(
            taken_at=counted.taken_at,
            people=PeopleOut.model_validate(counted.people),
            earnings=[EarningsOut.model_validate(each) for each in counted.earnings],
            churn=_share(counted.churn),
            conversion=_share(counted.conversion),
            subscriptions=[
                PlanCount(plan=plan, state=state, count=count) for plan, state, count in counted.subscriptions
            ],
            alerts=SaidOut.model_validate(counted.alerts),
            promise_kept=_share(counted.promise),
        ),
        stores=None
        if stores is None
        else StoresOut(
            taken_at=stores.taken_at, stores=[StoreCountOut.model_validate(each) for each in stores.stores]
        ),
        checks=[ChecksOut(hour=each.hour, outcomes=dict(each.outcomes)) for each in found.checks],
        queues=[QueueOut.model_validate(each) for each in found.queues],
        alarms=found.alarms,
    )


def _share(share: Share) -> ShareOut:
    return ShareOut(part=share.part, whole=share.whole)
