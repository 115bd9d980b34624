"""Telegram Stars: quoted and credited in their own money, asked about, paid once, renewed, given back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from tests.billing.money import (
    ADMIN,
    BILLING,
    PERSON,
    all_of,
    apply,
    check_books,
    link,
    paid,
    person,
    plan_of,
    told,
)
from tracker import clock
from tracker.billing import checkouts, coupons, ledger, mandates, refunds, star_payments, subscriptions
from tracker.billing.models import (
    Checkout,
    CheckoutState,
    Invoice,
    Mandate,
    Payment,
    PaymentState,
    Provider,
    Refund,
    RefundState,
    Term,
)
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT, BadPlans, load
from tracker.billing.providers import stars
from tracker.billing.star_payments import StarPayment
from tracker.database import Database
from tracker.errors import BadInput
from tracker.notices.models import Notice
from tracker.users.models import User

OTHER = 1002
BOTH = replace(BILLING, providers=(Provider.RAZORPAY, Provider.STARS))
NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LONG = "stx" + "c" * 150
"""Telegram's ids of charges are longer than 128 characters."""


async def wanted(
    database: Database, plan: str = "pro", period: Period = Period.MONTH, *, is_auto: bool = False
) -> Checkout:
    """An invoice that is in somebody's chat."""
    async with database.transaction() as session:
        user = await person(session)
        made = await checkouts.want(
            session, BOTH, user, PERSON, plan, period, provider=Provider.STARS, is_auto=is_auto
        )
        return await checkouts.opened(session, made.id, made.reference, None)


async def pay(
    database: Database,
    checkout: Checkout | None,
    charge_id: str = LONG,
    *,
    amount: int | None = None,
    by: int = PERSON,
    renews_at: datetime | None = None,
) -> Payment | None:
    payload = checkout.reference if checkout else "nothing of ours"
    if amount is None:
        amount = checkout.amount_minor if checkout else 1
    made = StarPayment(charge_id, payload, amount, "XTR", clock.now(), renews_at)
    async with database.transaction() as session:
        return await star_payments.paid(session, BOTH, made, await person(session, by))


async def why_not(
    database: Database,
    checkout: Checkout,
    *,
    amount: int | None = None,
    currency: str = "XTR",
    by: int = PERSON,
) -> str | None:
    amount = checkout.amount_minor if amount is None else amount
    async with database.transaction() as session:
        payer = await person(session, by)
        return await star_payments.why_not(session, checkout.reference, amount, currency, payer)


async def totals(database: Database) -> dict[tuple[str, str], int]:
    async with database.transaction() as session:
        return {key: value for key, value in (await ledger.totals(session)).items() if value}


async def test_stars_buy_a_plan_without_an_invoice_of_ours(database: Database) -> None:
    checkout = await wanted(database)
    assert (checkout.amount_minor, checkout.currency) == (225, "XTR")
    assert await why_not(database, checkout) is None
    assert await pay(database, checkout) is not None
    assert (await plan_of(database))[0] == "pro"
    (payment,), (term,) = await all_of(database, Payment), await all_of(database, Term)
    assert (payment.provider, payment.provider_id, payment.currency) == ("stars", LONG, "XTR")
    assert (term.value_minor, term.currency) == (225, "XTR")
    assert await all_of(database, Invoice) == []
    assert await totals(database) == {("provider:stars", "XTR"): 225, ("sales", "XTR"): -225}
    assert await told(database) == ["payment_applied"]
    (notice,) = await all_of(database, Notice)
    assert notice.details["invoice_id"] is None
    await check_books(database)


async def test_a_payment_that_is_told_of_twice_is_one(database: Database) -> None:
    checkout = await wanted(database)
    assert await pay(database, checkout) is not None
    assert await pay(database, checkout) is None
    assert len(await all_of(database, Term)) == 1
    await check_books(database)


async def test_a_second_payment_of_one_offer_is_held(database: Database) -> None:
    checkout = await wanted(database)
    await pay(database, checkout)
    assert await why_not(database, checkout) == "stars.paid_already"
    second = await pay(database, checkout, "stx-second")
    assert second is not None
    assert second.held_because == "paid_twice"
    assert await told(database, ADMIN) == ["admin_payment_held"]
    assert len(await all_of(database, Term)) == 1
    await check_books(database)


async def test_what_another_pays_is_held_in_their_own_name(database: Database) -> None:
    checkout = await wanted(database)
    assert await why_not(database, checkout, by=OTHER) == "stars.not_yours"
    held = await pay(database, checkout, by=OTHER)
    assert held is not None
    async with database.transaction() as session:
        payer = await session.get_one(User, held.user_id)
    assert (payer.telegram_id, held.held_because) == (OTHER, "unknown")
    assert (await plan_of(database))[0] == "free"
    assert (await pay(database, None, "stx-nothing", by=OTHER)) is not None
    await check_books(database)


