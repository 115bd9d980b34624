"""Plans and the money for them: subscriptions looked at and ended, payments refunded."""

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tracker.admin import payments, subscriptions
from tracker.admin.roles import Action
from tracker.billing.models import Subscription, SubscriptionState
from tracker.money import Money
from tracker.users.models import User
from webhooks.auth import ByActor, Guarded, InWork
from webhooks.shapes import Amount, Before, Limit, Minor, MinorFromZero, Page, RowId, Sentence, Words


class SubscriptionOut(BaseModel):
    id: int = Field(examples=[41])
    user_id: int = Field(examples=[7])
    telegram_id: int = Field(examples=[1001])
    plan: str = Field(examples=["pro"])
    period: str | None = Field(examples=["month"])
    state: str = Field(examples=["active"])
    paid_until: datetime | None
    next_plan: str | None = Field(description="What follows when it is not the same; `free` is an end.")
    is_frozen: bool = Field(description="A dispute is open.")


class TermOut(BaseModel):
    model_config = ConfigDict(from_attributes=True)

    plan: str
    source: str = Field(examples=["payment"])
    starts_at: datetime
    ends_at: datetime


class HeldOut(BaseModel):
    subscription: SubscriptionOut
    ahead: list[TermOut] = Field(description="The terms that stand and are not over.")
    renews_by: str | None = Field(description="By what they are charged next.", examples=["razorpay"])
    payments: list[int] = Field(description="Ids of the last few that arrived.")
    credit: Amount


class CancelIn(BaseModel):
    model_config = ConfigDict(extra="forbid")

    when: Literal["now", "period_end"]


class RefundIn(BaseModel):
    """In two steps: without `confirm_back_minor` it only says what a refund would do."""

    model_config = ConfigDict(extra="forbid")

    amount_minor: Minor | None = Field(None, description="All that is left without it.")
    reason: Sentence = Field(examples=["Paid twice."])
    confirm_back_minor: MinorFromZero | None = Field(
        None,
        description="The `back_minor` that the first answer said: do it, if nothing more went back since.",
    )


class RefundOut(BaseModel):
    refund_id: int | None = Field(description="Null while nothing was done.")
    amount: Amount
    back_minor: int = Field(description="What had gone back, or was on its way, before.")
    ends_plan: bool = Field(description="Whether the time that the payment bought ends with it.")
    writes_credit_note: bool


def router() -> APIRouter:
    routes = Guarded("/api/admin", "billing")

    @routes.get("/subscriptions", Action.SEE_SUBSCRIPTIONS, response_model=Page[SubscriptionOut])
    async def all_subscriptions(
        work: InWork,
        actor: ByActor,
        plan: Annotated[Words | None, Query(examples=["pro"])] = None,
        state: SubscriptionState | None = None,
        before: Before = None,
        limit: Limit = 20,
    ) -> object:
        """The subscriptions, the newest first."""
        found = await subscriptions.search(
            work.session, actor, plan=plan, state=state, before=before, limit=limit + 1
        )
        return Page.of(found, limit, lambda each: _subscription(*each))

    @routes.get("/subscriptions/{id}", Action.SEE_SUBSCRIPTIONS, 404, response_model=HeldOut)
    async def subscription(work: InWork, actor: ByActor, id: RowId) -> object:
        """One subscription and what belongs to it."""
        held = await subscriptions.get(work.session, work.billing, actor, id)
        return HeldOut(
            subscription=_subscription(held.subscription, held.user),
            ahead=[TermOut.model_validate(each) for each in held.ahead],
            renews_by=None if held.charging is None else held.charging.provider,
            payments=[each.id for each in held.payments],
            credit=Amount.of(held.credit),
        )

    @routes.post(
        "/subscriptions/{id}/cancel", Action.CANCEL_SUBSCRIPTION, 404, 409, response_model=SubscriptionOut
    )
    async def cancel(work: InWork, actor: ByActor, id: RowId, given: CancelIn) -> object:
        """End a plan now, or with what is paid for. No money goes back by itself; the person is told."""
        ended = await subscriptions.cancel(work.session, work.billing, actor, id, now=given.when == "now")
        work.hints.payments()
        return _subscription(ended, await work.session.get_one(User, ended.user_id))

    @routes.post("/payments/{id}/refund", Action.REFUND_PAYMENT, 404, 409, response_model=RefundOut)
    async def refund(work: InWork, actor: ByActor, id: RowId, given: RefundIn) -> object:
        """Say what a refund would do; with `confirm_back_minor`, do it. A worker tells the provider."""
        effect = await payments.effect(work.session, actor, id, given.amount_minor)
        wanted = None
        if given.confirm_back_minor is not None:
            wanted = await payments.refund(
                work.session,
                actor,
                id,
                amount_minor=given.amount_minor,
                reason=given.reason,
                seen_back=given.confirm_back_minor,
            )
            work.hints.payments()
        return RefundOut(
            refund_id=None if wanted is None else wanted.id,
            amount=Amount.of(Money(effect.amount, effect.payment.currency)),
            back_minor=effect.back,
            ends_plan=effect.is_rest and effect.term is not None,
            writes_credit_note=effect.invoice is not None,
        )

    return routes.router


def _subscription(subscription: Subscription, user: User) -> SubscriptionOut:
    return SubscriptionOut(
        id=subscription.id,
        user_id=user.id,
        telegram_id=user.telegram_id,
        plan=subscription.plan,
        period=subscription.period,
        state=subscription.state,
        paid_until=subscription.paid_until,
        next_plan=subscription.next_plan,
        is_frozen=subscription.is_frozen,
    )
