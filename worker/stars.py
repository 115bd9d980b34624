"""Ask Telegram about Stars, and tell it what was decided here: load, call, record."""

import structlog
from sqlalchemy import select

from tracker import clock
from tracker.billing import checkouts, mandates, refunds, star_payments
from tracker.billing.models import Checkout, CheckoutState, Mandate, Payment, Provider, Refund, RefundState
from tracker.billing.providers.provider import ProviderAway, ProviderRefused
from tracker.telegram import sender, star_cards, stars
from tracker.telegram.stars import Payer
from tracker.texts import Language
from tracker.users.models import User
from worker.workbench import Workbench

log = structlog.get_logger()

_LOOK_BACK = stars.AT_A_TIME
"""So many of the newest transactions that are known are read again: one before them may not be."""


async def open_checkout(bench: Workbench, checkout_id: int) -> Checkout:
    """Make the address at which somebody permits to be charged; a single payment has its own message."""
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id)
        language = Language.of(await session.get_one(User, checkout.user_id))
    if checkout.state != CheckoutState.WANTED or checkout.provider != Provider.STARS:
        return checkout
    bill = star_cards.bill(language, checkout, bench.billing)
    link = await stars.create_link(bench.bot, bill)
    if not isinstance(link, str):
        raise _trouble(link)
    async with bench.database.transaction() as session:
        return await checkouts.opened(session, checkout.id, checkout.reference, link)


async def ask_about_checkout(bench: Workbench, checkout_id: int) -> Checkout:
    """Apply whatever was paid of which no message came, and let an offer end when its time is over."""
    await _read(bench)
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id, with_for_update=True)
        if checkout.state in checkouts.OPEN and checkout.expires_at <= clock.now():
            await checkouts.close(session, checkout, CheckoutState.EXPIRED)
        checkouts.asked(checkout)
    return checkout


async def ask_about_mandate(bench: Workbench, mandate_id: int) -> None:
    """End a renewal when that was decided here; else look for one of which no message came."""
    async with bench.database.transaction() as session:
        mandate = await session.get_one(Mandate, mandate_id)
        telegram_id = (await session.get_one(User, mandate.user_id)).telegram_id
        charge_id = await star_payments.first_charge(session, mandate_id)
    if mandate.ends_by_us in (mandates.ENDS_NOW, mandates.ENDS_WITH_CYCLE) and charge_id is not None:
        answer = await stars.cancel_subscription(bench.bot, telegram_id, charge_id)
        if isinstance(answer, sender.Unknown | sender.SlowDown):
            raise _trouble(answer)
        if not isinstance(answer, stars.Done):  # it has ended already
            log.info("mandate.not_cancelled", mandate_id=mandate_id, error=str(answer))
        async with bench.database.transaction() as session:
            await star_payments.told_to_end(session, bench.billing, mandate_id)
        return
    await _read(bench)
    async with bench.database.transaction() as session:
        await star_payments.end_if_overdue(session, bench.billing, mandate_id)


async def send_refund(bench: Workbench, refund_id: int) -> None:
    """Give Stars back. Telegram does so at once, and once."""
    async with bench.database.transaction() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
        payer = await session.get(User, payment.user_id) if payment.user_id is not None else None
    if refund.state != RefundState.WANTED:
        return
    if payer is None:
        answer: stars.Done | sender.Answer = sender.Refused("nobody is known to have paid it")
    else:
        answer = await stars.refund(bench.bot, payer.telegram_id, payment.provider_id)
    if isinstance(answer, sender.Unknown | sender.SlowDown):
        raise _trouble(answer)
    async with bench.database.transaction() as session:
        if isinstance(answer, stars.Done):
            await refunds.went_back(session, bench.billing, payment.id)
        else:
            await refunds.refused(session, bench.billing, refund_id, str(_trouble(answer)))


async def _read(bench: Workbench) -> None:
    """Apply the newest of Telegram's transactions, as far as they are ours and not known."""
    async with bench.database.transaction() as session:
        offset = max(0, await star_payments.known(session) - _LOOK_BACK)
    while True:
        told = await stars.transactions(bench.bot, offset=offset)
        if not isinstance(told, stars.Transactions):
            raise _trouble(told)
        for payer in told.paid:
            await _apply(bench, payer)
        for charge_id in told.went_back:
            async with bench.database.transaction() as session:
                await star_payments.went_back(session, bench.billing, charge_id)
        if told.count < stars.AT_A_TIME:
            return
        offset += told.count


async def _apply(bench: Workbench, payer: Payer) -> None:
    async with bench.database.transaction() as session:
        user = await session.scalar(select(User).where(User.telegram_id == payer.telegram_id))
        if user is None:
            log.error("stars.nobody", telegram_id=payer.telegram_id, charge_id=payer.payment.charge_id)
            return
        await star_payments.paid(session, bench.billing, payer.payment, user)


def _trouble(answer: sender.Answer) -> ProviderAway | ProviderRefused:
    match answer:
        case sender.Unknown(error=error):
            return ProviderAway(error)
        case sender.SlowDown(after=after):
            return ProviderAway(f"too many requests: again after {after}")
        case sender.Refused(error=error) | sender.Unreachable(error=error):
            return ProviderRefused(error)
        case _:
            return ProviderRefused(type(answer).__name__)
