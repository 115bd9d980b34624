"""The button that looks at a page at once."""

import pytest
from sqlalchemy import select

from tests.world import RAVI, Say, Shelf, World
from tracker import clock
from tracker.catalog import stores
from tracker.catalog.models import Listing
from tracker.watches.check_now import CHECK_NOW_EVERY
from tracker.watches.models import Watch


@pytest.fixture
async def card(say: Say, shop: Shelf) -> str:
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    [_] = await say("/list")
    [shown] = await say.tap("#1 Kettle")
    return shown


async def passes(world: World) -> None:
    """So much time that the page may be asked for again; the check of the first minute is over then."""
    async with world.database.transaction() as session:
        listing = (await session.scalars(select(Listing))).one()
        assert listing.checked_at is not None
        listing.checked_at -= CHECK_NOW_EVERY
        listing.lease_until = listing.lease_token = None
        listing.next_check_at = clock.now() + 10 * CHECK_NOW_EVERY


async def test_a_page_that_was_read_a_moment_ago_is_told_and_not_asked_for(card: str, say: Say) -> None:
    assert await say.tap("Check now") == []
    assert say.toast == "Checked just now: ₹1,999."


async def test_a_page_is_checked_for_whoever_asks(card: str, say: Say, world: World) -> None:
    await passes(world)
    await say.tap("Check now")
    assert say.toast == "Checking now; I write if the price moved."
    (listing,) = await world.rows(Listing)
    assert listing.next_check_at <= clock.now() or listing.lease_until is not None


async def test_a_store_that_refuses_us_is_named(card: str, say: Say, world: World) -> None:
    await passes(world)
    async with world.database.transaction() as session:
        await stores.rest(session, "127.0.0.1", clock.now() + CHECK_NOW_EVERY)
    await say.tap("Check now")
    assert say.toast is not None
    assert say.toast.startswith("127.0.0.1 refuses us for now, so nothing can be checked there before ")


async def test_a_button_of_a_watch_that_was_paused_since_checks_nothing(
    card: str, say: Say, world: World
) -> None:
    old = say.button("Check now")
    await say("/pause 1")
    await say.tap(old[1], forced=True)
    assert say.toast == "This one is not checked at the moment: resume it first."


async def test_a_forged_button_checks_nobody_elses_thing(card: str, say: Say, world: World) -> None:
    (watch,) = await world.rows(Watch)
    ravi = say.as_user(RAVI)
    await ravi("/start")
    await ravi.tap(f"w:now:{watch.id}:c", forced=True)
    assert ravi.toast is not None
    assert "1,999" not in ravi.toast
