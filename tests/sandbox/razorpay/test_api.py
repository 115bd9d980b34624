"""The API by plain HTTP: who may ask, what is refused in which words, what is listed."""

from typing import Any

import httpx
import pytest

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.things import get, new_link, new_subscription, soon

LINK = {"amount": 19_900, "currency": "INR"}


def refusal(answer: httpx.Response) -> tuple[int, str]:
    error = answer.json()["error"]
    assert error["code"] == "BAD_REQUEST_ERROR"
    return answer.status_code, error["description"]


@pytest.mark.parametrize(
    ("key_id", "secret", "description"),
    [
        pytest.param("rzp_test_other", "sandbox-key-secret", "The api key provided is invalid", id="key"),
        pytest.param("rzp_test_SandboxKey0001", "x", "Authentication failed", id="secret"),
        pytest.param("rzp_test_SandboxKey0001", "ключ", "Authentication failed", id="not-ascii"),
    ],
)
async def test_other_keys_are_refused(
    razorpay: RazorpaySandbox, key_id: str, secret: str, description: str
) -> None:
    async with httpx.AsyncClient(auth=(key_id, secret)) as stranger:
        answer = await stranger.get(f"{razorpay.api_base}/v1/payments")
    assert refusal(answer) == (401, description)


@pytest.mark.parametrize("header", [None, "Basic", "Basic ***", "Bearer x", "Basic /w=="])
async def test_no_keys_are_refused(razorpay: RazorpaySandbox, header: str | None) -> None:
    async with httpx.AsyncClient() as stranger:
        headers = {} if header is None else {"Authorization": header}
        answer = await stranger.post(f"{razorpay.api_base}/v1/payment_links", json=LINK, headers=headers)
    assert answer.status_code == 401
    assert razorpay.state.links == {}


@pytest.mark.parametrize(
    ("facts", "description", "field"),
    [
        pytest.param({"amount": 99}, "The amount must be at least INR 1.00", "amount", id="amount-small"),
        pytest.param({"amount": 199.5}, "The amount must be an integer.", "amount", id="amount-broken"),
        pytest.param({"amount": None}, "The amount field is required.", "amount", id="amount-absent"),
        pytest.param({"currency": "rupees"}, "Currency is not supported", "currency", id="currency"),
        pytest.param(
            {"reference_id": "r" * 41},
            "reference_id: the length must not be greater than 40.",
            "reference_id",
            id="reference-long",
        ),
        pytest.param(
            {"expire_by": soon(14 * 60)},
            "timestamp must be atleast 15 minutes in future",
            None,
            id="expires-soon",
        ),
        pytest.param(
            {"notes": {"a": "x" * 256}},
            "value: the length must not be greater than 255.",
            "notes",
            id="note-long",
        ),
        pytest.param(
            {"notes": {f"{number}": "x" for number in range(16)}},
            "Number of fields in notes should be less than or equal to 15",
            "notes",
            id="notes-many",
        ),
        pytest.param(
            {"upi_link": True}, "UPI Payment Links is not supported in Test Mode", None, id="upi-in-test-mode"
        ),
    ],
)
async def test_a_link_that_cannot_be(
    api: httpx.AsyncClient,
    razorpay: RazorpaySandbox,
    facts: dict[str, Any],
    description: str,
    field: str | None,
) -> None:
    answer = await api.post("payment_links", json=LINK | facts)
    assert refusal(answer) == (400, description)
    assert answer.json()["error"].get("field") == field
    assert razorpay.state.links == {}


async def test_a_link_just_within_the_limits(api: httpx.AsyncClient) -> None:
    link = await new_link(
        api,
        amount=100,
        reference_id="r" * 40,
        expire_by=soon(15 * 60 + 5),
        notes={f"{number}": "x" * 255 for number in range(15)},
    )
    assert (link["status"], link["amount_paid"]) == ("created", 0)


async def test_a_reference_is_taken_for_ever(api: httpx.AsyncClient) -> None:
    first = await new_link(api, reference_id="r-1")
    await api.post(f"payment_links/{first['id']}/cancel")
    again = await api.post("payment_links", json=LINK | {"reference_id": "r-1"})
    assert refusal(again) == (400, "payment link creation with reference ID already attempted")
    await new_link(api)
    await new_link(api)  # links without a reference are not each other's


@pytest.mark.parametrize(
    ("end", "description"),
    [
        ("paid", "cannot cancel or expire an already paid/partially paid link"),
        ("expired", "cannot cancel or expire an expired link"),
    ],
)
async def test_a_link_that_is_over_is_not_cancelled(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, end: str, description: str
) -> None:
    link = await new_link(api, expire_by=soon())
    if end == "paid":
        await razorpay.pay(link["id"])
    else:
        razorpay.link(link["id"]).expire_by = soon(-1)
    assert refusal(await api.post(f"payment_links/{link['id']}/cancel")) == (400, description)


