"""The sandbox's page in a real Chromium, with a tiny bot behind it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio
from aiogram import Bot, Dispatcher, F
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer
from aiogram.filters import CommandStart
from aiogram.types import (
    BotCommand,
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
)
from playwright.async_api import Browser, Page, async_playwright, expect
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.routing import Route

from sandbox.app import create_app, serve
from sandbox.telegram import Limits, TelegramSandbox
from tests.sandbox.telegram.pictures import png

ASHA, RAVI = 1001, 1002
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
ARGUMENTS = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
FOCUSED = "[document.activeElement].map((it) => it.id || it.className || it.tagName)[0]"
EVIL = "<img src=x onerror=alert(1)>"

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine: the page is not driven"),
]


@dataclass
class Stage:
    """Everything on: the page's address, the people, the browser."""

    address: str
    telegram: TelegramSandbox
    browser: Browser

    async def page(self, user: int = ASHA, *, width: int = 1280, height: int = 800) -> Page:
        page = await self.browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(10_000)
        await page.goto(f"{self.address}/?user={user}")
        await expect(page.locator("#status")).to_have_text("bot")
        return page


def small_bot(address: str) -> Dispatcher:
    dispatcher = Dispatcher()

    @dispatcher.message(CommandStart())
    async def start(message: Message) -> None:
        await message.answer(
            "<b>Hello</b>, see <a href='https://a.example/'>this</a> or /help", parse_mode="HTML"
        )

    @dispatcher.message(F.text == "/broken")
    async def broken(message: Message) -> None:
        await message.answer_photo(f"{address}/nothing.png", caption="gone")

    @dispatcher.message(F.text == "/buy")
    async def buy(message: Message) -> None:
        price = [LabeledPrice(label="Pro", amount=225)]
        await message.answer_invoice("Pro", "It begins at once.", "pt-1", "XTR", price, provider_token="")
        await message.answer_invoice("Gold", "Not sold.", "pt-2", "XTR", price, provider_token="")

    @dispatcher.pre_checkout_query()
    async def may_pay(query: PreCheckoutQuery) -> None:
        await query.answer(ok=query.invoice_payload == "pt-1", error_message="That is not sold.")

    @dispatcher.message(F.text.startswith("http"))
    async def card(message: Message) -> None:
        keyboard = InlineKeyboardMarkup(
            inline_keyboard=[
                [
                    InlineKeyboardButton(text="Track it", callback_data="track"),
                    InlineKeyboardButton(text="Target", callback_data="target"),
                ],
                [InlineKeyboardButton(text="Open", url=message.text or "")],
            ]
        )
        picture = BufferedInputFile(png(400, 300), "kettle.png")
        await message.answer_photo(picture, caption="Kettle ₹1,999", reply_markup=keyboard)

    @dispatcher.message()
    async def echo(message: Message) -> None:
        await message.answer(message.text or "")

    @dispatcher.callback_query(F.data == "track")
    async def track(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        keyboard = InlineKeyboardMarkup(
            inline_keyboard=[[InlineKeyboardButton(text="Stop", callback_data="stop")]]
        )
        await query.message.edit_caption(caption="You watch this", reply_markup=keyboard)
        await query.answer("Watching it")

    @dispatcher.callback_query(F.data == "target")
    async def target(query: CallbackQuery) -> None:
        await query.answer("Which price?", show_alert=True)

    @dispatcher.callback_query()
    async def stop(query: CallbackQuery) -> None:
        assert isinstance(query.message, Message)
        await query.message.delete()
        await query.answer()

    return dispatcher


async def shop(request: Request) -> HTMLResponse:
    return HTMLResponse(f"<h1>Shop {request.path_params['rest']}</h1><a href='/shop/kettle'>Kettle</a>")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="module")
