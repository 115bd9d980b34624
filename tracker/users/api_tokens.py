"""A person's own tokens for the API: they reach what is the person's, and nothing else.

Of each only its digest is stored; it is good while the plan permits it.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.errors import BadInput, NotYours, OverAllowance
from tracker.users.allowance import Feature
from tracker.users.models import ApiToken, User, UserState

PREFIX = "ptp_"
"""Tells such a token from those of the admin API, and a leaked one to whoever scans for secrets."""

MOST_TOKENS = 5

_USED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Holder:
    """Whoever holds a good token. `token_id` may stand in logs."""

    user: User
    token_id: str


async def make(session: AsyncSession, user: User) -> str:
    """A new token, to be shown once. Raises OverAllowance, and BadInput when there are `MOST_TOKENS`."""
    if not user.allowance.allows(Feature.API_TOKEN):
        raise OverAllowance("error.api_not_in_plan")
    await session.scalars(select(User.id).where(User.id == user.id).with_for_update())
    count = select(func.count()).select_from(ApiToken)
    made = await session.scalar(count.where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None)))
    if (made or 0) >= MOST_TOKENS:
        raise BadInput("error.too_many_tokens", most=MOST_TOKENS)
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(ApiToken(user_id=user.id, token_hash=_digest(token), created_at=clock.now()))
    await session.flush()
    return token


async def holder(session: AsyncSession, token: str) -> Holder | None:
    """Whose token it is, unless it was revoked, their plan has none, or they were suspended."""
    row = (
        await session.execute(
            select(ApiToken, User)
            .join(User, User.id == ApiToken.user_id)
            .where(ApiToken.token_hash == _digest(token), ApiToken.revoked_at.is_(None))
        )
    ).one_or_none()
    if row is None:
        return None
    found, user = row
    may = user.allowance.allows(Feature.API_TOKEN) and user.state in (UserState.ACTIVE, UserState.BLOCKED)
    if not may:
        return None
    if found.last_used_at is None or clock.now() - found.last_used_at > _USED_EVERY:
        found.last_used_at = clock.now()
    return Holder(user, f"user:{found.id}")


async def of(session: AsyncSession, user: User) -> Sequence[ApiToken]:
    """The person's tokens that were not revoked, the newest first."""
    theirs = select(ApiToken).where(ApiToken.user_id == user.id, ApiToken.revoked_at.is_(None))
    return (await session.scalars(theirs.order_by(ApiToken.id.desc()).limit(MOST_TOKENS))).all()


async def revoke(session: AsyncSession, user: User, token_id: int) -> None:
    """End one of the person's own, at once. Raises NotYours."""
    found = await session.scalar(select(ApiToken).where(ApiToken.id == token_id, ApiToken.user_id == user.id))
    if found is None:
        raise NotYours
    found.revoked_at = found.revoked_at or clock.now()


def _digest(token: str) -> str:
    """A random token of 256 bits needs no salt and no slow digest."""
    return hashlib.sha256(token.encode()).hexdigest()
