"""Bodies against Razorpay's own samples: the same keys, the same JSON types where a sample is not null."""

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.sandbox.razorpay.things import get, new_link, new_plan, new_subscription, soon

OFFICIAL = Path(__file__).parents[4] / "shared" / "razorpay"
CUSTOMER = {"email": "asha@example.com", "contact": "9000090000"}
NAMED = CUSTOMER | {"name": "Asha"}
OURS_ALONE = {
    "offer_id": "we have no offers",
    "expire_by": "may be left out",
    "arn": "the bank's number comes days later",
    "auth_code": "a failed payment has none",
    "rrn": "a failed payment has none",
    "bank": "few cards name theirs",
}

pytestmark = pytest.mark.skipif(not OFFICIAL.is_dir(), reason="the official samples are not on this machine")


def sample(name: str) -> Any:
    return json.loads((OFFICIAL / f"{name}.json").read_text())


def kind(value: Any) -> str:
    names = {bool: "bool", int: "number", float: "number", str: "text", list: "list", dict: "object"}
    return names[type(value)]


def differences(ours: Any, theirs: Any, path: str = "$") -> list[str]:
    """Keys that one side lacks, and values of another type. Lists are compared by their first items."""
    name = path.rpartition(".")[2]
    if theirs is None or (ours is None and name in OURS_ALONE):
        return []
    if ours is None or kind(ours) != kind(theirs):
        return [f"{path}: {ours!r} for {theirs!r}"]
    if name == "notes":
        return []
    if isinstance(ours, dict):
        found = [f"{path}.{key}: missing" for key in theirs.keys() - ours.keys()]
        found += [f"{path}.{key}: not theirs" for key in ours.keys() - theirs.keys()]
        for key in ours.keys() & theirs.keys():
            found += differences(ours[key], theirs[key], f"{path}.{key}")
        return found
    if isinstance(ours, list) and ours and theirs:
        return differences(ours[0], theirs[0], f"{path}[0]")
    return []


def test_a_difference_is_seen() -> None:
    theirs = {"a": 1, "b": None, "c": {"d": "x"}, "e": [{"f": 1}]}
    assert differences(theirs, theirs) == []
    assert differences({"a": "1", "c": {}, "e": [{"f": "1"}], "g": 0}, theirs) != []
    assert len(differences({"a": "1", "c": {}, "e": [{"f": "1"}], "g": 0}, theirs)) == 5


@pytest.mark.parametrize("method", ["upi", "card", "netbanking"])
async def test_events_of_a_paid_link(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, method: Any
) -> None:
    link = await new_link(api, customer=CUSTOMER, reference_id="r-1")
    await razorpay.pay(link["id"], method=method)
    await razorpay.delivered()
    assert inbox.names == ["payment.authorized", "payment.captured", "order.paid", "payment_link.paid"]
    for name in ("payment.authorized", "payment.captured", "order.paid"):
        assert differences(inbox.last(name), sample(f"webhooks/{name}.{method}")) == []
    if method == "upi":  # the other ways to pay have no sample of this event
        assert (
            differences(inbox.last("payment_link.paid"), sample("webhooks/payment_link.paid.standard")) == []
        )


async def test_an_event_of_a_paid_upi_link(razorpay: RazorpaySandbox, inbox: Inbox) -> None:
    """UPI links are live only: the test keys of the API refuse them."""
    razorpay.account.key_id = "rzp_live_SandboxKey0001"
    keys = (razorpay.key_id, razorpay.key_secret)
    async with httpx.AsyncClient(base_url=f"{razorpay.api_base}/v1/", auth=keys) as api:
        link = await new_link(
            api,
            customer=NAMED,
            reference_id="r-1",
            upi_link=True,
            callback_url="https://bot.example/pay/return",
            expire_by=soon(),
            notes={"plan": "pro"},
        )
    await razorpay.pay(link["id"])
    await razorpay.delivered()
    assert differences(inbox.last("payment_link.paid"), sample("webhooks/payment_link.paid.upi")) == []


@pytest.mark.parametrize("method", ["upi", "card", "netbanking"])
async def test_the_event_of_a_failed_payment(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, method: Any
) -> None:
    link = await new_link(api, customer=CUSTOMER)
    await razorpay.fail(link["id"], method=method)
    await razorpay.delivered()
    assert differences(inbox.last("payment.failed"), sample(f"webhooks/payment.failed.{method}")) == []


