"""The outbox: owe a message in the transaction of its observation, claim it, settle it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import and_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased, joinedload, selectinload

from tracker import clock
from tracker.alerts.models import UNSETTLED, Alert, AlertState
from tracker.alerts.rules import RULES
from tracker.catalog.models import Listing
from tracker.catalog.move import Move
from tracker.database import insert
from tracker.users.models import User, UserState
from tracker.watches.models import RuleKind, Watch, WatchState

WORTH_SAYING = timedelta(days=1)
"""How old a move may be and still be told after attempts that failed; then its alert is given up."""


async def owe(session: AsyncSession, move: Move) -> int:
    """Owe every active watcher whose rules the move fires one alert; returns how many are owed anew."""
    if move.now is None:
        return 0
    watches = await session.scalars(
        select(Watch)
        .join(Watch.user)
        .where(
            Watch.listing_id == move.listing_id,
            Watch.state == WatchState.ACTIVE,
            User.state == UserState.ACTIVE,
        )
        .options(selectinload(Watch.rules))
        .order_by(Watch.id)
    )
    owed = [
        {
            "watch_id": watch.id,
            "observation_id": move.observation_id,
            "chat_id": watch.chat_id,
            "reasons": reasons,
            "before_minor": move.before.minor if move.before else None,
            "now_minor": move.now.minor,
            "currency": move.now.currency,
            "observed_at": move.observed_at,
            "state": AlertState.DUE,
            "due_at": clock.now(),
            "attempts": 0,
        }
        for watch in watches
        if (reasons := [reason for rule in watch.rules if (reason := RULES[RuleKind(rule.kind)](move, rule))])
    ]
    if not owed:
        return 0
    new = await session.scalars(insert(session, Alert).on_conflict_do_nothing().returning(Alert.id), owed)
    return len(new.all())


@dataclass(frozen=True, slots=True)
class Claimed:
    """A claimed alert with what its message is made of."""

    alert: Alert
    watch: Watch
    listing: Listing
    user: User
    lease_token: str

    @property
    def is_wanted(self) -> bool:
        return self.watch.state == WatchState.ACTIVE and self.user.state == UserState.ACTIVE


async def claim(session: AsyncSession, *, limit: int, lease: timedelta) -> Sequence[Claimed]:
    """Lease up to `limit` alerts that are due, at most one a chat: the oldest that is not settled.

    So the order within a chat is kept, and a person with many alerts delays nobody else. An alert whose lease
    ran out was in the hands of a worker that died, perhaps after sending: it is sent again.
    """
    now, token = clock.now(), uuid4().hex
    earlier = aliased(Alert)
    ready = (
        select(Alert.id)
        .where(
            or_(
                and_(Alert.state == AlertState.DUE, Alert.due_at <= now),
                and_(Alert.state == AlertState.SENDING, Alert.lease_until <= now),
            ),
            ~select(earlier.id)
            .where(earlier.chat_id == Alert.chat_id, earlier.id < Alert.id, earlier.state.in_(UNSETTLED))
            .exists(),
        )
        .order_by(Alert.due_at, Alert.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    claimed = await session.scalars(
        update(Alert)
        .where(Alert.id.in_(ready))
        .values(
            state=AlertState.SENDING, lease_token=token, lease_until=now + lease, attempts=Alert.attempts + 1
        )
        .returning(Alert)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    alerts = sorted(claimed, key=lambda alert: alert.id)
    watches = await session.scalars(
        select(Watch)
        .where(Watch.id.in_({alert.watch_id for alert in alerts}))
        .options(joinedload(Watch.listing), joinedload(Watch.user))
    )
    by_id = {watch.id: watch for watch in watches}
    return [
        Claimed(alert, watch, watch.listing, watch.user, token)
        for alert in alerts
        for watch in [by_id[alert.watch_id]]
    ]


async def sent(session: AsyncSession, claimed: Claimed, message_id: int) -> None:
    await _settle(
        session, claimed, state=AlertState.SENT, sent_at=clock.now(), message_id=message_id, last_error=None
    )


async def cancel(session: AsyncSession, claimed: Claimed) -> None:
    await _settle(session, claimed, state=AlertState.CANCELLED)


async def bury(session: AsyncSession, claimed: Claimed, error: str) -> None:
    """Telegram's answer was final: this alert is not tried again."""
    await _settle(session, claimed, state=AlertState.DEAD, last_error=error[:500])


async def try_again(session: AsyncSession, claimed: Claimed, *, after: timedelta, error: str) -> None:
    """Put an alert back after an attempt that failed, or may have; give it up when the move is a day old."""
    if clock.now() - claimed.alert.observed_at > WORTH_SAYING:
        await bury(session, claimed, error)
        return
    await _settle(session, claimed, state=AlertState.DUE, due_at=clock.now() + after, last_error=error[:500])


async def put_back(session: AsyncSession, claimed: Claimed, *, until: datetime) -> None:
    """Put an alert back that was not tried, because it has to wait its turn: that costs no attempt."""
    await _settle(session, claimed, state=AlertState.DUE, due_at=until, attempts=Alert.attempts - 1)


async def _settle(session: AsyncSession, claimed: Claimed, **values: object) -> None:
    # The token fences: a worker that was frozen past its lease changes nothing.
    await session.execute(
        update(Alert)
        .where(Alert.id == claimed.alert.id, Alert.lease_token == claimed.lease_token)
        .values(lease_token=None, lease_until=None, **values)
        .execution_options(synchronize_session=False)
    )
