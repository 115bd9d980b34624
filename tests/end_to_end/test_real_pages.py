"""The main job on real pages: saved ones of real shops, under their real addresses, through the chat."""

import gzip
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.worker.waiting import eventually
from tests.world import Say, SharedReaders, World, open_world
from tracker import clock
from tracker.catalog.models import Listing

PAGES = Path("/work/shared/pages")
pytestmark = pytest.mark.skipif(
    not (PAGES / "manifest.jsonl").exists(), reason="no saved pages of real shops on this machine"
)


@dataclass(frozen=True)
class Sale:
    """A saved page, and what becomes of its price. The lower price has as many digits as the price."""

    key: str
    price: str
    lower_price: str
    said: str
    """The alert's line of both prices."""
    also: tuple[str, str] | None = None
    """What else the page says of its price."""


SALES = [
    Sale("flipkart-narzo70", "19490", "17490", "₹17,490 instead of ₹19,490", ("22% off", "30% off")),
    Sale("flipkart-redmi13c", "11299", "10299", "₹10,299 instead of ₹11,299", ("29% off", "35% off")),
    Sale("flipkart-iphone15", "59900", "54900", "₹54,900 instead of ₹59,900"),
    Sale("myntra-dotkey", "387", "347", "₹347 instead of ₹387"),
    Sale("nykaa-cetaphil", "427", "397", "₹397 instead of ₹427"),
    Sale("ms-jossandmain", "98.99", "88.99", "$88.99 instead of $98.99"),
    Sale("ms-overstock", "31.49", "27.49", "$27.49 instead of $31.49"),
    Sale("zalandouk-nike", "27.50", "22.50", "£22.50 instead of £27.50"),
    Sale("gamesmen-hub", "299.95", "249.95", "A$249.95 instead of A$299.95"),
    Sale("f-uniqlo", "39.90", "29.90", "$29.90 instead of $39.90"),
]


@dataclass(frozen=True)
class SavedPage:
    url: str
    title: str
    html: bytes


def saved_pages() -> dict[str, SavedPage]:
    pages = {}
    for line in (PAGES / "manifest.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        html = (PAGES / row["file"]).read_bytes()
        html = gzip.decompress(html) if row["file"].endswith(".gz") else html
        pages[row["key"]] = SavedPage(row["url"], row["title"] or "", html)
    return pages


def reduced(html: str, sale: Sale) -> str:
    """The page with the lower price wherever the price stands, in data or words, with or without commas."""
    whole, _, decimals = sale.price.partition(".")
    pattern = ",?".join(whole) + (rf"\.{decimals.rstrip('0')}0*" if decimals else r"(?:\.00?)?")

    def lower(match: re.Match[str]) -> str:
        digits = iter(sale.lower_price.replace(".", ""))
        return "".join(next(digits, "0") if each.isdigit() else each for each in match[0])

    changed, count = re.subn(rf"(?<![\d,])(?<!\d\.){pattern}(?![\d])", lower, html)
    assert count >= 2, f"{sale.key}: the price stands {count} times on its page"
    return changed.replace(*sale.also) if sale.also else changed


@pytest.fixture(scope="module")
def readers() -> Iterator[SharedReaders]:
    readers = SharedReaders(1)
    yield readers
    readers.close()


@pytest.fixture
async def world(
    database_url: str, redis_url: str, readers: SharedReaders, settings: object
) -> AsyncIterator[World]:
    async with open_world(database_url, redis_url, readers, replayed=True) as world:
        yield world


async def test_ten_real_pages_are_watched_and_each_drop_is_told_rightly(world: World) -> None:
    say, pages = Say(world), saved_pages()
    for sale in SALES:
        page = pages[sale.key]
        world.replay.override(page.url, page.html)
        (card,) = await say(f"Look at this! {page.url}")
        assert sale.said.partition(" instead of ")[2] in card, (sale.key, card)
        expected, shown = (set(re.findall(r"\w+", text.lower())) for text in (page.title, card))
        assert len(expected & shown) >= len(expected) / 2, (page.title, card)
        (watch,) = await say.tap("Track it")
        assert "I watch this for you" in watch

    # A watch begins with a check, and one that is under way would have read the page before its sale.
    await eventually(partial(all_checked, world))
    for sale in SALES:
        world.replay.override(pages[sale.key].url, partial(reduced, sale=sale))
    for sale in SALES:
        alert = await say.hears(sale.said)
        assert alert["text"].splitlines()[1] == sale.said
    assert sum("instead of" in message["text"] for message in say.messages) == len(SALES)


async def all_checked(world: World) -> bool:
    listings = await world.rows(Listing)
    soon = clock.now() + timedelta(minutes=1)
    return all(listing.next_check_at > soon and listing.lease_token is None for listing in listings)
