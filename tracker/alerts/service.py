"""The outbox: claim what is due as one message a chat, and settle it."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from sqlalchemy import and_, bindparam, case, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import joinedload

from tracker import clock
from tracker.alerts.models import UNSETTLED, Alert, AlertPreferences, AlertState, HeldFor
from tracker.alerts.owing import CORRECTED
from tracker.alerts.timing import Hold, hold
from tracker.catalog.models import Listing, PriceObservation
from tracker.database import UtcDateTime, padded
from tracker.stores.offer import Availability
from tracker.users.models import User
from tracker.watches.models import Watch, WatchState

WORTH_SAYING = timedelta(days=1)
"""How old a move may be and still be told after attempts that failed; then its alert is given up."""

MOST_ATTEMPTS = 300
"""As many fit into a day. What was held is old when it is first tried, so its attempts are counted."""

MOST_IN_ONE = 20
"""Alerts that one message holds; what is beyond follows in the next."""

_HOUR = timedelta(hours=1)
_OPEN = (*UNSETTLED, AlertState.HELD)
_RETIRED = PriceObservation(availability=Availability.UNKNOWN)
"""In the place of one that is kept no longer: what an alert has to tell it holds itself."""

_CLAIMERS = 4
"""Claims at the same moment that each find something: what one has locked, the others pass over."""

_NOW = bindparam("now", type_=UtcDateTime())

_IS_READY = or_(
    and_(Alert.state.in_((AlertState.DUE, AlertState.HELD)), Alert.due_at <= _NOW),
    and_(Alert.state == AlertState.SENDING, Alert.lease_until <= _NOW),
)
"""Whether an alert may be claimed: it is due, or whoever was sending it is no more."""

_OPEN_ONES = (
    select(
        Alert.id,
        Alert.due_at,
        _IS_READY.label("is_ready"),
        func.row_number()
        .over(
            partition_by=Alert.chat_id,
            order_by=(case((Alert.state == AlertState.SENDING, 0), else_=1), Alert.id),
        )
        .label("place"),
    )
    .where(
        or_(
            Alert.state.in_(UNSETTLED),
            and_(Alert.state == AlertState.HELD, Alert.due_at <= _NOW),
        )
    )
    .subquery()
)

_FIRST = (
    select(_OPEN_ONES.c.id)
    .where(_OPEN_ONES.c.place == 1, _OPEN_ONES.c.is_ready)
    .order_by(_OPEN_ONES.c.due_at, _OPEN_ONES.c.id)
    .limit(bindparam("most"))
)

_STILL_READY = (
    select(Alert.id)
    .where(Alert.id.in_(bindparam("ids", expanding=True)), _IS_READY)
    .order_by(Alert.due_at, Alert.id)
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert with what its words are made of, and how its owner wants to be told."""

    alert: Alert
    watch: Watch
    observation: PriceObservation
    preferences: AlertPreferences | None
    sent_last_hour: tuple[datetime, ...]

    @property
    def listing(self) -> Listing:
        return self.watch.listing

    @property
    def user(self) -> User:
        return self.watch.user

    @property
    def is_wanted(self) -> bool:
        """Whether the person still wants to hear it. That a price was wrong is said of paused watches too."""
        if not self.watch.is_in_reach:
            return False
        if self.alert.reasons[0]["kind"] == CORRECTED:
            return self.watch.state != WatchState.STOPPED
        return self.watch.state == WatchState.ACTIVE

    @property
    def hold(self) -> Hold | None:
        """Why and until when it has to wait, by the owner's preferences; None when it may be said now."""
        return hold(
            self.preferences,
            self.user.time_zone,
            observed_at=self.alert.observed_at,
            now=clock.now(),
            sent_last_hour=self.sent_last_hour,
            is_always_at_once=self.watch.is_always_at_once or self.alert.held_for == HeldFor.ASKED,
        )


@dataclass(frozen=True, slots=True)
class Parcel:
    """What one claim took for one chat: one alert, or several that waited and are said together."""

    told: tuple[Told, ...]
    lease_token: str
    lease_until: datetime

    @property
    def chat_id(self) -> int:
        return self.told[0].alert.chat_id

    @property
    def user(self) -> User:
        """Whose language it is said in: in a group, that of whoever watches the first thing in it."""
        return self.told[0].user

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(one.alert.id for one in self.told)

    @property
    def attempts(self) -> int:
        return self.told[0].alert.attempts

    def without(self, ids: Collection[int]) -> "Parcel | None":
        """The parcel less these alerts; None when nothing is left."""
        left = tuple(one for one in self.told if one.alert.id not in ids)
        if not left:
            return None
        return Parcel(left, self.lease_token, self.lease_until)


