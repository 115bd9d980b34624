"""`make demo`: the first thing that a newcomer sees, driven as they would and through its control API."""

import logging
import re
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import structlog
from playwright.async_api import Locator, async_playwright, expect

from sandbox.__main__ import cli
from tests.services import free_port
from tests.worker.processes import Running, processes_in

ASHA, RAVI = 1001, 1002
QUIET = (
    "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync"
).split()
KETTLE = "Chaiwala 1.5 L Electric Kettle, Brushed Steel"


@pytest.fixture
async def demo(tmp_path: Path) -> AsyncIterator[Running]:
    async with processes_in(tmp_path, {}) as processes:
        yield await processes.start("-m", "sandbox", "--port", str(free_port()))


async def address_of(demo: Running) -> str:
    return (await demo.says(r"Price Tracker Pro is at (http://127\.0\.0\.1:\d+)"))[1]


class Person:
    """Somebody in the demo's chat, over the control API."""

    def __init__(self, client: httpx.AsyncClient, user: int) -> None:
        self._client = client
        self._user = user

    async def says(self, text: str) -> list[dict[str, Any]]:
        return await self._post("say", text=text)

    async def taps(self, message: dict[str, Any], button: str) -> list[dict[str, Any]]:
        return await self._post("tap", message_id=message["message_id"], button=button)

    async def hears(self, words: str) -> dict[str, Any]:
        """The next message that holds the words: the page's own stream of events tells."""
        async with self._client.stream("GET", "/sandbox/events", params={"user": self._user}) as events:
            async for line in events.aiter_lines():
                if words in line:
                    break
        chat = (await self._client.get(f"/sandbox/chat/{self._user}")).json()
        return next(message for message in reversed(chat["messages"]) if words in message["text"])

    async def _post(self, verb: str, **body: Any) -> list[dict[str, Any]]:
        answer = await self._client.post(f"/sandbox/{verb}", json={"user": self._user} | body)
        assert answer.status_code == 200, answer.text
        said = answer.json()
        assert said.get("quiet", True)
        messages: list[dict[str, Any]] = said["messages"] + said["edits"]
        return messages


def buttons(message: dict[str, Any]) -> list[str]:
    return [button["text"] for row in message["buttons"] for button in row]


@pytest.mark.processes
async def test_a_drop_is_told_within_seconds_over_the_control_api(demo: Running) -> None:
    address = await address_of(demo)
    async with httpx.AsyncClient(base_url=address, timeout=30, trust_env=False) as client:
        asha = Person(client, ASHA)
        (hello,) = await asha.says("/start")
        assert hello["text"].startswith("Hello Asha! Send me the link of any product")
        await asha.says(f"I want this one {address}/shop/kettle?utm_source=share")
        card = await asha.hears(KETTLE)
        assert card["text"].splitlines()[:2] == [KETTLE, "₹1,999 (MRP ₹2,999)"]
        assert card["photo"] == f"{address}/shop/kettle.png"
        assert (await client.get(card["photo"])).headers["content-type"] == "image/png"
        assert buttons(card)[:2] == ["✅ Track it", "🎯 Set a target price"]
        (watch,) = await asha.taps(card, "✅ Track it")
        assert watch["text"].startswith("✅ I watch this for you.")

        changed = await client.put("/shop/kettle", json={"price": "1499"})
        assert changed.json()["price"] == "1499.00"
        alert = await asha.hears("instead of")
        assert alert["text"].splitlines()[:3] == [f"📉 {KETTLE}", "₹1,499 instead of ₹1,999", "−₹500 (−25 %)"]
        assert f'href="{address}/shop/kettle"' in alert["html"]
        assert {"🔄 Still this price?", "⏸ Pause", "😴 Snooze", "🗑 Stop"} <= set(buttons(alert))
        (details,) = await asha.taps(alert, "📊 Details")
        assert "Lowest ₹1,499 · highest ₹1,999, since we track it" in details["text"]
    await demo.stop()
    assert demo.output.endswith("Stopped.\n")


@pytest.mark.browser
@pytest.mark.processes
async def test_a_newcomer_sees_the_alert_in_the_page(demo: Running, chromium: str) -> None:
    address = await address_of(demo)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=QUIET)
        page = await browser.new_page(viewport={"width": 1280, "height": 800})
        page.set_default_timeout(20_000)
        expect.set_options(timeout=20_000)
        await page.goto(address)
        said = page.locator(".message.bot")
        await page.get_by_role("button", name="Start", exact=True).click()
        await expect(said.first).to_contain_text("Send me the link of any product")

        shop = page.frame_locator("#frame")
        await shop.get_by_role("link", name=KETTLE).click()
        await expect(shop.get_by_role("heading", name=KETTLE)).to_be_visible()
        await page.get_by_role("button", name="Send to the bot").click()
        card = said.nth(1)
        await expect(card).to_contain_text(KETTLE)
        await expect(card).to_contain_text("₹1,999")
        assert await is_drawn(card.locator("img"))
        await card.get_by_role("button", name="Track it").click()
        await expect(card).to_contain_text("I watch this for you.")

        await page.get_by_role("button", name="Front page of the shop").click()
        kettle = shop.locator("#kettle")
        await kettle.get_by_label("New price (INR)").fill("1499")
        await kettle.get_by_role("button", name="Change price").click()
        alert = said.nth(2)
        await expect(alert).to_contain_text("₹1,499 instead of ₹1,999")
        await expect(alert).to_contain_text("−₹500 (−25 %)")
        await expect(alert.get_by_role("link", name=KETTLE)).to_have_attribute(
            "href", f"{address}/shop/kettle"
        )
        await alert.get_by_role("button", name="Pause").click()
        await expect(alert.get_by_role("button", name="Resume")).to_be_visible()
        await browser.close()
    await demo.stop()


async def is_drawn(picture: Locator) -> bool:
    return bool(
        await picture.evaluate("async (image) => { await image.decode(); return image.naturalWidth > 0 }")
    )


@pytest.fixture
def logging_as_before() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    structlog.reset_defaults()


@pytest.mark.parametrize("option", ["--port", "--web-port"])
def test_a_port_that_is_taken_is_named_with_the_option_that_chooses_another(
    option: str, monkeypatch: pytest.MonkeyPatch, logging_as_before: None
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(sys, "argv", ["sandbox", "--port", str(free_port()), option, str(port)])
        with pytest.raises(SystemExit) as ended:
            cli()
    said = str(ended.value.code)
    assert re.search(rf"\b{port}: Address already in use.*with {option}", said)
