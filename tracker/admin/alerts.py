"""Alerts by what became of them, and what can be done about those that were given up."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import Alert, AlertState
from tracker.catalog.models import Listing
from tracker.errors import BadInput, NotYours
from tracker.users.models import User
from tracker.watches.models import Watch

DROPPED = "dropped by an admin"
"""`Alert.last_error` of one that nobody is to hear any more."""


@dataclass(frozen=True, slots=True)
class AlertEntry:
    """An alert with the thing that it is about and the person whose it is."""

    alert: Alert
    listing: Listing
    user: User


async def search(
    session: AsyncSession,
    actor: Actor,
    *,
    state: AlertState | None = AlertState.DEAD,
    before: int | None = None,
    limit: int = 20,
) -> Sequence[AlertEntry]:
    """The newest first, from the one before id `before` on; with a state of None of all states."""
    actor.must_be_let(Action.SEE_ALERTS)
    wanted = []
    if state is not None:
        wanted.append(_in_state(state))
    if before is not None:
        wanted.append(Alert.id < before)
    return await _entries(session, *wanted, limit=limit)


async def get(session: AsyncSession, actor: Actor, alert_id: int) -> AlertEntry:
    """Raises NotYours."""
    actor.must_be_let(Action.SEE_ALERTS)
    return await _entry(session, alert_id)


async def retry(session: AsyncSession, actor: Actor, alert_id: int) -> AlertEntry:
    """Let an alert that was given up be said now, as if it were new. Raises NotYours, and BadInput for one
    that was not given up.

    Whether the person still wants it is asked when it is said, as of every alert.
    """
    await audit.allow(session, actor, Action.RETRY_ALERT, f"alert:{alert_id}")
    found = await _given_up(session, alert_id)
    alert = found.alert
    alert.state, alert.due_at, alert.attempts = AlertState.DUE, clock.now(), 0
    alert.merged_into = None
    alert.lease_token = alert.lease_until = None
    await session.flush()
    return found


async def drop(session: AsyncSession, actor: Actor, alert_id: int) -> AlertEntry:
    """Let an alert that was given up be over. Raises as `retry`."""
    entry = await audit.allow(session, actor, Action.DROP_ALERT, f"alert:{alert_id}")
    found = await _given_up(session, alert_id)
    entry.details = {"error": found.alert.last_error}
    found.alert.state, found.alert.last_error = AlertState.CANCELLED, DROPPED
    await session.flush()
    return found


async def _given_up(session: AsyncSession, alert_id: int) -> AlertEntry:
    locked = await session.get(Alert, alert_id, with_for_update=True, populate_existing=True)
    if locked is None:
        raise NotYours("error.no_such_alert")
    if locked.state != AlertState.DEAD:
        raise BadInput("error.not_given_up")
    return await _entry(session, alert_id)


async def _entry(session: AsyncSession, alert_id: int) -> AlertEntry:
    found = await _entries(session, Alert.id == alert_id, limit=1)
    if not found:
        raise NotYours("error.no_such_alert")
    return found[0]


async def _entries(session: AsyncSession, *wanted: ColumnElement[bool], limit: int) -> Sequence[AlertEntry]:
    rows = await session.execute(
        select(Alert, Listing, User)
        .join(Watch, Watch.id == Alert.watch_id)
        .join(Listing, Listing.id == Watch.listing_id)
        .join(User, User.id == Watch.user_id)
        .where(*wanted)
        .order_by(Alert.id.desc())
        .limit(limit)
    )
    return [AlertEntry(alert, listing, user) for alert, listing, user in rows]


def _in_state(state: AlertState) -> ColumnElement[bool]:
    # A literal, not a parameter: only then do both databases see that the partial index serves.
    return Alert.state == literal_column(f"'{state.value}'")
