"""Razorpay's own SDK, unpatched, against the sandbox, and its own verification of our signatures."""

import asyncio
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import razorpay as sdk  # type: ignore[import-untyped]  # the SDK has no types
import requests

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.sandbox.razorpay.things import soon


@pytest.fixture
def client(razorpay: RazorpaySandbox) -> Iterator[Any]:
    session = requests.Session()
    yield sdk.Client(auth=(razorpay.key_id, razorpay.key_secret), base_url=razorpay.api_base, session=session)
    session.close()


async def test_a_link_from_its_creation_to_its_refund(
    client: Any, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    facts = {
        "amount": 19_900,
        "currency": "INR",
        "reference_id": "r-1",
        "description": "Pro",
        "expire_by": soon(),
        "callback_url": "https://bot.example/pay/return",
        "callback_method": "get",
    }
    link = await asyncio.to_thread(client.payment_link.create, facts)
    assert (await asyncio.to_thread(client.payment_link.fetch, link["id"]))["status"] == "created"
    payment = await razorpay.pay(link["id"])
    fetched = await asyncio.to_thread(client.payment_link.fetch, link["id"])
    assert (fetched["status"], fetched["payments"][0]["payment_id"]) == ("paid", payment.id)
    listed = await asyncio.to_thread(client.payment_link.all, {"reference_id": "r-1"})
    assert [each["id"] for each in listed["payment_links"]] == [link["id"]]
    refund = await asyncio.to_thread(client.payment.refund, payment.id, {"amount": 9_900})
    assert refund["status"] == "processed"
    refunds = await asyncio.to_thread(client.payment.fetch_multiple_refund, payment.id)
    assert [each["id"] for each in refunds["items"]] == [refund["id"]]
    orders = await asyncio.to_thread(client.order.payments, payment.order_id)
    assert [each["id"] for each in orders["items"]] == [payment.id]
    await razorpay.delivered()
    for delivered in inbox.came:
        verify = client.utility.verify_webhook_signature
        assert verify(delivered.raw.decode(), delivered.signature, razorpay.webhook_secret)


async def test_the_sdk_accepts_the_signature_of_our_callback(client: Any, razorpay: RazorpaySandbox) -> None:
    facts = {"amount": 100, "reference_id": "r-1", "callback_url": "https://bot.example/"}
    link = await asyncio.to_thread(client.payment_link.create, facts)
    await razorpay.pay(link["id"])
    given = dict(parse_qsl(urlsplit(razorpay.callback(link["id"])).query))
    verified = {name.removeprefix("razorpay_"): value for name, value in given.items()}
    for name in ("payment_id", "signature"):
        verified[f"razorpay_{name}"] = verified.pop(name)
    assert client.utility.verify_payment_link_signature(verified)
    with pytest.raises(sdk.errors.SignatureVerificationError):
        client.utility.verify_payment_link_signature(verified | {"payment_link_status": "created"})


async def test_a_subscription_from_its_plan_to_its_end(client: Any, razorpay: RazorpaySandbox) -> None:
    item = {"name": "Pro", "amount": 19_900, "currency": "INR"}
    plan = await asyncio.to_thread(client.plan.create, {"period": "monthly", "interval": 1, "item": item})
    facts = {"plan_id": plan["id"], "total_count": 12, "customer_notify": 0}
    made = await asyncio.to_thread(client.subscription.create, facts)
    await razorpay.pay(made["id"])
    invoices = await asyncio.to_thread(client.invoice.all, {"subscription_id": made["id"]})
    assert [each["status"] for each in invoices["items"]] == ["paid"]
    cancelled = await asyncio.to_thread(client.subscription.cancel, made["id"], {"cancel_at_cycle_end": 0})
    assert cancelled["status"] == "cancelled"


async def test_the_sdks_errors_are_those_that_razorpay_gives_it(
    client: Any, razorpay: RazorpaySandbox
) -> None:
    with pytest.raises(sdk.errors.BadRequestError, match="The id provided does not exist"):
        await asyncio.to_thread(client.payment.fetch, "pay_00000000000000")
    razorpay.fault("500")
    with pytest.raises(sdk.errors.ServerError):
        await asyncio.to_thread(client.payment.fetch, "pay_00000000000000")