@pytest.mark.parametrize("end", ["cancelled", "expired"])
async def test_the_event_of_a_link_that_ends_unpaid(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, end: str
) -> None:
    link = await new_link(
        api,
        customer=NAMED,
        reference_id="r-1",
        callback_url="https://bot.example/pay/return",
        notes={"plan": "pro"} if end == "expired" else {},
        expire_by=soon(),
    )
    if end == "cancelled":
        await razorpay.cancel(link["id"])
    else:
        razorpay.link(link["id"]).expire_by = soon(-1)
        await razorpay.tick()
    await razorpay.delivered()
    event = inbox.last(f"payment_link.{end}")
    assert differences(event, sample(f"webhooks/payment_link.{end}.standard")) == []


async def test_events_of_a_refund(api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox) -> None:
    link = await new_link(api)
    payment = await razorpay.pay(link["id"], method="netbanking")
    body = {"amount": 9_900, "notes": {"reason": "asked"}}
    answer = (await api.post(f"payments/{payment.id}/refund", json=body)).json()
    assert differences(answer, sample("api/refunds-entity.entity")) == []
    assert (
        differences(
            await get(api, f"payments/{payment.id}/refunds"),
            sample("api/refunds-fetch-multiple-refund-payment.success"),
        )
        == []
    )
    assert (
        differences(await get(api, f"refunds/{answer['id']}"), sample("api/refunds-fetch-with-id.success"))
        == []
    )
    await razorpay.delivered()
    for name in ("refund.created", "refund.processed"):
        assert differences(inbox.last(name), sample(f"webhooks/{name}.normal-refunds")) == []


