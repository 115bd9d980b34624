"""Who may ask the API for what: decided before anything of a request but its head is read.

A route of the API is made by `Guarded`, which cannot make one that nobody guards.
"""

import ipaddress
import math
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, HTTPException, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBearer
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.admin import sessions
from tracker.admin.roles import LEAST, Action, Actor
from tracker.admin.sessions import NoGood
from tracker.billing.setup import Billing
from tracker.config import IPNetwork, Settings
from tracker.database import Database
from tracker.jobs import Hints, JobQueue
from tracker.limits import Limiter, Lockout, Rate, Verdict
from tracker.users import api_tokens
from tracker.users.models import User
from webhooks.problems import ERRORS

BY_ADDRESS = Rate(600)
"""Requests of one address a minute, whoever sends them."""

REFRESHES_BY_ADDRESS = Rate(30)
OF_STAFF = Rate(300)
FAILED_SIGN_INS = Lockout(10, timedelta(minutes=10), timedelta(minutes=15))
"""Tokens that we never made, of one address."""

_NEEDS = "x-action"
_ANYBODY = "nobody"
_THEIRS = "own"

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Caller:
    """Whoever holds the token of a request: somebody of the staff, or a person for their own things."""

    token_id: str
    actor: Actor | None = None
    user: User | None = None


@dataclass(slots=True)
class Gate:
    """Lets callers in: their address, then their token, then how often they ask."""

    settings: Settings
    database: Database
    queue: JobQueue
    limiter: Limiter

    async def admit(self, request: Request, needs: str) -> Caller | None:
        """Raises HTTPException 401, 403, 429, or 503 where the admin API is off."""
        address = client_address(request, self.settings.trusted_proxies)
        await self._count(request, f"api:address:{address}", BY_ADDRESS)
        locked = await self.limiter.locked(f"api:failed:{address}", FAILED_SIGN_INS)
        if locked:
            raise _too_many(locked, "Too many sign-ins of this address have failed.")
        if needs != _THEIRS and self.settings.api_secret is None:
            raise HTTPException(503, "The admin API is not configured.")
        if needs == _ANYBODY:
            await self._count(request, f"api:refresh:{address}", REFRESHES_BY_ADDRESS)
            return None
        token = _token(request)
        caller = await (self._owner(token) if needs == _THEIRS else self._staff(token, Action(needs)))
        if caller is None:
            await self.failed(request)
            raise unauthorized("invalid_token")
        request.state.token_id = caller.token_id
        key, rate = _allowed(caller)
        await self._count(request, key, rate)
        if caller.actor is not None and not caller.actor.may(Action(needs)):
            raise HTTPException(403, f"It takes the role “{LEAST[Action(needs)]}”.")
        return caller

    async def failed(self, request: Request) -> None:
        """Count a secret that we never made against the address that it came from."""
        address = client_address(request, self.settings.trusted_proxies)
        log.warning("api.failed_sign_in", address=address)
        await self.limiter.strike(f"api:failed:{address}", FAILED_SIGN_INS)

    async def _staff(self, token: str, needs: Action) -> Caller | None:
        assert self.settings.api_secret is not None
        async with self.database.transaction() as session:
            bearer = await sessions.bearer(session, token, self.settings.admin_ids, self.settings.api_secret)
        if bearer is NoGood.FORGED:
            return None
        if isinstance(bearer, NoGood):
            raise unauthorized("invalid_token", f"The token is {bearer}.")
        return Caller(bearer.token_id, actor=bearer.actor)

    async def _owner(self, token: str) -> Caller | None:
        async with self.database.transaction() as session:
            holder = await api_tokens.holder(session, token)
        return None if holder is None else Caller(holder.token_id, user=holder.user)

    async def _count(self, request: Request, key: str, rate: Rate) -> None:
        """The headers tell of what was counted last: of the token, once there is one."""
        verdict = await self.limiter.take(key, rate)
        request.state.answer_headers = headers_of(verdict)
        if not verdict.allowed:
            raise _too_many(verdict.retry_after, "Too many requests.")


def headers_of(verdict: Verdict) -> dict[str, str]:
    """Source: draft-ietf-httpapi-ratelimit-headers-07."""
    return {
        "ratelimit-limit": str(verdict.limit),
        "ratelimit-remaining": str(verdict.remaining),
        "ratelimit-reset": str(math.ceil(verdict.reset)),
    }


def client_address(request: Request, trusted: tuple[IPNetwork, ...]) -> str:
    """The address that a request comes from; a home's or a server's whole /64 of IPv6 is one.

    What a header says of it is believed as far as trusted proxies said it: read from its end, the first
    address that is none of theirs.
    """
    address = request.client.host if request.client else ""
    told = [each.strip() for each in ",".join(request.headers.getlist("x-forwarded-for")).split(",")]
    while told and _is_of(address, trusted) and _parsed(told[-1]) is not None:
        address = told.pop()
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return address if parsed is None else str(parsed)


