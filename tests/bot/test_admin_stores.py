"""/stores, as people of each role come by it."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import MEERA, RAVI, Say, World
from tracker import clock
from tracker.admin.models import AuditEntry, Staff
from tracker.admin.roles import Role
from tracker.catalog.models import StoreState
from tracker.telegram.store_cards import store_name


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    """Meera owns the service, and Ravi helps people; everybody watches a kettle."""
    world = await make_world(admin_ids=frozenset({MEERA}))
    async with world.database.transaction() as session:
        session.add(Staff(telegram_id=RAVI, role=Role.SUPPORT, given_by=MEERA, given_at=clock.now()))
    return world


async def store(world: World) -> StoreState:
    async with world.database.transaction() as session:
        return (await session.scalars(select(StoreState))).one()


@on_both_databases
async def test_a_store_is_looked_at_rested_and_released(say: Say, world: World) -> None:
    await say(world.shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    ravi = say.as_user(RAVI)
    [listed] = await ravi("/stores")
    assert listed.startswith("Stores, and their checks of the last 24 hours\n")
    await ravi.tap(store_name((await store(world)).code))
    assert "Circuit: closed, it may be asked" in ravi.last["text"]
    assert "Gap" not in ravi.buttons()
    [rests] = await ravi.tap("Rest 6 h")
    assert rests.startswith("🚧 It is asked for nothing until ")
    rested = (await store(world)).rests_until
    assert rested is not None
    assert rested - clock.now() > timedelta(hours=5)
    await ravi.tap("Ask again")
    assert (await store(world)).rests_until is None
    assert [entry.action for entry in await world.rows(AuditEntry)] == ["rest_store", "release_store"]


async def test_an_owner_says_how_it_is_asked(say: Say, world: World) -> None:
    await say(world.shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    meera = say.as_user(MEERA)
    await meera(f"/stores {(await store(world)).code}")
    await meera.tap("Gap")
    await meera.tap("0.5")
    await meera.tap("Way")
    await meera.tap("proxy")
    await meera.tap("At once")
    [card] = await meera.tap("4")
    assert "Asked for 4 pages at once, 0.5 s apart, by the way proxy" in card
    changed = await store(world)
    assert (changed.gap_seconds, changed.at_once, changed.way) == (0.5, 4, "proxy")
    await meera.tap("Gap")
    await meera.tap("As usual")
    assert (await store(world)).gap_seconds is None


async def test_nobody_else_knows_it_and_forged_buttons_change_nothing(say: Say, world: World) -> None:
    await say(world.shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    code = (await store(world)).code
    assert await say("/stores") == ["I do not know that command. Send /help to see what I can do."]
    asha_and_ravi = (say, say.as_user(RAVI))
    await asha_and_ravi[1]("/stores")
    for who in asha_and_ravi:
        for data in (
            f"as|sgap|{code}|5",
            f"as|sway|{code}|browser",
            "as|free|#99999|",
            "as|rest|#x|6",
            "as|rest||",
        ):
            await who.tap(data, forced=True)
    unchanged = await store(world)
    assert (unchanged.gap_seconds, unchanged.way, unchanged.rests_until) == (None, None, None)
    assert await world.count(AuditEntry) == 0
