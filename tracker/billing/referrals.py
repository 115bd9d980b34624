"""Invitations: both get days when whoever was invited has paid for the first time. And the one trial."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import subscriptions
from tracker.billing.models import Referral, Term, TermSource, Trial
from tracker.billing.plans import TRIAL, Plans
from tracker.database import insert
from tracker.errors import BadInput
from tracker.notices import service as notices
from tracker.users.models import User

DAYS = 7
PREFIX = "ref_"

_NEW_FOR = timedelta(minutes=10)


def payload(user: User) -> str:
    """What the person's invitation link carries after `?start=`."""
    return f"{PREFIX}{user.id:x}"


async def invited(session: AsyncSession, user: User, start_payload: str) -> bool:
    """Note who brought a person at their very first word.

    Nothing is noted for somebody who was here before, for oneself, or twice: so no circle can arise.
    """
    if not start_payload.startswith(PREFIX) or clock.now() - user.created_at > _NEW_FOR:
        return False
    try:
        inviter_id = int(start_payload.removeprefix(PREFIX)[:12], 16)
    except ValueError:
        return False
    inviter = await session.get(User, inviter_id)
    if inviter is None or inviter.id >= user.id:
        return False
    noted = await session.scalar(
        insert(session, Referral)
        .values(user_id=user.id, invited_by=inviter.id, created_at=clock.now())
        .on_conflict_do_nothing(index_elements=["user_id"])
        .returning(Referral.id)
    )
    return noted is not None


async def lock_inviter(session: AsyncSession, user: User) -> None:
    """Before anything else of a payment is locked: who is to get days for it is locked as the payer is.

    An inviter came before whom they invited, so locks are always taken from the younger to the older.
    """
    inviter = await session.scalar(
        select(Referral.invited_by).where(Referral.user_id == user.id, Referral.rewarded_at.is_(None))
    )
    if inviter is not None:
        await subscriptions.lock(session, inviter)


async def reward(session: AsyncSession, plans: Plans, user: User) -> None:
    """Give both their days, once, when the invited person's first payment is there.

    The caller holds the locks of both.
    """
    referral = await session.scalar(
        select(Referral)
        .where(Referral.user_id == user.id, Referral.rewarded_at.is_(None))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if referral is None:
        return
    referral.rewarded_at = clock.now()
    inviter = await subscriptions.lock(session, referral.invited_by)
    for person in (user, inviter):
        plan = TRIAL if plans[person.plan].is_free else person.plan
        key = f"referral:{referral.id}:{person.id}"
        await subscriptions.give(
            session, plans, person, plan=plan, days=DAYS, source=TermSource.REFERRAL, key=key
        )
        await notices.owe(session, person.telegram_id, "referral_days", key, days=DAYS, plan=plan)


async def start_trial(session: AsyncSession, plans: Plans, user: User) -> None:
    """Seven days of a plan, once for each Telegram account for ever.

    Raises BadInput when it was taken, and for somebody who has paid time.
    """
    user = await subscriptions.lock(session, user.id)
    if not plans[user.plan].is_free:
        raise BadInput("trial.has_plan")
    if await session.scalar(select(Term.id).where(Term.user_id == user.id, Term.value_minor > 0).limit(1)):
        raise BadInput("trial.paid_before")
    taken = await session.scalar(
        insert(session, Trial)
        .values(telegram_id=user.telegram_id, taken_at=clock.now())
        .on_conflict_do_nothing(index_elements=["telegram_id"])
        .returning(Trial.telegram_id)
    )
    if taken is None:
        raise BadInput("trial.taken")
    await subscriptions.give(
        session, plans, user, plan=TRIAL, days=DAYS, source=TermSource.TRIAL, key=f"trial:{user.telegram_id}"
    )
