"""The list, the cards, and pause, resume, stop, undo."""

import pytest

from tests.bot.conftest import on_both_databases
from tests.rows import allow
from tests.world import RAVI, Say, Shelf, Thing, World
from tracker.catalog.models import Listing
from tracker.watches.models import Watch, WatchState

PRICES = {"kettle": "1999.00", "lamp": "99.00", "mug": "499.00"}


@pytest.fixture
async def three(say: Say, shop: Shelf) -> dict[str, Thing]:
    """Asha watches a kettle (#1), a lamp (#2) and a mug (#3)."""
    return await watch(say, shop, PRICES)


async def watch(say: Say, shop: Shelf, prices: dict[str, str], **details: str) -> dict[str, Thing]:
    things = {slug: shop.lists(slug, price=price, **details) for slug, price in prices.items()}
    for thing in things.values():
        await say(thing.url)
        await say.tap("Track it")
    return things


async def states(world: World) -> list[str]:
    return [watch.state for watch in await world.rows(Watch)]


def numbers(text: str) -> list[str]:
    return [line.split()[0] for line in text.splitlines() if line.startswith("#")]


async def test_the_list_shows_what_is_watched_the_newest_first(three: object, say: Say) -> None:
    [listed] = await say("/list")
    heading, _, *lines = listed.splitlines()
    assert heading == "You watch 3 things"
    assert lines == ["#3 Mug — ₹499", "#2 Lamp — ₹99", "#1 Kettle — ₹1,999"]
    assert say.last["photo"] is None


@pytest.mark.parametrize(
    ("label", "order"),
    [
        ("Name", ["#1", "#2", "#3"]),
        ("Price", ["#2", "#3", "#1"]),
        ("Drop", ["#3", "#1", "#2"]),
        ("Newest", ["#3", "#2", "#1"]),
    ],
)
async def test_the_list_can_be_sorted_by(
    label: str, order: list[str], three: dict[str, Thing], say: Say, shop: Shelf, world: World
) -> None:
    shop.set(three["mug"], price="399.00")
    shop.set(three["lamp"], price="109.00")
    await say.hears("₹399 instead of")
    await world.checked(three["lamp"])
    await say("/list")
    if label == "Newest":
        await say.tap("Name")
    [listed] = await say.tap(label)
    assert numbers(listed) == order
    assert f"• {label}" in say.buttons()


async def test_the_list_has_pages_that_turn_in_a_circle(say: Say, shop: Shelf) -> None:
    await watch(say, shop, {f"thing-{number}": "10.00" for number in range(1, 9)})
    [first] = await say("/list")
    assert numbers(first) == ["#8", "#7", "#6", "#5", "#4", "#3"]
    assert "1 / 2" in say.buttons()
    [second] = await say.tap("▶")
    assert numbers(second) == ["#2", "#1"]
    [again] = await say.tap("▶")
    assert again == first
    assert await say.tap("1 / 2") == []  # the page that is shown already


SEARCHES = {
    "lamp": ["#2"],
    "LAMP": ["#2"],
    "m": ["#3", "#2"],
    "127.0.0.1": ["#3", "#2", "#1"],
    "%": [],
    "_": [],
    "l_mp": [],
    "\\": [],
    "☕": [],
    "x" * 3000: [],
    "🔥" * 500: [],
    "' OR 1=1 --": [],
    "<b>": [],
}


@on_both_databases
async def test_the_list_can_be_searched(three: object, say: Say) -> None:
    for words, found in SEARCHES.items():
        [listed] = await say(f"/list {words}")
        assert numbers(listed) == found, words
        assert found or listed.startswith("You watch nothing called “"), words
        assert len(listed) < 300, words


async def test_a_search_stays_while_pages_turn_and_orders_change(say: Say, shop: Shelf) -> None:
    await watch(say, shop, {f"kettle-{number}": "10.00" for number in range(1, 8)} | {"lamp": "5.00"})
    [listed] = await say("/list kettle")
    assert listed.splitlines()[0] == "7 with “kettle”"
    await say.tap("Name")
    [second] = await say.tap("▶")
    assert numbers(second) == ["#7"]


async def test_a_title_with_wildcards_is_found_by_them(say: Say, shop: Shelf) -> None:
    await watch(say, shop, {"cotton": "10.00"}, title="100% cotton_shirt | blue ☕")
    await watch(say, shop, {"lamp": "10.00"})
    for words in ("100%", "cotton_", "☕", "BLUE"):
        [listed] = await say(f"/list {words}")
        assert numbers(listed) == ["#1"]


