"""The hosted page in a real browser: its policy lets the payer pay, and go back to where the link says."""

from collections.abc import AsyncIterator

import httpx
import pytest
from playwright.async_api import Page, async_playwright, expect
from starlette.responses import PlainTextResponse

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.things import new_link
from tests.serving import run_app

pytestmark = pytest.mark.browser

_QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture
async def page(chromium: str) -> AsyncIterator[Page]:
    """A page of a phone's width that fails the test when its console complains."""
    complaints: list[str] = []
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        page = await browser.new_page(viewport={"width": 360, "height": 640})
        page.on("console", lambda message: complaints.append(message.text))
        yield page
        await browser.close()
    assert complaints == []


async def test_a_payer_pays_and_goes_back_to_the_bot(
    api: httpx.AsyncClient, razorpay: RazorpaySandbox, page: Page
) -> None:
    async with run_app(PlainTextResponse("Back at the bot")) as elsewhere:
        link = await new_link(api, callback_url=f"{elsewhere}/pay/return", description="Pro, one month")
        await page.goto(link["short_url"])
        await expect(page.get_by_role("heading")).to_have_text("Pro, one month")
        await page.get_by_role("button", name="Fail the payment").click()
        await expect(page.get_by_role("status")).to_have_text("The payment failed. Nothing was taken.")
        await page.get_by_role("button", name="Pay by UPI").click()
        await expect(page.get_by_text("Back at the bot")).to_be_visible()
        assert page.url == razorpay.callback(link["id"])
        await page.goto(link["short_url"])
        await expect(page.get_by_role("status")).to_have_text("Paid")
        await expect(page.get_by_role("button")).to_have_count(0)
        await page.goto("about:blank")


async def test_the_page_fits_a_phone(api: httpx.AsyncClient, page: Page) -> None:
    link = await new_link(api, amount=123_456_700, description="Pro" * 40)
    await page.goto(link["short_url"])
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