async def claim(session: AsyncSession, *, limit: int, lease: timedelta) -> Sequence[Parcel]:
    """Lease what is due, at most one message a chat, of up to `limit` chats.

    A chat's alerts go out in their order. What was held until now goes out together. An alert whose lease ran
    out was in the hands of a worker that died, perhaps after sending: it is sent again, with what was in the
    same message.
    """
    now, token = clock.now(), uuid4().hex
    ready = await _ready(session, now, limit)
    if not ready:
        return []
    heads = await _take(session, ready, token, now + lease)
    in_company = {alert.chat_id: alert.id for alert in heads if alert.held_for or alert.merged_into}
    rest = await _company(session, in_company, now, token, now + lease) if in_company else []
    return await _parcels(session, [*heads, *rest], token, now, now + lease)


async def _ready(session: AsyncSession, now: datetime, limit: int) -> Sequence[int]:
    """One alert for each chat that something is due in: an interrupted one first, else the oldest.

    An alert that waits to be tried again holds back the younger ones of its chat; one that is held does not.
    The first of each chat are found by one pass over what is open, and locked if they are still so: asked of
    each row whether another comes before it, PostgreSQL compared ten thousand with ten thousand for 19 s.
    """
    moment = {"now": now}
    first = await session.scalars(_FIRST, moment | {"most": limit * _CLAIMERS})
    found = first.all()
    if not found:
        return []
    locked = await session.scalars(_STILL_READY, moment | {"ids": padded(found), "most": limit})
    return locked.all()


async def _company(
    session: AsyncSession, heads: dict[int, int], now: datetime, token: str, until: datetime
) -> list[Alert]:
    """What else of these chats was held until now, or was in the message that is to be said again."""
    rows = await session.execute(
        select(Alert.id, Alert.chat_id)
        .where(
            Alert.chat_id.in_(heads),
            Alert.state.in_(_OPEN),  # says no more than the rest, but lets the index find them
            or_(
                and_(Alert.state == AlertState.HELD, Alert.due_at <= now),
                and_(Alert.state == AlertState.DUE, Alert.merged_into.in_(heads.values())),
                and_(Alert.state == AlertState.SENDING, Alert.lease_until <= now),
            ),
        )
        .order_by(Alert.id)
        .with_for_update(skip_locked=True)
    )
    by_chat: dict[int, list[int]] = defaultdict(list)
    for alert_id, chat_id in rows:
        if len(by_chat[chat_id]) < MOST_IN_ONE - 1:
            by_chat[chat_id].append(alert_id)
    return await _take(session, [one for ids in by_chat.values() for one in ids], token, until)


