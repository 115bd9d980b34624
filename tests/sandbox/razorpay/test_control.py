"""The sandbox's own API: everything that a test or a demo can order, as JSON over HTTP."""

from typing import Any

import httpx
import pytest

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.sandbox.razorpay.things import new_link, new_subscription, soon


async def order(control: httpx.AsyncClient, path: str, **body: Any) -> Any:
    answer = await control.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_pay_a_link(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    answer = await order(control, f"links/{link['id']}/pay", method="card", webhook="twice", amount=500)
    await razorpay.delivered()
    assert (answer["payment"]["method"], answer["payment"]["amount"]) == ("card", 500)
    assert len(inbox.came) == 8


async def test_fail_a_link_and_capture_it_late(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    link = await new_link(api)
    failed = (await order(control, f"links/{link['id']}/fail"))["payment"]
    assert failed["status"] == "failed"
    await order(control, f"payments/{failed['id']}/capture_late")
    again = await new_link(api)
    late = (await order(control, f"links/{again['id']}/fail", late_authorisation=True))["payment"]
    await razorpay.delivered()
    assert late["status"] == "captured"
    assert inbox.names.count("payment_link.paid") == 2


async def test_cancel_dispute_release_and_look(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    cancelled, paid = await new_link(api), await new_link(api)
    await order(control, f"links/{cancelled['id']}/cancel")
    payment = (await order(control, f"links/{paid['id']}/pay", webhook="late"))["payment"]
    await order(control, f"payments/{payment['id']}/dispute", state="lost", webhook="never")
    assert await order(control, "release", order="reversed") == {"released": 4}
    await razorpay.delivered()
    assert inbox.names[-1] == "payment.authorized"
    state = (await control.get("state")).json()
    assert [each["status"] for each in state["links"]] == ["cancelled", "paid"]
    assert state["events"][-1]["event"] == "payment.dispute.lost"
    assert len(state["attempts"]) == 5
    assert razorpay.key_secret not in str(state)
    assert razorpay.webhook_secret not in str(state)


async def test_a_subscription_from_authorisation_to_its_end(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    made = await new_subscription(api)
    path = f"subscriptions/{made['id']}"
    await order(control, f"{path}/pay", method="card")
    failed = await order(control, f"{path}/charge", outcome="failure")
    assert failed["payment"]["status"] == "failed"
    await order(control, f"{path}/charge", webhook="never")
    await order(control, f"{path}/fail", times=2)
    assert razorpay.subscription(made["id"]).failures_to_come == 2
    await order(control, f"{path}/cancel", at_cycle_end=True)
    await order(control, f"{path}/cancel")
    await razorpay.delivered()
    assert inbox.names[-3:] == ["payment.failed", "subscription.pending", "subscription.cancelled"]


async def test_a_refund_may_stay_pending(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    razorpay.account.refunds_settle = False
    payment = await razorpay.pay((await new_link(api))["id"], webhook="never")
    refund = (await api.post(f"payments/{payment.id}/refund", json={})).json()
    assert refund["status"] == "pending"
    settled = await order(control, f"refunds/{refund['id']}/settle")
    assert settled["refund"]["status"] == "processed"
    await razorpay.delivered()
    assert inbox.names == ["refund.created", "refund.processed"]


async def test_what_the_api_the_page_and_the_clock_bring_about_is_sent_as_told(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox
) -> None:
    await order(control, "webhooks", webhook="late")
    link = await new_link(api, expire_by=soon())
    await control.post(f"checkout/{link['id']}", data={"action": "upi"})
    (payment_id,) = razorpay.link(link["id"]).payments
    await api.post(f"payments/{payment_id}/refund", json={})
    other = await new_link(api, expire_by=soon())
    razorpay.link(other["id"]).expire_by = soon(-1)
    await order(control, "tick")
    await razorpay.delivered()
    assert inbox.names == []
    await order(control, "release")
    await razorpay.delivered()
    assert inbox.names[3:] == [
        "payment_link.paid",
        "refund.created",
        "refund.processed",
        "payment_link.expired",
    ]


async def test_tick_expires(
    api: httpx.AsyncClient, control: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    link = await new_link(api, expire_by=soon())
    razorpay.link(link["id"]).expire_by = soon(-1)
    await order(control, "tick")
    assert razorpay.link(link["id"]).status == "expired"


async def test_faults_are_ordered_and_taken_back(api: httpx.AsyncClient, control: httpx.AsyncClient) -> None:
    assert await order(control, "faults", kind="500", times=3) == {"waiting": 3}
    assert (await api.get("payments")).status_code == 500
    assert (await control.delete("faults")).json() == {"waiting": 0}
    assert (await api.get("payments")).status_code == 200


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("links/plink_x/pay", {}),
        ("links/{link}/pay", {"method": "cash"}),
        ("links/{link}/pay", {"webhook": "maybe"}),
        ("links/{link}/pay", {"amount": "5"}),
        ("links/{link}/pay", {"currency": 5}),
        ("links/{link}/fail", {"late_authorisation": "yes"}),
        ("links/{subscription}/pay", {}),
        ("subscriptions/{link}/pay", {}),
        ("subscriptions/{subscription}/charge", {}),
        ("subscriptions/{subscription}/charge", {"outcome": "perhaps"}),
        ("subscriptions/{subscription}/fail", {"times": "twice"}),
        ("subscriptions/{subscription}/cancel", {"at_cycle_end": True}),
        ("payments/pay_x/dispute", {}),
        ("payments/pay_x/capture_late", {}),
        ("refunds/rfnd_x/settle", {}),
        ("release", {"order": "random"}),
        ("faults", {"kind": "flood"}),
        ("webhooks", {}),
        ("faults", {"kind": "500", "times": 0}),
    ],
)
async def test_an_order_that_cannot_be_is_refused_in_a_sentence(
    api: httpx.AsyncClient, control: httpx.AsyncClient, path: str, body: dict[str, Any]
) -> None:
    link, subscription = await new_link(api), await new_subscription(api)
    answer = await control.post(path.format(link=link["id"], subscription=subscription["id"]), json=body)
    assert answer.status_code == 400
    assert answer.json()["error"]


async def test_a_body_that_is_no_object_is_refused(control: httpx.AsyncClient) -> None:
    assert (await control.post("release", content=b"[")).status_code == 400
