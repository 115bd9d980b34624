"""The jobs and cron of billing: links on demand, news that no webhook brought, what time alone brings."""

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from sqlalchemy.exc import SQLAlchemyError

from tracker import clock
from tracker.billing import (
    checkouts,
    events,
    mandates,
    reconciliation,
    refunds,
    subscriptions,
)
from tracker.billing.entities import Malformed
from tracker.billing.models import Checkout, CheckoutState, Mandate, Payment, Provider, Refund
from tracker.billing.problems import RazorpayAway, RazorpayRefused
from tracker.billing.providers.provider import PaymentProvider, ProviderAway, ProviderRefused
from tracker.telegram import billing_cards, sender
from tracker.telegram.cards import Card
from tracker.texts import Language
from tracker.users.models import User
from worker import razorpay_news, stars
from worker.notices import say_notices
from worker.payments import payments
from worker.speaking import edit_soon, say_soon
from worker.workbench import Workbench

log = structlog.get_logger()

_AT_A_TIME = 50
_PEOPLE_AT_A_TIME = 200
_AWAY_FOR = timedelta(minutes=1)
TURN = timedelta(seconds=10)

CardOf = Callable[[Language, Checkout], Card]
Ask = Callable[[Workbench, int], Awaitable[object]]
PutOff = Callable[..., Awaitable[object]]

PROVIDERS: dict[str, PaymentProvider[Workbench]] = {
    Provider.RAZORPAY: razorpay_news,
    Provider.STARS: stars,
}


async def open_checkout(bench: Workbench, checkout_id: int) -> None:
    """Make the payment link that somebody waits for, and show it in the place of the message that asked."""
    with bench.answer():
        card_of: CardOf = _pay_card(bench)
        try:
            provider = PROVIDERS[(await _load(bench, checkout_id)).provider]
            checkout = await provider.open_checkout(bench, checkout_id)
        except (ProviderAway, Malformed) as error:
            log.warning("checkout.provider_away", checkout_id=checkout_id, error=str(error))
            checkout, card_of = await _load(bench, checkout_id), billing_cards.away
        except ProviderRefused as error:
            log.exception("checkout.refused", checkout_id=checkout_id, error=str(error))
            checkout, card_of = await _refuse(bench, checkout_id), billing_cards.refused
        await _show(bench, checkout, card_of)


async def ask_about(bench: Workbench, checkout_id: int, chat_id: int) -> None:
    """Somebody says that they have paid: ask at once. What was paid is said by its notice."""
    with bench.answer():
        try:
            checkout = await _ask_about_checkout(bench, checkout_id)
            card_of: CardOf | None = None if checkout.state == CheckoutState.PAID else billing_cards.not_yet
        except (ProviderAway, ProviderRefused, Malformed) as error:
            log.warning("checkout.not_asked", checkout_id=checkout_id, error=str(error))
            checkout, card_of = await _load(bench, checkout_id), billing_cards.away
        if card_of is not None:
            language = await _language(bench, checkout)
            await say_soon(bench, chat_id, card_of(language, checkout), within=TURN)
        await say_notices(bench)


async def look_after(bench: Workbench) -> None:
    """Cron: do what time brings, apply what was told and say what is owed; only then ask the providers.

    A provider that hangs takes its time-out, and nothing else waits behind it.
    """
    await let_time_pass(bench)
    await payments(bench)
    if await ask_for_news(bench):
        await payments(bench)


async def tend(bench: Workbench) -> None:
    """What the cron does of itself, without what was told and what is said."""
    await let_time_pass(bench)
    await ask_for_news(bench)


async def let_time_pass(bench: Workbench) -> None:
    """Remind, and let plans end, as time alone brings it."""
    async with bench.database.transaction() as session:
        people = await subscriptions.due(session, limit=_PEOPLE_AT_A_TIME)
    for user_id in people:
        await _step(bench, user_id)


async def ask_for_news(bench: Workbench) -> bool:
    """Ask about what brought no news, and send refunds; when a provider is away, the rest comes next time.

    Returns whether there was anything to ask about.
    """
    async with bench.database.transaction() as session:
        offers = await checkouts.to_ask_about(session, limit=_AT_A_TIME)
        mandated = await mandates.to_ask_about(session, limit=_AT_A_TIME)
        back = [refund.id for refund in await refunds.to_send(session, limit=_AT_A_TIME)]
    for ids, ask, put_off in (
        (offers, _ask_about_checkout, checkouts.put_off),
        (mandated, _ask_about_mandate, mandates.put_off),
        (back, _send_refund, refunds.later),
    ):
        for id in ids:
            if not await _ask(bench, id, ask, put_off):
                return True
    return bool(offers or mandated or back)


