"""What Razorpay says it took, against what we wrote down; and the ledger against zero."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker.billing import ledger
from tracker.billing.entities import PaymentEntity
from tracker.billing.fulfilment import tell_admins
from tracker.billing.models import Payment, PaymentState, Provider
from tracker.billing.setup import Billing

log = structlog.get_logger()

WINDOW = timedelta(days=4)
"""A failed payment can be captured three days later."""

_TOOK = ("captured", "refunded")
_LATEST = timedelta(minutes=15)
"""What was taken so recently may still be on its way to us."""


async def missing(session: AsyncSession, told: Iterable[PaymentEntity]) -> list[PaymentEntity]:
    """Captured payments that we have not written down as such.

    One that went back whole is nobody's any more: so does what only authorises a subscription.
    """
    took = {
        payment.id: payment
        for payment in told
        if payment.status in _TOOK and payment.refunded_minor < payment.amount_minor
    }
    known = await _ours(session, list(took))
    return [payment for id, payment in took.items() if id not in known]


async def report(
    session: AsyncSession, billing: Billing, told: Sequence[PaymentEntity] | None, now: datetime
) -> list[str]:
    """Every difference, in words for an admin; they are told of them. `told` of None was not asked."""
    found = [] if told is None else await _differences(session, told, now)
    found += [f"ledger: {posting} does not balance" for posting in await ledger.unbalanced(session)]
    for currency, total in (await ledger.balance(session)).items():
        if total:
            found.append(f"ledger: {currency} sums to {total}")
    for line in found:
        log.error("reconcile.difference", what=line)
    if found:
        await tell_admins(
            session,
            billing,
            "admin_differences",
            f"differences:{now:%Y-%m-%d}",
            lines=found[:20],
            total=len(found),
        )
    return found


async def _differences(session: AsyncSession, told: Sequence[PaymentEntity], now: datetime) -> list[str]:
    took = {payment.id: payment for payment in told if payment.status in _TOOK}
    found = [
        f"{payment.id}: {payment.amount_minor} {payment.currency} at Razorpay, not written down here"
        for payment in await missing(session, told)
        if payment.created_at is None or payment.created_at < now - _LATEST
    ]
    ours = await _ours(session, list(took))
    for id, payment in ours.items():
        if (payment.amount_minor, payment.currency) != (took[id].amount_minor, took[id].currency):
            found.append(f"{id}: {took[id].amount_minor} at Razorpay, {payment.amount_minor} here")
        if payment.refunded_minor > took[id].refunded_minor:
            found.append(f"{id}: {payment.refunded_minor} refunded here, {took[id].refunded_minor} there")
    rows = await session.scalars(
        select(Payment.provider_id).where(
            Payment.provider == Provider.RAZORPAY,
            Payment.state.in_((PaymentState.CAPTURED, PaymentState.REFUNDED)),
            Payment.created_at >= now - WINDOW + timedelta(hours=1),
            Payment.created_at <= now - _LATEST,
        )
    )
    return found + [f"{id}: written down here, unknown at Razorpay" for id in rows if id not in took]


async def _ours(session: AsyncSession, ids: Sequence[str]) -> dict[str, Payment]:
    rows = await session.scalars(
        select(Payment).where(
            Payment.provider == Provider.RAZORPAY,
            Payment.provider_id.in_(ids),
            Payment.state.in_((PaymentState.CAPTURED, PaymentState.REFUNDED)),
        )
    )
    return {payment.provider_id: payment for payment in rows}
