"""Buttons that are old, forged, foreign or nonsense: a polite refusal, a line in the log, nothing changed."""

from itertools import product

import pytest
import structlog
from sqlalchemy import delete

from tests.world import RAVI, Say, Shelf, World
from tracker.catalog.models import Preview
from tracker.telegram.callbacks import Place, WatchAction
from tracker.watches.models import AlertRule, Watch, WatchState

GONE = "I cannot find that any more. Send /list to see what you watch."
STALE = "This button is too old. Send /list to see what you watch."

NONSENSE = {
    "negative": "w:pause:-1:c",
    "zero": "w:pause:0:c",
    "beyond-64-bits": "w:pause:9223372036854775808:c",
    "huge": f"w:pause:{'9' * 50}:c",
    "huge-preview": f"p:track:{'9' * 50}",
    "huge-page": f"l|{'9' * 40}|new|",
    "unknown-action": "w:explode:1:c",
    "too-short": "w:pause:1",
    "too-long": "w:pause:1:c:extra",
    "no-number": "w:pause:one:c",
    "other-prefix": "x:pause:1:c",
    "empty": "",
    "separators": ":::",
    "65-bytes": "z" * 65,
    "emoji": "🔥" * 200,
    "nul": "w:pause:1:c\0",
    "unknown-language": "s:language:xx",
    "unknown-currency": "s:currency:XAU",
    "unknown-zone": "s:zone:../etc/passwd",
    "negative-page": "l|-5|new|",
    "page-beyond-the-last": "l|999|new|",
    "needle-of-a-wildcard": "l|0|new|%",
    "needle-of-nul": "l|0|new|\0",
    "needle-too-long": "l|0|new|" + "x" * 500,
}


@pytest.fixture
async def ravi(say: Say, shop: Shelf) -> Say:
    """Asha watches a kettle. Ravi has a chat, and taps what was never his."""
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    ravi = say.as_user(RAVI)
    await ravi("/start")
    return ravi


async def snapshot(world: World) -> tuple[list[tuple[int, str]], list[tuple[int, str]]]:
    watches = [(watch.user_id, watch.state) for watch in await world.rows(Watch)]
    return watches, [(rule.watch_id, rule.kind) for rule in await world.rows(AlertRule)]


async def test_t03_a_forged_button_cannot_reach_another_persons_watch(ravi: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    before = await snapshot(world)
    for action, place in product(WatchAction, Place):
        with structlog.testing.capture_logs() as lines:
            assert await ravi.tap(f"w:{action}:{watch.id}:{place}", forced=True) == [], action
        assert ravi.toast == GONE, action
        assert [line["telegram_id"] for line in lines if line["event"] == "update.not_theirs"] == [RAVI]
    assert await snapshot(world) == before


@pytest.mark.parametrize("action", ["track", "target", "no"])
async def test_t03_a_forged_button_cannot_answer_another_persons_preview(
    action: str, ravi: Say, world: World
) -> None:
    [preview] = await world.rows(Preview)
    before = await snapshot(world)
    assert await ravi.tap(f"p:{action}:{preview.id}", forced=True) == []
    assert ravi.toast == GONE
    assert await snapshot(world) == before


@pytest.mark.parametrize(
    "data",
    [
        pytest.param("w:pause:999999:c", id="no-such-watch"),
        pytest.param("p:track:999999", id="no-such-preview"),
        pytest.param("w:pause:9223372036854775807:c", id="largest"),
    ],
)
async def test_t05_a_button_of_nothing_is_refused(data: str, ravi: Say) -> None:
    assert await ravi.tap(data, forced=True) == []
    assert ravi.toast == GONE


async def test_t05_bytes_that_no_button_carries_are_answered_and_break_nothing(
    ravi: Say, world: World
) -> None:
    before = await snapshot(world)
    for name, data in NONSENSE.items():
        with structlog.testing.capture_logs() as lines:
            await ravi.tap(data, forced=True, message_id=ravi.messages[0]["message_id"])
        assert ravi.toast is not None, name
        assert "Something went wrong" not in ravi.toast, name
        assert not [line for line in lines if line["log_level"] == "error"], name
    assert await snapshot(world) == before


async def test_a_button_of_an_older_version_is_said_to_be_too_old(ravi: Say) -> None:
    await ravi.tap("watch:pause:1", forced=True)
    assert ravi.toast == STALE


async def test_a_button_whose_watch_was_deleted_is_refused(ravi: Say, say: Say, world: World) -> None:
    async with world.database.transaction() as session:
        await session.execute(delete(AlertRule))
        await session.execute(delete(Watch))
    await say.tap("Pause")
    assert say.toast == GONE


async def test_a_button_on_a_message_that_the_bot_cannot_see_any_more_is_answered_anew(
    ravi: Say, say: Say, world: World
) -> None:
    position = world.telegram.state.position
    message_id, data = say.button("Pause")
    query = {
        "id": "77",
        "from": world.telegram.state.user(say.user).api(),
        "chat_instance": "1",
        "data": data,
        "message": {"chat": {"id": say.user, "type": "private"}, "message_id": message_id, "date": 0},
    }
    [card] = await say.followed(world.telegram.push_update({"callback_query": query}), position)
    assert card.startswith("⏸ Paused.")
    assert (await world.rows(Watch))[0].state == WatchState.PAUSED


async def test_a_button_without_a_message_or_without_data_breaks_nothing(ravi: Say, world: World) -> None:
    sender = world.telegram.state.user(RAVI).api()
    for number, extra in enumerate(
        ({"data": "w:pause:1:c"}, {"game_short_name": "chess"}, {"inline_message_id": "x"})
    ):
        query = {"id": str(number), "from": sender, "chat_instance": "1"} | extra
        await world.quiet(world.telegram.push_update({"callback_query": query}))
    answered = [
        call.params["callback_query_id"]
        for call in world.telegram.calls
        if call.method == "answerCallbackQuery"
    ]
    assert {"0", "1", "2"} <= set(answered)


async def test_a_card_whose_message_was_deleted_is_sent_anew(ravi: Say, say: Say, world: World) -> None:
    position = world.telegram.state.position
    message_id, data = say.button("Pause")
    query_id = await world.telegram.tap(say.user, message_id, data)
    state = world.telegram.state
    state.delete(state.chat(say.user).messages[message_id])
    [card] = await say.followed(state.queries[query_id].update_id, position)
    assert card.startswith("⏸ Paused.")


async def test_t04_a_button_in_a_group_belongs_to_whoever_taps_it(ravi: Say, world: World) -> None:
    [watch] = await world.rows(Watch)
    before = await snapshot(world)
    query = {
        "id": "88",
        "from": world.telegram.state.user(RAVI).api(),
        "chat_instance": "1",
        "data": f"w:stop:{watch.id}:c",
        "message": {"chat": {"id": -500, "type": "group", "title": "G"}, "message_id": 1, "date": 1700000000},
    }
    await world.quiet(world.telegram.push_update({"callback_query": query}))
    assert await snapshot(world) == before
