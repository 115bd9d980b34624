"""What operators do about money: plans are ended and made longer, payments refunded, coupons ended."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests import rows
from tests.admin.actors import OWNER, SUPPORT, VIEWER
from tests.billing.money import BILLING, apply, link, mandate, paid, plan_of, told
from tracker import clock
from tracker.admin import audit, payments, subscriptions
from tracker.admin.roles import Forbidden
from tracker.billing import coupons as couponing
from tracker.billing import subscriptions as billed
from tracker.billing.models import Mandate, Payment, Refund, Subscription, TermState
from tracker.billing.plans import DEFAULT
from tracker.database import Database
from tracker.errors import BadInput
from tracker.users.models import User


@pytest.fixture
async def bought(database: Database) -> Database:
    """Somebody paid for a month of Pro."""
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    return database


async def test_a_plan_is_ended_at_once_and_no_charge_follows(bought: Database) -> None:
    async with bought.transaction() as session:
        of_theirs = await mandate(session)
        of_theirs.state = "active"
        subscription = (await session.scalars(select(Subscription))).one()
        await subscriptions.cancel(session, BILLING, SUPPORT, subscription.id, now=True)
    plan, subscription = await plan_of(bought)
    assert (plan, subscription.state, subscription.due_at) == ("free", "lapsed", None)
    async with bought.transaction() as session:
        charging = (await session.scalars(select(Mandate))).one()
        assert charging.ends_by_us == "now"
        assert charging.ask_at is not None
        user = await session.get_one(User, subscription.user_id)
        [term] = await billed.terms_of(session, user)
        assert term.state == TermState.REVOKED
        assert term.ends_at <= clock.now()
        with pytest.raises(BadInput, match=r"billing\.nothing_to_change"):
            await subscriptions.cancel(session, BILLING, SUPPORT, subscription.id, now=True)
    assert (await told(bought))[-1] == "plan_ended_for_them"


async def test_a_plan_is_ended_with_what_is_paid_for(bought: Database) -> None:
    async with bought.transaction() as session:
        subscription = (await session.scalars(select(Subscription))).one()
        await subscriptions.cancel(session, BILLING, SUPPORT, subscription.id, now=False)
    plan, subscription = await plan_of(bought)
    assert (plan, subscription.state, subscription.next_plan) == ("pro", "active", "free")
    async with bought.transaction() as session:
        [entry] = await audit.entries(session, subject=f"subscription:{subscription.id}")
        assert (entry.action, entry.details) == ("cancel_subscription", {"when": "period_end"})


async def test_days_are_added_to_the_plan_of_now(bought: Database) -> None:
    _, before = await plan_of(bought)
    async with bought.transaction() as session:
        await subscriptions.extend(session, BILLING, SUPPORT, before.id, days=10)
    plan, after = await plan_of(bought)
    assert before.paid_until is not None
    assert (plan, after.paid_until) == ("pro", before.paid_until + timedelta(days=10))
    async with bought.transaction() as session:
        (await session.get_one(Subscription, after.id)).is_frozen = True
        for change in (
            subscriptions.extend(session, BILLING, SUPPORT, after.id, days=1),
            subscriptions.cancel(session, BILLING, SUPPORT, after.id, now=True),
        ):
            with pytest.raises(BadInput, match=r"refund\.disputed"):
                await change


async def test_subscriptions_are_filtered_and_paged(bought: Database) -> None:
    async with bought.transaction() as session:
        for telegram_id in (2001, 2002, 2003):
            await billed.of(session, await rows.arrive(session, telegram_id, plans=DEFAULT))
    async with bought.transaction() as session:
        pro = await subscriptions.search(session, VIEWER, plan="pro", state="active")
        assert [user.telegram_id for _, user in pro] == [1001]
        first = await subscriptions.search(session, VIEWER, limit=2)
        rest = await subscriptions.search(session, VIEWER, before=first[-1][0].id)
        assert [user.telegram_id for _, user in [*first, *rest]] == [2003, 2002, 2001, 1001]
        assert await subscriptions.search(session, VIEWER, plan="pro", state="lapsed") == []


async def test_a_refund_shows_what_it_does_and_is_written_down(bought: Database) -> None:
    async with bought.transaction() as session:
        payment = (await session.scalars(select(Payment))).one()
        shown = await payments.effect(session, OWNER, payment.id, None)
        assert (shown.amount, shown.back, shown.is_rest) == (29_900, 0, True)
        assert shown.term is not None
        assert shown.invoice is not None
        assert shown.term.plan == "pro"
        with pytest.raises(Forbidden):
            await payments.effect(session, SUPPORT, payment.id, None)
        with pytest.raises(Forbidden):
            await payments.refund(session, SUPPORT, payment.id, amount_minor=None, reason="x")
        await payments.refund(session, OWNER, payment.id, amount_minor=9900, reason="late", seen_back=0)
        with pytest.raises(BadInput, match=r"refund\.asked_already"):
            await payments.refund(session, OWNER, payment.id, amount_minor=None, reason="", seen_back=0)
    async with bought.transaction() as session:
        made = (await session.scalars(select(Refund))).one()
        assert (made.amount_minor, made.asked_by, made.reason) == (9900, OWNER.telegram_id, "late")
        entry = (await audit.entries(session, action="refund_payment"))[-1]
        assert entry.subject == f"payment:{payment.id}"
        assert entry.details == {"amount_minor": 9900, "currency": "INR", "reason": "late"}


async def test_a_gift_that_comes_twice_is_given_and_written_down_once(database: Database) -> None:
    async with database.transaction() as session:
        user = await rows.arrive(session, 2001, plans=DEFAULT)
        for _ in range(2):
            await payments.gift(session, BILLING, SUPPORT, user.id, plan="pro", days=5, key="gift:1:1")
    async with database.transaction() as session:
        [entry] = await audit.entries(session)
        assert (entry.action, entry.details) == ("gift_days", {"plan": "pro", "days": 5})
    assert await told(database, 2001) == ["gift_days"]


async def test_a_coupon_is_listed_with_its_uses_and_ended(database: Database) -> None:
    async with database.transaction() as session:
        made = await payments.make_coupon(session, OWNER, "diwali", percent=20)
        await payments.make_coupon(session, OWNER, "holi", amount_minor=5000)
        checkout = await link(session, coupon="diwali")
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        listed = await payments.coupons(session, VIEWER)
        assert [(coupon.code, uses) for coupon, uses in listed] == [("HOLI", 0), ("DIWALI", 1)]
        with pytest.raises(Forbidden):
            await payments.end_coupon(session, SUPPORT, made.id)
        await payments.end_coupon(session, OWNER, made.id)
        with pytest.raises(BadInput, match=r"coupon\.over_already"):
            await payments.end_coupon(session, OWNER, made.id)
        user = await rows.arrive(session, 2002, plans=DEFAULT)
        with pytest.raises(BadInput, match=r"coupon\.over"):
            await couponing.usable(session, user, "DIWALI")