async def stage(browser: Browser) -> AsyncIterator[Stage]:
    telegram = TelegramSandbox(limits=Limits.off())
    app = create_app(telegram, extra_routes=[Route("/shop/{rest:path}", shop)])
    async with serve(app, closing=telegram) as address:
        session = AiohttpSession(api=TelegramAPIServer.from_base(address))
        async with Bot(telegram.token, session=session) as bot:
            await bot.set_my_commands(
                [
                    BotCommand(command="start", description="Begin"),
                    BotCommand(command="list", description="All"),
                ]
            )
            dispatcher = small_bot(address)
            polling = asyncio.create_task(
                dispatcher.start_polling(
                    bot, handle_signals=False, close_bot_session=False, polling_timeout=20
                )
            )
            yield Stage(address, telegram, browser)
            await dispatcher.stop_polling()
            await polling
        for context in browser.contexts:
            await context.close()


async def send(page: Page, text: str) -> None:
    await page.locator("#text").fill(text)
    await page.locator("#text").press("Enter")


async def test_a_person_starts_watches_and_stops_with_pointer_and_keys(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    hello = page.locator(".message.bot").first
    await expect(hello.locator("b")).to_have_text("Hello")
    await expect(hello.get_by_role("link", name="this")).to_have_attribute("href", "https://a.example/")
    await expect(page.locator("#text")).to_be_focused()

    await send(page, f"{stage.address}/shop/kettle")
    card = page.locator(".message.bot").nth(1)
    await expect(card.locator(".words")).to_have_text("Kettle ₹1,999")
    await page.wait_for_function("document.querySelector('.photo').naturalWidth === 400")
    await card.get_by_role("button", name="Target").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Which price?")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_hidden()

    await card.get_by_role("button", name="Track it").focus()
    await page.keyboard.press("Enter")
    await expect(card.locator(".words")).to_have_text("You watch this")
    await expect(card.locator(".meta")).to_contain_text("edited")
    await expect(page.locator("#toast")).to_have_text("Watching it")
    await expect(card.get_by_role("button", name="Stop")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.bot")).to_have_count(1)


async def test_foreign_text_never_becomes_markup(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await send(page, EVIL)
    await expect(page.locator(".message.bot .words").nth(1)).to_have_text(EVIL)
    assert await page.locator("#log img").count() == 0
    await page.locator("#text").fill("two")
    await page.locator("#text").press("Shift+Enter")
    await page.keyboard.type("lines")
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.bot .words").nth(2)).to_have_text("two\nlines", use_inner_text=True)


async def test_the_menu_of_commands_opens_at_a_slash_and_is_driven_by_keys(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#text")).to_be_focused()
    await page.locator("#text").press_sequentially("/")
    options = page.get_by_role("option")
    await expect(options).to_have_count(2)
    await page.keyboard.press("ArrowDown")
    await expect(options.nth(1)).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Escape")
    await expect(options).to_have_count(0)
    await page.locator("#text").press_sequentially("li")
    await expect(options).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator(".message.user .words").last).to_have_text("/list")
    await page.locator(".message.bot").last.get_by_role("button", name="/list").click()
    await expect(page.locator(".message.user")).to_have_count(3)


async def test_a_picture_that_fails_leaves_a_note_in_its_place(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await send(page, "/broken")
    await expect(page.locator(".no-photo")).to_have_text("The picture cannot be shown")


async def test_an_invoice_is_paid_by_its_button_or_says_why_not(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await send(page, "/buy")
    pro = page.locator(".message", has_text="It begins at once.")
    gold = page.locator(".message", has_text="Not sold.")
    await expect(pro.locator(".invoice")).to_contain_text("⭐ 225")
    await gold.get_by_role("button", name="Pay ⭐225").click()
    await expect(page.locator("#toast")).to_have_text("That is not sold.")
    await pro.get_by_role("button", name="Pay ⭐225").click()
    await expect(page.locator(".message.user .service").first).to_have_text("Paid ⭐ 225")
    await expect(pro.get_by_role("button")).to_have_count(0)


async def test_the_bot_is_blocked_and_unblocked_from_the_menu(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("button", name="Chat menu").click()
    await page.get_by_role("switch", name="Block the bot").check()
    await expect(page.locator("#composer")).to_be_hidden()
    assert stage.telegram.state.users[ASHA].blocked is True
    await page.keyboard.press("Escape")
    await page.get_by_role("button", name="Unblock the bot").click()
    await expect(page.locator("#composer")).to_be_visible()


async def test_two_people_have_two_chats_and_a_third_can_join(stage: Stage) -> None:
    asha, ravi = await stage.page(ASHA), await stage.page(RAVI)
    await asha.get_by_role("button", name="Start").click()
    await ravi.get_by_role("button", name="Start").click()
    await send(asha, "from Asha")
    await send(ravi, "from Ravi")
    await expect(asha.locator(".message.bot").last).to_contain_text("from Asha")
    await expect(ravi.locator(".message.bot").last).to_contain_text("from Ravi")
    await ravi.get_by_role("button", name="Asha").click()
    await expect(ravi.locator(".message.bot").last).to_contain_text("from Asha")
    assert ravi.url.endswith(f"?user={ASHA}")
    await ravi.get_by_role("button", name="Add a person").click()
    await ravi.get_by_label("First name").fill("Kiran")
    await ravi.get_by_role("button", name="Add", exact=True).click()
    await expect(ravi.get_by_role("button", name="Kiran")).to_have_attribute("aria-pressed", "true")
    await expect(ravi.get_by_role("button", name="Start")).to_be_visible()


async def test_an_unknown_person_in_the_address_is_made(stage: Stage) -> None:
    page = await stage.page(7)
    await expect(page.get_by_role("button", name="User 7")).to_have_attribute("aria-pressed", "true")


async def test_the_address_of_the_shop_is_sent_to_the_bot(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    send_button = page.get_by_role("button", name="Send to the bot")
    await expect(send_button).to_be_disabled()
    await page.frame_locator("#frame").get_by_role("link", name="Kettle").click()
    await expect(page.get_by_label("Address of this page")).to_have_value(f"{stage.address}/shop/kettle")
    await send_button.click()
    card = page.locator(".message.bot").last
    await expect(card.locator(".words")).to_have_text("Kettle ₹1,999")
    await page.get_by_role("button", name="Front page of the shop").click()
    await expect(page.get_by_label("Address of this page")).to_have_value(f"{stage.address}/shop/")
    await card.get_by_role("link", name="Open").click()
    await expect(page.get_by_label("Address of this page")).to_have_value(f"{stage.address}/shop/kettle")


async def test_a_phone_shows_the_chat_or_the_shop_and_never_scrolls_sideways(stage: Stage) -> None:
    page = await stage.page(width=360, height=740)
    await page.get_by_role("button", name="Start").click()
    await send(page, "x" * 300)
    await expect(page.locator(".message.bot")).to_have_count(2)
    assert await page.evaluate("document.documentElement.scrollWidth") == 360
    await expect(page.locator("#frame")).to_be_hidden()
    await page.get_by_role("button", name="Shop", exact=True).click()
    await expect(page.locator("#frame")).to_be_visible()
    await expect(page.locator("#log")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth") == 360


async def test_the_keyboard_alone_reaches_everything_in_order(stage: Stage) -> None:
    page = await stage.page()
    await page.get_by_role("button", name="Start").click()
    await expect(page.locator("#composer")).to_be_visible()
    await page.locator("body").evaluate("document.activeElement.blur()")
    await page.reload()
    await expect(page.locator("#status")).to_have_text("bot")
    reached = []
    for _ in range(18):
        await page.keyboard.press("Tab")
        reached.append(await page.evaluate(FOCUSED))
    wanted = ["skip", "pill", "add-person", "menu-button", "log", "text", "shop-home", "address", "frame"]
    positions = [reached.index(name) for name in wanted]
    assert positions == sorted(positions)


async def test_a_page_that_lost_the_server_shows_everything_again_when_it_is_back(browser: Browser) -> None:
    telegram = TelegramSandbox(limits=Limits.off())
    async with serve(create_app(telegram), closing=telegram) as address:
        page = await Stage(address, telegram, browser).page()
        await telegram.say(ASHA, "before")
        await expect(page.locator(".message")).to_have_count(1)
    await expect(page.locator("#status")).to_have_text("connecting…")
    again = TelegramSandbox(limits=Limits.off())
    await again.say(ASHA, "one")
    await again.say(ASHA, "two")
    async with serve(create_app(again), port=int(address.rsplit(":", 1)[1]), closing=again):
        await expect(page.locator(".message")).to_have_count(2, timeout=10_000)
        await page.close()