async def test_links_are_found_by_reference_and_by_payment(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    first, second = await new_link(api, reference_id="r-1"), await new_link(api, reference_id="r-2")
    payment = await razorpay.pay(second["id"])
    found = [
        [each["id"] for each in (await get(api, f"payment_links{query}"))["payment_links"]]
        for query in ("", "?reference_id=r-1", f"?payment_id={payment.id}", "?reference_id=r-3")
    ]
    assert found == [[second["id"], first["id"]], [first["id"]], [second["id"]], []]


async def test_payments_are_listed_by_time_and_page(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    paid = [await razorpay.pay((await new_link(api))["id"]) for _ in range(3)]
    for index, payment in enumerate(paid):
        payment.created_at = 1_700_000_000 + index
    queries = (
        "",
        "?count=2",
        "?count=2&skip=2",
        "?from=1700000001",
        "?to=1700000001",
        "?from=1700000001&to=1700000001",
    )
    listed = [await get(api, f"payments{query}") for query in queries]
    places = [[paid.index(razorpay.payment(each["id"])) for each in page["items"]] for page in listed]
    assert places == [[2, 1, 0], [2, 1], [0], [2, 1], [1, 0], [1]]
    assert [page["count"] for page in listed] == [3, 2, 1, 2, 2, 1]
    assert refusal(await api.get("payments?count=101"))[0] == 400


async def test_a_listing_gives_ten_unless_told(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    for _ in range(11):
        await razorpay.pay((await new_link(api))["id"])
    assert (await get(api, "payments"))["count"] == 10
    assert (await get(api, "payments?count=100"))["count"] == 11


async def test_a_refund_is_made_once_for_each_key(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    payment = await razorpay.pay((await new_link(api))["id"])
    path, headers = f"payments/{payment.id}/refund", {"X-Refund-Idempotency": "refund-000001"}
    first = await api.post(path, json={"amount": 5_000, "receipt": "a"}, headers=headers)
    again = await api.post(path, json={"receipt": "a", "amount": 5_000}, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()
    other = await api.post(path, json={"amount": 6_000}, headers=headers)
    description = "Different request with the same idempotency key has already been processed."
    assert refusal(other) == (409, description)
    assert (payment.refunded, payment.status, payment.refund_status) == (5_000, "captured", "partial")
    short = await api.post(path, json={"amount": 100}, headers={"X-Refund-Idempotency": "short"})
    assert refusal(short)[0] == 400


async def test_no_more_is_refunded_than_was_paid(api: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    link = await new_link(api)
    failed = await razorpay.fail(link["id"])
    assert (await api.post(f"payments/{failed.id}/refund")).status_code == 400
    payment = await razorpay.pay(link["id"])
    path = f"payments/{payment.id}/refund"
    assert (await api.post(path, json={"amount": 19_901})).status_code == 400
    assert (await api.post(path, json={"amount": 9_900})).status_code == 200
    rest = (await api.post(path)).json()
    assert (rest["amount"], payment.status, payment.refund_status) == (10_000, "refunded", "full")
    assert refusal(await api.post(path)) == (400, "The payment has been fully refunded already")


async def test_a_subscription_is_not_changed_in_india(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    by_upi, by_card = await new_subscription(api), await new_subscription(api)
    await razorpay.pay(by_upi["id"])
    await razorpay.pay(by_card["id"], method="card")
    change = {"plan_id": by_upi["plan_id"], "schedule_change_at": "now"}
    upi = await api.patch(f"subscriptions/{by_upi['id']}", json=change)
    card = await api.patch(f"subscriptions/{by_card['id']}", json=change)
    assert refusal(upi) == (400, "subscriptions cannot be updated when payment mode is UPI")
    text = "Only offers can be updated for subscriptions when payment mode is domestic card"
    assert refusal(card) == (400, text)
    assert card.json()["error"]["field"] == "offer_id"


@pytest.mark.parametrize(
    ("facts", "field"),
    [
        pytest.param({"total_count": 0}, "total_count", id="no-cycles"),
        pytest.param({"total_count": 1201}, "total_count", id="more-than-a-hundred-years"),
        pytest.param({"total_count": 1_000_000}, "total_count", id="beyond-the-calendar"),
        pytest.param({"expire_by": soon(-1)}, "expire_by", id="expired"),
        pytest.param({"start_at": soon(-1)}, "start_at", id="started"),
        pytest.param({"addons": [{"amount": 1}]}, "addons", id="addon"),
        pytest.param({"customer_notify": "yes"}, "customer_notify", id="flag"),
    ],
)
async def test_a_subscription_that_cannot_be(
    api: httpx.AsyncClient, facts: dict[str, Any], field: str
) -> None:
    plan = (await new_subscription(api))["plan_id"]
    answer = await api.post("subscriptions", json={"plan_id": plan, "total_count": 12} | facts)
    assert answer.status_code == 400
    assert answer.json()["error"]["field"] == field


@pytest.mark.parametrize(
    "body",
    [
        {"period": "hourly", "interval": 1, "item": {"name": "x", "amount": 100}},
        {"period": "daily", "interval": 6, "item": {"name": "x", "amount": 100}},
        {"period": "monthly", "interval": 1},
        {"period": "monthly", "interval": 1, "item": {"name": "x", "amount": 99}},
    ],
)
async def test_a_plan_that_cannot_be(api: httpx.AsyncClient, body: dict[str, Any]) -> None:
    assert (await api.post("plans", json=body)).status_code == 400


async def test_a_body_that_is_no_object_is_refused(api: httpx.AsyncClient) -> None:
    for content in (b"[]", b"{", b"\xff"):
        assert (await api.post("payment_links", content=content)).status_code == 400


@pytest.mark.parametrize(("kind", "status"), [("500", 500), ("429", 429), ("502", 502)])
async def test_an_outage_lasts_as_many_calls_as_told(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, kind: Any, status: int
) -> None:
    razorpay.fault(kind, 2)
    answers = [await api.post("payment_links", json=LINK) for _ in range(3)]
    assert [each.status_code for each in answers] == [status, status, 200]
    assert len(razorpay.state.links) == 1
    assert ("json" in answers[0].headers["content-type"]) == (kind != "502")


async def test_a_call_may_hang_and_its_work_be_done_all_the_same(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    razorpay.fault("timeout", path="payment_links")
    razorpay.fault("timeout", path="payment_links", after=True)
    await get(api, "payments")  # another path
    for _ in range(2):
        with pytest.raises(httpx.ReadTimeout):
            await api.post("payment_links", json=LINK, timeout=0.2)
    assert len(razorpay.state.links) == 1