async def test_a_card_opens_from_the_list_and_leaves_the_list(three: object, say: Say) -> None:
    await say("/list")
    [card] = await say.tap("#1 Kettle")
    assert card.splitlines()[0] == "Kettle"
    assert "Lowest ₹1,999 · highest ₹1,999, since we track it" in card
    assert "Same price as when you added it" in card
    assert "Last checked" in card
    assert "Next check in a moment" in card
    assert say.buttons() == [
        "🔔 Rules",
        "⏸ Pause",
        "😴 Snooze",
        "🛍 I bought it",
        "❓ Wrong price?",
        "🗑 Stop",
        "🔍 Check now",
        "🧾 History",
        "🛒 Open at 127.0.0.1",
    ]


async def test_a_card_tells_the_change_since_the_watch_began(
    three: dict[str, Thing], say: Say, shop: Shelf
) -> None:
    shop.set(three["kettle"], price="1499.00")
    await say.hears("instead of")
    [card] = await say.tap("Details")
    assert "Since you added it: −₹500 (−25 %), from ₹1,999" in card
    assert "Lowest ₹1,499 · highest ₹1,999" in card


@on_both_databases
async def test_pause_resume_and_stop_by_number(three: object, say: Say, world: World) -> None:
    [card] = await say("/pause 1")
    assert card.startswith("⏸ Paused.")
    assert "⏸ Paused: I do not check this for you." in card
    [listed] = await say("/list")
    assert "#1 Kettle — ₹1,999 ⏸" in listed
    [card] = await say("/resume #1")
    assert card.startswith("▶ Going on.")
    [card] = await say("/stop 1")
    assert card.startswith("🗑 Stopped. “Undo” brings it back.")
    assert await states(world) == [WatchState.STOPPED, WatchState.ACTIVE, WatchState.ACTIVE]


async def test_a_word_that_one_name_holds_is_enough(three: object, say: Say, world: World) -> None:
    await say("/pause KETT")
    assert await states(world) == [WatchState.PAUSED, WatchState.ACTIVE, WatchState.ACTIVE]


@on_both_databases
async def test_words_of_nothing_visible_are_no_words(three: object, say: Say, world: World) -> None:
    for words in ("\0", "\u202e", "\0\u200f"):
        assert await say(f"/stop {words}") == ["Which one shall I stop watching?"]
        [listed] = await say(f"/list {words}")
        assert numbers(listed) == ["#3", "#2", "#1"]
    await say("/list")
    await say.tap("l|0|name|\0", forced=True)
    assert numbers(say.last["text"]) == ["#1", "#2", "#3"]


async def test_a_word_that_several_names_hold_is_asked_about(three: object, say: Say, world: World) -> None:
    assert await say("/pause m") == ["Several match “m”. Which one?"]
    assert say.buttons() == ["#2 Lamp", "#3 Mug"]
    assert await states(world) == [WatchState.ACTIVE] * 3
    await say.tap("#3 Mug")
    assert say.toast == "Paused"
    assert await states(world) == [WatchState.ACTIVE, WatchState.ACTIVE, WatchState.PAUSED]


async def test_words_that_mean_no_watch_change_nothing(three: object, say: Say, world: World) -> None:
    for words in ("4", "fridge", "-1", "1 2", "9" * 30, "<b>", "%", "99999999999", "<", "\\"):
        [answer] = await say(f"/stop {words}")
        assert answer.startswith("You watch nothing called “"), words
    assert await states(world) == [WatchState.ACTIVE] * 3


@pytest.mark.parametrize(
    ("command", "question"),
    [("/pause", "Which one shall I pause?"), ("/stop", "Which one shall I stop watching?")],
)
async def test_a_command_without_words_offers_what_it_could_mean(
    command: str, question: str, three: object, say: Say
) -> None:
    assert await say(command) == [question]
    assert say.buttons() == ["#3 Mug", "#2 Lamp", "#1 Kettle"]


async def test_resume_offers_only_what_is_paused(three: object, say: Say) -> None:
    assert await say("/resume") == ["There is nothing for that. Send /list to see what you watch."]
    await say("/pause 2")
    assert await say("/resume") == ["Which one shall I go on with?"]
    assert say.buttons() == ["#2 Lamp"]


