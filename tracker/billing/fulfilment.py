"""The one place where money becomes a plan, whoever found it: a webhook, reconciliation, an admin.

A payment is fulfilled once, by its id at the provider. Its row, the time it bought, the invoice, the ledger
and the message that is owed are one transaction. Whatever does not fit is held and told to the admins: money
is never kept without a plan in silence, and a plan is never given for money that does not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import checkouts, coupons, credit, invoicing, ledger, mailing, referrals, subscriptions
from tracker.billing.documents import Line
from tracker.billing.ledger import Account
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Provider,
    Term,
)
from tracker.billing.periods import Period
from tracker.billing.setup import Billing
from tracker.database import insert
from tracker.notices import service as notices
from tracker.users.models import User, UserState

log = structlog.get_logger()

_RANKS = {state: rank for rank, state in enumerate(PaymentState)}

ACCOUNTS = {Provider.RAZORPAY: Account.RAZORPAY, Provider.STARS: Account.STARS}


@dataclass(frozen=True, slots=True)
class Paid:
    """A captured payment, as the provider tells of it."""

    provider: Provider
    provider_id: str
    amount_minor: int
    currency: str
    method: str | None
    created_at: datetime | None = None


async def fulfil(
    session: AsyncSession,
    billing: Billing,
    paid: Paid,
    *,
    checkout: Checkout | None = None,
    mandate: Mandate | None = None,
    payer_id: int | None = None,
) -> Payment | None:
    """Give what a captured payment bought. None when that was done before, by whomever.

    `payer_id` is who paid, where the provider knows that, of a payment for nothing that we know.
    """
    owner = checkout.user_id if checkout else mandate.user_id if mandate else payer_id
    user = await subscriptions.lock(session, owner) if owner is not None else None
    if user is not None:
        await referrals.lock_inviter(session, user)
    payment = await _once(session, paid, user, checkout, mandate)
    if payment is None:
        return None
    if checkout is not None:
        await session.refresh(checkout)
    reason = await _why_held(session, user, payment, checkout, mandate)
    if reason is not None or user is None:
        await _hold(session, billing, user, payment, reason or "unknown")
    else:
        await _apply(session, billing, user, payment, checkout, mandate)
    return payment


async def release(session: AsyncSession, billing: Billing, payment_id: int) -> Payment | None:
    """Fulfil a payment that was held, as an admin decided. None when it is not held, or nobody's."""
    payment = await session.get_one(Payment, payment_id)
    if payment.user_id is None:
        return None
    user = await subscriptions.lock(session, payment.user_id)
    await referrals.lock_inviter(session, user)
    await session.refresh(payment, with_for_update=True)
    if payment.held_because is None or payment.state != PaymentState.CAPTURED or payment.refunded_minor:
        return None
    checkout = await session.get(Checkout, payment.checkout_id) if payment.checkout_id else None
    mandate = await session.get(Mandate, payment.mandate_id) if payment.mandate_id else None
    if checkout is None and mandate is None:
        return None
    payment.held_because = None
    await _apply(session, billing, user, payment, checkout, mandate, source=Account.HELD)
    return payment


async def note(
    session: AsyncSession, paid: Paid, state: PaymentState, checkout: Checkout | None
) -> Payment | None:
    """Note a payment that is not captured: authorized or failed. None when nothing new is known by it."""
    user = await subscriptions.lock(session, checkout.user_id) if checkout else None
    return await _once(session, paid, user, checkout, None, state=state)


async def begin_unpaid(session: AsyncSession, billing: Billing, checkout: Checkout) -> None:
    """Give what credit alone pays for. Nothing happens twice."""
    user = await subscriptions.lock(session, checkout.user_id)
    await session.refresh(checkout)
    if checkout.state not in checkouts.OPEN or checkout.amount_minor:
        return
    if await credit.is_gone(session, user, checkout):
        await checkouts.close(session, checkout, CheckoutState.CANCELLED)
        return
    if checkout.is_change:
        await credit.keep_other_money(
            session, user, key=f"checkout:{checkout.id}", currency=checkout.currency
        )
    term = await _give(session, billing, user, checkout, None, key=f"checkout:{checkout.id}")
    await credit.post(session, user, checkout, posting=f"checkout:{checkout.id}", sides={})
    await notices.owe(
        session,
        user.telegram_id,
        "plan_begun",
        f"begun:{checkout.id}",
        plan=term.plan,
        until=term.ends_at.isoformat(),
    )


