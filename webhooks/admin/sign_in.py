"""Exchanging a refresh token for the next ones. A sign-in begins in the chat, by /apitoken."""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints

from tracker import clock
from tracker.admin import sessions
from webhooks.auth import Gate, Guarded, unauthorized


class RefreshIn(BaseModel):
    refresh_token: Annotated[str, StringConstraints(min_length=1, max_length=128)] = Field(
        examples=["mC3v…the one that was shown last"]
    )


class TokensOut(BaseModel):
    """As OAuth calls them (RFC 6749, 5.1). The refresh token that was sent is used up."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - the name of a kind
    expires_in: int = Field(description="Seconds.", examples=[3600])
    refresh_token: str
    role: str = Field(examples=["support"])


def router() -> APIRouter:
    routes = Guarded("/api/auth", "sign-in")

    @routes.post_openly("/refresh", 401, response_model=TokensOut)
    async def refresh(request: Request, given: RefreshIn) -> object:
        """The next access token and the next refresh token. One that is used twice ends the sign-in."""
        gate: Gate = request.app.state.gate
        owners, secret = gate.settings.admin_ids, gate.settings.api_secret
        assert secret is not None
        async with gate.database.transaction() as session:  # what a stolen token ends is committed, too
            tokens = await sessions.refresh(session, given.refresh_token, owners, secret)
        if tokens is None:
            await gate.queue.payments()  # whoever is to be told, is told now
            await gate.failed(request)
            raise unauthorized("invalid_grant", "The refresh token is no good.")
        return TokensOut(
            access_token=tokens.access,
            expires_in=int((tokens.expires_at - clock.now()).total_seconds()),
            refresh_token=tokens.refresh,
            role=tokens.role,
        )

    return routes.router
