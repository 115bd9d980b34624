"""Money that goes back: asked for here or at the provider, written down once when it has gone."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import uuid4

import structlog
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import invoicing, ledger, mailing, subscriptions
from tracker.billing.entities import RefundEntity
from tracker.billing.fulfilment import ACCOUNTS, tell_admins
from tracker.billing.ledger import Account
from tracker.billing.models import (
    Dispute,
    Payment,
    PaymentState,
    Provider,
    Refund,
    RefundState,
)
from tracker.billing.setup import Billing
from tracker.errors import BadInput
from tracker.notices import service as notices
from tracker.users.models import User

log = structlog.get_logger()

NOT_AFTER = timedelta(days=180)
"""Razorpay refunds no payment that is older than six months."""

OPEN_DISPUTES = ("created", "open", "under_review", "action_required")

_RANKS = {state: rank for rank, state in enumerate(RefundState)}
_LONGEST_PAUSE = timedelta(hours=1)


async def ask(
    session: AsyncSession, payment_id: int, *, amount_minor: int | None, reason: str, by: int
) -> Refund:
    """Decide a refund, of the whole rest when no amount is given; a worker tells the provider.

    Raises BadInput when there is not so much left, while a dispute is open, and for a payment too old.
    """
    payment = await _locked(session, payment_id)
    if payment is None or payment.state != PaymentState.CAPTURED:
        raise BadInput("refund.not_captured")
    if await session.scalar(
        select(Dispute.id).where(Dispute.payment_id == payment.id, Dispute.state.in_(OPEN_DISPUTES)).limit(1)
    ):
        raise BadInput("refund.disputed")
    now = clock.now()
    if payment.captured_at is not None and now - payment.captured_at > NOT_AFTER:
        raise BadInput("refund.too_old")
    on_the_way = await session.scalar(
        select(func.sum(Refund.amount_minor)).where(
            Refund.payment_id == payment.id, Refund.state.in_((RefundState.WANTED, RefundState.PENDING))
        )
    )
    rest = payment.amount_minor - payment.refunded_minor - int(on_the_way or 0)
    amount = rest if amount_minor is None else amount_minor
    if not 0 < amount <= rest:
        raise BadInput("refund.too_much")
    if payment.provider == Provider.STARS and amount != payment.amount_minor:
        raise BadInput("refund.stars_whole")
    refund = Refund(
        payment_id=payment.id,
        key=f"rf-{uuid4().hex}",
        amount_minor=amount,
        currency=payment.currency,
        state=RefundState.WANTED,
        reason=reason[:256],
        asked_by=by,
        due_at=now,
        created_at=now,
    )
    session.add(refund)
    await session.flush()
    return refund


async def record(session: AsyncSession, billing: Billing, told: RefundEntity) -> Refund | None:
    """Write down what the provider says of a refund, which only moves forward. None for others' payments."""
    payment = await _locked(
        session,
        await session.scalar(
            select(Payment.id).where(
                Payment.provider == Provider.RAZORPAY, Payment.provider_id == told.payment_id
            )
        ),
    )
    if payment is None:
        return None
    refund = await _known(session, payment, told)
    state = RefundState(told.status) if told.status in set(RefundState) else RefundState.PENDING
    if _RANKS[RefundState(refund.state)] >= _RANKS[state] and refund.provider_id == told.id:
        return refund
    refund.provider_id = told.id
    if _RANKS[RefundState(refund.state)] < _RANKS[state]:
        refund.state = state
        refund.due_at = clock.now() + timedelta(hours=6) if state == RefundState.PENDING else None
        await session.flush()
        if state == RefundState.PROCESSED:
            await _processed(session, billing, payment, refund)
        elif state == RefundState.FAILED:
            await tell_admins(
                session,
                billing,
                "admin_refund_failed",
                f"refund-failed:{refund.id}",
                payment=payment.id,
                provider_id=payment.provider_id,
                amount_minor=refund.amount_minor,
                currency=refund.currency,
            )
    await session.flush()
    return refund