async def _once(
    session: AsyncSession,
    paid: Paid,
    user: User | None,
    checkout: Checkout | None,
    mandate: Mandate | None,
    *,
    state: PaymentState = PaymentState.CAPTURED,
) -> Payment | None:
    """The payment's row, moved to its new state; None when it has been there, or beyond, before."""
    now = clock.now()
    captured_at = now if state == PaymentState.CAPTURED else None
    inserted = await session.scalar(
        insert(session, Payment)
        .values(
            provider=paid.provider,
            provider_id=paid.provider_id,
            user_id=user.id if user else None,
            checkout_id=checkout.id if checkout else None,
            mandate_id=mandate.id if mandate else None,
            amount_minor=paid.amount_minor,
            refunded_minor=0,
            currency=paid.currency,
            method=paid.method,
            state=state,
            created_at=paid.created_at or now,
            captured_at=captured_at,
        )
        .on_conflict_do_nothing(index_elements=["provider", "provider_id"])
        .returning(Payment.id)
    )
    found = (
        await session.scalars(
            select(Payment)
            .where(Payment.provider == paid.provider, Payment.provider_id == paid.provider_id)
            .with_for_update()
            .execution_options(populate_existing=True)
        )
    ).one()
    if inserted is not None:
        return found
    if _RANKS[PaymentState(found.state)] >= _RANKS[state]:
        return None
    found.state, found.captured_at = state, captured_at
    found.method = paid.method or found.method
    if captured_at is not None:
        # What was captured counts, not what was tried.
        found.amount_minor, found.currency = paid.amount_minor, paid.currency
    if user is not None and found.user_id is None:
        found.user_id = user.id
    found.checkout_id = found.checkout_id or (checkout.id if checkout else None)
    found.mandate_id = found.mandate_id or (mandate.id if mandate else None)
    await session.flush()
    return found


async def _why_held(
    session: AsyncSession,
    user: User | None,
    payment: Payment,
    checkout: Checkout | None,
    mandate: Mandate | None,
) -> str | None:
    """Why a payment cannot buy anything by itself."""
    if user is None or (checkout is None and mandate is None):
        return "unknown"
    if user.state == UserState.DEACTIVATED:
        return "user_gone"
    first = checkout if checkout is not None and checkout.state != CheckoutState.PAID else None
    expected = first or mandate
    if expected is None:
        return "paid_twice"
    if (payment.amount_minor, payment.currency) != (expected.amount_minor, expected.currency):
        return "amount"
    return "credit" if first is not None and await credit.is_gone(session, user, first) else None


async def _hold(
    session: AsyncSession, billing: Billing, user: User | None, payment: Payment, reason: str
) -> None:
    payment.held_because = reason
    log.error("payment.held", payment_id=payment.id, provider_id=payment.provider_id, reason=reason)
    await ledger.post(
        session,
        f"payment:{payment.id}",
        {ACCOUNTS[Provider(payment.provider)]: payment.amount_minor, Account.HELD: -payment.amount_minor},
        currency=payment.currency,
        user_id=payment.user_id,
    )
    await tell_admins(
        session,
        billing,
        "admin_payment_held",
        f"held:{payment.id}",
        payment=payment.id,
        provider_id=payment.provider_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        reason=reason,
        person=user.telegram_id if user else None,
    )
    if user is not None:
        await notices.owe(
            session,
            user.telegram_id,
            "payment_held",
            f"held-told:{payment.id}",
            amount_minor=payment.amount_minor,
            currency=payment.currency,
        )