async def test_undo_brings_a_stopped_watch_back_with_its_rules(three: object, say: Say, world: World) -> None:
    await say("/list")
    await say.tap("#1 Kettle")
    await say.tap("Rules")
    await say.tap("Target price")
    await say("1500")
    await say("/stop 1")
    [card] = await say.tap("Undo")
    assert say.toast == "Going on"
    assert "I tell you at ₹1,500 or less" in card
    assert await states(world) == [WatchState.ACTIVE] * 3


async def test_nothing_is_checked_for_a_watch_that_is_paused_or_stopped(
    three: object, say: Say, world: World
) -> None:
    await say("/pause 1")
    await say("/stop 2")
    checked = {each.title: each.next_check_at is not None for each in await world.rows(Listing)}
    assert checked == {"Kettle": False, "Lamp": False, "Mug": True}
    await say("/resume 1")
    checked = {each.title: each.next_check_at is not None for each in await world.rows(Listing)}
    assert checked == {"Kettle": True, "Lamp": False, "Mug": True}


async def test_an_alert_keeps_its_words_when_its_buttons_are_tapped(
    three: dict[str, Thing], say: Say, shop: Shelf, world: World
) -> None:
    shop.set(three["kettle"], price="1499.00")
    alert = await say.hears("instead of")
    words = alert["text"]
    await say.tap("Pause", on=alert)
    assert say.toast == "Paused"
    alert = await say.hears("instead of")
    assert alert["text"] == words
    assert "▶ Resume" in say.buttons(alert)
    assert "⏸ Pause" not in say.buttons(alert)
    await say.tap("Stop", on=alert)
    alert = await say.hears("instead of")
    assert say.buttons(alert) == ["🛒 Open at 127.0.0.1", "↩ Undo", "📊 Details"]
    await say.tap("Undo", on=alert)
    assert (await states(world))[0] == WatchState.ACTIVE


async def test_a_button_tapped_twice_changes_nothing_twice(three: object, say: Say, world: World) -> None:
    await say("/pause")
    question = say.last
    await say.tap("#1 Kettle", on=question)
    edited = say.last
    assert "⏸ Paused." in edited["text"]
    await say.tap(f"w:pause:{(await world.rows(Watch))[0].id}:c", forced=True)
    assert say.toast == "Paused"
    assert (await states(world))[0] == WatchState.PAUSED


async def test_numbers_are_each_persons_own(three: object, say: Say, shop: Shelf, world: World) -> None:
    ravi = say.as_user(RAVI)
    await watch(ravi, shop, {"fridge": "29999.00"})
    await ravi("/stop 1")
    assert await states(world) == [WatchState.ACTIVE] * 3 + [WatchState.STOPPED]


async def test_a_listing_that_others_watch_is_still_checked_when_one_stops(
    say: Say, shop: Shelf, world: World
) -> None:
    ravi = say.as_user(RAVI)
    await watch(say, shop, {"kettle": "1999.00"})
    await watch(ravi, shop, {"kettle": "1999.00"})
    await say("/stop 1")
    [listing] = await world.rows(Listing)
    assert listing.next_check_at is not None
    await ravi("/stop 1")
    [listing] = await world.rows(Listing)
    assert listing.next_check_at is None


async def test_a_page_that_cannot_be_read_any_more_keeps_its_last_price_and_says_so(
    say: Say, shop: Shelf, world: World
) -> None:
    things = await watch(say, shop, {"kettle": "1999.00"})
    shop.set(things["kettle"], mode="captcha")
    await world.checked(things["kettle"])
    await say("/list")
    [card] = await say.tap("#1 Kettle")
    assert "₹1,999" in card
    assert "the page could not be read since." in card


async def test_a_full_list_refuses_one_more_and_an_undo(say: Say, shop: Shelf, world: World) -> None:
    await watch(say, shop, {"kettle": "1999.00"})
    await allow(world.database, 1)
    await say(shop.lists("lamp", price="99.00").url)
    await say.tap("Track it")
    assert say.toast is not None
    assert say.toast.startswith("You watch 1 things, which is all that your plan permits.")
    preview = say.last
    await say("/stop 1")
    stopped = say.last
    await say.tap("Track it", on=preview)
    await say.tap("Undo", on=stopped)
    assert say.toast.startswith("You watch 1 things, which is all that your plan permits.")
    assert await states(world) == [WatchState.STOPPED, WatchState.ACTIVE]
