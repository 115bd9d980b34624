"""What was paid counts although no webhook ever comes."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import delete

from tests.billing import money
from tests.billing.model.machine import BEGIN, Ground
from tracker.billing.models import Checkout, CheckoutState, Payment
from tracker.billing.periods import Period
from tracker.database import Base
from worker import billing, razorpay_news


@pytest.fixture
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as traveller:
        yield traveller


async def open_link(ground: Ground) -> str:
    """Somebody's link at Razorpay, for a month of Pro."""
    async with ground.database.transaction() as session:
        for table in reversed(Base.metadata.sorted_tables):
            await session.execute(delete(table))
    async with ground.database.transaction() as session:
        user = await money.person(session)
        wanted = await money.want(session, user, "pro", Period.MONTH)
    opened = await razorpay_news.open_checkout(ground.bench, wanted.id)
    assert opened.provider_id is not None
    return opened.provider_id


def test_it_counts_within_fifteen_minutes(ground: Ground, travel: time_machine.Traveller) -> None:
    link = ground.run(open_link(ground))
    travel.shift(timedelta(minutes=9))
    ground.run(ground.razorpay.pay(link, webhook="never"))
    for _ in range(15):
        travel.shift(timedelta(minutes=1))
        ground.run(billing.tend(ground.bench))
    assert ground.run(money.plan_of(ground.database))[0] == "pro"
    ground.run(money.check_books(ground.database))


def test_what_is_captured_days_after_its_link_ended_is_found_at_night(
    ground: Ground, travel: time_machine.Traveller
) -> None:
    link = ground.run(open_link(ground))
    failed = ground.run(ground.razorpay.fail(link, webhook="never"))
    travel.shift(timedelta(hours=3))
    ground.run(ground.razorpay.tick())
    ground.run(billing.tend(ground.bench))
    (checkout,) = ground.run(money.all_of(ground.database, Checkout))
    assert checkout.state == CheckoutState.EXPIRED
    travel.shift(timedelta(days=2))
    ground.run(ground.razorpay.capture_late(failed.id, webhook="never"))
    assert ground.run(billing.compare(ground.bench)) == []
    assert ground.run(money.plan_of(ground.database))[0] == "pro"
    (payment,) = ground.run(money.all_of(ground.database, Payment))
    assert payment.provider_id == failed.id


def test_a_razorpay_that_is_away_is_asked_again(ground: Ground, travel: time_machine.Traveller) -> None:
    link = ground.run(open_link(ground))
    ground.run(ground.razorpay.pay(link, webhook="never"))
    ground.razorpay.fault("502", 3)
    for _ in range(12):
        travel.shift(timedelta(minutes=1))
        ground.run(billing.tend(ground.bench))
    assert ground.run(money.plan_of(ground.database))[0] == "pro"
