"""The people who use the service: found, looked at, suspended, written to, given a role."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit, roles
from tracker.admin.models import Staff, UserNote
from tracker.admin.roles import Action, Actor, Role
from tracker.alerts.models import Alert, AlertState
from tracker.billing import subscriptions
from tracker.billing.models import Dispute, Payment, PaymentState, Subscription
from tracker.billing.refunds import OPEN_DISPUTES
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.notices import service as notices
from tracker.users.models import User, UserState
from tracker.users.service import search_key
from tracker.watches import service as watches
from tracker.watches.models import FOR_CHECKING, Watch, WatchState
from tracker.watches.service import WatchPage

LONGEST_REASON = 256
LONGEST_TEXT = 800
LAST = 3
"""Payments and notes that a card shows."""

_LARGEST_ID = 2**52


class Flag(StrEnum):
    """What whoever opens a card should see first."""

    SUSPENDED = "suspended"
    BLOCKED = "blocked"
    GONE = "gone"
    DELETED = "deleted"
    DISPUTED = "disputed"
    HELD = "held"
    REFUNDED = "refunded"


_OF_STATES = {
    UserState.SUSPENDED: Flag.SUSPENDED,
    UserState.BLOCKED: Flag.BLOCKED,
    UserState.DEACTIVATED: Flag.GONE,
}


@dataclass(frozen=True, slots=True)
class Person:
    """One person and all that an operator asks of them first."""

    user: User
    role: Role | None
    subscription: Subscription | None
    paid: tuple[Money, ...]
    """What came and did not go back, by currency."""
    payments: Sequence[Payment]
    """The last few."""
    watches: int
    """Those whose prices are followed."""
    kept_watches: int
    """With those that are paused or bought."""
    alerts: int
    """Sent so far."""
    notes: Sequence[UserNote]
    """The last few."""
    flags: tuple[Flag, ...]


async def search(
    session: AsyncSession,
    actor: Actor,
    *,
    words: str = "",
    plan: str | None = None,
    state: str | None = None,
    active_since: datetime | None = None,
    before: int | None = None,
    limit: int = 10,
) -> Sequence[User]:
    """The newest first, from the one before id `before` on.

    `words` are a Telegram id, an @username or the beginning of one or of a name, or a whole e-mail address.
    """
    actor.must_be_let(Action.SEE_USERS)
    wanted = select(User).order_by(User.id.desc()).limit(limit)
    if words.strip():
        wanted = wanted.where(_called(words.strip()))
    if plan is not None:
        wanted = wanted.where(User.plan == plan)
    if state is not None:
        wanted = wanted.where(User.state == state)
    if active_since is not None:
        wanted = wanted.where(User.last_seen_at >= active_since)
    if before is not None:
        wanted = wanted.where(User.id < before)
    return (await session.scalars(wanted)).all()


def _called(words: str) -> ColumnElement[bool]:
    if "@" in words[1:]:
        return User.email.in_({words, words.lower()})
    key = search_key(words)
    by_username = User.username_key.startswith(key, autoescape=True)
    if words.startswith("@"):
        return by_username
    by_name = User.name_key.startswith(key, autoescape=True)
    if words.isascii() and words.isdigit() and int(words[:20]) < _LARGEST_ID:
        return or_(User.telegram_id == int(words[:20]), by_name)
    return or_(by_name, by_username)


async def get(session: AsyncSession, actor: Actor, user_id: int, *, owners: Collection[int]) -> Person:
    """Raises NotYours when there is nobody by that id."""
    actor.must_be_let(Action.SEE_USERS)
    user = await _known(session, user_id)
    payments = await session.scalars(
        select(Payment).where(Payment.user_id == user.id).order_by(Payment.id.desc()).limit(LAST)
    )
    notes = await session.scalars(
        select(UserNote).where(UserNote.user_id == user.id).order_by(UserNote.id.desc()).limit(LAST)
    )
    counts = await session.execute(
        select(Watch.state, func.count().label("watches"))
        .where(Watch.user_id == user.id)
        .group_by(Watch.state)
    )
    by_state = {row.state: row.watches for row in counts}
    alerts = await session.scalar(
        select(func.count())
        .select_from(Alert)
        .join(Watch, Watch.id == Alert.watch_id)
        .where(Watch.user_id == user.id, Alert.state == AlertState.SENT)
    )
    return Person(
        user=user,
        role=await role_of(session, user.telegram_id, owners),
        subscription=await session.scalar(select(Subscription).where(Subscription.user_id == user.id)),
        paid=await _paid(session, user),
        payments=payments.all(),
        watches=sum(by_state.get(state, 0) for state in FOR_CHECKING),
        kept_watches=sum(count for state, count in by_state.items() if state != WatchState.STOPPED),
        alerts=alerts or 0,
        notes=notes.all(),
        flags=await _flags(session, user),
    )


async def by_telegram_id(session: AsyncSession, actor: Actor, telegram_id: int) -> User | None:
    actor.must_be_let(Action.SEE_USERS)
    return await session.scalar(select(User).where(User.telegram_id == telegram_id))


async def role_of(session: AsyncSession, telegram_id: int, owners: Collection[int]) -> Role | None:
    if telegram_id in owners:
        return Role.OWNER
    row = await session.get(Staff, telegram_id)
    return Role(row.role) if row is not None and row.role in set(Role) else None


async def suspend(
    session: AsyncSession,
    actor: Actor,
    user_id: int,
    *,
    because: str,
    until: datetime | None,
    owners: Collection[int],
) -> User:
    """Check nothing for a person and send them nothing until then; None is for good.

    They keep what they have and can look at what they paid; what they pay is accepted. Raises NotYours, and
    BadInput for no reason, for a time that is past, and for somebody who runs the service or is gone.
    """
    because = because.strip()
    await audit.allow(
        session,
        actor,
        Action.SUSPEND_USER,
        f"user:{user_id}",
        because=because[:LONGEST_REASON],
        until=until.isoformat() if until else None,
    )
    if not because or len(because) > LONGEST_REASON:
        raise BadInput("person.how_to_suspend")
    if until is not None and until <= clock.now():
        raise BadInput("person.until_is_past")
    user = await _locked(session, user_id)
    if await role_of(session, user.telegram_id, owners) is not None:
        raise BadInput("person.has_a_role")
    if user.state == UserState.DEACTIVATED:
        raise BadInput("person.is_gone")
    user.suspended_until, user.suspended_because = until, because
    await watches.set_reach(session, user, UserState.SUSPENDED)
    return user


async def activate(session: AsyncSession, actor: Actor, user_id: int) -> User:
    """End a suspension. Raises NotYours, and BadInput when there is none."""
    await audit.allow(session, actor, Action.ACTIVATE_USER, f"user:{user_id}")
    user = await _locked(session, user_id)
    if user.state != UserState.SUSPENDED:
        raise BadInput("person.not_suspended")
    await _go_on(session, user)
    return user


async def end_a_suspension(session: AsyncSession) -> bool:
    """End one whose time has come; False when there is none.

    One a transaction: whose watches are looked at next may lock the same listings in another order.
    """
    user = await session.scalar(
        select(User)
        .where(User.state == UserState.SUSPENDED, User.suspended_until <= clock.now())
        .order_by(User.suspended_until)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if user is None:
        return False
    await _go_on(session, user)
    return True


async def note(session: AsyncSession, actor: Actor, user_id: int, text: str) -> UserNote:
    """Write something down about a person, for the team. Raises NotYours and BadInput."""
    await audit.allow(session, actor, Action.NOTE_USER, f"user:{user_id}")
    text = _fitting(text)
    await _known(session, user_id)
    made = UserNote(user_id=user_id, by=actor.telegram_id, at=clock.now(), text=text)
    session.add(made)
    await session.flush()
    return made


async def write_to(session: AsyncSession, actor: Actor, user_id: int, text: str) -> User:
    """Owe a person a message from the team, which says so. Raises NotYours and BadInput."""
    entry = await audit.allow(session, actor, Action.WRITE_TO_USER, f"user:{user_id}", characters=len(text))
    text = _fitting(text)
    user = await _known(session, user_id)
    if user.state == UserState.DEACTIVATED:
        raise BadInput("person.is_gone")
    await notices.owe(session, user.telegram_id, "from_the_team", f"from-the-team:{entry.id}", text=text)
    return user


async def change_role(
    session: AsyncSession, actor: Actor, user_id: int, role: Role | None, *, owners: Collection[int]
) -> User:
    """Give a person a role, or take it; None takes it.

    Raises NotYours, and BadInput for one's own role, for an owner by the settings, and for somebody who is
    suspended or gone.
    """
    await audit.allow(session, actor, Action.CHANGE_ROLE, f"user:{user_id}", to=role)
    user = await _locked(session, user_id)
    if user.telegram_id in owners:
        raise BadInput("person.owner_by_settings")
    if user.telegram_id == actor.telegram_id:
        raise BadInput("person.own_role")
    if role is not None and user.state in (UserState.SUSPENDED, UserState.DEACTIVATED):
        raise BadInput("person.no_role_now")
    await roles.give(session, actor, user.telegram_id, role)
    return user


async def sees(session: AsyncSession, actor: Actor, user_id: int) -> tuple[User, WatchPage]:
    """What a person's own list shows first. Raises NotYours."""
    actor.must_be_let(Action.SEE_USERS)
    user = await _known(session, user_id)
    return user, await watches.page(session, user)


