"""What was said and what became of the rest: /history, and lists that fit into a message."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot import alert_lists
from tests.world import ASHA, RAVI, Say, Shelf, Thing, World
from tracker import clock
from tracker.alerts.corrections import WRONG_READING
from tracker.alerts.history import Entry, HistoryPage
from tracker.alerts.models import Alert, AlertState, HeldFor
from tracker.catalog.models import Listing, PriceObservation
from tracker.texts import Language
from tracker.watches.models import Watch

GONE = "I cannot find that any more. Send /list to see what you watch."


@pytest.fixture
async def kettle(say: Say, shop: Shelf) -> Thing:
    """Asha watches a kettle at ₹1,999."""
    kettle = shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    await say.tap("Track it")
    return kettle


async def owed(world: World, number: int, **columns: Any) -> None:
    """Alerts of Asha's first watch that are in the table already."""
    [watch] = await world.rows(Watch)
    now = clock.now()
    values: dict[str, Any] = {
        "state": AlertState.SENT,
        "sent_at": now,
        "due_at": now + timedelta(days=1),
        "observed_at": now,
        "before_minor": 199900,
        "now_minor": 149900,
        "currency": "INR",
        "reasons": [{"kind": "any_drop"}],
        "attempts": 1,
    }
    async with world.database.transaction() as session:
        for _ in range(number):
            seen = PriceObservation(
                listing_id=watch.listing_id, availability="in_stock", evidence="", observed_at=now
            )
            session.add(seen)
            await session.flush()
            session.add(Alert(watch_id=watch.id, observation_id=seen.id, chat_id=ASHA, **(values | columns)))


async def test_history_before_anything_was_told(kettle: Thing, say: Say) -> None:
    assert await say("/history") == ["I have told you nothing yet. Send /list to see what you watch."]
    assert await say("/history 1") == ["I have told you nothing about Kettle yet."]
    assert await say("/history lamp") == ["You watch nothing called “lamp”. Send /list to see all."]


async def test_history_is_turned_page_by_page(kettle: Thing, say: Say, world: World) -> None:
    await owed(world, 17)
    [first] = await say("/history #1")
    assert first.startswith("17 alerts about Kettle\n")
    assert first.count("✅ sent") == 8
    assert "1 / 3" in say.buttons()
    [last] = await say.tap("◀")
    assert last.count("✅ sent") == 1
    [again] = await say.tap("▶")
    assert again == first


async def test_a_page_beyond_the_last_is_the_last(kettle: Thing, say: Say, world: World) -> None:
    await owed(world, 9)
    await say("/history")
    [last] = await say.tap("a:page:0:999999", forced=True)
    assert last.count("✅ sent") == 1


async def test_history_of_words_that_mean_several_asks_which(kettle: Thing, say: Say, shop: Shelf) -> None:
    await say(shop.lists("kettle-two", price="99.00").url)
    await say.tap("Track it")
    assert await say("/history kettle") == ["Several match “kettle”. Which one?"]
    [told] = await say.tap("#1 Kettle")
    assert told == "I have told you nothing about Kettle yet."


@pytest.mark.parametrize("action", ["history", "page"])
async def test_a_forged_button_shows_nobody_elses_history(
    action: str, kettle: Thing, say: Say, world: World
) -> None:
    await owed(world, 1)
    [watch] = await world.rows(Watch)
    ravi = say.as_user(RAVI)
    await ravi("/start")
    assert await ravi.tap(f"a:{action}:{watch.id}:0", forced=True) == []
    assert ravi.toast == GONE
    assert await ravi("/history") == ["I have told you nothing yet. Send /list to see what you watch."]


async def test_long_lists_fit_into_a_message(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("thing", price="1999.00", title="A <b>&amp; </b>" + "W" * 280).url)
    await say.tap("Track it")
    await owed(world, 40, state=AlertState.HELD, held_for=HeldFor.QUIET, sent_at=None)
    [waiting] = await say("/pending")
    assert waiting.startswith("40 alerts wait")
    assert waiting.endswith("and 20 more")
    assert len(waiting) <= 4096
    [told] = await say("/history")
    assert told.startswith("40 alerts\n")
    assert len(told) <= 4096


NOON = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
EVENING = NOON + timedelta(hours=8)


