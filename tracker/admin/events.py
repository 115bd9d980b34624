"""What other machines told us, by what became of it, and what can be done about what could not be applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import defer

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.errors import BadInput, NotYours
from tracker.inbox.models import EventState, WebhookEvent

DROPPED = "dropped by an admin"

_REPLAYABLE = (EventState.DEAD, EventState.IGNORED)
_UNAPPLIED: ColumnElement[bool] = literal_column("state IN ('dead', 'ignored')")
"""As the partial index says it: only by the same words does SQLite see that it serves."""


@dataclass(frozen=True, slots=True)
class EventEntry:
    """An event without what it said: that is people's own."""

    id: int
    provider: str
    event_id: str
    state: str
    attempts: int
    received_at: datetime
    due_at: datetime
    applied_at: datetime | None
    last_error: str | None


async def search(
    session: AsyncSession,
    actor: Actor,
    *,
    state: EventState | None = EventState.DEAD,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[EventEntry]:
    """The newest first, from the one before id `before` on; with a state of None of all states."""
    actor.must_be_let(Action.SEE_EVENTS)
    wanted: list[ColumnElement[bool]] = []
    if state is not None:
        # Literals, not parameters: only then do both databases see that the partial indexes serve.
        wanted.append(WebhookEvent.state == literal_column(f"'{state.value}'"))
    if state in _REPLAYABLE:
        wanted.append(_UNAPPLIED)
    if before is not None:
        wanted.append(WebhookEvent.id < before)
    rows = await session.scalars(
        select(WebhookEvent)
        .options(defer(WebhookEvent.body))
        .where(*wanted)
        .order_by(WebhookEvent.id.desc())
        .limit(limit)
    )
    return [_entry(event) for event in rows]


async def get(session: AsyncSession, actor: Actor, event_id: int) -> EventEntry:
    """Raises NotYours."""
    actor.must_be_let(Action.SEE_EVENTS)
    event = await session.get(WebhookEvent, event_id, options=[defer(WebhookEvent.body)])
    if event is None:
        raise NotYours("error.no_such_event")
    return _entry(event)


async def replay(session: AsyncSession, actor: Actor, event_id: int) -> EventEntry:
    """Let an event that was given up, or passed over, be handled anew, as if it had just come. What it does
    it does once, however often it is handled. Raises NotYours, and BadInput for one in another state.
    """
    await audit.allow(session, actor, Action.REPLAY_EVENT, f"event:{event_id}")
    event = await _locked(session, event_id)
    if event.state not in _REPLAYABLE:
        raise BadInput("error.not_to_be_replayed")
    event.state, event.due_at, event.attempts = EventState.RECEIVED, clock.now(), 0
    event.applied_at = event.lease_token = event.lease_until = None
    await session.flush()
    return _entry(event)


async def drop(session: AsyncSession, actor: Actor, event_id: int) -> EventEntry:
    """Let an event that was given up be over. Raises NotYours, and BadInput for one in another state."""
    entry = await audit.allow(session, actor, Action.DROP_EVENT, f"event:{event_id}")
    event = await _locked(session, event_id)
    if event.state != EventState.DEAD:
        raise BadInput("error.not_given_up")
    entry.details = {"error": event.last_error}
    event.state, event.last_error = EventState.IGNORED, DROPPED
    await session.flush()
    return _entry(event)


async def _locked(session: AsyncSession, event_id: int) -> WebhookEvent:
    event = await session.get(WebhookEvent, event_id, with_for_update=True, populate_existing=True)
    if event is None:
        raise NotYours("error.no_such_event")
    return event


def _entry(event: WebhookEvent) -> EventEntry:
    return EventEntry(
        id=event.id,
        provider=event.provider,
        event_id=event.event_id,
        state=event.state,
        attempts=event.attempts,
        received_at=event.received_at,
        due_at=event.due_at,
        applied_at=event.applied_at,
        last_error=event.last_error,
    )
