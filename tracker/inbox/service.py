"""Keeping what other machines told us until it is applied: received once, claimed under a lease, settled."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
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
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.database import insert
from tracker.inbox.models import EventState, WebhookEvent

MAX_ATTEMPTS = 12
"""With the worker's growing delays about a day, as long as Razorpay itself would go on trying."""

_ERROR_LENGTH = 1000

log = structlog.get_logger(__name__)

# A literal, not a parameter: only then do both databases see that the partial indexes serve.
_RECEIVED: ColumnElement[str] = literal_column("'received'")


class LeaseLost(Exception):
    """Somebody else took the event over; what was done for it in this transaction must not be kept."""


@dataclass(frozen=True)
class Received:
    """One event as it came; see `WebhookEvent`."""

    provider: str
    event_id: str
    body: bytes
    partition: int | None = None

    @cached_property
    def digest(self) -> str:
        return hashlib.sha256(self.body).hexdigest()


async def receive(
    session: AsyncSession, provider: str, event_id: str, body: bytes, partition: int | None = None
) -> bool:
    """Store an event once, however often and however concurrently it is delivered.

    Returns True when it is new. The same id with another body keeps the first and logs an alarm.
    """
    (new,) = await receive_all(session, [Received(provider, event_id, body, partition)])
    return new


async def receive_all(session: AsyncSession, events: Sequence[Received]) -> list[bool]:
    """As `receive`, for many in one statement; whether each is new, in their order."""
    now = clock.now()
    inserted = await session.execute(
        insert(session, WebhookEvent)
        .values(
            [
                {
                    "provider": event.provider,
                    "event_id": event.event_id,
                    "partition": event.partition,
                    "body": event.body,
                    "body_sha256": event.digest,
                    "state": EventState.RECEIVED,
                    "attempts": 0,
                    "received_at": now,
                    "due_at": now,
                }
                for event in events
            ]
        )
        .on_conflict_do_nothing(index_elements=["provider", "event_id"])
        .returning(WebhookEvent.provider, WebhookEvent.event_id)
    )
    fresh = {(provider, event_id) for provider, event_id in inserted}
    new = []
    for event in events:
        key = event.provider, event.event_id
        new.append(key in fresh)
        fresh.discard(key)  # a second one of the same delivery is a repetition
        if not new[-1]:
            await _compare(session, event)
    return new


async def _compare(session: AsyncSession, event: Received) -> None:
    first = await session.scalar(
        select(WebhookEvent.body_sha256).where(
            WebhookEvent.provider == event.provider, WebhookEvent.event_id == event.event_id
        )
    )
    if first != event.digest:
        log.error(
            "inbox.same_id_other_body",
            provider=event.provider,
            event_id=event.event_id,
            first=first,
            now=event.digest,
        )


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
