"""Alerts that were given up and events that could not be applied: seen, and tried again."""

from datetime import datetime

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field

from tracker.admin import alerts, events
from tracker.admin.alerts import AlertEntry
from tracker.admin.roles import Action
from tracker.alerts.models import AlertState
from tracker.inbox.models import EventState
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Amount, Before, Limit, Page, RowId


class AlertOut(BaseModel):
    id: int = Field(examples=[41])
    watch_id: int
    user_id: int
    telegram_id: int
    listing_id: int
    title: str = Field(examples=["Kettle"])
    store: str = Field(examples=["shop.example"])
    before: Amount | None
    now: Amount | None
    state: str = Field(examples=["dead"])
    attempts: int
    observed_at: datetime
    due_at: datetime
    sent_at: datetime | None
    last_error: str | None


class EventOut(BaseModel):
    """An event without what it said: that is people's own."""

    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[41])
    provider: str = Field(examples=["razorpay"])
    event_id: str = Field(examples=["evt_N1b2c3"])
    state: str = Field(examples=["dead"])
    attempts: int
    received_at: datetime
    due_at: datetime
    applied_at: datetime | None
    last_error: str | None


def router() -> APIRouter:
    routes = Guarded("/api/admin", "outbox")

    @routes.get("/alerts", Action.SEE_ALERTS, response_model=Page[AlertOut])
    async def all_alerts(
        work: InWork,
        actor: ByActor,
        state: AlertState | None = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """Alerts, the newest first. Those that were given up are `dead`."""
        found = await alerts.search(work.session, actor, state=state, before=before, limit=limit + 1)
        return Page.of(found, limit, _alert)

    @routes.post("/alerts/{id}/retry", Action.RETRY_ALERT, 404, 409, response_model=AlertOut)
    async def retry(work: InWork, actor: ByActor, id: RowId) -> object:
        """Let an alert that was given up be said now."""
        found = await alerts.retry(work.session, actor, id)
        work.hints.deliver()
        return _alert(found)

    @routes.get("/webhook-events", Action.SEE_EVENTS, response_model=Page[EventOut])
    async def all_events(
        work: InWork,
        actor: ByActor,
        state: EventState | None = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """Events of Razorpay and Telegram, the newest first."""
        found = await events.search(work.session, actor, state=state, before=before, limit=limit + 1)
        return Page.of(found, limit, EventOut.model_validate)

    @routes.post("/webhook-events/{id}/replay", Action.REPLAY_EVENT, 404, 409, response_model=EventOut)
    async def replay(work: InWork, actor: ByActor, id: RowId) -> object:
        """Let an event that was given up, or passed over, be handled anew."""
        found = await events.replay(work.session, actor, id)
        work.hints.payments()
        return EventOut.model_validate(found)

    return routes.router


def _alert(found: AlertEntry) -> AlertOut:
    alert = found.alert
    return AlertOut(
        id=alert.id,
        watch_id=alert.watch_id,
        user_id=found.user.id,
        telegram_id=found.user.telegram_id,
        listing_id=found.listing.id,
        title=found.listing.title,
        store=found.listing.store,
        before=Amount.of_any(alert.before),
        now=Amount.of_any(alert.now),
        state=alert.state,
        attempts=alert.attempts,
        observed_at=alert.observed_at,
        due_at=alert.due_at,
        sent_at=alert.sent_at,
        last_error=alert.last_error,
    )