async def test_the_event_of_a_failed_refund(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    razorpay.account.refunds_settle = False
    payment = await razorpay.pay((await new_link(api))["id"], method="netbanking")
    body = {"amount": 5_000, "notes": {"reason": "asked"}}
    refunds = [(await api.post(f"payments/{payment.id}/refund", json=body)).json()["id"] for _ in range(2)]
    await razorpay.settle_refund(refunds[0])
    await razorpay.settle_refund(refunds[1], succeeds=False)
    assert payment.refunded == 5_000
    await razorpay.delivered()
    assert differences(inbox.last("refund.failed"), sample("webhooks/refund.failed.normal-refunds")) == []


@pytest.mark.parametrize("state", ["created", "under_review", "action_required", "won", "lost", "closed"])
async def test_events_of_a_dispute(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, state: str
) -> None:
    payment = await razorpay.pay((await new_link(api))["id"], method="card")
    await api.post(f"payments/{payment.id}/refund", json={"amount": 5_000})
    await razorpay.dispute(payment.id, state)
    await razorpay.delivered()
    name = f"payment.dispute.{state}"
    assert differences(inbox.last(name), sample(f"webhooks/{name}")) == []


async def test_events_of_a_subscription_that_begins_at_once(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    notes = {"reference": "s-1"}
    subscription = await new_subscription(api, total_count=2, expire_by=soon(), notes=notes)
    await razorpay.pay(subscription["id"], method="card")
    await razorpay.charge(subscription["id"])
    await razorpay.delivered()
    activated = "subscription.activated.immediate-start-date-upfront-amount-both"
    assert differences(inbox.last("subscription.activated"), sample(f"webhooks/{activated}")) == []
    for name in ("subscription.charged", "subscription.completed", "invoice.paid.card"):
        event = inbox.last(name.removesuffix(".card"))
        assert differences(event, sample(f"webhooks/{name}")) == []


async def test_events_of_a_subscription_that_begins_later(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    subscription = await new_subscription(api, start_at=soon(86_400))
    await razorpay.pay(subscription["id"], method="card")
    await razorpay.delivered()
    event = inbox.last("subscription.authenticated")
    assert differences(event, sample("webhooks/subscription.authenticated")) == []
    razorpay.subscription(subscription["id"]).notes = {"reference": "s-1"}
    await razorpay.charge(subscription["id"])
    await razorpay.delivered()
    activated = "subscription.activated.future-start-date-and-no-upfront-amount"
    assert differences(inbox.last("subscription.activated"), sample(f"webhooks/{activated}")) == []


async def test_events_of_a_subscription_in_trouble(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    subscription = await new_subscription(api, notes={"reference": "s-1"}, expire_by=soon())
    await razorpay.pay(subscription["id"], method="card")
    for _ in range(4):
        await razorpay.charge(subscription["id"], "failure")
    await razorpay.cancel(subscription["id"])
    await razorpay.delivered()
    for name in ("pending", "halted", "cancelled"):
        event = inbox.last(f"subscription.{name}")
        assert differences(event, sample(f"webhooks/subscription.{name}")) == []


async def test_events_and_answers_of_a_pause(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    subscription = await new_subscription(api, notes={"reference": "s-1"}, expire_by=soon())
    await razorpay.pay(subscription["id"], method="card")
    for verb in ("pause", "resume"):
        answer = (
            await api.post(f"subscriptions/{subscription['id']}/{verb}", json={f"{verb}_at": "now"})
        ).json()
        assert differences(answer, sample(f"api/subscriptions-{verb}-subscription.success")) == []
    other = await new_subscription(api)
    await razorpay.pay(other["id"], method="card")
    for verb in ("pause", "resume"):
        await api.post(f"subscriptions/{other['id']}/{verb}")
    await razorpay.delivered()
    for name in ("subscription.paused", "subscription.resumed"):
        assert differences(inbox.last(name), sample(f"webhooks/{name}")) == []


async def test_answers_about_links(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    made = await new_link(api, customer=CUSTOMER, notes={"plan": "pro"})
    assert made["payments"] is None
    await razorpay.pay(made["id"])
    paid = await get(api, f"payment_links/{made['id']}")
    assert differences(paid, sample("sdk_mocks/fake_payment_link")) == []
    other = await new_link(api, customer=CUSTOMER)
    await razorpay.fail(other["id"])
    cancelled = (await api.post(f"payment_links/{other['id']}/cancel")).json()
    assert differences(cancelled, sample("sdk_mocks/cancel_payment_link")) == []
    last = await new_link(
        api, customer=NAMED, reminder_enable=True, reference_id="r-2", notes={"plan": "pro"}
    )
    listed = await get(api, "payment_links?reference_id=r-2")
    assert [each["id"] for each in listed["payment_links"]] == [last["id"]]
    assert differences(listed, sample("sdk_mocks/payment_link_collection")) == []


async def test_answers_about_plans_and_subscriptions(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    item = {"name": "Pro", "amount": 19_900, "currency": "INR", "description": "Every month"}
    plan = await new_plan(api, item=item, notes={"code": "pro"})
    assert differences(plan, sample("api/subscriptions-create-plan.success")) == []
    assert differences(await get(api, "plans"), sample("api/subscriptions-plans-entity.entity")) == []
    made = await new_subscription(
        api, plan_id=plan["id"], start_at=soon(86_400), expire_by=soon(), notes={"reference": "s-1"}
    )
    assert differences(made, sample("api/subscriptions-create-subscription.success")) == []
    addon = {"item": {"name": "Joining", "amount": 30_000, "currency": "INR"}}
    at_once = await new_subscription(
        api, plan_id=plan["id"], expire_by=soon(), notes={"reference": "s-2"}, addons=[addon]
    )
    await razorpay.pay(at_once["id"], method="card")
    path = f"subscriptions/{at_once['id']}"
    fetched = sample("api/subscriptions-fetch-subscription-id.success")
    assert differences(await get(api, path), fetched) == []
    invoices = await get(api, f"invoices?subscription_id={at_once['id']}")
    assert differences(invoices, sample("api/subscriptions-fetch-invoices.success")) == []
    assert [item["type"] for item in invoices["items"][0]["line_items"]] == ["plan", "addon"]
    cancelled = (await api.post(f"{path}/cancel")).json()
    theirs = sample("api/subscriptions-cancel-subscription.success")
    assert differences(cancelled | {"charge_at": theirs["charge_at"]}, theirs) == []


@pytest.mark.parametrize("method", ["card", "netbanking"])
async def test_an_answer_about_a_payment(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, method: Any
) -> None:
    payment = await razorpay.pay((await new_link(api))["id"], method=method)
    body = await get(api, f"payments/{payment.id}")
    assert differences(body, sample(f"api/fetch-with-id.{method}")) == []


@pytest.mark.parametrize(
    ("path", "theirs"),
    [
        ("payments/pay_00000000000000", "api/fetch-with-id.failure"),
        ("payments/pay_00000000000000/refunds", "api/refunds-fetch-multiple-refund-payment.failure"),
        ("orders/x48wjYEr2I/payments", "api/fetch-payments-orders.failure"),
        ("nothing", "api/refunds-fetch-with-id.failure"),
    ],
)
async def test_refusals_in_razorpays_own_words(api: httpx.AsyncClient, path: str, theirs: str) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()) == (400, sample(theirs))


async def test_a_key_that_does_not_fit_in_razorpays_own_words(razorpay: RazorpaySandbox) -> None:
    async with httpx.AsyncClient(base_url=f"{razorpay.api_base}/v1/", auth=("rzp_test_x", "y")) as stranger:
        answer = await stranger.get("payments")
    assert (answer.status_code, answer.json()) == (
        401,
        sample("api/subscriptions-pause-subscription.failure"),
    )