def _is_of(address: str, networks: tuple[IPNetwork, ...]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parsed(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return None
    return getattr(parsed, "ipv4_mapped", None) or parsed


def unauthorized(error: str | None = None, detail: str | None = None) -> HTTPException:
    """Source: RFC 6750, 3: a request without a token is told no error."""
    challenge = 'Bearer realm="price-tracker-pro"' + (f', error="{error}"' if error else "")
    return HTTPException(401, detail or "It takes a token.", headers={"WWW-Authenticate": challenge})


def _token(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise unauthorized()
    return token.strip()


def _allowed(caller: Caller) -> tuple[str, Rate]:
    """All tokens of one person share what they may."""
    if caller.actor is not None:
        return f"api:staff:{caller.actor.telegram_id}", OF_STAFF
    assert caller.user is not None
    return f"api:user:{caller.user.id}", Rate(max(caller.user.requests_per_minute, 1))


def _too_many(seconds: float, detail: str) -> HTTPException:
    return HTTPException(429, detail, headers={"Retry-After": str(max(math.ceil(seconds), 1))})


# Routes

_STAFF_SCHEME = HTTPBearer(
    scheme_name="staff", bearerFormat="JWT", auto_error=False, description="From /apitoken, for an hour."
)
_OWN_SCHEME = HTTPBearer(
    scheme_name="own", auto_error=False, description="A person's own token, from /apitoken."
)


class _GuardedRoute(APIRoute):
    """FastAPI reads a body before it asks any dependency: so this asks before FastAPI."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        answer = super().get_route_handler()
        assert self.openapi_extra is not None
        needs = self.openapi_extra[_NEEDS]
        known = sorted(each.alias for each in self.dependant.query_params)

        async def guarded(request: Request) -> Response:
            gate: Gate = request.app.state.gate
            request.state.caller = await gate.admit(request, needs)
            if not request.query_params.keys() <= set(
                known
            ):  # a filter that is misspelt would find everything
                raise HTTPException(422, f"The parameters are: {', '.join(known) or 'none'}.")
            return await answer(request)

        return guarded


class Guarded:
    """Routes of the API under `prefix`, each of which says what it takes to come in."""

    def __init__(self, prefix: str, tag: str) -> None:
        self.router = APIRouter(prefix=prefix, route_class=_GuardedRoute, tags=[tag])

    def get(self, path: str, action: Action, *errors: int, **how: Any) -> Callable[[Any], Any]:
        """For staff who may do `action`; `errors` are what it may answer besides what all may."""
        return self._route("GET", path, action, errors, _STAFF_SCHEME, how)

    def post(self, path: str, action: Action, *errors: int, **how: Any) -> Callable[[Any], Any]:
        return self._route("POST", path, action, errors, _STAFF_SCHEME, how)

    def patch(self, path: str, action: Action, *errors: int, **how: Any) -> Callable[[Any], Any]:
        return self._route("PATCH", path, action, errors, _STAFF_SCHEME, how)

    def get_own(self, path: str, *errors: int, **how: Any) -> Callable[[Any], Any]:
        """For a person with a token of their own, about their own things."""
        return self._route("GET", path, _THEIRS, errors, _OWN_SCHEME, how)

    def post_openly(self, path: str, *errors: int, **how: Any) -> Callable[[Any], Any]:
        """For everybody who keeps within the limits of an address."""
        return self._route("POST", path, _ANYBODY, errors, None, how)

    def _route(
        self,
        method: str,
        path: str,
        needs: str,
        errors: tuple[int, ...],
        scheme: HTTPBearer | None,
        how: dict[str, Any],
    ) -> Callable[[Any], Any]:
        extra: dict[str, Any] = {_NEEDS: str(needs)}
        if needs in set(Action):
            extra["x-role"] = str(LEAST[Action(needs)])
        usual: tuple[int, ...] = (422, 429, 503) if scheme is None else (401, 422, 429, 503)
        usual = usual if needs not in set(Action) else (*usual, 403)
        usual = usual if method == "GET" else (*usual, 400, 413)
        return self.router.api_route(
            path,
            methods=[method],
            openapi_extra=extra,
            dependencies=[] if scheme is None else [Depends(scheme)],
            responses={status: ERRORS[status] for status in sorted({*usual, *errors})},
            **how,
        )


# What routes are given


@dataclass(slots=True)
class Work:
    """One transaction, committed before the answer is sent; the hints leave after it."""

    session: AsyncSession
    hints: Hints
    settings: Settings

    @property
    def billing(self) -> Billing:
        return Billing.by(self.settings)


async def _work(request: Request) -> AsyncIterator[Work]:
    gate: Gate = request.app.state.gate
    hints = Hints()
    async with gate.database.transaction() as session:
        yield Work(session, hints, gate.settings)
    await hints.send(gate.queue)


def _actor(request: Request) -> Actor:
    caller: Caller = request.state.caller
    assert caller.actor is not None
    return caller.actor


def _user(request: Request) -> User:
    caller: Caller = request.state.caller
    assert caller.user is not None
    return caller.user


InWork = Annotated[Work, Depends(_work, scope="function")]
ByActor = Annotated[Actor, Depends(_actor)]
ByUser = Annotated[User, Depends(_user)]
