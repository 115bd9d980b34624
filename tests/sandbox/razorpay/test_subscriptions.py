"""Subscriptions as time goes by: cycles, retries, ends."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import time_machine

from sandbox.razorpay import CannotDo, RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.sandbox.razorpay.things import get, new_plan, new_subscription, soon

BEGIN = datetime(2026, 1, 31, 9, tzinfo=UTC)
CHARGED = ["payment.authorized", "payment.captured", "invoice.paid", "subscription.charged"]
FIRST = [
    "payment.authorized",
    "payment.captured",
    "invoice.paid",
    "subscription.authenticated",
    "subscription.activated",
    "subscription.charged",
]


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(BEGIN, tick=False) as clock:
        yield clock


async def pass_days(razorpay: RazorpaySandbox, clock: time_machine.Traveller, days: float) -> None:
    clock.shift(timedelta(days=days))
    await razorpay.tick()
    await razorpay.delivered()


def at(moment: int | None) -> datetime | None:
    return None if moment is None else datetime.fromtimestamp(moment, UTC)


async def test_it_begins_with_the_authorisation_and_is_charged_by_calendar_months(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api, total_count=3)
    assert (made["status"], made["current_end"], made["charge_at"]) == ("created", None, None)
    await razorpay.pay(made["id"])
    await razorpay.delivered()
    assert inbox.names == FIRST
    subscription = razorpay.subscription(made["id"])
    assert at(subscription.current_end) == datetime(2026, 2, 28, 9, tzinfo=UTC)
    inbox.came.clear()
    await pass_days(razorpay, clock, 27.9)
    assert inbox.names == []
    await pass_days(razorpay, clock, 0.2)
    assert inbox.names == CHARGED
    assert at(subscription.current_end) == datetime(2026, 3, 31, 9, tzinfo=UTC)
    assert (subscription.status, subscription.paid_count, subscription.remaining_count) == ("active", 2, 1)
    await pass_days(razorpay, clock, 40)
    assert inbox.names == [*CHARGED, *CHARGED, "subscription.completed"]
    assert (subscription.status, subscription.paid_count, subscription.charge_at) == ("completed", 3, None)
    assert len(razorpay.invoices_of(made["id"])) == 3


async def test_months_that_passed_unseen_are_charged_one_by_one(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    made = await new_subscription(api)
    await razorpay.pay(made["id"])
    await pass_days(razorpay, clock, 100)
    moments = [at(each.issued_at) for each in razorpay.invoices_of(made["id"])]
    assert moments == [
        BEGIN,
        *(datetime(2026, month, day, 9, tzinfo=UTC) for month, day in ((2, 28), (3, 31), (4, 30))),
    ]


async def test_a_failed_charge_is_tried_three_days_and_then_halts(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api)
    await razorpay.pay(made["id"])
    await razorpay.delivered()
    razorpay.fail_charges(made["id"], 4)
    subscription = razorpay.subscription(made["id"])
    inbox.came.clear()
    seen = []
    for days in (28.1, 1, 1, 1):
        await pass_days(razorpay, clock, days)
        seen.append((inbox.names, subscription.status, subscription.auth_attempts))
        inbox.came.clear()
    trouble = ["payment.failed", "subscription.pending"]
    assert seen == [
        (trouble, "pending", 1),
        (trouble, "pending", 2),
        (trouble, "pending", 3),
        ([*trouble, "subscription.halted"], "halted", 4),
    ]
    assert subscription.paid_count == 1
    assert at(subscription.current_end) == datetime(2026, 3, 31, 9, tzinfo=UTC)  # beyond what is paid
    await pass_days(razorpay, clock, 31)
    assert (inbox.names, subscription.status) == ([], "halted")
    assert [each.status for each in razorpay.invoices_of(made["id"])][-1] == "issued"


async def test_a_retry_that_succeeds_keeps_the_cycle(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api)
    await razorpay.pay(made["id"])
    razorpay.fail_charges(made["id"], 1)
    await pass_days(razorpay, clock, 28.1)
    inbox.came.clear()
    await pass_days(razorpay, clock, 1)
    subscription = razorpay.subscription(made["id"])
    assert inbox.names == CHARGED
    assert (subscription.status, subscription.paid_count, subscription.auth_attempts) == ("active", 2, 0)
    assert at(subscription.charge_at) == datetime(2026, 3, 31, 9, tzinfo=UTC)


async def test_a_later_start_takes_a_token_and_gives_it_back(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api, start_at=soon(7 * 86_400))
    token = await razorpay.pay(made["id"])
    await razorpay.delivered()
    assert inbox.names == ["payment.authorized", "subscription.authenticated"]
    assert (token.status, token.refunded) == ("refunded", token.amount)
    inbox.came.clear()
    await pass_days(razorpay, clock, 7.1)
    assert inbox.names == [*CHARGED[:3], "subscription.activated", "subscription.charged"]
    assert razorpay.subscription(made["id"]).paid_count == 1


async def test_what_is_paid_upfront_is_charged_with_the_authorisation(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    addons = [{"item": {"name": "Difference", "amount": 5_000, "currency": "INR"}}]
    later = await new_subscription(api, start_at=soon(86_400), addons=addons)
    at_once = await new_subscription(api, addons=addons)
    assert [(await razorpay.pay(each["id"])).amount for each in (later, at_once)] == [5_000, 24_900]


@pytest.mark.parametrize("limit", ["start_at", "expire_by"])
async def test_what_nobody_authorises_expires(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, limit: str
) -> None:
    made = await new_subscription(api, **{limit: soon(3600)})
    clock.shift(timedelta(hours=2))
    with pytest.raises(CannotDo, match="expired"):
        await razorpay.pay(made["id"])
    answer = await api.post(f"subscriptions/{made['id']}/cancel")
    assert answer.json()["error"] == {
        "code": "BAD_REQUEST_ERROR",
        "description": "Subscription is not cancellable in expired status.",
        "field": "status",
    }


async def test_cancelled_at_the_end_of_its_cycle_it_runs_on_until_then(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api)
    early = await api.post(f"subscriptions/{made['id']}/cancel", json={"cancel_at_cycle_end": True})
    assert early.status_code == 400
    await razorpay.pay(made["id"])
    answer = await api.post(f"subscriptions/{made['id']}/cancel", json={"cancel_at_cycle_end": True})
    assert answer.json()["status"] == "active"
    await razorpay.delivered()
    inbox.came.clear()
    await pass_days(razorpay, clock, 27)
    assert (await get(api, f"subscriptions/{made['id']}"))["status"] == "active"
    await pass_days(razorpay, clock, 2)
    assert inbox.names == ["subscription.cancelled"]
    assert (await get(api, f"subscriptions/{made['id']}"))["status"] == "cancelled"


async def test_a_pause_holds_the_charges(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api)
    await razorpay.pay(made["id"])
    await razorpay.delivered()
    inbox.came.clear()
    await api.post(f"subscriptions/{made['id']}/pause", json={"pause_at": "now"})
    await pass_days(razorpay, clock, 40)
    await api.post(f"subscriptions/{made['id']}/resume", json={"resume_at": "now"})
    await pass_days(razorpay, clock, 0)
    assert inbox.names == ["subscription.paused", "subscription.resumed", *CHARGED]


async def test_pausing_what_is_only_authorised_cancels_it(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    made = await new_subscription(api, start_at=soon(86_400))
    await razorpay.pay(made["id"])
    await api.post(f"subscriptions/{made['id']}/pause", json={"pause_at": "now"})
    assert razorpay.subscription(made["id"]).status == "cancelled"


async def test_a_link_expires_when_its_time_has_come(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = (await api.post("payment_links", json={"amount": 100, "expire_by": soon(3600)})).json()
    await pass_days(razorpay, clock, 1 / 25)
    assert inbox.names == []
    await pass_days(razorpay, clock, 1 / 25)
    assert inbox.names == ["payment_link.expired"]
    assert (await get(api, f"payment_links/{link['id']}"))["status"] == "expired"


async def test_a_year_is_a_year(
    clock: time_machine.Traveller, api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    plan = await new_plan(api, period="yearly")
    made = await new_subscription(api, plan_id=plan["id"], total_count=5)
    await razorpay.pay(made["id"])
    assert at(razorpay.subscription(made["id"]).current_end) == datetime(2027, 1, 31, 9, tzinfo=UTC)
