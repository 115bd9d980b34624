"""A plan from wish to lapse, as a newcomer sees it in the demo: pay, use, change, refund, let it end."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from playwright.async_api import BrowserContext, Locator, Page, async_playwright, expect

from tests.services import free_port
from tests.test_demo import ASHA, QUIET, Person, address_of, buttons
from tests.worker.processes import processes_in

THINGS = ("kettle", "backpack", "book", "laptop", "phone")
DAY = 86_400
PATIENCE = 30_000
"""Milliseconds."""

pytestmark = [pytest.mark.browser, pytest.mark.processes]


@asynccontextmanager
async def demo_in_a_browser(folder: Path, chromium: str) -> AsyncIterator[tuple[str, BrowserContext, Page]]:
    async with processes_in(folder, {}) as processes, async_playwright() as playwright:
        demo = await processes.start("-m", "sandbox", "--port", str(free_port()))
        address = await address_of(demo)
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        context = await browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        page = await context.new_page()
        await page.goto(address)
        yield address, context, page
        await browser.close()
        await demo.stop()


async def says(asha: Person, page: Page, command: str, words: str) -> Locator:
    """The bot's answer in the page."""
    (answer,) = await asha.says(command)
    assert words in answer["text"]
    card = page.locator(f'[data-id="{answer["message_id"]}"]')
    await expect(card).to_contain_text(words)
    return card


async def pay(context: BrowserContext, card: Locator, amount: str, way: str) -> None:
    """From the quote to the hosted page and back."""
    await card.get_by_role("button", name=f"Pay {amount}").click()
    link = card.get_by_role("link", name=f"Pay {amount}")
    await expect(link).to_be_visible()
    async with context.expect_page() as opened:
        await link.click()
    checkout = await opened.value
    await expect(checkout.get_by_text(amount).first).to_be_visible()
    await checkout.get_by_role("button", name=way).click()
    await expect(checkout.get_by_text("Paid").first).to_be_visible()
    await checkout.close()


async def test_a_plan_is_bought_used_changed_refunded_and_lapses(tmp_path: Path, chromium: str) -> None:
    async with (
        demo_in_a_browser(tmp_path, chromium) as (address, context, page),
        httpx.AsyncClient(base_url=address, timeout=60, trust_env=False) as client,
    ):
        asha = Person(client, ASHA)
        await asha.says("/start")
        for thing in THINGS:
            (thing_card,) = await asha.says(f"{address}/shop/{thing}")
            await asha.taps(thing_card, "✅ Track it")
        (sixth,) = await asha.says(f"{address}/shop/saree")
        (full,) = await asha.taps(sixth, "✅ Track it")
        assert full["text"].startswith("You watch 5 things, which is all that your plan permits.")
        assert buttons(full) == ["⬆ Starter"]
        alert = page.locator("#alert")
        await expect(alert).to_contain_text("You watch 5 things")
        await alert.get_by_role("button").click()

        # Upgrade: the link, the hosted page, the plan, the invoice.
        said = page.locator(".message.bot")
        card = await says(asha, page, "/upgrade", "Starter · ₹99 a month")
        await card.get_by_role("button", name="Monthly ₹99").click()
        await pay(context, card, "₹99", "Pay by UPI")
        applied = said.filter(has_text="has arrived, and Starter is yours until")
        await expect(applied).to_be_visible()
        await expect(applied).to_contain_text(re.compile(r"PT-\d\d-\d\d-000001\.pdf"))

        # The new limit is there at once.
        (tracked,) = await asha.taps(sixth, "✅ Track it")
        assert tracked["text"].startswith("✅ I watch this for you.")

        # Ten days on, a better plan counts what is left, to the paisa.
        await client.post("/sandbox/clock", json={"advance_seconds": 10 * DAY})
        card = await says(asha, page, "/upgrade", "a month")
        await card.get_by_role("button", name="Monthly ₹299").click()
        await expect(card).to_contain_text("Credit for unused days: −₹65.99")
        await pay(context, card, "₹233.01", "Pay by card")
        await expect(said.filter(has_text="has arrived, and Pro is yours until")).to_be_visible()

        # A refund in full ends it; what the free plan does not permit is paused, not lost.
        payments = await says(asha, page, "/payments", "Payments")
        await payments.get_by_role("button", name="Refund 2").click()
        await payments.get_by_role("button", name=re.compile("₹233.01")).click()
        refunded = said.filter(has_text=re.compile(r"CN-\d\d-\d\d-000001\.pdf"))
        await expect(refunded).to_be_visible()
        await expect(said.filter(has_text="paused").first).to_be_visible()
        (plans,) = await asha.says("/plans")
        assert "Free · nothing to pay\n✅ This is your plan." in plans["text"]

        # Bought again and left alone, it is remembered, kept for four days, and lapses.
        card = await says(asha, page, "/upgrade", "a month")
        await card.get_by_role("button", name="Monthly ₹99").click()
        await pay(context, card, "₹99", "Pay by UPI")
        await expect(applied.nth(1)).to_be_visible()
        for days, words in (
            (28, "Starter"),
            (4, "It stays until"),
            (4, "Your plan ended on"),
        ):
            before = await said.count()
            await client.post("/sandbox/clock", json={"advance_seconds": days * DAY})
            await expect(said.nth(before)).to_be_visible()
            newest = said.filter(has_text=words)
            await expect(newest.last).to_be_visible()
        (plans,) = await asha.says("/plans")
        assert "Free · nothing to pay\n✅ This is your plan." in plans["text"]
