"""Keeping what other machines told us until it is applied: received once, claimed under a lease, settled."""

import hashlib
from datetime import datetime, timedelta
from uuid import uuid4

import structlog
from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Select,
    Update,
    func,
    literal_column,
    or_,
    select,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.inbox.models import EventState, WebhookEvent

MAX_ATTEMPTS = 12
"""With the worker's growing delays about a day, as long as Razorpay itself would go on trying."""

_ERROR_LENGTH = 1000

log = structlog.get_logger(__name__)

# A literal, not a parameter: only then do both databases see that the partial indexes serve.
_RECEIVED: ColumnElement[str] = literal_column("'received'")


class LeaseLost(Exception):
    """Somebody else took the event over; what was done for it in this transaction must not be kept."""


async def receive(
    session: AsyncSession, provider: str, event_id: str, body: bytes, partition: int | None = None
) -> bool:
    """Store an event once, however often and however concurrently it is delivered.

    Returns True when it is new. The same id with another body keeps the first and logs an alarm.
    """
    now = clock.now()
    digest = hashlib.sha256(body).hexdigest()
    inserted = await session.scalar(
        _insert(session)
        .values(
            provider=provider,
            event_id=event_id,
            partition=partition,
            body=body,
            body_sha256=digest,
            state=EventState.RECEIVED,
            attempts=0,
            received_at=now,
            due_at=now,
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(WebhookEvent.id)
    )
    if inserted is not None:
        return True
    first = await session.scalar(
        select(WebhookEvent.body_sha256).where(
            WebhookEvent.provider == provider, WebhookEvent.event_id == event_id
        )
    )
    if first != digest:
        log.error("inbox.same_id_other_body", provider=provider, event_id=event_id, first=first, now=digest)
    return False


async def claim(session: AsyncSession, provider: str, limit: int, lease: timedelta) -> list[WebhookEvent]:
    """Take up to `limit` due events for the length of `lease`, oldest first, each to nobody else.

    Of a partition only the oldest unfinished event can be taken: while it waits or is held, the others
    behind it wait too. Commit before handling, then `settle` or `retry_later` each.
    """
    now = clock.now()
    await session.execute(_bury_killers(provider, now))
    # A CTE that locks rows is evaluated once; a bare subquery with LIMIT may be evaluated once a row.
    due = _claimable(provider, now).limit(limit).with_for_update(skip_locked=True).cte("due")
    claimed = await session.scalars(
        update(WebhookEvent)
        .where(WebhookEvent.id.in_(select(due.c.id)))
        .values(
            lease_token=uuid4().hex,
            lease_until=now + lease,
            attempts=WebhookEvent.attempts + 1,
        )
        .returning(WebhookEvent)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return sorted(claimed, key=lambda event: event.id)


async def settle(
    session: AsyncSession, event: WebhookEvent, state: EventState, error: str | None = None
) -> None:
    """Finish a claimed event. Raises LeaseLost when the lease has passed to another claimer."""
    await _finish(
        session,
        event,
        _held(event).values(
            state=state,
            applied_at=clock.now(),
            lease_token=None,
            lease_until=None,
            last_error=error and error[:_ERROR_LENGTH],
        ),
    )


async def retry_later(session: AsyncSession, event: WebhookEvent, delay: timedelta, error: str) -> EventState:
    """Put a claimed event back for `delay`, or among the dead after `MAX_ATTEMPTS`. Returns its new state.

    Raises LeaseLost when the lease has passed to another claimer.
    """
    if event.attempts >= MAX_ATTEMPTS:
        await settle(session, event, EventState.DEAD, error)
        log.error("inbox.dead", provider=event.provider, event_id=event.event_id, error=error)
        return EventState.DEAD
    await _finish(
        session,
        event,
        _held(event).values(
            due_at=clock.now() + delay,
            lease_token=None,
            lease_until=None,
            last_error=error[:_ERROR_LENGTH],
        ),
    )
    return EventState.RECEIVED


async def waiting(session: AsyncSession) -> dict[str, tuple[int, timedelta]]:
    """By provider, how many events are unfinished and for how long the oldest has been."""
    now = clock.now()
    rows = await session.execute(
        select(WebhookEvent.provider, func.count(), func.min(WebhookEvent.received_at))
        .where(WebhookEvent.state == _RECEIVED)
        .group_by(WebhookEvent.provider)
    )
    return {provider: (count, now - oldest) for provider, count, oldest in rows}


def _insert(session: AsyncSession) -> postgresql.Insert | sqlite.Insert:
    on_sqlite = session.get_bind().dialect.name == "sqlite"
    return sqlite.insert(WebhookEvent) if on_sqlite else postgresql.insert(WebhookEvent)


def _claimable(provider: str, now: datetime) -> Select[int]:
    # Asked a row at a time through an index; PostgreSQL would answer NOT EXISTS by hashing the whole backlog.
    other = aliased(WebhookEvent)
    head_of_its_partition = (
        select(func.min(other.id))
        .where(
            other.provider == WebhookEvent.provider,
            other.partition == WebhookEvent.partition,
            other.state == _RECEIVED,
        )
        .scalar_subquery()
    )
    return (
        select(WebhookEvent.id)
        .where(
            WebhookEvent.provider == provider,
            WebhookEvent.state == _RECEIVED,
            WebhookEvent.due_at <= now,
            or_(WebhookEvent.lease_until.is_(None), WebhookEvent.lease_until <= now),
            or_(WebhookEvent.partition.is_(None), WebhookEvent.id == head_of_its_partition),
        )
        .order_by(WebhookEvent.id)
    )


def _bury_killers(provider: str, now: datetime) -> Update:
    """An event that ends its worker's life is never put back by it; after `MAX_ATTEMPTS` it is dead."""
    return (
        update(WebhookEvent)
        .where(
            WebhookEvent.provider == provider,
            WebhookEvent.state == _RECEIVED,
            WebhookEvent.attempts >= MAX_ATTEMPTS,
            WebhookEvent.lease_until <= now,
        )
        .values(
            state=EventState.DEAD,
            applied_at=now,
            lease_token=None,
            lease_until=None,
            last_error="no attempt came to an end",
        )
        .execution_options(synchronize_session=False)
    )


def _held(event: WebhookEvent) -> Update:
    return (
        update(WebhookEvent)
        .where(
            WebhookEvent.id == event.id,
            WebhookEvent.state == _RECEIVED,
            WebhookEvent.lease_token == event.lease_token,
        )
        .execution_options(synchronize_session=False)
    )


async def _finish(session: AsyncSession, event: WebhookEvent, statement: Update) -> None:
    result = await session.execute(statement)
    assert isinstance(result, CursorResult)
    if result.rowcount != 1:
        raise LeaseLost(f"{event.provider} event {event.event_id}")
