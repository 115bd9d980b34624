"""Answers reach people through Telegram's bad days."""

import pytest

from sandbox.telegram import Fault, FaultKind
from tests.world import ASHA, Say, Shelf, World
from tracker.watches.models import Watch

EMPTY = "You watch nothing yet. Send me the link of a product to begin."


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(Fault(FaultKind.TOO_MANY_REQUESTS, "sendMessage", ASHA, retry_after=1), id="429"),
        pytest.param(Fault(FaultKind.ERROR, "sendMessage", ASHA, status=500), id="500"),
        pytest.param(Fault(FaultKind.ERROR, "sendMessage", ASHA, status=502), id="502"),
        pytest.param(Fault(FaultKind.HTML, "sendMessage", ASHA, status=502), id="502-of-a-proxy"),
        pytest.param(Fault(FaultKind.DROP_BEFORE, "sendMessage", ASHA), id="broken-before"),
    ],
)
async def test_an_answer_is_sent_once_after(fault: Fault, say: Say, world: World) -> None:
    await say("/start")
    world.telegram.faults.add(fault)
    assert await say("/list") == [EMPTY]
    assert not list(world.telegram.faults)


async def test_a_429_is_waited_out_as_told(say: Say, world: World) -> None:
    await say("/start")
    world.telegram.faults.add(Fault(FaultKind.TOO_MANY_REQUESTS, "sendMessage", ASHA, retry_after=1))
    await say("/list")
    refused, sent = [call for call in world.telegram.calls if call.method == "sendMessage"][-2:]
    assert refused.status == 429
    assert sent.at - refused.at >= 1


async def test_an_answer_that_hangs_is_given_up_and_sent_again(
    say: Say, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.afterwards.ANSWER_SECONDS", 1)
    await say("/start")
    world.telegram.faults.add(Fault(FaultKind.HANG_BEFORE, "sendMessage", ASHA))
    assert await say("/list") == [EMPTY]


async def test_an_answer_lost_on_every_try_is_lost_alone(say: Say, world: World) -> None:
    await say("/start")
    world.telegram.faults.add(Fault(FaultKind.DROP_BEFORE, "sendMessage", ASHA, times=3))
    assert await say("/list") == []
    assert await say("/list") == [EMPTY]


async def test_a_tap_whose_answer_is_lost_is_still_stored(say: Say, shop: Shelf, world: World) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    for method in ("answerCallbackQuery", "editMessageCaption"):
        world.telegram.faults.add(Fault(FaultKind.ERROR, method, status=400, description="Bad Request: odd"))
    assert await say.tap("Track it") == []
    assert await world.count(Watch) == 1


PHOTO_TROUBLE = [
    "Bad Request: wrong file identifier/HTTP URL specified",
    "Bad Request: failed to get HTTP URL content",
    "Bad Request: wrong type of the web page content",
    "Bad Request: PHOTO_INVALID_DIMENSIONS",
    "Bad Request: WEBPAGE_MEDIA_EMPTY",
]


@pytest.mark.parametrize("description", PHOTO_TROUBLE)
async def test_a_photo_that_telegram_cannot_load_leaves_the_words(
    description: str, say: Say, shop: Shelf, world: World
) -> None:
    await say("/start")
    world.telegram.faults.add(Fault(FaultKind.ERROR, "sendPhoto", ASHA, status=400, description=description))
    [preview] = await say(shop.lists("kettle", price="1999.00").url)
    assert preview.startswith("Kettle")
    assert say.last["photo"] is None
    assert "✅ Track it" in say.buttons()
    [card] = await say.tap("Track it")
    assert card.startswith("✅ I watch this for you.")


async def test_a_photo_of_a_card_that_telegram_cannot_load_leaves_the_words(
    say: Say, shop: Shelf, world: World
) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    await say.tap("Track it")
    world.telegram.faults.add(
        Fault(FaultKind.ERROR, "sendPhoto", ASHA, status=400, description=PHOTO_TROUBLE[1])
    )
    [card] = await say("/pause 1")
    assert card.startswith("⏸ Paused.")
    assert say.last["photo"] is None


async def test_markup_that_telegram_refuses_is_sent_as_plain_words(
    say: Say, shop: Shelf, world: World
) -> None:
    await say("/start")
    for method in ("sendPhoto", "sendMessage"):
        refusal = "Bad Request: can't parse entities: Unsupported start tag"
        world.telegram.faults.add(Fault(FaultKind.ERROR, method, ASHA, status=400, description=refusal))
        [preview] = await say(shop.lists("kettle", price="1999.00", title="A & B <c>").url)
        assert preview.startswith("A & B <c>\n₹1,999")
        world.telegram.faults.clear()


async def test_a_page_turned_to_itself_is_not_an_error(say: Say) -> None:
    await say("/settings")
    await say.tap("Currency")
    card = say.last
    await say.tap("INR")
    assert await say.tap("s:currency:INR", forced=True, message_id=card["message_id"]) == []
    assert say.toast == ""


async def test_an_old_tap_is_carried_out_though_its_pop_up_comes_too_late(
    say: Say, shop: Shelf, world: World
) -> None:
    await say(shop.lists("kettle", price="1999.00").url)
    too_old = "Bad Request: query is too old and response timeout expired or query ID is invalid"
    world.telegram.faults.add(Fault(FaultKind.ERROR, "answerCallbackQuery", status=400, description=too_old))
    [card] = await say.tap("Track it")
    assert card.startswith("✅ I watch this for you.")