async def put_plans_in_force(bench: Workbench) -> None:
    """Cron: an operator may have changed what the plans permit."""
    async with bench.database.transaction() as session:
        changed = await subscriptions.put_plans_in_force(session, bench.billing.plans)
    if changed:
        log.info("plans.put_in_force", people=changed)


async def reconcile(bench: Workbench) -> None:
    """Cron, nightly: compare, and say what differs."""
    await compare(bench)
    await say_notices(bench)


async def compare(bench: Workbench) -> list[str]:
    """Every captured payment of the last days against ours, and the ledger against zero; the differences."""
    until = clock.now()
    try:
        told = await bench.razorpay.payments(until - reconciliation.WINDOW, until)
    except (RazorpayAway, RazorpayRefused) as error:
        log.warning("reconcile.not_asked", error=str(error))
        told = None
    for payment in told or ():
        async with bench.database.transaction() as session:
            if await reconciliation.missing(session, [payment]):
                await events.payment_is(session, bench.billing, payment)
    async with bench.database.transaction() as session:
        return await reconciliation.report(session, bench.billing, told, until)


async def _ask(bench: Workbench, id: int, ask: Ask, put_off: PutOff) -> bool:
    """Ask about one thing; when that fails, later again. False when the provider is away."""
    try:
        await ask(bench, id)
    except Exception as error:  # a door: one that cannot be asked about must not stop the others
        if not isinstance(error, ProviderAway | ProviderRefused):
            log.exception("billing.not_asked", ask=getattr(ask, "__name__", ""), id=id)
        async with bench.database.transaction() as session:
            await put_off(session, id, str(error))
        return not isinstance(error, ProviderAway)
    return True


async def _ask_about_checkout(bench: Workbench, checkout_id: int) -> Checkout:
    checkout = await _load(bench, checkout_id)
    return await PROVIDERS[checkout.provider].ask_about_checkout(bench, checkout_id)


async def _ask_about_mandate(bench: Workbench, mandate_id: int) -> None:
    async with bench.database.transaction() as session:
        mandate = await session.get_one(Mandate, mandate_id)
    await PROVIDERS[mandate.provider].ask_about_mandate(bench, mandate_id)


async def _send_refund(bench: Workbench, refund_id: int) -> None:
    async with bench.database.transaction() as session:
        refund = await session.get_one(Refund, refund_id)
        payment = await session.get_one(Payment, refund.payment_id)
    await PROVIDERS[payment.provider].send_refund(bench, refund_id)


async def _step(bench: Workbench, user_id: int) -> None:
    try:
        async with bench.database.transaction() as session:
            user = await subscriptions.lock(session, user_id)
            await subscriptions.step(session, bench.billing.plans, user)
    except SQLAlchemyError:
        log.exception("billing.no_step", user_id=user_id)


async def _refuse(bench: Workbench, checkout_id: int) -> Checkout:
    async with bench.database.transaction() as session:
        checkout = await session.get_one(Checkout, checkout_id, with_for_update=True)
        await checkouts.close(session, checkout, CheckoutState.REFUSED)
        return checkout


async def _load(bench: Workbench, checkout_id: int) -> Checkout:
    async with bench.database.transaction() as session:
        return await session.get_one(Checkout, checkout_id)


async def _language(bench: Workbench, checkout: Checkout) -> Language:
    async with bench.database.transaction() as session:
        return Language.of(await session.get_one(User, checkout.user_id))


def _pay_card(bench: Workbench) -> CardOf:
    plans = bench.billing.plans
    return lambda language, checkout: billing_cards.pay(language, checkout, plans[checkout.plan], clock.now())


async def _show(bench: Workbench, checkout: Checkout, card_of: CardOf) -> None:
    card = card_of(await _language(bench, checkout), checkout)
    if checkout.message_id is not None:
        answer = await edit_soon(bench, checkout.chat_id, checkout.message_id, card, within=TURN)
        if isinstance(answer, sender.Delivered):
            return
    await say_soon(bench, checkout.chat_id, card, within=TURN)
