"""Ask Razorpay, and tell it what was decided here: load, call, record; no transaction is open meanwhile."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock
from tracker.billing import checkouts, events, mandates, periods, refunds
from tracker.billing.events import Doubt
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Mandate,
    Payment,
    Provider,
    ProviderPlan,
    Refund,
    RefundState,
)
from tracker.billing.periods import Period
from tracker.billing.problems import RazorpayRefused
from tracker.database import insert
from tracker.users.models import User
from worker.workbench import Workbench

log = structlog.get_logger()

Write = Callable[[AsyncSession], Awaitable[object]]

_SHORTEST = timedelta(minutes=16)
"""Razorpay wants at least a quarter of an hour between a link and its end."""


async def ask(bench: Workbench, doubt: Doubt) -> Write:
    """Ask what is true of an entity; returns what writes it down. Raises RazorpayAway and RazorpayRefused."""
    at = clock.now()
    if doubt.kind == "subscription":
        told = await bench.razorpay.subscription(doubt.id)
        paid = await bench.razorpay.subscription_payments(doubt.id)
        return lambda session: events.subscription_is(session, bench.billing, told, paid, at)
    link = await bench.razorpay.link(doubt.id)
    payment = await bench.razorpay.payment(link.paid_by[0]) if link.paid_by else None
    return lambda session: events.link_is(session, bench.billing, link, payment)


async def open_checkout(bench: Workbench, checkout_id: int) -> Checkout:
    """Ask for the place where an offer can be paid; asking twice gets the same one.

    Raises RazorpayAway and RazorpayRefused.
    """
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id)
        user = await session.get_one(User, checkout.user_id)
    if checkout.state != CheckoutState.WANTED or checkout.provider != Provider.RAZORPAY:
        return checkout
    words = f"{bench.billing.seller.name}: {bench.billing.plans[checkout.plan].name}, one {checkout.period}"
    if checkout.is_auto:
        return await _open_subscription(bench, checkout, user, words)
    link = await bench.razorpay.create_link(
        reference=checkout.reference,
        amount_minor=checkout.amount_minor,
        currency=checkout.currency,
        description=words,
        expires_at=max(checkout.expires_at, clock.now() + _SHORTEST),
        notes={"reference": checkout.reference},
        callback_url=_return_address(bench),
    )
    async with bench.database.transaction() as session:
        return await checkouts.opened(session, checkout.id, link.id, link.url)


async def ask_about_checkout(bench: Workbench, checkout_id: int) -> Checkout:
    """Apply what became of an offer, and end at Razorpay what was given up here.

    Raises RazorpayAway and RazorpayRefused.
    """
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id)
    provider_id = checkout.provider_id
    if checkout.provider == Provider.RAZORPAY and provider_id is None:
        if checkout.state == CheckoutState.WANTED and checkout.expires_at > clock.now():
            checkout = await open_checkout(bench, checkout_id)
        elif not checkout.is_auto:
            found = await bench.razorpay.link_by_reference(checkout.reference)
            provider_id = found.id if found else None
    if provider_id is not None and checkout.provider == Provider.RAZORPAY:
        write = await ask(bench, Doubt("subscription" if checkout.is_auto else "link", provider_id))
        async with bench.database.transaction() as session:
            await write(session)
            checkout = await session.get_one(Checkout, checkout_id, populate_existing=True)
        if checkout.state == CheckoutState.CANCELLED:
            await _give_up(bench, checkout, provider_id)
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id, with_for_update=True, populate_existing=True)
        if checkout.state in checkouts.OPEN and checkout.expires_at <= clock.now() - _SHORTEST:
            await checkouts.close(session, checkout, CheckoutState.EXPIRED)
        checkouts.asked(checkout)
    return checkout


async def ask_about_mandate(bench: Workbench, mandate_id: int) -> None:
    """Apply what became of a subscription, and end it at Razorpay when that was decided here."""
    async with bench.database.transaction() as session:
        mandate = await session.get_one(Mandate, mandate_id)
    try:
        if mandate.ends_by_us in (mandates.ENDS_NOW, mandates.ENDS_WITH_CYCLE):
            await bench.razorpay.cancel_subscription(
                mandate.provider_id, at_cycle_end=mandate.ends_by_us == mandates.ENDS_WITH_CYCLE
            )
    except RazorpayRefused as error:  # it has ended already: what is true is asked next
        log.info("mandate.not_cancelled", mandate_id=mandate_id, error=str(error))
    write = await ask(bench, Doubt("subscription", mandate.provider_id))
    async with bench.database.transaction() as session:
        await write(session)
        await mandates.asked(session, mandate_id)
        if mandate.ends_by_us == mandates.ENDS_WITH_CYCLE:
            await mandates.told_to_end(session, mandate_id)


async def send_refund(bench: Workbench, refund_id: int) -> None:
    """Tell Razorpay of a refund, or ask what became of it. Raises RazorpayAway."""
    async with bench.database.transaction() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
    try:
        if refund.state == RefundState.WANTED and refund.key is not None:
            told = [
                await bench.razorpay.refund(
                    payment.provider_id,
                    amount_minor=refund.amount_minor,
                    idempotency_key=refund.key,
                    reason=refund.reason,
                )
            ]
        else:
            told = await bench.razorpay.refunds(payment.provider_id)
    except RazorpayRefused as error:
        async with bench.database.transaction() as session:
            await refunds.refused(session, bench.billing, refund_id, str(error))
        return
    async with bench.database.transaction() as session:
        for each in told:
            await refunds.record(session, bench.billing, each)
        await refunds.asked(session, refund_id)


async def _open_subscription(bench: Workbench, checkout: Checkout, user: User, words: str) -> Checkout:
    """With credit the first period is paid beside the permission, and the charges begin after it."""
    starts_at, upfront = checkout.begins_at, None
    if starts_at is None and checkout.amount_minor != checkout.quote["price"]:
        starts_at = periods.end_of(clock.now(), Period(checkout.period), zone=user.time_zone)
        upfront = (words, checkout.amount_minor, checkout.currency) if checkout.amount_minor else None
    told = await bench.razorpay.create_subscription(
        plan_id=await _plan(bench, checkout, words),
        total_count=120 if checkout.period == Period.MONTH else 30,
        reference=checkout.reference,
        expires_at=max(checkout.expires_at, clock.now() + _SHORTEST),
        starts_at=starts_at,
        upfront=upfront,
    )
    async with bench.database.transaction() as session:
        await mandates.begin(session, checkout.id, told)
        return await session.get_one(Checkout, checkout.id, populate_existing=True)


async def _plan(bench: Workbench, checkout: Checkout, words: str) -> str:
    """Razorpay's id of a price; a new price is a new plan there."""
    price = checkout.quote["price"]
    same = (
        ProviderPlan.provider == Provider.RAZORPAY,
        ProviderPlan.plan == checkout.plan,
        ProviderPlan.period == checkout.period,
        ProviderPlan.amount_minor == price,
        ProviderPlan.currency == checkout.currency,
    )
    async with bench.database.transaction() as session:
        known = await session.scalar(select(ProviderPlan.provider_id).where(*same))
    if known is not None:
        return known
    made = await bench.razorpay.create_plan(
        period="monthly" if checkout.period == Period.MONTH else "yearly",
        amount_minor=price,
        currency=checkout.currency,
        name=words,
    )
    async with bench.database.transaction() as session:
        await session.execute(
            insert(session, ProviderPlan)
            .values(
                provider=Provider.RAZORPAY,
                plan=checkout.plan,
                period=checkout.period,
                amount_minor=price,
                currency=checkout.currency,
                provider_id=made,
            )
            .on_conflict_do_nothing()
        )
        return (await session.scalars(select(ProviderPlan.provider_id).where(*same))).one()


async def _give_up(bench: Workbench, checkout: Checkout, provider_id: str) -> None:
    """End at Razorpay what nobody is to pay any more; that it cannot be ended any more is no trouble."""
    try:
        if checkout.is_auto:
            await bench.razorpay.cancel_subscription(provider_id, at_cycle_end=False)
        else:
            await bench.razorpay.cancel_link(provider_id)
    except RazorpayRefused as error:
        log.info("checkout.not_cancelled", checkout_id=checkout.id, error=str(error))


def _return_address(bench: Workbench) -> str | None:
    public = bench.settings.public_url
    return f"{public.rstrip('/')}/pay/return" if public else None