async def _take(session: AsyncSession, ids: Sequence[int], token: str, until: datetime) -> list[Alert]:
    if not ids:
        return []
    taken = await session.scalars(
        update(Alert)
        .where(Alert.id.in_(ids))
        .values(state=AlertState.SENDING, lease_token=token, lease_until=until, attempts=Alert.attempts + 1)
        .returning(Alert)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return list(taken)


async def _parcels(
    session: AsyncSession, alerts: Sequence[Alert], token: str, now: datetime, until: datetime
) -> Sequence[Parcel]:
    watches = {
        watch.id: watch
        for watch in await session.scalars(
            select(Watch)
            .where(Watch.id.in_({alert.watch_id for alert in alerts}))
            .options(joinedload(Watch.listing), joinedload(Watch.user))
        )
    }
    observations = {
        seen.id: seen
        for seen in await session.scalars(
            select(PriceObservation).where(
                PriceObservation.id.in_({alert.observation_id for alert in alerts})
            )
        )
    }
    preferences = {
        chosen.user_id: chosen
        for chosen in await session.scalars(
            select(AlertPreferences).where(
                AlertPreferences.user_id.in_({watch.user_id for watch in watches.values()})
            )
        )
    }
    sent = {
        chosen.user_id: await _sent_last_hour(session, chosen.user_id, now)
        for chosen in preferences.values()
        if chosen.hourly_cap
    }
    by_chat: dict[int, list[Told]] = defaultdict(list)
    for alert in sorted(alerts, key=lambda alert: alert.id):
        watch = watches[alert.watch_id]
        by_chat[alert.chat_id].append(
            Told(
                alert,
                watch,
                observations.get(alert.observation_id, _RETIRED),
                preferences.get(watch.user_id),
                sent.get(watch.user_id, ()),
            )
        )
    return [Parcel(tuple(told), token, until) for told in by_chat.values()]


async def _sent_last_hour(session: AsyncSession, user_id: int, now: datetime) -> tuple[datetime, ...]:
    """When each message of the last hour was sent to a person; several alerts in one count once."""
    moments = await session.scalars(
        select(Alert.sent_at)
        .join(Watch, Watch.id == Alert.watch_id)
        .where(
            Watch.user_id == user_id,
            Alert.state == AlertState.SENT,
            Alert.sent_at > now - _HOUR,
            or_(Alert.merged_into.is_(None), Alert.merged_into == Alert.id),
        )
    )
    return tuple(moment for moment in moments if moment is not None)


async def said_in(session: AsyncSession, watch_id: int, chat_id: int, message_id: int) -> Told | None:
    """The alert of a watch that was said in a message of a chat."""
    alert = await session.scalar(
        select(Alert)
        .where(Alert.watch_id == watch_id, Alert.chat_id == chat_id, Alert.message_id == message_id)
        .order_by(Alert.id.desc())
        .limit(1)
    )
    if alert is None:
        return None
    now = clock.now()
    (parcel,) = await _parcels(session, [alert], "", now, now)
    return parcel.told[0]


async def pack(session: AsyncSession, parcel: Parcel) -> None:
    """Note which alerts are said in one message, before it is sent: what is repeated is that message."""
    if len(parcel.told) > 1:
        await _settle(session, parcel, parcel.ids, merged_into=parcel.ids[0])


async def sent(session: AsyncSession, parcel: Parcel, message_id: int) -> None:
    await _done(
        session, parcel, state=AlertState.SENT, sent_at=clock.now(), message_id=message_id, last_error=None
    )


async def cancel(session: AsyncSession, parcel: Parcel, unwanted: Collection[Told]) -> None:
    """These are not wanted any more: their watch was paused, snoozed, stopped, or its thing bought."""
    for one in unwanted:
        reason = one.watch.state if one.watch.is_in_reach else one.user.state
        await _done(session, parcel, [one.alert.id], state=AlertState.CANCELLED, last_error=reason)


async def put_on_hold(session: AsyncSession, parcel: Parcel, waiting: Collection[Told]) -> None:
    """Let these wait as the person chose: that costs no attempt.

    They are judged by the preferences of this moment, which nobody changes before the transaction ends: what
    was chosen since they were claimed counts.
    """
    chosen = {
        row.user_id: row
        for row in await session.scalars(
            select(AlertPreferences)
            .where(AlertPreferences.user_id.in_({one.user.id for one in waiting}))
            .with_for_update(read=True)
            .execution_options(populate_existing=True)
        )
    }
    for one in waiting:
        held = replace(one, preferences=chosen.get(one.user.id)).hold
        values: dict[str, object] = {"state": AlertState.DUE, "due_at": clock.now()}
        if held is not None:
            values = {"state": AlertState.HELD, "due_at": held.until, "held_for": held.why}
        await _done(session, parcel, [one.alert.id], merged_into=None, attempts=Alert.attempts - 1, **values)


async def bury(session: AsyncSession, parcel: Parcel, error: str) -> None:
    """Telegram's answer was final: these alerts are not tried again."""
    await _done(session, parcel, state=AlertState.DEAD, last_error=error[:500])


async def try_again(session: AsyncSession, parcel: Parcel, *, after: timedelta, error: str) -> None:
    """Put alerts back after an attempt that failed, or may have; give up those whose move is a day old."""
    now = clock.now()
    old = [one.alert.id for one in parcel.told if _is_past_saying(one.alert, now)]
    fresh = [alert_id for alert_id in parcel.ids if alert_id not in old]
    if old:
        await _done(session, parcel, old, state=AlertState.DEAD, last_error=error[:500])
    if fresh:
        await _done(session, parcel, fresh, state=AlertState.DUE, due_at=now + after, last_error=error[:500])


def _is_past_saying(alert: Alert, now: datetime) -> bool:
    is_old = now - alert.observed_at > WORTH_SAYING
    return is_old and (alert.held_for is None or alert.attempts >= MOST_ATTEMPTS)


async def put_back(session: AsyncSession, parcel: Parcel, *, until: datetime) -> None:
    """Put alerts back that were not tried, because they have to wait their turn: that costs no attempt."""
    await _done(session, parcel, state=AlertState.DUE, due_at=until, attempts=Alert.attempts - 1)


async def _done(
    session: AsyncSession, parcel: Parcel, ids: Collection[int] | None = None, **values: object
) -> None:
    await _settle(
        session, parcel, parcel.ids if ids is None else ids, lease_token=None, lease_until=None, **values
    )


async def _settle(session: AsyncSession, parcel: Parcel, ids: Collection[int], **values: object) -> None:
    # The token fences: a worker that was frozen past its lease changes nothing.
    await session.execute(
        update(Alert)
        .where(Alert.id.in_(ids), Alert.lease_token == parcel.lease_token)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
