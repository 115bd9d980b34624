"""A captured payment buys its plan once, whoever tells of it, how often, and in which order."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import time_machine

from tests.billing.money import (
    ADMIN,
    BILLING,
    PERSON,
    all_of,
    apply,
    check_books,
    event,
    link,
    link_body,
    paid,
    payment_body,
    plan_of,
    told,
)
from tracker import clock
from tracker.billing import coupons, fulfilment, ledger
from tracker.billing.fulfilment import Paid
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    CouponUse,
    Invoice,
    Payment,
    PaymentState,
    Provider,
    Term,
)
from tracker.billing.periods import Period
from tracker.database import Database
from tracker.users.models import User, UserState


async def test_a_paid_link_is_a_plan_an_invoice_and_a_message(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    assert await apply(database, paid(checkout))
    plan, subscription = await plan_of(database)
    assert plan == subscription.plan == "pro"
    (payment,) = await all_of(database, Payment)
    (invoice,) = await all_of(database, Invoice)
    assert (payment.state, payment.amount_minor, payment.held_because) == (
        PaymentState.CAPTURED,
        29_900,
        None,
    )
    assert (invoice.payment_id, invoice.total_minor, invoice.serial) == (payment.id, 29_900, 1)
    assert invoice.split["cgst_minor"] == invoice.split["sgst_minor"] > 0
    assert await told(database) == ["payment_applied"]
    assert (await all_of(database, Checkout))[0].state == CheckoutState.PAID
    await check_books(database)


async def test_three_events_of_one_payment_are_one_plan(database: Database) -> None:
    """W06, W07, W08: repeated, as other events, and in the wrong order."""
    async with database.transaction() as session:
        checkout = await link(session)
    body = payment_body("pay_00000000000001", checkout)
    authorized = event("payment.authorized", payment=body | {"status": "authorized"})
    for each in (
        event("payment.captured", payment=body),
        event("order.paid", payment=body, order={}),
        paid(checkout),
        authorized,
        paid(checkout),
    ):
        assert await apply(database, each)
    assert len(await all_of(database, Term)) == len(await all_of(database, Invoice)) == 1
    assert (await all_of(database, Payment))[0].state == PaymentState.CAPTURED
    await check_books(database)


async def test_the_same_payment_told_ten_times_at_once_is_one_plan(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await asyncio.gather(*(apply(database, paid(checkout)) for _ in range(10)))
    assert len(await all_of(database, Term)) == len(await all_of(database, Invoice)) == 1
    await check_books(database)


async def test_a_failed_payment_that_is_captured_days_later_counts(database: Database) -> None:
    """W09: late authorisation."""
    async with database.transaction() as session:
        checkout = await link(session)
    body = payment_body("pay_00000000000001", checkout)
    assert await apply(database, event("payment.failed", payment=body | {"status": "failed"}))
    assert (await plan_of(database))[0] == "free"
    assert await told(database) == ["payment_failed"]
    assert await apply(database, event("payment_link.expired", payment_link=link_body(checkout, "expired")))
    assert (await all_of(database, Checkout))[0].state == CheckoutState.EXPIRED
    with time_machine.travel(clock.now() + timedelta(days=3), tick=False):
        assert await apply(database, event("payment.captured", payment=body))
        assert (await plan_of(database))[0] == "pro"
    await check_books(database)


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        pytest.param({"amount": 100}, "amount", id="w11-less"),
        pytest.param({"amount": 40_000}, "amount", id="more"),
        pytest.param({"currency": "USD"}, "amount", id="w12-dollars"),
    ],
)
async def test_money_that_does_not_fit_buys_nothing_and_is_told(
    database: Database, values: dict[str, Any], reason: str
) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    assert await apply(database, paid(checkout, **values))
    assert (await plan_of(database))[0] == "free"
    (payment,) = await all_of(database, Payment)
    assert payment.held_because == reason
    assert await all_of(database, Invoice) == []
    assert await told(database) == ["payment_held"]
    assert await told(database, ADMIN) == ["admin_payment_held"]
    async with database.transaction() as session:
        totals = await ledger.totals(session)
    assert totals["held", payment.currency] == -payment.amount_minor


async def test_an_admin_lets_held_money_count_once(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout, amount=100))
    (payment,) = await all_of(database, Payment)
    for _ in range(2):
        async with database.transaction() as session:
            await fulfilment.release(session, BILLING, payment.id)
    assert (await plan_of(database))[0] == "pro"
    (invoice,) = await all_of(database, Invoice)
    assert invoice.total_minor == 100
    await check_books(database)


async def test_what_the_notes_of_a_payment_claim_is_not_believed(database: Database) -> None:
    """W13 and W14: the plan and the person are those of our own checkout."""
    async with database.transaction() as session:
        checkout = await link(session, "starter")
        await link(session, "business", telegram_id=1002)
    assert await apply(
        database, paid(checkout, notes={"plan": "business", "user": "1002", "reference": "other"})
    )
    assert (await plan_of(database))[0] == "starter"
    assert (await plan_of(database, 1002))[0] == "free"


async def test_an_event_of_nothing_of_ours_is_ignored(database: Database) -> None:
    """W10."""
    body = payment_body("pay_00000000000009")
    assert not await apply(database, event("order.paid", payment=body, order={"id": "order_unknown"}))
    assert await all_of(database, Payment) == []


async def test_money_of_somebody_who_is_gone_is_held(database: Database) -> None:
    """W18."""
    async with database.transaction() as session:
        checkout = await link(session)
        (await session.get_one(User, checkout.user_id)).state = UserState.DEACTIVATED
    await apply(database, paid(checkout))
    (payment,) = await all_of(database, Payment)
    assert payment.held_because == "user_gone"
    await check_books(database)


async def test_a_second_payment_of_one_link_is_held(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout, "pay_00000000000001"))
    await apply(database, paid(checkout, "pay_00000000000002"))
    first, second = await all_of(database, Payment)
    assert (first.held_because, second.held_because) == (None, "paid_twice")
    assert len(await all_of(database, Term)) == 1
    await check_books(database)


async def test_an_upgrade_counts_what_is_left_of_the_plan_before(database: Database) -> None:
    begin = clock.now()
    async with database.transaction() as session:
        checkout = await link(session, "starter")
    await apply(database, paid(checkout))
    with time_machine.travel(begin + timedelta(days=10), tick=False):
        async with database.transaction() as session:
            upgrade = await link(session, "pro")
        told_quote = upgrade.quote
        assert upgrade.is_change
        assert 0 < told_quote["used"] < 9_900
        assert upgrade.amount_minor == 29_900 - told_quote["used"]
        await apply(database, paid(upgrade, "pay_00000000000002"))
        plan, subscription = await plan_of(database)
        assert plan == "pro"
        assert subscription.paid_until is not None
        assert subscription.paid_until > clock.now() + timedelta(days=27)
    await check_books(database)


async def test_credit_that_is_more_than_the_price_is_kept_for_the_next_time(database: Database) -> None:
    async with database.transaction() as session:
        checkout = await link(session, "starter", Period.YEAR)
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        upgrade = await link(session, "pro")
        assert upgrade.amount_minor == 0
        await fulfilment.begin_unpaid(session, BILLING, upgrade)
        await fulfilment.begin_unpaid(session, BILLING, upgrade)
        owed = await ledger.credit_of(session, upgrade.user_id, "INR")
    assert owed == upgrade.quote["left"] > 60_000
    assert (await plan_of(database))[0] == "pro"
    async with database.transaction() as session:
        following = await link(session, "pro")
        assert following.quote["balance"] == owed
    await check_books(database)


async def test_credit_that_was_used_meanwhile_holds_the_payment(database: Database) -> None:
    """Two offers that count the same rest: the second finds it gone."""
    async with database.transaction() as session:
        checkout = await link(session, "starter")
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        first = await link(session, "pro", id="plink_A000000000000A")
    async with database.transaction() as session:
        second = await link(session, "business", id="plink_B000000000000B")
    await apply(database, paid(second, "pay_00000000000002"))
    await apply(database, paid(first, "pay_00000000000003"))
    held = (await all_of(database, Payment))[2]
    assert held.held_because == "credit"
    assert (await plan_of(database))[0] == "business"
    await check_books(database)


async def test_a_coupon_counts_once_for_each_person_and_is_given_back_unpaid(database: Database) -> None:
    async with database.transaction() as session:
        await coupons.create(session, "diwali", percent=20, most_uses=1, by=ADMIN)
    async with database.transaction() as session:
        checkout = await link(session, coupon="DIWALI")
    assert checkout.amount_minor == 23_920
    await apply(database, event("payment_link.cancelled", payment_link=link_body(checkout, "cancelled")))
    assert await all_of(database, CouponUse) == []
    async with database.transaction() as session:
        other = await link(session, coupon="diwali", id="plink_B000000000000B")
    await apply(database, paid(other))
    (use,) = await all_of(database, CouponUse)
    assert use.is_final
    await check_books(database)


async def test_the_transaction_is_all_or_nothing(database: Database) -> None:
    """W19: whatever fails before the commit leaves nothing, and the next try gives everything."""

    class PowerCut(Exception): ...

    async with database.transaction() as session:
        checkout = await link(session)
    bought = Paid(Provider.RAZORPAY, "pay_00000000000001", 29_900, "INR", "upi")

    async def fulfil_and_fail() -> None:
        async with database.transaction() as session:
            again = await session.get_one(Checkout, checkout.id)
            await fulfilment.fulfil(session, BILLING, bought, checkout=again)
            raise PowerCut

    with pytest.raises(PowerCut):
        await fulfil_and_fail()
    assert await all_of(database, Payment) == await all_of(database, Invoice) == []
    assert (await plan_of(database))[0] == "free"
    await apply(database, paid(checkout))
    assert (await plan_of(database))[0] == "pro"
    assert (await all_of(database, Invoice))[0].serial == 1
    assert await told(database, PERSON) == ["payment_applied"]
