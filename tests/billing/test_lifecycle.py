"""What time alone brings: reminders, the grace, the lapse; and what is given."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tests.billing.money import (
    BILLING,
    PERSON,
    all_of,
    apply,
    check_books,
    link,
    mandate,
    paid,
    person,
    plan_of,
    told,
)
from tracker import clock
from tracker.billing import mandates, referrals, subscriptions
from tracker.billing.models import (
    Mandate,
    Referral,
    Subscription,
    SubscriptionState,
    Term,
    TermSource,
)
from tracker.billing.periods import Period
from tracker.billing.plans import DEFAULT
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.errors import BadInput, OverAllowance
from tracker.users.models import User
from tracker.watches.models import Watch, WatchState

PLANS = BILLING.plans


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def pass_time(database: Database, travel: time_machine.Traveller, to: datetime) -> None:
    """Let time pass as the worker sees it: each step at its moment, and nothing in between."""
    while True:
        moments = [each.due_at for each in await all_of(database, Subscription) if each.due_at]
        if not moments or min(moments) > to:
            break
        travel.move_to(max(min(moments), clock.now()), tick=False)
        async with database.transaction() as session:
            for user_id in await subscriptions.due(session, limit=100):
                user = await subscriptions.lock(session, user_id)
                await subscriptions.step(session, PLANS, user)
    travel.move_to(to, tick=False)


async def test_a_month_ends_with_reminders_a_grace_and_a_lapse(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    end = datetime(2026, 12, 24, 6, tzinfo=UTC)
    said = []
    for moment, plan in (
        (end - timedelta(days=3, seconds=1), "pro"),
        (end - timedelta(days=2), "pro"),
        (end - timedelta(hours=1), "pro"),
        (end + timedelta(days=3, hours=23), "pro"),
        (end + timedelta(days=4, seconds=1), "free"),
        (end + timedelta(days=40), "free"),
    ):
        await pass_time(database, travel, moment)
        assert (await plan_of(database))[0] == plan, moment
        said.append((await told(database))[1:])
    assert said == [
        [],
        ["plan_ends_in_days"],
        ["plan_ends_in_days", "plan_ends_in_a_day"],
        ["plan_ends_in_days", "plan_ends_in_a_day", "plan_grace"],
        ["plan_ends_in_days", "plan_ends_in_a_day", "plan_grace", "plan_lapsed"],
        ["plan_ends_in_days", "plan_ends_in_a_day", "plan_grace", "plan_lapsed"],
    ]


async def test_what_is_paid_in_the_grace_follows_on(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    await pass_time(database, travel, datetime(2026, 12, 26, tzinfo=UTC))
    async with database.transaction() as session:
        again = await link(session, id="plink_B000000000000B")
    assert not again.is_change
    await apply(database, paid(again, "pay_00000000000002"))
    _, subscription = await plan_of(database)
    assert subscription.paid_until == datetime(2027, 1, 24, 6, tzinfo=UTC)
    assert subscription.state == SubscriptionState.ACTIVE


async def test_a_lapse_pauses_what_the_free_plan_does_not_permit_and_keeps_it(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    for number in range(7):
        await rows.watch(database, PERSON, f"https://shop.example/{number}")
    await pass_time(database, travel, datetime(2027, 2, 1, tzinfo=UTC))
    async with database.transaction() as session:
        states = list(await session.scalars(select(Watch.state).order_by(Watch.number)))
        checked = list(await session.scalars(select(Listing.check_every_seconds).order_by(Listing.id)))
    assert states == [WatchState.ACTIVE] * 5 + [WatchState.PAUSED] * 2
    assert checked[:5] == [12 * 3600] * 5
    assert "watches_paused" in await told(database)
    with pytest.raises(OverAllowance):
        await rows.watch(database, PERSON, "https://shop.example/one-more")


async def test_an_upgrade_is_checked_as_often_as_promised_from_now_on(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        await person(session)
    await rows.watch(database, PERSON)
    async with database.transaction() as session:
        listing = (await session.scalars(select(Listing))).one()
        listing.next_check_at = clock.now() + timedelta(hours=11)
        checkout = await link(session)
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        listing = (await session.scalars(select(Listing))).one()
        assert listing.check_every == timedelta(hours=1)
        assert listing.next_check_at is not None
        assert listing.next_check_at <= clock.now() + timedelta(hours=1)


async def test_a_trial_is_a_week_of_pro_once_and_without_a_grace(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        await referrals.start_trial(session, PLANS, await person(session))
    plan, subscription = await plan_of(database)
    assert (plan, subscription.state) == ("pro", SubscriptionState.TRIAL)
    await pass_time(database, travel, datetime(2026, 12, 1, 6, 0, 1, tzinfo=UTC))
    assert (await plan_of(database))[0] == "free"
    assert await told(database) == ["plan_ends_in_days", "plan_ends_in_a_day", "plan_lapsed"]
    async with database.transaction() as session:
        with pytest.raises(BadInput):
            await referrals.start_trial(session, PLANS, await person(session))


async def test_what_is_bought_during_a_trial_of_the_same_plan_follows_it(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        await referrals.start_trial(session, PLANS, await person(session))
        checkout = await link(session)
    await apply(database, paid(checkout))
    _, subscription = await plan_of(database)
    assert subscription.paid_until == datetime(2027, 1, 1, 6, tzinfo=UTC)


async def test_a_lesser_plan_follows_at_the_end_and_can_be_taken_back(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        checkout = await link(session)
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        user = await person(session)
        await subscriptions.choose_next(session, PLANS, user, "starter", Period.MONTH)
        with pytest.raises(BadInput):
            await subscriptions.choose_next(session, PLANS, user, "business", Period.MONTH)
        await subscriptions.keep(session, user)
        await subscriptions.choose_next(session, PLANS, user, "starter", Period.MONTH)
        lesser = await link(session, "starter", id="plink_B000000000000B")
        assert not lesser.is_change
    await apply(database, paid(lesser, "pay_00000000000002"))
    assert (await plan_of(database))[0] == "pro"
    await pass_time(database, travel, datetime(2026, 12, 25, tzinfo=UTC))
    assert (await plan_of(database))[0] == "starter"
    await check_books(database)


async def test_given_days_of_a_better_plan_come_first_and_take_nothing(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        checkout = await link(session, "starter")
    await apply(database, paid(checkout))
    travel.move_to(datetime(2026, 12, 4, 6, tzinfo=UTC), tick=False)
    for _ in range(2):
        async with database.transaction() as session:
            user = await person(session)
            await subscriptions.give(
                session, PLANS, user, plan="pro", days=5, source=TermSource.GIFT, key="gift:1"
            )
    plan, subscription = await plan_of(database)
    assert (plan, subscription.paid_until) == ("pro", datetime(2026, 12, 29, 6, tzinfo=UTC))
    (paid_for, given) = await all_of(database, Term)
    assert paid_for.value_minor == 9_900 * 20 // 30
    assert given.ends_at == paid_for.starts_at
    await pass_time(database, travel, datetime(2026, 12, 10, tzinfo=UTC))
    assert (await plan_of(database))[0] == "starter"


async def test_both_get_their_days_when_the_invited_one_has_paid(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        asha = await person(session)
        ravi = await person(session, 1002)
        word = referrals.payload(asha)
        assert await referrals.invited(session, ravi, word)
        assert not await referrals.invited(session, ravi, word)
        assert not await referrals.invited(session, asha, word)
        assert not await referrals.invited(session, asha, referrals.payload(ravi))
        assert not await referrals.invited(session, ravi, "ref_zzz")
        checkout = await link(session, "starter", telegram_id=1002)
    assert (await plan_of(database))[0] == "free"
    await apply(database, paid(checkout))
    assert (await plan_of(database))[0] == "pro"
    _, his = await plan_of(database, 1002)
    assert his.paid_until == datetime(2026, 12, 31, 6, tzinfo=UTC)
    (referral,) = await all_of(database, Referral)
    assert referral.rewarded_at == clock.now()
    again = datetime(2026, 12, 20, tzinfo=UTC)
    travel.move_to(again, tick=False)
    async with database.transaction() as session:
        following = await link(session, "starter", telegram_id=1002, id="plink_B000000000000B")
    await apply(database, paid(following, "pay_00000000000002"))
    assert (await told(database)).count("referral_days") == 1


async def test_somebody_who_was_here_before_is_nobodys_guest(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        word = referrals.payload(await person(session))
        await person(session, 1002)
    travel.move_to(clock.now() + timedelta(hours=1), tick=False)
    async with database.transaction() as session:
        assert not await referrals.invited(session, await person(session, 1002), word)


async def test_plans_that_an_operator_changed_are_put_in_force(database: Database) -> None:
    async with database.transaction() as session:
        user = await person(session)
        user.allowed_watches = 3
        await person(session, 1002)
        (await person(session, 1003)).features = ["all_rules"]
    async with database.transaction() as session:
        assert await subscriptions.put_plans_in_force(session, PLANS) == 2
    async with database.transaction() as session:
        assert await subscriptions.put_plans_in_force(session, PLANS) == 0
        for user in await session.scalars(select(User)):
            assert user.allowance == DEFAULT.free.allowance


async def test_a_renewal_that_ends_with_its_cycle_can_be_taken_back_until_it_is_told(
    database: Database, travel: time_machine.Traveller
) -> None:
    async with database.transaction() as session:
        agreed = await mandate(session)
        agreed.state, agreed.charge_at = "active", clock.now() + timedelta(days=30)
        user = await session.get_one(User, agreed.user_id)
        assert await mandates.end_with_cycle(session, user)
        assert await mandates.to_ask_about(session, limit=10) == []
        assert await mandates.go_on(session, user)
        assert not await mandates.go_on(session, user)
        assert await mandates.end_with_cycle(session, user)
    travel.move_to(clock.now() + timedelta(days=27, seconds=1), tick=False)
    async with database.transaction() as session:
        (wanted,) = await mandates.to_ask_about(session, limit=10)
        await mandates.told_to_end(session, wanted)
        user = (await session.scalars(select(User))).one()
        assert not await mandates.go_on(session, user)
        assert (await session.scalars(select(Mandate))).one().ends_by_us == mandates.END_IS_TOLD