async def went_back(session: AsyncSession, billing: Billing, payment_id: int) -> Refund | None:
    """Write down that a payment went back as a whole, whoever began it. None when that is known."""
    payment = await _locked(session, payment_id)
    if payment is None or payment.state != PaymentState.CAPTURED:
        return None
    refund = await session.scalar(
        select(Refund)
        .where(Refund.payment_id == payment.id, Refund.state != RefundState.PROCESSED)
        .order_by(Refund.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if refund is None:
        refund = Refund(
            payment_id=payment.id,
            amount_minor=payment.amount_minor - payment.refunded_minor,
            currency=payment.currency,
            created_at=clock.now(),
        )
        session.add(refund)
    refund.state, refund.due_at = RefundState.PROCESSED, None
    await session.flush()
    await _processed(session, billing, payment, refund)
    return refund


async def to_send(session: AsyncSession, *, limit: int) -> Sequence[Refund]:
    """Refunds that the provider is to be told of, or asked about, now."""
    rows = await session.scalars(
        select(Refund)
        .where(Refund.due_at <= clock.now(), Refund.state.in_((RefundState.WANTED, RefundState.PENDING)))
        .order_by(Refund.due_at)
        .limit(limit)
    )
    return rows.all()


async def asked(session: AsyncSession, refund_id: int) -> None:
    """Ask again about one that is on its way; banks take days."""
    refund = await session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund.state == RefundState.PENDING:
        refund.due_at = clock.now() + timedelta(hours=6)


async def later(session: AsyncSession, refund_id: int, error: str) -> None:
    """The provider could not be asked: try again after a growing pause, under the same key."""
    refund = await session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund.state not in (RefundState.WANTED, RefundState.PENDING):
        return
    refund.attempts += 1
    refund.last_error = error[:500]
    refund.due_at = clock.now() + min(timedelta(seconds=10 * 2 ** min(refund.attempts, 10)), _LONGEST_PAUSE)


async def refused(session: AsyncSession, billing: Billing, refund_id: int, error: str) -> None:
    """The provider will not have it: the admins are told, and nothing has moved."""
    refund = await session.get_one(Refund, refund_id, with_for_update=True, populate_existing=True)
    if refund.state != RefundState.WANTED:
        return
    refund.state, refund.due_at, refund.last_error = RefundState.FAILED, None, error[:500]
    payment = await session.get_one(Payment, refund.payment_id)
    await tell_admins(
        session,
        billing,
        "admin_refund_failed",
        f"refund-failed:{refund.id}",
        payment=payment.id,
        provider_id=payment.provider_id,
        amount_minor=refund.amount_minor,
        currency=refund.currency,
    )


async def _processed(session: AsyncSession, billing: Billing, payment: Payment, refund: Refund) -> None:
    before = payment.refunded_minor
    payment.refunded_minor += refund.amount_minor
    refund.settled_at = clock.now()
    is_full = payment.refunded_minor >= payment.amount_minor
    was_held = payment.held_because is not None
    note = None if was_held else await invoicing.credit(session, payment, refund, before)
    sides = {ACCOUNTS[Provider(payment.provider)]: -refund.amount_minor}
    if was_held:
        sides[Account.HELD] = refund.amount_minor
    elif note is None:
        sides[Account.SALES] = refund.amount_minor
    else:
        split = invoicing.split_of(note)
        sides[Account.SALES] = split.taxable_minor
        sides[Account.GST] = refund.amount_minor - split.taxable_minor
    await ledger.post(
        session, f"refund:{refund.id}", sides, currency=refund.currency, user_id=payment.user_id
    )
    if is_full:
        payment.state = PaymentState.REFUNDED
    await session.flush()
    if payment.user_id is None:
        return
    user = await session.get_one(User, payment.user_id)
    await mailing.owe(session, user, credit_note=note)
    ended = is_full and await subscriptions.revoke(session, billing.plans, user, payment.id)
    if not is_full:
        await subscriptions.worth_less(session, payment.id, refund.amount_minor)
    await notices.owe(
        session,
        user.telegram_id,
        "refund_done",
        f"refund:{refund.id}",
        amount_minor=refund.amount_minor,
        currency=refund.currency,
        is_full=is_full,
        ended=ended,
        plan=user.plan,
        credit_note_id=note.id if note else None,
    )


async def _locked(session: AsyncSession, payment_id: int | None) -> Payment | None:
    """A payment under its person's lock."""
    if payment_id is None:
        return None
    payment = await session.get(Payment, payment_id)
    if payment is None:
        return None
    if payment.user_id is not None:
        await subscriptions.lock(session, payment.user_id)
    await session.refresh(payment, with_for_update=True)
    return payment


async def _known(session: AsyncSession, payment: Payment, told: RefundEntity) -> Refund:
    """The refund's row: by the provider's id, by our key, or made anew when it began at the provider."""
    found = await session.scalar(
        select(Refund)
        .where(Refund.payment_id == payment.id, Refund.provider_id == told.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if found is None and told.receipt:
        found = await session.scalar(
            select(Refund)
            .where(Refund.payment_id == payment.id, Refund.key == told.receipt, Refund.provider_id.is_(None))
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    if found is None:
        found = Refund(
            payment_id=payment.id,
            amount_minor=told.amount_minor,
            currency=told.currency,
            state=RefundState.WANTED,
            reason="",
            created_at=clock.now(),
        )
        session.add(found)
        await session.flush()
    return found