async def test_another_amount_is_not_asked_for_and_is_held(database: Database) -> None:
    checkout = await wanted(database)
    assert await why_not(database, checkout, amount=1) == "stars.other_amount"
    assert await why_not(database, checkout, currency="INR") == "stars.other_amount"
    held = await pay(database, checkout, amount=1)
    assert held is not None
    assert held.held_because == "amount"
    await check_books(database)


async def test_nothing_is_paid_while_a_dispute_is_open(database: Database) -> None:
    checkout = await wanted(database)
    async with database.transaction() as session:
        subscription = await subscriptions.of(session, await person(session))
        subscription.is_frozen = True
    assert await why_not(database, checkout) == "billing.frozen"


def offer_of(**values: object) -> Checkout:
    given: dict[str, object] = {
        "reference": "pt-1",
        "user_id": 7,
        "amount_minor": 225,
        "currency": "XTR",
        "state": CheckoutState.OPEN,
        "expires_at": NOW + timedelta(minutes=60),
        "is_auto": False,
    }
    return Checkout(**(given | values))


@pytest.mark.parametrize(
    ("checkout", "amount", "payer", "reason"),
    [
        pytest.param(offer_of(), 225, 7, None, id="theirs"),
        pytest.param(offer_of(state=CheckoutState.WANTED), 225, 7, None, id="not-shown-yet"),
        pytest.param(None, 225, 7, "stars.not_yours", id="unknown"),
        pytest.param(offer_of(), 225, 8, "stars.not_yours", id="anothers"),
        pytest.param(offer_of(), 224, 7, "stars.other_amount", id="less"),
        pytest.param(offer_of(expires_at=NOW), 225, 7, "stars.over", id="too-late"),
        pytest.param(offer_of(state=CheckoutState.CANCELLED), 225, 7, "stars.over", id="given-up"),
        pytest.param(offer_of(state=CheckoutState.PAID), 225, 7, "stars.paid_already", id="paid"),
        pytest.param(offer_of(state=CheckoutState.PAID), 225, 8, "stars.not_yours", id="anothers-and-paid"),
    ],
)
def test_an_offer_is_paid_by_its_person_while_it_stands(
    checkout: Checkout | None, amount: int, payer: int, reason: str | None
) -> None:
    assert stars.may_pay(checkout, amount, "XTR", payer, NOW) == reason


def test_an_invoice_fits_what_telegram_takes() -> None:
    bill = stars.bill(offer_of(), title="P" * 60, description="d" * 300)
    assert (len(bill.title), len(bill.description)) == (32, 255)
    assert bill.title.endswith("…")
    assert (bill.payload, bill.amount, bill.renews) == ("pt-1", 225, False)


