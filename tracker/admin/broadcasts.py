"""Messages to many: written, shown, counted, and then owed a few at a time, to each person once for ever.

A broadcast is owed in the order of people's ids, `owed_until` saying how far. Each person's notice has a key
of its own, so that owing the same stretch again, after a crash or a pause, owes nobody anything twice.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit
from tracker.admin.models import Broadcast, BroadcastState
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import Alert, AlertState
from tracker.billing.plans import Plans
from tracker.catalog.models import Listing
from tracker.database import insert
from tracker.errors import BadInput, NotYours
from tracker.notices import service as notices
from tracker.notices.models import Notice, NoticeState
from tracker.texts import clean, locales
from tracker.users.models import User, UserState
from tracker.watches.models import FOR_CHECKING, Watch

KIND = "broadcast"
"""Of its notices."""

LONGEST = 3000
"""Characters of a text: a message holds 4,096, counted as UTF-16 counts them."""

FARTHEST = timedelta(days=366)
"""How far ahead one may be planned."""

_EVERYBODY = 2**62
"""No user has such an id."""

_SWEPT_FOR = timedelta(days=1)
_OPEN = (BroadcastState.SCHEDULED, BroadcastState.SENDING)


@dataclass(frozen=True, slots=True)
class Segment:
    """To whom: all of what is given must be so; nothing given is everybody who can be written to."""

    plan: str | None = None
    locale: str | None = None
    store: str | None = None
    """A host of which they watch something."""
    active_days: int | None = None
    """They wrote or tapped within so many days."""

    def people(self, at: datetime | None = None) -> tuple[ColumnElement[bool], ...]:
        """Who is meant, less those who are not to be written to. `at` is when "within so many days" counts
        from: now, or when it began.
        """
        wanted: list[ColumnElement[bool]] = [User.state == UserState.ACTIVE, User.hears_broadcasts.is_(True)]
        if self.plan is not None:
            wanted.append(User.plan == self.plan)
        if self.locale is not None:
            wanted.append(User.locale == self.locale)
        if self.active_days is not None:
            wanted.append(User.last_seen_at >= (at or clock.now()) - timedelta(days=self.active_days))
        if self.store is not None:
            watched = (
                select(Watch.id)
                .join(Listing, Listing.id == Watch.listing_id)
                .where(Watch.user_id == User.id, Watch.state.in_(FOR_CHECKING), Listing.store == self.store)
            )
            wanted.append(watched.exists())
        return tuple(wanted)

    def as_json(self) -> dict[str, Any]:
        return {name: value for name, value in asdict(self).items() if value is not None}


@dataclass(frozen=True, slots=True)
class Progress:
    broadcast: Broadcast
    owed: int
    sent: int
    failed: int
    """Those to whom it cannot be said, or perhaps was: see `worker/broadcasts.py`."""


def read_segment(words: str, plans: Plans) -> Segment:
    """From what an admin types: "everybody", or pairs as "plan pro, language en, store amazon.in, active 7".

    Raises BadInput.
    """
    parts = words.casefold().replace(",", " ").split()
    if parts in (["everybody"], ["all"]):
        return Segment()
    if not parts or len(parts) % 2:
        raise BadInput("broadcast.bad_segment")
    found: dict[str, Any] = {}
    for name, value in zip(parts[::2], parts[1::2], strict=True):
        if name in found:
            raise BadInput("broadcast.bad_segment")
        found[name] = value
    if not found.keys() <= {"plan", "language", "store", "active"}:
        raise BadInput("broadcast.bad_segment")
    return checked(
        Segment(
            plan=found.get("plan"),
            locale=found.get("language"),
            store=found.get("store"),
            active_days=_days(found["active"]) if "active" in found else None,
        ),
        plans,
    )


def checked(segment: Segment, plans: Plans) -> Segment:
    """The segment itself. Raises BadInput when nobody can ever be in it: a plan that there is not, say."""
    if segment.plan is not None and segment.plan not in {plan.code for plan in plans}:
        raise BadInput("broadcast.bad_segment")
    if segment.locale is not None and segment.locale not in locales():
        raise BadInput("broadcast.bad_segment")
    if segment.store is not None and not 0 < len(segment.store) <= 255:
        raise BadInput("broadcast.bad_segment")
    if segment.active_days is not None and not 1 <= segment.active_days <= 3650:
        raise BadInput("broadcast.bad_segment")
    return segment


def words_of(text: str) -> str:
    """A text made fit to be sent: its lines stay lines. Raises BadInput when nothing is left, or too much.

    It is text and no markup: what looks like a tag is escaped where it is shown, and read as it was typed.
    """
    lines = [clean(line, limit=2 * LONGEST) for line in text.strip().splitlines()]
    kept = "\n".join(line for at, line in enumerate(lines) if line or (at and lines[at - 1]))
    if not kept:
        raise BadInput("broadcast.no_text")
    if len(kept.encode("utf-16-le")) // 2 > LONGEST:
        raise BadInput("broadcast.too_long", most=LONGEST)
    return kept


async def draft(session: AsyncSession, actor: Actor, segment: Segment, text: str) -> Broadcast:
    """Write one down. Nobody is told anything before `start`."""
    await audit.allow(session, actor, Action.SEND_BROADCAST, None, step="draft", segment=segment.as_json())
    written = Broadcast(
        text=words_of(text),
        segment=segment.as_json(),
        state=BroadcastState.DRAFT,
        by=actor.telegram_id,
        created_at=clock.now(),
        owed_until=0,
        owed=0,
    )
    session.add(written)
    await session.flush()
    return written


async def recipients(session: AsyncSession, actor: Actor, segment: Segment) -> int:
    """How many people it would reach now."""
    actor.must_be_let(Action.SEE_BROADCASTS)
    return await session.scalar(select(func.count()).select_from(User).where(*segment.people())) or 0


async def plan_for(session: AsyncSession, actor: Actor, broadcast_id: int, at: datetime | None) -> Broadcast:
    """Say when a draft is to begin; None is as soon as it is started. It still has to be started."""
    actor.must_be_let(Action.SEND_BROADCAST)
    found = await _locked(session, broadcast_id, BroadcastState.DRAFT)
    if at is not None and not clock.now() < at <= clock.now() + FARTHEST:
        raise BadInput("broadcast.bad_time")
    found.starts_at = at
    return found


async def start(session: AsyncSession, actor: Actor, broadcast_id: int) -> Broadcast:
    """Let a draft begin, now or at its time."""
    await audit.allow(session, actor, Action.SEND_BROADCAST, _subject(broadcast_id), step="start")
    found = await _locked(session, broadcast_id, BroadcastState.DRAFT)
    _go_on(found)
    return found


async def pause(session: AsyncSession, actor: Actor, broadcast_id: int) -> Broadcast:
    """Owe nothing more, and take back what is owed and not being sent at this moment."""
    await audit.allow(session, actor, Action.STOP_BROADCAST, _subject(broadcast_id), step="pause")
    found = await _locked(session, broadcast_id, *_OPEN)
    found.state = BroadcastState.PAUSED
    await _take_back(session, found)
    return found


async def resume(session: AsyncSession, actor: Actor, broadcast_id: int) -> Broadcast:
    await audit.allow(session, actor, Action.SEND_BROADCAST, _subject(broadcast_id), step="resume")
    found = await _locked(session, broadcast_id, BroadcastState.PAUSED)
    _go_on(found)
    return found


async def cancel(session: AsyncSession, actor: Actor, broadcast_id: int) -> Broadcast:
    """As `pause`, for good."""
    await audit.allow(session, actor, Action.STOP_BROADCAST, _subject(broadcast_id), step="cancel")
    found = await _locked(session, broadcast_id, *_OPEN, BroadcastState.PAUSED, BroadcastState.DRAFT)
    found.state, found.ended_at = BroadcastState.CANCELLED, clock.now()
    await _take_back(session, found)
    return found


async def get(session: AsyncSession, actor: Actor, broadcast_id: int) -> Progress:
    """How far one is. Raises NotYours."""
    actor.must_be_let(Action.SEE_BROADCASTS)
    found = await session.get(Broadcast, broadcast_id)
    if found is None:
        raise NotYours
    counted = await session.execute(
        select(Notice.state, func.count()).where(Notice.broadcast_id == broadcast_id).group_by(Notice.state)
    )
    by_state: dict[str, int] = {row[0]: row[1] for row in counted}
    sent, failed = by_state.get(NoticeState.SENT, 0), by_state.get(NoticeState.DEAD, 0)
    return Progress(found, owed=by_state.get(NoticeState.DUE, 0), sent=sent, failed=failed)


async def recent(
    session: AsyncSession, actor: Actor, *, before: int | None = None, limit: int = 10
) -> Sequence[Broadcast]:
    """The newest first, from the one before id `before` on."""
    actor.must_be_let(Action.SEE_BROADCASTS)
    wanted = select(Broadcast).order_by(Broadcast.id.desc()).limit(limit)
    if before is not None:
        wanted = wanted.where(Broadcast.id < before)
    return (await session.scalars(wanted)).all()


async def under_way(session: AsyncSession) -> Sequence[Broadcast]:
    """Those that are being sent, the oldest first; one whose time has come begins."""
    now = clock.now()
    await session.execute(
        update(Broadcast)
        .where(Broadcast.state == BroadcastState.SCHEDULED, Broadcast.starts_at <= now)
        .values(state=BroadcastState.SENDING)
        .execution_options(synchronize_session=False)
    )
    sending = select(Broadcast).where(Broadcast.state == BroadcastState.SENDING).order_by(Broadcast.id)
    return (await session.scalars(sending)).all()


async def is_alert_due(session: AsyncSession) -> bool:
    """Whether somebody is to be told a price: then nobody is told anything else."""
    due = select(Alert.id).where(Alert.state == AlertState.DUE, Alert.due_at <= clock.now()).limit(1)
    return await session.scalar(due) is not None


async def wants(session: AsyncSession, broadcast_id: int, user_id: int) -> tuple[bool, User | None]:
    """Whether a broadcast is still being sent, and whose this one is: None when they want it no more."""
    state = await session.scalar(select(Broadcast.state).where(Broadcast.id == broadcast_id))
    user = await session.scalar(
        select(User).where(User.id == user_id, User.state == UserState.ACTIVE, User.hears_broadcasts)
    )
    return state == BroadcastState.SENDING, user


async def owe_more(session: AsyncSession, broadcast_id: int, *, at_once: int) -> int:
    """Owe it to the next people, until `at_once` wait for it; how many that were.

    The one that has been said to everybody is done.
    """
    found = await session.scalar(
        select(Broadcast)
        .where(Broadcast.id == broadcast_id, Broadcast.state == BroadcastState.SENDING)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    if found is None:
        return 0
    waiting = await session.scalar(
        select(func.count())
        .select_from(Notice)
        .where(Notice.broadcast_id == found.id, Notice.state == NoticeState.DUE)
    )
    room = at_once - (waiting or 0)
    if room <= 0:
        return 0
    people = (
        []
        if found.owed_until == _EVERYBODY
        else (
            await session.execute(
                select(User.id, User.telegram_id)
                .where(*Segment(**found.segment).people(found.starts_at), User.id > found.owed_until)
                .order_by(User.id)
                .limit(room)
            )
        ).all()
    )
    if people:
        return await _owe(session, found, [(id, chat_id) for id, chat_id in people])
    found.owed_until = _EVERYBODY  # nobody is looked for again while the last ones wait
    if not waiting:
        found.state, found.ended_at = BroadcastState.DONE, clock.now()
    return 0


async def take_back_left(session: AsyncSession) -> None:
    """Take back what a worker still held of broadcasts when they were cancelled."""
    now = clock.now()
    cancelled = select(Broadcast.id).where(
        Broadcast.state == BroadcastState.CANCELLED, Broadcast.ended_at > now - _SWEPT_FOR
    )
    await session.execute(
        delete(Notice)
        .where(
            Notice.broadcast_id.in_(cancelled),
            Notice.state == NoticeState.DUE,
            or_(Notice.lease_until.is_(None), Notice.lease_until <= now),
        )
        .execution_options(synchronize_session=False)
    )


async def _owe(session: AsyncSession, found: Broadcast, people: Sequence[tuple[int, int]]) -> int:
    now = clock.now()
    owed = await session.scalars(
        insert(session, Notice)
        .values(
            [
                {
                    "key": f"broadcast:{found.id}:{user_id}",
                    "chat_id": chat_id,
                    "kind": KIND,
                    "details": {"user_id": user_id},
                    "state": NoticeState.DUE,
                    "created_at": now,
                    "due_at": now,
                    "attempts": 0,
                    "broadcast_id": found.id,
                }
                for user_id, chat_id in people
            ]
        )
        .on_conflict_do_nothing(index_elements=["key"])
        .returning(Notice.id)
    )
    number = len(owed.all())
    found.owed_until = people[-1][0]
    found.owed += number
    await session.flush()
    return number


async def _take_back(session: AsyncSession, found: Broadcast) -> None:
    again = await notices.take_back(session, found.id)
    if again:
        found.owed_until = min(found.owed_until, min(again) - 1)
        found.owed -= len(again)


async def _locked(session: AsyncSession, broadcast_id: int, *states: BroadcastState) -> Broadcast:
    """Raises NotYours, and BadInput when it is past what is asked of it."""
    found = await session.get(Broadcast, broadcast_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NotYours
    if found.state not in states:
        raise BadInput("broadcast.too_late", state=found.state)
    return found


def _go_on(found: Broadcast) -> None:
    now = clock.now()
    waits = found.starts_at is not None and found.starts_at > now
    found.state = BroadcastState.SCHEDULED if waits else BroadcastState.SENDING
    found.starts_at = found.starts_at if waits else found.starts_at or now


def _subject(broadcast_id: int) -> str:
    return f"broadcast:{broadcast_id}"


def _days(words: str) -> int:
    if not (words.isascii() and words.isdigit() and len(words) <= 4):
        raise BadInput("broadcast.bad_segment")
    return int(words)
