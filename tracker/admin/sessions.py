"""Signing in to the admin API: short tokens that say a role, and a refresh token that makes the next of them.

A sign-in is a family of refresh tokens, of which one is good at a time. Of each only its digest is stored.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import uuid4

import jwt
import structlog
from pydantic import SecretStr
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from tracker import clock
from tracker.admin import audit, roles
from tracker.admin.models import ApiSession
from tracker.admin.roles import Action, Actor, Door, Role
from tracker.errors import BadInput, NotYours
from tracker.notices import service as notices

log = structlog.get_logger(__name__)

ISSUER = "price-tracker-pro"
AUDIENCE = "price-tracker-pro/admin"
ACCESS_LASTS = timedelta(hours=1)
REFRESH_LASTS = timedelta(days=30)
"""Each, from when it was made: a sign-in that is used goes on."""

MOST_SIGN_INS = 10
"""At a time, of one person."""

_ALGORITHM = "HS256"
_CLAIMS = ("iss", "aud", "sub", "sid", "jti", "role", "iat", "exp")


@dataclass(frozen=True, slots=True)
class Tokens:
    """What is shown once: both are secrets."""

    access: str
    refresh: str
    role: Role
    expires_at: datetime
    """Of the access token."""


@dataclass(frozen=True, slots=True)
class SignIn:
    """A family that is good, as its holder sees it; `id` is that of its newest token."""

    id: int
    begun_at: datetime
    refreshed_at: datetime
    expires_at: datetime


class NoGood(StrEnum):
    """Why an access token lets nobody in."""

    FORGED = "forged"
    """We never made it: a garbled one, another key's, another audience's."""
    EXPIRED = "expired"
    REVOKED = "revoked"
    """Its sign-in was ended, or its holder has no role any more."""


@dataclass(frozen=True, slots=True)
class Bearer:
    """Whoever holds a good access token. `token_id` may stand in logs."""

    actor: Actor
    token_id: str


async def begin(session: AsyncSession, actor: Actor, secret: SecretStr) -> Tokens:
    """Sign in. Raises Forbidden, and BadInput when there are `MOST_SIGN_INS` already."""
    family = uuid4().hex
    await audit.allow(session, actor, Action.USE_API, f"sign_in:{family}", did="begin")
    if len(await of(session, actor)) >= MOST_SIGN_INS:
        raise BadInput("error.too_many_sign_ins", most=MOST_SIGN_INS)
    return await _next(session, actor.telegram_id, actor.role, family, secret)


async def refresh(
    session: AsyncSession, refresh_token: str, owners: frozenset[int], secret: SecretStr
) -> Tokens | None:
    """The next tokens, with the role that the holder has now; None when the token is no good.

    One that was used before is in two hands: its family ends, and its holder and the owners are told. So the
    caller commits even when nothing is returned.
    """
    used = await session.scalar(
        select(ApiSession).where(ApiSession.refresh_hash == _digest(refresh_token)).with_for_update()
    )
    if used is None:
        return None
    if used.used_at is not None:
        await _stolen(session, used, owners)
        return None
    actor = await roles.actor_of(session, used.telegram_id, owners, Door.API)
    if await _is_revoked(session, used.family) or used.expires_at <= clock.now() or actor is None:
        return None
    used.used_at = clock.now()
    return await _next(session, used.telegram_id, actor.role, used.family, secret)


async def bearer(
    session: AsyncSession, access_token: str, owners: frozenset[int], secret: SecretStr
) -> Bearer | NoGood:
    """Who holds an access token: with the role inside, or the one that they have now if that is smaller."""
    claims = _claims(access_token, secret)
    if claims is None:
        return NoGood.FORGED
    if claims["exp"] <= clock.now().timestamp():
        return NoGood.EXPIRED
    actor = await roles.actor_of(session, int(claims["sub"]), owners, Door.API)
    if actor is None or await _is_revoked(session, claims["sid"]):
        return NoGood.REVOKED
    return Bearer(actor.at_most(Role(claims["role"])), claims["jti"])


async def of(session: AsyncSession, actor: Actor) -> Sequence[SignIn]:
    """The actor's own sign-ins that are good, the newest first."""
    actor.must_be_let(Action.USE_API)
    first, other = aliased(ApiSession), aliased(ApiSession)
    begun = select(func.min(first.created_at)).where(first.family == ApiSession.family).scalar_subquery()
    revoked = select(other.id).where(other.family == ApiSession.family, other.revoked_at.is_not(None))
    rows = await session.execute(
        select(ApiSession, begun)
        .where(
            ApiSession.telegram_id == actor.telegram_id,
            ApiSession.used_at.is_(None),
            ApiSession.expires_at > clock.now(),
            ~revoked.exists(),
        )
        .order_by(ApiSession.id.desc())
        .limit(MOST_SIGN_INS)
    )
    return [SignIn(row.id, begun_at, row.created_at, row.expires_at) for row, begun_at in rows]


