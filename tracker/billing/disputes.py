"""A payer's bank asks the money back: the subscription stands still until it is decided."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import ledger, subscriptions
from tracker.billing.entities import DisputeEntity
from tracker.billing.fulfilment import ACCOUNTS, tell_admins
from tracker.billing.ledger import Account
from tracker.billing.models import Dispute, Payment, Provider
from tracker.billing.refunds import OPEN_DISPUTES
from tracker.billing.setup import Billing
from tracker.users.models import User

_FINAL = ("won", "lost", "closed")


async def record(session: AsyncSession, billing: Billing, told: DisputeEntity) -> Dispute | None:
    """Write down what the provider says of a dispute; what is decided stays so. None for others' payments."""
    payment = await session.scalar(
        select(Payment).where(Payment.provider == Provider.RAZORPAY, Payment.provider_id == told.payment_id)
    )
    if payment is None:
        return None
    user = await subscriptions.lock(session, payment.user_id) if payment.user_id is not None else None
    dispute = await session.scalar(
        select(Dispute)
        .where(Dispute.provider_id == told.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if dispute is None:
        dispute = Dispute(
            payment_id=payment.id,
            provider_id=told.id,
            state="",
            amount_minor=told.amount_minor,
            created_at=clock.now(),
        )
        session.add(dispute)
    if dispute.state in _FINAL or dispute.state == told.status:
        return dispute
    dispute.state, dispute.phase, dispute.reason = told.status, told.phase, told.reason
    dispute.deducted_minor, dispute.respond_by = told.deducted_minor, told.respond_by
    await session.flush()
    if user is not None:
        await _freeze(session, user)
    if told.status == "lost":
        await _lost(session, billing, user, payment, dispute)
    await tell_admins(
        session,
        billing,
        "admin_dispute",
        f"dispute:{dispute.id}:{told.status}",
        provider_id=payment.provider_id,
        state=told.status,
        amount_minor=told.amount_minor,
        currency=told.currency,
        respond_by=told.respond_by.isoformat() if told.respond_by else None,
        person=user.telegram_id if user else None,
    )
    return dispute


async def _freeze(session: AsyncSession, user: User) -> None:
    open_one = await session.scalar(
        select(Dispute.id)
        .join(Payment, Payment.id == Dispute.payment_id)
        .where(Payment.user_id == user.id, Dispute.state.in_(OPEN_DISPUTES))
        .limit(1)
    )
    subscription = await subscriptions.of(session, user)
    subscription.is_frozen = open_one is not None
    await session.flush()


async def _lost(
    session: AsyncSession, billing: Billing, user: User | None, payment: Payment, dispute: Dispute
) -> None:
    amount = dispute.deducted_minor or dispute.amount_minor
    await ledger.post(
        session,
        f"dispute:{dispute.id}",
        {Account.DISPUTED: amount, ACCOUNTS[Provider(payment.provider)]: -amount},
        currency=payment.currency,
        user_id=payment.user_id,
    )
    if user is not None:
        await subscriptions.revoke(session, billing.plans, user, payment.id)
