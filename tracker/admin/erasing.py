"""A person is deleted, as they asked: what they are called and what they did goes, what the law wants stays.

Payments, invoices and the ledger are kept under a row without a name. A taken trial is remembered by the
Telegram id alone, so that whoever comes back has had theirs.
"""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.admin import audit, people
from tracker.admin.models import UserNote
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import Alert, AlertPreferences
from tracker.billing import checkouts, mandates, subscriptions
from tracker.billing.models import (
    BillingDetails,
    Checkout,
    CheckoutState,
    Dispute,
    Invoice,
    InvoiceMail,
    Mandate,
    Payment,
    PaymentState,
    Refund,
    RefundState,
    Term,
    TermState,
)
from tracker.billing.plans import Plans
from tracker.billing.refunds import OPEN_DISPUTES
from tracker.catalog.models import Correction, Preview
from tracker.errors import BadInput, NotYours
from tracker.notices.models import Notice
from tracker.users.models import ApiToken, User, UserState
from tracker.watches.demand import check_what_is_wanted
from tracker.watches.models import AlertRule, DefaultRule, Watch

_NOBODYS = -(2**52)
"""Below it are ids that no chat of Telegram's has: a deleted person's row needs one."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What deleting a person would do."""

    user: User
    watches: int
    payments: int
    """They are kept, with their invoices, without the name."""
    is_paid_for: bool
    """A paid plan would end with it, and nothing goes back by itself."""
    is_suspended: bool
    """Whoever comes back is somebody new, and not suspended."""


async def effect(session: AsyncSession, actor: Actor, user_id: int, *, owners: Collection[int]) -> Effect:
    """Raises NotYours, and BadInput for somebody who runs the service and while money is on its way."""
    actor.must_be_let(Action.DELETE_USER)
    user = await session.get(User, user_id)
    if user is None or user.telegram_id < 0:
        raise NotYours
    if await people.role_of(session, user.telegram_id, owners) is not None:
        raise BadInput("person.has_a_role")
    if await _money_is_under_way(session, user):
        raise BadInput("person.money_under_way")
    kept = await session.scalar(select(func.count()).select_from(Watch).where(Watch.user_id == user.id))
    paid = await session.scalar(select(func.count()).select_from(Payment).where(Payment.user_id == user.id))
    ahead = await session.scalar(
        select(Term.id)
        .where(
            Term.user_id == user.id,
            Term.state == TermState.STANDING,
            Term.ends_at > clock.now(),
            Term.payment_id.is_not(None),
        )
        .limit(1)
    )
    return Effect(user, kept or 0, paid or 0, ahead is not None, user.state == UserState.SUSPENDED)


async def erase(
    session: AsyncSession, plans: Plans, actor: Actor, user_id: int, *, owners: Collection[int]
) -> None:
    """Delete a person. Raises what `effect` raises."""
    await audit.allow(session, actor, Action.DELETE_USER, f"user:{user_id}")
    if await session.get(User, user_id) is None:
        raise NotYours
    user = await subscriptions.lock(session, user_id)
    await effect(session, actor, user_id, owners=owners)
    nobody = _NOBODYS - user.id
    await _forget_watches(session, user)
    await _end_plan(session, plans, user)
    await _forget_buyer(session, user)
    # A correction taught a rule that others' prices are read by: it stays, without its chat.
    for kept in (Correction, Checkout):
        await session.execute(update(kept).where(kept.user_id == user.id).values(chat_id=nobody))
    for table in (Preview, DefaultRule, AlertPreferences, UserNote, ApiToken, BillingDetails, InvoiceMail):
        await session.execute(delete(table).where(table.user_id == user.id))
    await session.execute(delete(Notice).where(Notice.chat_id == user.telegram_id))
    user.telegram_id = nobody
    user.first_name = user.name_key = user.username_key = ""
    user.username = user.start_payload = user.email = user.email_verified_at = None
    user.email_code_hash = user.email_code_until = None
    user.suspended_until = user.suspended_because = None
    user.state = UserState.DEACTIVATED
    await session.flush()


async def _money_is_under_way(session: AsyncSession, user: User) -> bool:
    of_theirs = select(Payment.id).where(Payment.user_id == user.id)
    unclear = of_theirs.where(
        or_(
            Payment.state == PaymentState.AUTHORIZED,
            (Payment.state == PaymentState.CAPTURED) & Payment.held_because.is_not(None),
            select(Dispute.id)
            .where(Dispute.payment_id == Payment.id, Dispute.state.in_(OPEN_DISPUTES))
            .exists(),
            select(Refund.id)
            .where(
                Refund.payment_id == Payment.id,
                Refund.state.in_((RefundState.WANTED, RefundState.PENDING)),
            )
            .exists(),
        )
    )
    return await session.scalar(unclear.limit(1)) is not None


async def _forget_watches(session: AsyncSession, user: User) -> None:
    theirs = select(Watch.id).where(Watch.user_id == user.id)
    listings = (await session.scalars(select(Watch.listing_id).where(Watch.user_id == user.id))).all()
    user.state = UserState.DEACTIVATED  # out of everybody's reach before the listings are looked at
    await session.flush()
    await check_what_is_wanted(session, listings)
    await session.execute(delete(Alert).where(Alert.watch_id.in_(theirs)))
    await session.execute(delete(AlertRule).where(AlertRule.watch_id.in_(theirs)))
    await session.execute(delete(Watch).where(Watch.user_id == user.id))


async def _end_plan(session: AsyncSession, plans: Plans, user: User) -> None:
    now = clock.now()
    await session.execute(
        update(Mandate)
        .where(Mandate.user_id == user.id, Mandate.state.in_(subscriptions.CHARGING))
        .values(ends_by_us=mandates.ENDS_NOW, ask_at=now)
        .execution_options(synchronize_session="fetch")
    )
    for checkout in await session.scalars(
        select(Checkout).where(Checkout.user_id == user.id, Checkout.state.in_(checkouts.OPEN))
    ):
        await checkouts.close(session, checkout, CheckoutState.CANCELLED)
    await subscriptions.end_now(session, plans, user)


async def _forget_buyer(session: AsyncSession, user: User) -> None:
    """An invoice to a business names it for the tax; any other needs nobody's name."""
    for invoice in await session.scalars(select(Invoice).where(Invoice.user_id == user.id)):
        buyer = invoice.facts["buyer"]
        if not buyer["gstin"]:
            buyer = buyer | {"name": "", "address": None}
        invoice.facts = invoice.facts | {"buyer": buyer | {"telegram_id": 0}}