async def _go_on(session: AsyncSession, user: User) -> None:
    user.suspended_until = user.suspended_because = None
    await watches.set_reach(session, user, UserState.ACTIVE)


async def _known(session: AsyncSession, user_id: int) -> User:
    found = await session.get(User, user_id)
    if found is None:
        raise NotYours
    return found


async def _locked(session: AsyncSession, user_id: int) -> User:
    await _known(session, user_id)
    return await subscriptions.lock(session, user_id)


async def _paid(session: AsyncSession, user: User) -> tuple[Money, ...]:
    sums = await session.execute(
        select(Payment.currency, func.sum(Payment.amount_minor - Payment.refunded_minor))
        .where(
            Payment.user_id == user.id,
            Payment.state.in_((PaymentState.CAPTURED, PaymentState.REFUNDED)),
        )
        .group_by(Payment.currency)
        .order_by(Payment.currency)
    )
    return tuple(Money(int(minor), currency) for currency, minor in sums)


async def _flags(session: AsyncSession, user: User) -> tuple[Flag, ...]:
    found = []
    if user.telegram_id < 0:
        found.append(Flag.DELETED)
    elif user.state in _OF_STATES:
        found.append(_OF_STATES[UserState(user.state)])
    of_theirs = select(Payment.id).where(Payment.user_id == user.id)
    disputed = select(Dispute.id).where(Dispute.payment_id.in_(of_theirs), Dispute.state.in_(OPEN_DISPUTES))
    if await session.scalar(disputed.limit(1)) is not None:
        found.append(Flag.DISPUTED)
    held = of_theirs.where(Payment.held_because.is_not(None), Payment.state == PaymentState.CAPTURED)
    if await session.scalar(held.limit(1)) is not None:
        found.append(Flag.HELD)
    if await session.scalar(of_theirs.where(Payment.refunded_minor > 0).limit(1)) is not None:
        found.append(Flag.REFUNDED)
    return tuple(found)


def _fitting(text: str) -> str:
    text = text.strip()
    if not 0 < len(text) <= LONGEST_TEXT:
        raise BadInput("person.text_length", most=LONGEST_TEXT)
    return text
