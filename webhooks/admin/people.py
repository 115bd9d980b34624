"""People: found, looked at, suspended and let in again."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Body, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.admin import people
from tracker.admin.people import Person
from tracker.admin.roles import Action
from tracker.money import Money
from tracker.users.models import UserState
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Amount, Before, Limit, Moment, Page, RowId, Sentence, Words


class UserOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    id: int = Field(examples=[7])
    telegram_id: int = Field(examples=[1001])
    first_name: str = Field(examples=["Asha"])
    username: str | None
    email: str | None
    locale: str = Field(examples=["en"])
    plan: str = Field(examples=["pro"])
    state: str = Field(examples=["active"])
    suspended_until: datetime | None = Field(description="Null while suspended is for good.")
    suspended_because: str | None
    created_at: datetime
    last_seen_at: datetime


class PaymentOut(BaseModel):
    id: int = Field(examples=[41])
    provider_id: str = Field(examples=["pay_N1b2c3"])
    amount: Amount
    refunded: Amount
    state: str = Field(examples=["captured"])
    held_because: str | None
    created_at: datetime


class NoteOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    by: int = Field(description="A Telegram id.")
    at: datetime
    text: str


class PersonOut(BaseModel):
    user: UserOut
    role: str | None = Field(description="Of those who run the service.")
    subscription_id: int | None
    paid_until: datetime | None
    paid: list[Amount] = Field(description="What came and did not go back, by currency.")
    payments: list[PaymentOut] = Field(description="The last few.")
    watches: int
    kept_watches: int = Field(description="With those that are paused or bought.")
    alerts: int = Field(description="Sent so far.")
    notes: list[NoteOut] = Field(description="The last few.")
    flags: list[str] = Field(examples=[["suspended"]])


class Suspend(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Literal["suspended"]
    because: Sentence = Field(examples=["Sends links to malware."])
    until: Moment | None = Field(None, description="Without it, for good.")


class Activate(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: Literal["active"]


StatusIn = Annotated[Suspend | Activate, Body(discriminator="status")]


def router() -> APIRouter:
    routes = Guarded("/api/admin", "users")

    @routes.get("/users", Action.SEE_USERS, response_model=Page[UserOut])
    async def users(
        work: InWork,
        actor: ByActor,
        q: Annotated[Words, Query(description="A Telegram id, a name, an @username or an e-mail.")] = "",
        plan: Annotated[Words | None, Query(examples=["pro"])] = None,
        state: UserState | None = None,
        active_since: Annotated[Moment | None, Query()] = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """The people, the newest first."""
        found = await people.search(
            work.session,
            actor,
            words=q,
            plan=plan,
            state=state,
            active_since=active_since,
            before=before,
            limit=limit + 1,
        )
        return Page.of(found, limit, UserOut.model_validate)

    @routes.get("/users/{id}", Action.SEE_USERS, 404, response_model=PersonOut)
    async def user(work: InWork, actor: ByActor, id: RowId) -> object:
        """One person and all that is asked of them first."""
        owners = work.settings.admin_ids
        return _person(await people.get(work.session, actor, id, owners=owners))

    @routes.patch("/users/{id}/status", Action.SUSPEND_USER, 404, 409, response_model=UserOut)
    async def set_status(work: InWork, actor: ByActor, id: RowId, given: StatusIn) -> object:
        """Suspend a person, or end their suspension."""
        if isinstance(given, Activate):
            changed = await people.activate(work.session, actor, id)
        else:
            owners = work.settings.admin_ids
            changed = await people.suspend(
                work.session, actor, id, because=given.because, until=given.until, owners=owners
            )
        return UserOut.model_validate(changed)

    return routes.router


def _person(found: Person) -> PersonOut:
    subscription = found.subscription
    return PersonOut(
        user=UserOut.model_validate(found.user),
        role=found.role,
        subscription_id=None if subscription is None else subscription.id,
        paid_until=None if subscription is None else subscription.paid_until,
        paid=[Amount.of(each) for each in found.paid],
        payments=[
            PaymentOut(
                id=each.id,
                provider_id=each.provider_id,
                amount=Amount.of(Money(each.amount_minor, each.currency)),
                refunded=Amount.of(Money(each.refunded_minor, each.currency)),
                state=each.state,
                held_because=each.held_because,
                created_at=each.created_at,
            )
            for each in found.payments
        ],
        watches=found.watches,
        kept_watches=found.kept_watches,
        alerts=found.alerts,
        notes=[NoteOut.model_validate(each) for each in found.notes],
        flags=list(found.flags),
    )
