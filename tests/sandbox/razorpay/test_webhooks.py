"""Webhooks: signed over their bytes, in order, again until taken, held, doubled or forged on demand."""

import hashlib
import hmac
from typing import Any

import httpx
import orjson
import pytest

from sandbox.razorpay import CannotDo, RazorpaySandbox
from tests.sandbox.razorpay.inbox import Delivered, Inbox
from tests.sandbox.razorpay.things import new_link, new_subscription
from tracker.billing.entities import (
    DisputeEntity,
    LinkEntity,
    PaymentEntity,
    RefundEntity,
    SubscriptionEntity,
)

PAID = ["payment.authorized", "payment.captured", "order.paid", "payment_link.paid"]


def is_signed(delivered: Delivered, secret: str) -> bool:
    right = hmac.new(secret.encode(), delivered.raw, hashlib.sha256).hexdigest()
    return hmac.compare_digest(right, delivered.signature)


async def test_events_are_signed_over_their_bytes_and_have_ids(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api, description="Pro – ₹199")
    await razorpay.pay(link["id"])
    await razorpay.delivered()
    assert inbox.names == PAID
    assert all(is_signed(each, razorpay.webhook_secret) for each in inbox.came)
    assert not any(is_signed(each, razorpay.key_secret) for each in inbox.came)
    assert len({each.event_id for each in inbox.came}) == 4
    assert {each.headers["content-type"] for each in inbox.came} == {"application/json"}


