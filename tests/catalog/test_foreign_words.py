"""Whatever a page says can be stored: JSON can hold what no database takes."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from tests import rows
from tracker import clock
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.stores.offer import Evidence


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        pytest.param({"title": ""}, ("title", "Kettle"), id="no-title"),
        pytest.param({"title": "K\0\ud800\u202eettle 2"}, ("title", "Kettle 2"), id="i05-title"),
        pytest.param({"title": "x" * 3000}, ("title", "x" * 499 + "…"), id="long-title"),
        pytest.param({"variant": "y" * 3000}, ("variant", "y" * 254 + "…"), id="long-variant"),
        pytest.param({"seller": "s\0\ud800"}, ("seller", "s"), id="seller"),
        pytest.param({"image": "https://x.example/" + "i" * 3000}, ("image", None), id="long-image"),
        pytest.param({"image": "https://x.example/\ud800"}, ("image", None), id="image"),
        pytest.param({"image": "https://x.example/i"}, ("image", "https://x.example/i"), id="good-image"),
        pytest.param({"evidence": (Evidence("test", "\ud800" * 5000),)}, ("outcome", "offer"), id="evidence"),
    ],
)
async def test_a_reading_is_stored_with(
    said: dict[str, Any], kept: tuple[str, object], database: Database
) -> None:
    async with database.transaction() as session:
        listing = await rows.listing(session)
        offer = replace(rows.offer("1499"), **said)
        check = Check(clock.now(), "offer", offer)
        assert await record(session, listing.id, check, Checking(timedelta(hours=1)))
    async with database.transaction() as session:
        assert getattr(await session.get_one(Listing, listing.id), kept[0]) == kept[1]


@pytest.mark.parametrize("title", ["\u200d" * 9, "\0", "\ud800", ""])
async def test_a_listing_can_be_made_from_a_title_of(title: str, database: Database) -> None:
    async with database.transaction() as session:
        listing = await catalog.list_offer(session, rows.URL, replace(rows.offer("1"), title=title))
    assert listing.title == ""