async def _apply(
    session: AsyncSession,
    billing: Billing,
    user: User,
    payment: Payment,
    checkout: Checkout | None,
    mandate: Mandate | None,
    *,
    source: Account | None = None,
) -> None:
    is_first = checkout is not None and checkout.state != CheckoutState.PAID
    key = f"payment:{payment.id}"
    lines: Sequence[Line]
    if checkout is not None and is_first and checkout.is_change:
        await credit.keep_other_money(session, user, key=key, currency=checkout.currency)
    if is_first and checkout is not None:
        lines = checkouts.lines_of(checkout, billing)
        term = await _give(session, billing, user, checkout, payment, key=key)
    else:
        bought = mandate or checkout
        assert bought is not None
        term = await subscriptions.add_paid(
            session,
            billing.plans,
            user,
            plan=bought.plan,
            period=Period(bought.period),
            value_minor=payment.amount_minor,
            key=key,
            payment_id=payment.id,
            begins_now=False,
            currency=payment.currency,
        )
        name = billing.plans[bought.plan].name
        lines = [Line(f"{name}, one {bought.period}", payment.amount_minor)]
    if sum(line.amount_minor for line in lines) != payment.amount_minor:  # an admin let another amount pass
        lines = [Line(lines[0].text, payment.amount_minor)]
    invoice, earned = None, payment.amount_minor
    if payment.provider != Provider.STARS:  # there the person's seller is Telegram
        invoice = await invoicing.issue(session, billing, user, payment, term, lines)
        await mailing.owe(session, user, invoice=invoice)
        earned = invoicing.split_of(invoice).taxable_minor
    sides = {
        source or ACCOUNTS[Provider(payment.provider)]: payment.amount_minor,
        Account.SALES: -earned,
        Account.GST: earned - payment.amount_minor,
    }
    posting = f"released:{payment.id}" if source else key
    if is_first and checkout is not None:
        await credit.post(session, user, checkout, posting=posting, sides=sides, currency=payment.currency)
    else:
        await ledger.post(session, posting, sides, currency=payment.currency, user_id=user.id)
    await _end_other_mandates(session, user, mandate)
    await subscriptions.refresh(session, billing.plans, user)
    await _tell(session, user, payment, term, invoice)
    await referrals.reward(session, billing.plans, user)


async def _give(
    session: AsyncSession,
    billing: Billing,
    user: User,
    checkout: Checkout,
    payment: Payment | None,
    *,
    key: str,
) -> Term:
    term = await subscriptions.add_paid(
        session,
        billing.plans,
        user,
        plan=checkout.plan,
        period=Period(checkout.period),
        value_minor=checkout.quote["price"] - checkout.quote["discount"] - checkout.quote["waived"],
        key=key,
        payment_id=payment.id if payment else None,
        begins_now=checkout.is_change,
        currency=checkout.currency,
    )
    checkout.state, checkout.ask_at = CheckoutState.PAID, None
    if checkout.coupon_id is not None:
        await coupons.use(session, checkout.id)
    return term


async def _end_other_mandates(session: AsyncSession, user: User, mandate: Mandate | None) -> None:
    """Whoever paid for another plan is not charged for the old one again."""
    others = (
        Mandate.user_id == user.id,
        Mandate.state.in_(subscriptions.CHARGING),
        Mandate.ends_by_us.is_(None),
    )
    wanted = update(Mandate).where(*others).values(ends_by_us="now", ask_at=clock.now())
    if mandate is not None:
        wanted = wanted.where(Mandate.id < mandate.id)
    await session.execute(wanted.execution_options(synchronize_session="fetch"))


async def _tell(
    session: AsyncSession, user: User, payment: Payment, term: Term, invoice: Invoice | None
) -> None:
    await notices.owe(
        session,
        user.telegram_id,
        "payment_applied",
        f"applied:{payment.id}",
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        plan=term.plan,
        until=term.ends_at.isoformat(),
        invoice_id=invoice.id if invoice else None,
    )


async def tell_admins(
    session: AsyncSession, billing: Billing, kind: str, key: str, **details: object
) -> None:
    """Owe each admin a message, once for each key."""
    for admin_id in billing.admin_ids:
        await notices.owe(session, admin_id, kind, f"{key}:{admin_id}", **details)