async def test_rupees_that_are_left_stay_rupees(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        async with database.transaction() as session:
            starter = await link(session, "starter")
        await apply(database, paid(starter))
        traveller.shift(timedelta(days=10))
        checkout = await wanted(database, "pro")
        assert (checkout.is_change, checkout.amount_minor) == (True, 225)
        await pay(database, checkout)
        assert (await plan_of(database))[0] == "pro"
        async with database.transaction() as session:
            user = await person(session)
            assert await ledger.credit_of(session, user.id, "INR") == 9900 * 20 // 30
            assert await ledger.credit_of(session, user.id, "XTR") == 0
        await check_books(database)


async def test_stars_that_are_left_are_credited_against_stars_alone(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        await pay(database, await wanted(database, "starter"), "stx-1")
        traveller.shift(timedelta(days=10))
        async with database.transaction() as session:
            user = await person(session)
            in_rupees = await checkouts.offer(session, BOTH, user, "pro", Period.MONTH)
        assert (in_rupees.quote.charge, in_rupees.quote.unused) == (29_900, 0)
        checkout = await wanted(database, "pro")
        assert checkout.amount_minor == 225 - 75 * 20 // 30
        await pay(database, checkout, "stx-2")
        assert await totals(database) == {("provider:stars", "XTR"): 250, ("sales", "XTR"): -250}
        await check_books(database)


async def test_a_coupon_of_rupees_takes_nothing_off_stars(database: Database) -> None:
    async with database.transaction() as session:
        await coupons.create(session, "TENTH", percent=10, by=ADMIN)
        await coupons.create(session, "RUPEES", amount_minor=5000, by=ADMIN)
    async with database.transaction() as session:
        user = await person(session)

        async def charge(code: str) -> int:
            made = await checkouts.offer(
                session, BOTH, user, "pro", Period.MONTH, provider=Provider.STARS, coupon_code=code
            )
            return made.quote.charge

        assert await charge("TENTH") == 225 - 22
        with pytest.raises(BadInput) as refused:
            await charge("RUPEES")
    assert refused.value.text_key == "stars.coupon"


async def test_a_subscription_is_renewed_by_each_payment_and_ended_by_a_word(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        checkout = await wanted(database, is_auto=True)
        first = await pay(database, checkout, "stx-1", renews_at=NOW + stars.RENEWS_EVERY)
        assert first is not None
        (mandate,) = await all_of(database, Mandate)
        assert (mandate.state, mandate.paid_count, mandate.amount_minor) == ("active", 1, 225)
        assert mandate.charge_at == NOW + stars.RENEWS_EVERY
        traveller.shift(stars.RENEWS_EVERY)
        renewed = await pay(database, checkout, "stx-2", renews_at=clock.now() + stars.RENEWS_EVERY)
        assert renewed is not None
        assert renewed.held_because is None
        assert await pay(database, checkout, "stx-2") is None
        _, subscription = await plan_of(database)
        assert subscription.paid_until == datetime(2027, 1, 24, 12, tzinfo=UTC)
        (mandate,) = await all_of(database, Mandate)
        assert mandate.paid_count == 2
        async with database.transaction() as session:
            assert await star_payments.first_charge(session, mandate.id) == "stx-1"
            user = await person(session)
            await star_payments.subscription_is(session, BOTH, checkout.reference, "canceled", user)
            assert await subscriptions.charging(session, user) is None
        async with database.transaction() as session:
            user = await person(session)
            await star_payments.subscription_is(session, BOTH, checkout.reference, "active", user)
            assert await subscriptions.charging(session, user) is not None
            assert await mandates.end_with_cycle(session, user) is not None
            await star_payments.told_to_end(session, BOTH, mandate.id)
            assert await subscriptions.charging(session, user) is None
        await check_books(database)


async def test_a_renewal_that_does_not_come_is_over(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as traveller:
        await pay(database, await wanted(database, is_auto=True), renews_at=NOW + stars.RENEWS_EVERY)
        for days, state in ((30, "active"), (2, "expired")):
            traveller.shift(timedelta(days=days))
            (mandate,) = await all_of(database, Mandate)
            async with database.transaction() as session:
                await star_payments.end_if_overdue(session, BOTH, mandate.id)
            (mandate,) = await all_of(database, Mandate)
            assert mandate.state == state
        assert mandate.ask_at is None


async def test_what_renews_is_of_a_month_and_of_the_whole_price(database: Database) -> None:
    with pytest.raises(BadInput) as refused:
        await wanted(database, period=Period.YEAR, is_auto=True)
    assert refused.value.text_key == "stars.renews_monthly"
    await pay(database, await wanted(database, "starter"))
    with pytest.raises(BadInput) as refused:
        await wanted(database, "pro", is_auto=True)
    assert refused.value.text_key == "stars.has_credit"


async def test_a_refund_gives_all_of_it_back_and_ends_the_plan(database: Database) -> None:
    payment = await pay(database, await wanted(database))
    assert payment is not None
    async with database.transaction() as session:
        with pytest.raises(BadInput) as refused:
            await refunds.ask(session, payment.id, amount_minor=100, reason="", by=ADMIN)
    assert refused.value.text_key == "refund.stars_whole"
    async with database.transaction() as session:
        await refunds.ask(session, payment.id, amount_minor=None, reason="asked", by=ADMIN)
    for _ in range(2):  # by us, and by the message of Telegram's own
        async with database.transaction() as session:
            await star_payments.went_back(session, BOTH, LONG)
    (payment,), (refund,) = await all_of(database, Payment), await all_of(database, Refund)
    assert (payment.state, payment.refunded_minor) == (PaymentState.REFUNDED, 225)
    assert (refund.state, refund.due_at) == (RefundState.PROCESSED, None)
    assert (await plan_of(database))[0] == "free"
    assert await totals(database) == {}
    assert await told(database) == ["payment_applied", "refund_done"]
    async with database.transaction() as session:
        assert await star_payments.known(session) == 2
    await check_books(database)


async def test_what_was_held_goes_back_too(database: Database) -> None:
    await pay(database, await wanted(database), amount=1)
    async with database.transaction() as session:
        assert await star_payments.went_back(session, BOTH, LONG) is not None
        assert await star_payments.went_back(session, BOTH, "unknown") is None
    assert await totals(database) == {}
    await check_books(database)


def test_every_plan_has_its_price_in_stars() -> None:
    assert [dict(plan.stars) for plan in DEFAULT] == [
        {"month": 0, "year": 0},
        {"month": 75, "year": 750},
        {"month": 225, "year": 2250},
        {"month": 750, "year": 7500},
    ]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        pytest.param("[pro]\nstars_month = 2.5", "whole number of Stars", id="a-part"),
        pytest.param("[pro]\nstars_month = 10001", "whole number of Stars", id="too-many"),
        pytest.param("[free]\nstars_month = 1", "whole number of Stars", id="free"),
        pytest.param("[pro]\nstars_month = 75", "must cost more", id="no-more-than-starter"),
    ],
)
def test_a_price_in_stars_that_cannot_be_is_refused(line: str, words: str, tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_text(line)
    with pytest.raises(BadPlans, match=words):
        load(str(path))


def test_an_operator_sets_prices_in_stars(tmp_path: Path) -> None:
    path = tmp_path / "plans.toml"
    path.write_text("[pro]\nstars_month = 230\nstars_year = 2300\n")
    assert dict(load(str(path))["pro"].stars) == {"month": 230, "year": 2300}