async def revoke(session: AsyncSession, actor: Actor, session_id: int) -> None:
    """End the actor's own sign-in that a token belongs to, at once. Raises NotYours."""
    row = await session.scalar(
        select(ApiSession).where(ApiSession.id == session_id, ApiSession.telegram_id == actor.telegram_id)
    )
    if row is None:
        raise NotYours
    await audit.allow(session, actor, Action.USE_API, f"sign_in:{row.family}", did="revoke")
    await _revoke(session, row.family)


async def _next(
    session: AsyncSession, telegram_id: int, role: Role, family: str, secret: SecretStr
) -> Tokens:
    now, refresh_token = clock.now(), secrets.token_urlsafe(32)
    session.add(
        ApiSession(
            telegram_id=telegram_id,
            family=family,
            refresh_hash=_digest(refresh_token),
            created_at=now,
            expires_at=now + REFRESH_LASTS,
        )
    )
    await session.flush()
    claims = {
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": str(telegram_id),
        "sid": family,
        "jti": uuid4().hex,
        "role": role,
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LASTS).timestamp()),
    }
    access = jwt.encode(claims, secret.get_secret_value(), algorithm=_ALGORITHM)
    return Tokens(access, refresh_token, role, now + ACCESS_LASTS)


def _claims(access_token: str, secret: SecretStr) -> dict[str, Any] | None:
    """What a token of ours says. Times are the caller's to judge, by our clock and not by PyJWT's."""
    try:
        claims = jwt.decode(
            access_token,
            secret.get_secret_value(),
            algorithms=[_ALGORITHM],
            audience=AUDIENCE,
            issuer=ISSUER,
            options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError:
        return None
    is_ours = (
        claims["role"] in set(Role)
        and isinstance(claims["exp"], int)
        and isinstance(claims["sid"], str)
        and isinstance(claims["sub"], str)
        and claims["sub"].isdecimal()
    )
    return claims if is_ours else None


async def _is_revoked(session: AsyncSession, family: str) -> bool:
    """Whether any token of the family is: one that was made meanwhile may have escaped."""
    revoked = select(ApiSession.id).where(ApiSession.family == family, ApiSession.revoked_at.is_not(None))
    return await session.scalar(revoked.limit(1)) is not None


async def _revoke(session: AsyncSession, family: str) -> None:
    await session.execute(
        update(ApiSession)
        .where(ApiSession.family == family, ApiSession.revoked_at.is_(None))
        .values(revoked_at=clock.now())
    )


async def _stolen(session: AsyncSession, used: ApiSession, owners: frozenset[int]) -> None:
    log.warning("sessions.refresh_token_used_twice", telegram_id=used.telegram_id, family=used.family)
    await _revoke(session, used.family)
    for chat_id in sorted(owners | {used.telegram_id}):
        key = f"refresh_token_stolen:{used.family}:{chat_id}"
        await notices.owe(session, chat_id, "admin_token_stolen", key, person=used.telegram_id)


def _digest(token: str) -> str:
    """A random token of 256 bits needs no salt and no slow digest."""
    return hashlib.sha256(token.encode()).hexdigest()
