"""How the service itself does."""

import asyncio
from datetime import datetime
from typing import Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, Field

from tracker import vitals
from tracker.admin import health
from tracker.admin.health import Health
from tracker.admin.roles import Action
from webhooks.auth import ByActor, Gate, Guarded


class _Read(BaseModel):
    model_config = ConfigDict(from_attributes=True)


class AlarmOut(_Read):
    key: str = Field(examples=["store:amazon.in"])
    since: datetime
    silenced_until: datetime | None
    details: dict[str, Any]


class WorkerOut(_Read):
    """Jobs since it started; `recently` is the last 15 minutes."""

    name: str
    version: str
    started_at: datetime
    done: int
    failed: int
    recently_done: int
    recently_failed: int


class GoneOut(_Read):
    name: str
    last_seen: datetime


class CronOut(BaseModel):
    ended_at: datetime
    every_seconds: float
    late_seconds: float


class ReachedOut(_Read):
    answered_at: datetime | None
    failed_at: datetime | None
    error: str | None
    is_away: bool


class MachineOut(_Read):
    """Of the machine that answers; in bytes."""

    disk_free: int
    disk_total: int
    backup_at: datetime | None
    has_backups: bool = Field(description="Whether the settings say where backups are.")


class HealthOut(BaseModel):
    is_well: bool = Field(description="No alarm lasts, and a worker lives.")
    at: datetime
    database: str = Field(examples=["postgresql"])
    database_milliseconds: float
    redis_milliseconds: float | None = Field(description="Null when it did not answer.")
    failed_alerts: int = Field(description="Counted up to 1,000.")
    failed_events: int
    waiting_hints: int
    alarms: list[AlarmOut]
    workers: list[WorkerOut]
    gone: list[GoneOut] = Field(description="Workers that went without a word.")
    cron: dict[str, CronOut]
    reached: dict[str, ReachedOut] = Field(description="Other services, as workers came by them.")
    machine: MachineOut


def router() -> APIRouter:
    routes = Guarded("/api/admin/system", "system")

    @routes.get("/health", Action.SEE_HEALTH, response_model=HealthOut)
    async def system_health(request: Request, actor: ByActor) -> object:
        """What the database, Redis, the workers and the machine say."""
        gate: Gate = request.app.state.gate
        async with gate.database.transaction() as session:
            stored = await health.stored(session, actor)
        readings = await vitals.read(gate.queue.redis, gate.queue.name)
        machine = await asyncio.to_thread(health.machine, gate.settings)
        return _health(Health(stored, readings, machine))

    return routes.router


def _health(found: Health) -> HealthOut:
    stored, readings = found.stored, found.readings
    return HealthOut(
        is_well=found.is_well,
        at=found.at,
        database=stored.kind,
        database_milliseconds=stored.milliseconds,
        redis_milliseconds=readings.milliseconds,
        failed_alerts=stored.failed_alerts,
        failed_events=stored.failed_events,
        waiting_hints=readings.hints,
        alarms=[AlarmOut.model_validate(each) for each in stored.alarms],
        workers=[WorkerOut.model_validate(each) for each in readings.workers],
        gone=[GoneOut.model_validate(each) for each in readings.gone],
        cron={
            job: CronOut(
                ended_at=each.ended_at,
                every_seconds=each.every.total_seconds(),
                late_seconds=each.late_by(found.at).total_seconds(),
            )
            for job, each in readings.cron.items()
        },
        reached={service: ReachedOut.model_validate(each) for service, each in readings.reached.items()},
        machine=MachineOut.model_validate(found.machine),
    )