def entry(**columns: Any) -> Entry:
    listing = Listing(url="https://shop.example/p/kettle", title="Kettle")
    told: dict[str, Any] = {
        "state": AlertState.SENT,
        "before_minor": 199900,
        "now_minor": 149900,
        "currency": "INR",
        "observed_at": NOON,
        "due_at": NOON,
    }
    return Entry(Alert(**(told | columns)), Watch(number=1), listing)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        pytest.param({"sent_at": NOON}, "✅ sent", id="sent"),
        pytest.param({"sent_at": EVENING}, "✅ sent 24 Nov, 20:00", id="sent-late"),
        pytest.param(
            {"sent_at": EVENING, "held_for": "quiet", "merged_into": 4},
            "🌙 kept for your quiet hours, ✅ sent 24 Nov, 20:00, in one message with others",
            id="held-and-merged",
        ),
        pytest.param(
            {"state": "held", "held_for": "cap", "due_at": EVENING},
            "🚦 kept by your limit of messages an hour, ⏳ until 24 Nov, 20:00",
            id="held",
        ),
        pytest.param(
            {"state": "held", "held_for": "asked", "due_at": NOON},
            "📨 kept until you asked for it, 📨 about to be sent",
            id="asked-for",
        ),
        pytest.param({"state": "due"}, "📨 about to be sent", id="due"),
        pytest.param({"state": "sending"}, "📨 about to be sent", id="sending"),
        pytest.param(
            {"state": "due", "last_error": "HTTP Client says - Request timeout error", "due_at": EVENING},
            "🔁 Telegram did not take it yet, I try again 24 Nov, 20:00",
            id="tried-again",
        ),
        pytest.param(
            {"state": "cancelled", "last_error": "paused"}, "✖ not sent: you had paused it", id="paused"
        ),
        pytest.param(
            {"state": "cancelled", "last_error": "bought"}, "✖ not sent: you had bought it", id="bought"
        ),
        pytest.param(
            {"state": "cancelled", "last_error": "blocked"},
            "✖ not sent: you had blocked me",
            id="cancelled-when-blocked",
        ),
        pytest.param(
            {"state": "cancelled"}, "✖ not sent: it was not wanted any more", id="cancelled-before-reasons"
        ),
        pytest.param(
            {"state": "dead", "last_error": "Telegram server says - Forbidden: bot was blocked by the user"},
            "✖ not sent: you had blocked me",
            id="blocked",
        ),
        pytest.param(
            {"state": "dead", "last_error": "Telegram server says - Bad Request: chat not found"},
            "✖ not sent: the chat was gone",
            id="gone",
        ),
        pytest.param(
            {"state": "dead", "last_error": "Telegram server says - Bad Request: message is too long"},
            "✖ not sent: Telegram refused the message",
            id="refused",
        ),
        pytest.param(
            {"state": "dead", "last_error": "HTTP Client says - Request timeout error"},
            "✖ not sent: Telegram could not be reached in time",
            id="given-up",
        ),
        pytest.param(
            {"state": "cancelled", "last_error": WRONG_READING, "correction_id": 7},
            "✖ not sent: I had read a wrong price",
            id="wrong-before-it-was-sent",
        ),
        pytest.param({"sent_at": NOON, "correction_id": 7}, "✅ sent, ⚠️ the price was wrong", id="wrong"),
    ],
)
def test_history_says_what_became_of_an_alert(columns: dict[str, Any], words: str) -> None:
    page = HistoryPage([entry(**columns)], page=0, pages=1, total=1)
    told = alert_lists.history(Language(), page, None, NOON)
    last = told.text.striptags().partition("· ")[2]
    assert last == f"Kettle ₹1,499 instead of ₹1,999 · {words}"


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        pytest.param({"before_minor": None}, "₹1,499", id="no-price-before"),
        pytest.param({"before_minor": 149900}, "₹1,499", id="the-same-price"),
        pytest.param({"now_minor": None}, "no price now instead of ₹1,999", id="no-price-now"),
    ],
)
def test_history_says_what_it_cost(columns: dict[str, Any], words: str) -> None:
    page = HistoryPage([entry(sent_at=NOON, **columns)], page=0, pages=1, total=1)
    assert f"\n<b>{words}</b> · " in alert_lists.history(Language(), page, None, NOON).text
