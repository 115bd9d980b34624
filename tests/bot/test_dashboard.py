"""/admin, as those who run the service see it."""

import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.bot.money import REAL, pays
from tests.world import MEERA, Say, World
from tracker.admin import rollups
from tracker.admin.models import Snapshot
from tracker.billing.setup import Billing

PNG = b"\x89PNG\r\n"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(**REAL)


@pytest.fixture
def meera(say: Say) -> Say:
    """An admin."""
    return say.as_user(MEERA)


@on_both_databases
async def test_the_card_is_looked_at_again_in_its_place(say: Say, meera: Say, world: World) -> None:
    await say("/start")
    await pays(world, "pro")
    [card] = await meera("/admin")
    assert card.startswith("Dashboard, ")
    await _count_now(world)
    shown = len(meera.messages)
    [card] = await meera.tap("Refresh")
    assert len(meera.messages) == shown
    assert "People: 2\nActive in 7 days: 2\nNew today 2, this week 2, this month 2" in card
    assert "MRR ₹299 of 1 paying, ARPU ₹299\nThis month ₹299, in all ₹299" in card
    assert "Pro, active: 1" in card
    assert "Alerts: none due" in card
    [card] = await meera.tap("By store")
    assert card.startswith("Listings and watches by store")
    [card] = await meera.tap("Dashboard")
    assert card.startswith("Dashboard, ")


async def test_the_pictures_come_below(meera: Say) -> None:
    await meera("/admin")
    for button, title in (
        ("Revenue", "Revenue by day"),
        ("Weekly", "Revenue by week"),
        ("Growth", "New people by day"),
        ("Monthly", "New people by month"),
    ):
        assert await meera.tap(button) == [title]


async def test_each_area_is_a_tap_away(meera: Say) -> None:
    for area in ("Users", "Subscriptions", "Stores", "Audit", "Broadcasts"):
        await meera("/admin")
        [card] = await meera.tap(area)
        assert not card.startswith("Dashboard"), area


async def test_nobody_else_sees_it(say: Say) -> None:
    assert await say("/admin") == ["I do not know that command. Send /help to see what I can do."]
    assert await say.tap("ad:card:day", forced=True) == []
    assert say.toast == "This button is too old. Send /list to see what you watch."


async def _count_now(world: World) -> None:
    async with world.database.transaction() as session:
        for name in rollups.EVERY:
            found = await session.get(Snapshot, name)
            if found is not None:
                await session.delete(found)
        await session.flush()
        await rollups.take(session, Billing.by(world.settings))
