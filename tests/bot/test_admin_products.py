"""/products, as those who run the service come by it."""

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import MEERA, Say, World
from tracker.admin.models import AuditEntry
from tracker.catalog.models import Listing, PriceObservation


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(admin_ids=frozenset({MEERA}))


@on_both_databases
async def test_a_listing_is_found_and_seen_to(say: Say, world: World) -> None:
    kettle = world.shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    meera = say.as_user(MEERA)
    [card] = await meera("/products kett")
    assert "₹1,999, in_stock" in card
    assert "Watches: active 1" in card
    assert "Its readings follow no learnt rule" in card
    [paused] = await meera.tap("Pause its checks")
    assert "⏸ Its checks are paused since" in paused
    assert (await world.rows(Listing))[0].next_check_at is None
    await meera.tap("Check it again")
    world.shop.set(kettle, price="1499.00")
    await world.checked(kettle)
    await meera.tap("Readings")
    [struck] = await meera.tap("✂ ₹1,499")
    assert struck.startswith("✂ The reading is struck.")
    assert "₹1,999, in_stock" in struck
    done = [entry.action for entry in await world.rows(AuditEntry)]
    assert done == ["pause_listing", "pause_listing", "strike_reading"]


async def test_nobody_else_comes_by_it(say: Say, world: World) -> None:
    await say(world.shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    assert await say("/products") == ["I do not know that command. Send /help to see what I can do."]
    (listing,), (seen,) = await world.rows(Listing), await world.rows(PriceObservation)
    for data in (f"ap:pause:{listing.id}:0", f"ap:strike:{listing.id}:{seen.id}", f"ap:reset:{listing.id}:0"):
        await say.tap(data, forced=True)
    assert (await world.rows(Listing))[0].paused_at is None
    assert (await world.rows(PriceObservation))[0].correction_id is None
    meera = say.as_user(MEERA)
    await meera("/products #999999")
    assert meera.last["text"] == "No listing is like that."
    await meera.tap("ap:strike:999999:1", forced=True)
    assert meera.toast == "There is no such reading, or it was struck already."
