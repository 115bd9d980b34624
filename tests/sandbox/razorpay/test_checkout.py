"""The hosted page, by the forms that a browser would send."""

from collections.abc import AsyncIterator
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.sandbox.razorpay.things import new_link, new_subscription, soon


@pytest.fixture
async def browser() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient() as client:
        yield client


async def press(browser: httpx.AsyncClient, url: str, action: str) -> httpx.Response:
    return await browser.post(url, data={"action": action})


async def test_the_page_says_what_is_paid_for_and_how_much(
    api: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    link = await new_link(api, amount=123_456, description="Pro <b>monthly</b> & more")
    page = await browser.get(link["short_url"])
    assert page.status_code == 200
    assert "₹1,234.56" in page.text
    assert "Pro &lt;b&gt;monthly&lt;/b&gt; &amp; more" in page.text
    for button in ("Pay by UPI", "Pay by card", "Fail the payment", "Cancel"):
        assert f">{button}</button>" in page.text
    assert "<script" not in page.text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "form-action 'self';" in policy
    style = await browser.get(httpx.URL(link["short_url"]).join("/razorpay/checkout.css"))
    assert style.headers["content-type"].startswith("text/css")


@pytest.mark.parametrize("method", ["upi", "card"])
async def test_paying_without_a_callback_says_paid(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, razorpay: RazorpaySandbox, inbox: Inbox, method: str
) -> None:
    link = await new_link(api)
    page = await press(browser, link["short_url"], method)
    assert (page.status_code, ">Paid<" in page.text, "<form" in page.text) == (200, True, False)
    await razorpay.delivered()
    assert inbox.last("payment_link.paid")["payload"]["payment"]["entity"]["method"] == method


async def test_paying_goes_back_to_the_callback_with_signed_parameters(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    target = "https://bot.example/pay/return?from=bot"
    link = await new_link(api, reference_id="r-1", callback_url=target, callback_method="get")
    policy = (await browser.get(link["short_url"])).headers["content-security-policy"]
    assert "form-action 'self' https://bot.example;" in policy
    answer = await press(browser, link["short_url"], "upi")
    assert answer.status_code == 303
    where = answer.headers["location"]
    assert where.startswith("https://bot.example/pay/return?from=bot&razorpay_payment_id=pay_")
    parameters = dict(parse_qsl(urlsplit(where).query))
    payment_id = razorpay.link(link["id"]).payments[0]
    assert parameters == {
        "from": "bot",
        "razorpay_payment_id": payment_id,
        "razorpay_payment_link_id": link["id"],
        "razorpay_payment_link_reference_id": "r-1",
        "razorpay_payment_link_status": "paid",
        "razorpay_signature": parameters["razorpay_signature"],
    }
    assert razorpay.callback(link["id"]) == where


async def test_a_failed_payment_leaves_the_link_open(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    link = await new_link(api)
    page = await press(browser, link["short_url"], "fail")
    assert "The payment failed" in page.text
    assert "Pay by UPI" in page.text
    await press(browser, link["short_url"], "card")
    assert razorpay.link(link["id"]).status == "paid"


@pytest.mark.parametrize(
    ("end", "words"), [("paid", "Paid"), ("cancelled", "was cancelled"), ("expired", "has expired")]
)
async def test_what_is_over_says_so_and_is_not_paid(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, razorpay: RazorpaySandbox, end: str, words: str
) -> None:
    link = await new_link(api, expire_by=soon())
    match end:
        case "paid":
            await razorpay.pay(link["id"])
        case "cancelled":
            await press(browser, link["short_url"], "cancel")
        case "expired":
            razorpay.link(link["id"]).expire_by = soon(-1)
    paid_before = len(razorpay.state.payments)
    for page in (await browser.get(link["short_url"]), await press(browser, link["short_url"], "upi")):
        assert (page.status_code, words in page.text, "<form" in page.text) == (200, True, False)
    assert len(razorpay.state.payments) == paid_before
    assert razorpay.link(link["id"]).status == end


async def test_a_subscription_is_authorised_on_its_page(
    api: httpx.AsyncClient, browser: httpx.AsyncClient, razorpay: RazorpaySandbox
) -> None:
    made = await new_subscription(api)
    page = await browser.get(made["short_url"])
    assert "₹199.00 monthly" in page.text
    assert "The payment failed" in (await press(browser, made["short_url"], "fail")).text
    assert ">Paid<" in (await press(browser, made["short_url"], "card")).text
    subscription = razorpay.subscription(made["id"])
    assert (subscription.status, subscription.method) == ("active", "card")
    other = await new_subscription(api)
    await press(browser, other["short_url"], "cancel")
    assert razorpay.subscription(other["id"]).status == "cancelled"


async def test_nothing_is_at_another_address(browser: httpx.AsyncClient, razorpay: RazorpaySandbox) -> None:
    url = f"{razorpay.origin}/razorpay/checkout/plink_x"
    assert [(await browser.get(url)).status_code, (await press(browser, url, "upi")).status_code] == [
        404,
        404,
    ]


async def test_a_callback_cannot_break_out_of_the_policy(
    api: httpx.AsyncClient, browser: httpx.AsyncClient
) -> None:
    link = await new_link(api, callback_url="https://x;script-src 'unsafe-inline'/")
    policy = (await browser.get(link["short_url"])).headers["content-security-policy"]
    assert "script-src" not in policy