async def test_an_event_tells_the_state_of_its_moment(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    await razorpay.pay((await new_link(api))["id"])
    await razorpay.delivered()
    statuses = [each.body["payload"]["payment"]["entity"]["status"] for each in inbox.came]
    assert statuses == ["authorized", "captured", "captured", "captured"]
    assert inbox.last("payment_link.paid")["payload"]["payment_link"]["entity"]["status"] == "paid"


async def test_the_quirks_of_a_paid_link(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    razorpay.link(link["id"]).created_at = 1_700_000_000
    payment = await razorpay.pay(link["id"])
    await razorpay.delivered()
    event = inbox.last("payment_link.paid")
    assert event["created_at"] == 1_700_000_000
    assert payment.order_id == f"order_{event['payload']['order']['entity']['id']}"
    assert event["payload"]["payment"]["entity"]["description"] == f"#{link['id'].removeprefix('plink_')}"


async def test_an_event_is_sent_again_until_it_is_taken(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, pauses: list[float]
) -> None:
    inbox.answers = [500, 302, 404]
    await razorpay.cancel((await new_link(api))["id"])
    await razorpay.delivered()
    assert inbox.names == ["payment_link.cancelled"] * 4
    assert len({(each.event_id, each.signature, each.raw) for each in inbox.came}) == 1
    assert pauses == [1, 2, 4]
    tried = [(each.attempt, each.status) for each in razorpay.attempts]
    assert tried == [(1, 500), (2, 302), (3, 404), (4, 200)]


async def test_an_event_that_nobody_takes_is_given_up(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, pauses: list[float]
) -> None:
    inbox.answers = [503] * 9
    await razorpay.cancel((await new_link(api))["id"])
    await razorpay.delivered()
    assert (len(inbox.came), pauses) == (5, [1, 2, 4, 8])


async def test_an_event_that_fails_does_not_hold_up_the_next(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    inbox.answers = [500]
    await razorpay.pay((await new_link(api))["id"])
    await razorpay.delivered()
    assert sorted(inbox.names) == sorted([PAID[0], *PAID])
    assert [each.event for each in razorpay.attempts if each.attempt == 1] == PAID


async def test_nobody_at_the_address_is_a_failed_attempt(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    razorpay.webhook_url = "http://127.0.0.1:1/razorpay/webhook"
    await razorpay.pay((await new_link(api))["id"])
    await razorpay.delivered()
    assert {each.status for each in razorpay.attempts} == {None}
    assert len(razorpay.attempts) == 20


async def test_twice_is_the_same_event_twice(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    await razorpay.pay((await new_link(api))["id"], webhook="twice")
    await razorpay.delivered()
    assert inbox.names == [name for name in PAID for _ in range(2)]
    assert len({each.event_id for each in inbox.came}) == 4


async def test_never_is_known_to_the_api_alone(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    await razorpay.pay(link["id"], webhook="never")
    await razorpay.delivered()
    assert inbox.came == []
    assert (await api.get(f"payment_links/{link['id']}")).json()["status"] == "paid"
    assert [each.name for each in razorpay.events] == PAID


@pytest.mark.parametrize(("order", "expected"), [("as_it_was", PAID), ("reversed", PAID[::-1])])
async def test_late_events_wait_for_their_release(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, order: str, expected: list[str]
) -> None:
    await razorpay.pay((await new_link(api))["id"], webhook="late")
    await razorpay.delivered()
    assert (inbox.came, len(razorpay.held)) == ([], 4)
    await razorpay.release(order)
    await razorpay.delivered()
    assert (inbox.names, razorpay.held) == (expected, [])


async def test_a_forged_event_is_signed_with_another_secret(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, pauses: list[float]
) -> None:
    inbox.answers = [400] * 4
    await razorpay.pay((await new_link(api))["id"], webhook="forged")
    await razorpay.delivered()
    assert inbox.names == PAID
    assert not any(is_signed(each, razorpay.webhook_secret) for each in inbox.came)
    assert pauses == []


async def test_without_an_address_nothing_is_sent(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    razorpay.webhook_url = None
    await razorpay.pay((await new_link(api))["id"])
    await razorpay.delivered()
    assert (inbox.came, razorpay.attempts, len(razorpay.events)) == ([], [], 4)


async def test_another_amount_and_currency(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    await razorpay.pay(link["id"], amount=100, currency="USD")
    await razorpay.delivered()
    entities: Any = inbox.last("payment_link.paid")["payload"]
    assert (entities["payment"]["entity"]["amount"], entities["payment"]["entity"]["currency"]) == (
        100,
        "USD",
    )
    assert (
        entities["payment_link"]["entity"]["amount"],
        entities["payment_link"]["entity"]["amount_paid"],
    ) == (
        19_900,
        100,
    )


async def test_a_failed_payment_may_be_captured_afterwards(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    payment = await razorpay.fail((await new_link(api))["id"], late_authorisation=True)
    await razorpay.delivered()
    assert inbox.names == ["payment.failed", *PAID]
    assert payment.status == "captured"


async def test_a_second_payment_captured_late_is_a_payment_too_many(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    failed = await razorpay.fail(link["id"])
    await razorpay.pay(link["id"])
    await razorpay.capture_late(failed.id)
    await razorpay.delivered()
    assert inbox.names == ["payment.failed", *PAID, "payment.authorized", "payment.captured"]
    body = (await api.get(f"payment_links/{link['id']}")).json()
    assert (len(body["payments"]), body["amount_paid"]) == (2, 39_800)


async def test_a_link_that_is_over_is_not_paid(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    link = await new_link(api)
    await razorpay.pay(link["id"])
    with pytest.raises(CannotDo, match="the link is paid"):
        await razorpay.pay(link["id"])
    with pytest.raises(CannotDo, match="there is no plink_x"):
        await razorpay.pay("plink_x")


async def test_our_own_reading_takes_every_event(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    link, subscription = await new_link(api), await new_subscription(api, notes={"reference": "s-1"})
    await razorpay.fail(link["id"], method="card")
    payment = await razorpay.pay(link["id"])
    await api.post(f"payments/{payment.id}/refund", json={"amount": 5_000})
    await razorpay.dispute(payment.id, "lost")
    await razorpay.pay(subscription["id"], method="card")
    await razorpay.charge(subscription["id"], "failure")
    readers: dict[str, Any] = {
        "payment": PaymentEntity.of,
        "payment_link": LinkEntity.of,
        "subscription": SubscriptionEntity.of,
        "refund": RefundEntity.of,
        "dispute": DisputeEntity.of,
    }
    read = {
        (event.name, kind): readers[kind](holder["entity"])
        for event in razorpay.events
        for kind, holder in orjson.loads(event.body)["payload"].items()
        if kind in readers
    }
    paid = read["payment_link.paid", "payment_link"]
    assert paid.order_id == read["payment_link.paid", "payment"].order_id == payment.order_id
    assert read["payment.captured", "payment"].link_id is None  # the newest is of the subscription
    assert read["payment_link.paid", "payment"].link_id == link["id"]
    assert read["refund.processed", "payment"].refunded_minor == 5_000
    assert read["payment.dispute.lost", "dispute"].deducted_minor == 19_900
    assert read["subscription.charged", "subscription"].reference == "s-1"
    assert read["subscription.pending", "subscription"].status == "pending"
