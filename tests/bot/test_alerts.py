"""What a person does about an alert: snooze it, buy the thing, ask whether the price still stands."""

from datetime import timedelta

import pytest

from sandbox.telegram.state import Json
from tests.bot.conftest import on_both_databases
from tests.world import RAVI, Say, Shelf, Thing, World
from tracker import clock
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState

IN_THE_DAY = timedelta(hours=23)


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """A kettle that is watched."""
    thing = shop.lists("kettle", price="1999.00")
    await say(thing.url)
    await say.tap("Track it")
    return thing


@pytest.fixture
async def alert(kettle: Thing, say: Say, shop: Shelf) -> Json:
    """The alert that it fell to ₹1,499."""
    shop.set(kettle, price="1499.00")
    return await say.hears("instead of")


async def the_watch(world: World) -> Watch:
    watch: Watch
    (watch,) = await world.rows(Watch)
    return watch


@on_both_databases
async def test_a_price_that_still_stands_is_said_in_the_alert(alert: Json, say: Say) -> None:
    await say.tap("Still this price?", on=alert)
    assert say.toast == "I look at the page now"
    edited = await say.hears("instead of", "Still ₹1,499, looked at")
    assert edited["message_id"] == alert["message_id"]
    assert say.buttons(edited) == say.buttons(alert)


async def test_a_price_that_has_moved_is_said_in_the_alert(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    shop.set(kettle, price="1599.00")
    await world.checked(kettle)
    await say.tap("Still this price?", on=alert)
    assert "₹1,499 instead of" in (await say.hears("It is ₹1,599 now"))["text"]


async def test_a_thing_that_has_sold_out_is_said_in_the_alert(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    shop.set(kettle, availability="out_of_stock")
    await world.checked(kettle)
    await say.tap("Still this price?", on=alert)
    await say.hears("Sold out now")


async def test_a_page_that_cannot_be_read_is_said_in_the_alert(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    shop.set(kettle, mode="captcha")
    await world.checked(kettle)
    await say.tap("Still this price?", on=alert)
    await say.hears("could not read the page", "last price that I saw is ₹1,499")


async def test_a_look_at_somebody_elses_alert_is_none(alert: Json, say: Say, world: World) -> None:
    ravi = say.as_user(RAVI)
    await ravi("/start")
    watch = await the_watch(world)
    await ravi.tap(f"w:still:{watch.id}:a", forced=True)
    assert "cannot find that" in (ravi.toast or "")


@on_both_databases
async def test_a_snooze_for_a_day_is_silent_and_ends(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say.tap("Snooze", on=alert)
    assert say.buttons() == ["For a day", "For a week", "Until it is lower than now", "◀ Not now"]
    await say.tap("For a day")
    assert say.toast == "Snoozed for a day"
    assert "▶ Resume" in say.buttons()
    watch = await the_watch(world)
    assert watch.state == WatchState.SNOOZED
    assert watch.snoozed_until is not None
    assert watch.snoozed_until - clock.now() > IN_THE_DAY
    shop.set(kettle, price="1399.00")
    await world.checked(kettle)
    assert not any("₹1,399" in message["text"] for message in say.messages)
    await set_clock_past(world, watch)
    shop.set(kettle, price="1299.00")
    await say.hears("₹1,299", "instead of ₹1,399")
    assert (await the_watch(world)).state == WatchState.ACTIVE


async def set_clock_past(world: World, watch: Watch) -> None:
    """As if the snooze had been asked for long ago."""
    database = Database.at(world.settings.database_url)
    async with database.transaction() as session:
        kept = await session.get_one(Watch, watch.id)
        kept.snoozed_until = clock.now() - timedelta(seconds=1)
    await database.close()


async def test_a_snooze_ends_by_itself(alert: Json, say: Say, world: World) -> None:
    await say.tap("Snooze", on=alert)
    await say.tap("For a week")
    await set_clock_past(world, await the_watch(world))
    database = Database.at(world.settings.database_url)
    async with database.transaction() as session:
        assert await watches.wake(session) == 1
    async with database.transaction() as session:
        assert await watches.wake(session) == 0
    await database.close()
    assert (await the_watch(world)).state == WatchState.ACTIVE


async def test_a_snooze_until_it_is_lower_ends_by_the_price(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say.tap("Snooze", on=alert)
    await say.tap("Until it is lower")
    await say.tap("Details")
    assert "Snoozed until it costs less than ₹1,499" in say.last["text"]
    shop.set(kettle, price="1599.00")
    await world.checked(kettle)
    shop.set(kettle, price="1499.00")
    await world.checked(kettle)
    assert not any("₹1,599" in message["text"] for message in say.messages)
    shop.set(kettle, price="1450.00")
    await say.hears("₹1,450", "below ₹1,499, so your snooze is over")


async def test_a_snooze_that_is_thought_better_of(alert: Json, say: Say, world: World) -> None:
    await say.tap("Snooze", on=alert)
    await say.tap("Not now")
    assert say.buttons() == say.buttons(alert)
    assert (await the_watch(world)).state == WatchState.ACTIVE


@on_both_databases
async def test_a_thing_that_was_bought_is_silent_and_tells_what_was_saved(
    alert: Json, kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    await say.tap("I bought it", on=alert)
    assert say.buttons() == ["🛒 Open at 127.0.0.1", "↩ Undo", "📊 Details"]
    assert "🛍" in (await say("/list"))[0]
    await say.tap("#1 Kettle")
    assert "You bought it at ₹1,499, ₹500 less than when you added it" in say.last["text"]
    (listing,) = await world.rows(Listing)
    assert listing.next_check_at is None
    await say.tap("Undo")
    assert (await the_watch(world)).state == WatchState.ACTIVE
    shop.set(kettle, price="1399.00")
    await say.hears("₹1,399", "instead of ₹1,499")


async def test_a_card_snoozes_too(kettle: Thing, say: Say) -> None:
    await say("/list")
    await say.tap("#1 Kettle")
    await say.tap("Snooze")
    [card] = await say.tap("For a week")
    assert "😴 Snoozed for a week." in card
    assert "▶ Resume" in say.buttons()


async def test_a_reading_far_from_the_usual_is_told_once_it_is_sure(
    kettle: Thing, say: Say, shop: Shelf, world: World
) -> None:
    shop.set(kettle, price="499.00")
    for _ in range(2):
        await world.checked(kettle)
        assert not any("₹499" in message["text"] for message in say.messages)
    await say("/list")
    await say.tap("#1 Kettle")
    assert "far from the usual" in say.last["text"]
    await say.hears("₹499", "instead of ₹1,999")


async def test_a_slip_of_the_page_is_never_told(kettle: Thing, say: Say, shop: Shelf, world: World) -> None:
    for price in ("166.58", "1999.00", "166.58", "1999.00"):
        shop.set(kettle, price=price)
        await world.checked(kettle)
    assert not any("instead of" in message["text"] for message in say.messages)
