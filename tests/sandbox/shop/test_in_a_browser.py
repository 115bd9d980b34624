"""The shelf and the pages in a real browser: with and without JavaScript, by keyboard, on a small screen."""

from collections.abc import AsyncIterator

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from sandbox.shop import DemoShop

pytestmark = pytest.mark.browser

_QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()


@pytest.fixture
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_QUIET)
        yield browser
        await browser.close()


@pytest.fixture
async def page(browser: Browser) -> AsyncIterator[Page]:
    """A page that fails the test when its console shows a warning, an error or a broken policy."""
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page = await browser.new_page(viewport={"width": 640, "height": 900})
    page.on("console", listen)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    assert complaints == []


async def test_a_price_changes_in_place_by_keyboard(shop: DemoShop, page: Page) -> None:
    await page.goto(f"{shop.origin}/shop/")
    kettle = page.locator("#kettle")
    await kettle.get_by_label("New price (INR)").fill("1499")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")

    await expect(kettle.locator("[data-price]")).to_have_text("₹1,499")
    await expect(page.get_by_role("status")).to_have_text(
        "Chaiwala 1.5 L Electric Kettle, Brushed Steel: ₹1,499"
    )
    await expect(kettle.get_by_label("New price (INR)")).to_have_value("1499.00")
    assert page.url == f"{shop.origin}/shop/"


async def test_stock_and_manners_change_when_they_are_chosen(shop: DemoShop, page: Page) -> None:
    await page.goto(f"{shop.origin}/shop/")
    kettle = page.locator("#kettle")
    await kettle.get_by_label("Stock").select_option("Out of stock")
    await expect(kettle.locator("[data-state]")).to_have_text("Out of stock")
    await kettle.get_by_label("Page").select_option("Page gone (404)")
    await expect(kettle.locator("[data-state]")).to_have_text("Out of stock · Page gone (404)")

    assert (shop.products["kettle"].availability, shop.products["kettle"].mode) == ("out_of_stock", "404")


async def test_a_link_is_copied_with_one_press(shop: DemoShop, page: Page) -> None:
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=shop.origin)
    await page.goto(f"{shop.origin}/shop/")
    await page.get_by_role("button", name="Copy link of Nova 15 Pro").click()

    await expect(page.get_by_role("button", name="Copied of Nova 15 Pro")).to_be_visible()
    assert await page.evaluate("navigator.clipboard.readText()") == shop.url("phone")


async def test_a_bad_price_is_named_and_the_page_stays(browser: Browser, shop: DemoShop) -> None:
    page = await browser.new_page()
    await page.goto(f"{shop.origin}/shop/")
    await page.locator("#kettle").get_by_label("New price (INR)").fill("free")
    await page.keyboard.press("Enter")

    await expect(page.get_by_role("alert")).to_contain_text("The price must be a plain positive amount")


async def test_the_shelf_works_without_javascript(browser: Browser, shop: DemoShop) -> None:
    context = await browser.new_context(java_script_enabled=False)
    page = await context.new_page()
    await page.goto(f"{shop.origin}/shop/")
    kettle = page.locator("#kettle")
    await expect(kettle.get_by_role("button", name="Copy link")).to_be_hidden()
    await expect(kettle.get_by_role("link", name=shop.url("kettle"))).to_be_visible()
    await kettle.get_by_label("New price (INR)").fill("999")
    await kettle.get_by_label("Stock").select_option("Out of stock")
    await kettle.get_by_role("button", name="Change price").click()

    await expect(page).to_have_url(f"{shop.origin}/shop/#kettle")
    await expect(kettle.locator("[data-price]")).to_have_text("₹999")
    await expect(kettle.locator("[data-state]")).to_have_text("Out of stock")


@pytest.mark.parametrize("address", ["", "kettle", "saree", "sneakers", "smartwatch"])
async def test_nothing_is_wider_than_a_small_phone(shop: DemoShop, page: Page, address: str) -> None:
    await page.set_viewport_size({"width": 360, "height": 740})
    await page.goto(f"{shop.origin}/shop/{address}", wait_until="networkidle")

    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_a_page_that_needs_a_script_is_whole_once_it_has_run(shop: DemoShop, page: Page) -> None:
    await page.goto(shop.url("smartwatch"))

    await expect(page.get_by_role("heading", name="Nova Fit 2 Smartwatch")).to_be_visible()
    await expect(page.locator(".price-now")).to_have_text("₹2,499")
    await expect(page).to_have_title("Nova Fit 2 Smartwatch | Demo Bazaar")


async def test_the_cart_says_that_the_shop_is_a_pretend_one(shop: DemoShop, page: Page) -> None:
    await page.goto(shop.url("kettle"))
    await page.get_by_role("button", name="Add to cart").click()

    await expect(page.get_by_role("status")).to_contain_text("nothing can be bought")
