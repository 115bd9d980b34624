"""A pasted link is answered: by a card, by what the person has already, or by one sentence why not."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from sandbox.telegram import Fault, FaultKind
from tests.worker.house import House
from tests.worker.outside import ASHA, RAVI
from tracker.catalog.models import PreviewState
from tracker.catalog.previews import MAX_ATTEMPTS
from tracker.fetching.client import Fetcher, FetchLimits
from tracker.fetching.ways import Fetchers
from tracker.users.models import UserState
from worker.preview import preview
from worker.sweep import sweep

KETTLE = "https://bazaar.example/shop/kettle"
Later = Callable[[timedelta], None]


async def test_the_card_shows_photo_title_price_and_store_to_confirm(house: House) -> None:
    await house.arrives(ASHA)
    asked = await house.asks(ASHA, KETTLE)
    await preview(house.bench, asked)

    (card,) = [message for message in house.outside.telegram.chat(ASHA) if message["from"] == "bot"]
    assert card["text"].splitlines() == [
        "Chaiwala 1.5 L Electric Kettle, Brushed Steel",
        "₹1,999 (MRP ₹2,999)",
        "bazaar.example, sold by Demo Bazaar",
        "Shall I watch this for you?",
    ]
    assert card["photo"] == "https://bazaar.example/shop/kettle.png"
    assert [button["text"] for row in card["buttons"] for button in row] == [
        "✅ Track it",
        "🎯 Set a target price",
        "🛒 Open at bazaar.example",
        "✖ Not now",
    ]
    answered = await house.preview(asked)
    assert (answered.state, answered.lease_token) == (PreviewState.SHOWN, None)
    assert answered.listing_id == (await house.listing(KETTLE)).id
    await preview(house.bench, asked)
    assert len(house.outside.sends()) == 1


async def test_a_second_person_within_half_a_minute_costs_no_second_fetch(house: House, later: Later) -> None:
    for user in (ASHA, RAVI):
        await house.arrives(user)
        await preview(house.bench, await house.asks(user, KETTLE))
    assert house.outside.fetches(KETTLE) == 1
    later(timedelta(seconds=30))
    await preview(house.bench, await house.asks(RAVI, KETTLE))
    assert house.outside.fetches(KETTLE) == 2


async def test_what_is_watched_already_is_said_without_a_fetch(house: House) -> None:
    await house.watch(ASHA, KETTLE)
    await preview(house.bench, await house.asks(ASHA, KETTLE))
    assert "You already watch Kettle: ₹1,999, tracked since" in house.outside.texts(ASHA)[0]
    assert house.outside.fetches(KETTLE) == 0


async def test_a_drop_that_a_preview_sees_is_told_to_those_who_watch(house: House, later: Later) -> None:
    await house.watch(ASHA, KETTLE)
    await house.arrives(RAVI)
    house.outside.shop.set("kettle", price="1499")
    later(timedelta(minutes=1))
    await preview(house.bench, await house.asks(RAVI, KETTLE))
    assert [(a.chat_id, a.now_minor) for a in await house.alerts()] == [(ASHA, 149900)]
    assert await house.bench.queue.depth() == 1


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ("404", "This page is gone, or was never there."),
        ("captcha", "bazaar.example does not let me read this page right now."),
        ("error500", "I could not open that page just now."),
        ("huge", "That page is too large for me to read."),
        ("truncated", "This is no page of a single product."),
        ("redirect_loop", "That link only leads in circles."),
        ("slow", "I could not open that page just now."),
        ("needs_script", "bazaar.example shows its price only inside a browser"),
    ],
)
async def test_a_page_that_cannot_be_read_gets_its_own_sentence(
    sqlite_house: House, mode: str, sentence: str
) -> None:
    house = sqlite_house
    await house.arrives(ASHA)
    house.outside.shop.set("kettle", mode=mode)
    await house.bench.fetcher.close()
    house.bench.fetcher = Fetchers(Fetcher(house.bench.settings, limits=FetchLimits(total_seconds=2)))
    asked = await house.asks(ASHA, KETTLE)
    await preview(house.bench, asked)
    (text,) = house.outside.texts(ASHA)
    assert text.startswith(sentence)
    assert (await house.preview(asked)).state == PreviewState.FAILED
    assert await house.prices() == []


async def test_an_answer_that_was_not_sent_is_tried_again_by_the_sweep(house: House, later: Later) -> None:
    await house.arrives(ASHA)
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, status=500))
    asked = await house.asks(ASHA, KETTLE)
    await preview(house.bench, asked)
    assert (await house.preview(asked)).state == PreviewState.ASKED
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 0
    later(timedelta(seconds=4))
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 1
    await preview(house.bench, asked)
    assert (await house.preview(asked)).state == PreviewState.SHOWN


async def test_an_answer_is_given_up_when_every_attempt_failed(house: House, later: Later) -> None:
    await house.arrives(ASHA)
    house.outside.telegram.faults.add(Fault(FaultKind.ERROR, status=500, times=20))
    asked = await house.asks(ASHA, KETTLE)
    for _ in range(MAX_ATTEMPTS + 1):
        await preview(house.bench, asked)
    assert (await house.preview(asked)).state == PreviewState.FAILED
    later(timedelta(hours=1))
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 0


@pytest.mark.parametrize(
    ("kind", "state"),
    [(FaultKind.BLOCK, UserState.BLOCKED), (FaultKind.DEACTIVATE, UserState.DEACTIVATED)],
)
async def test_whoever_is_gone_before_the_answer_is_marked(
    house: House, kind: FaultKind, state: UserState
) -> None:
    await house.arrives(ASHA)
    house.outside.telegram.faults.add(Fault(kind, chat=ASHA))
    asked = await house.asks(ASHA, KETTLE)
    await preview(house.bench, asked)
    assert (await house.preview(asked)).state == PreviewState.SHOWN
    assert (await house.person(ASHA)).state == state


async def test_a_lost_hint_is_found_a_second_later_and_hinted_once(house: House, later: Later) -> None:
    await house.arrives(ASHA)
    await house.asks(ASHA, KETTLE)
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 0
    later(timedelta(seconds=1))
    await sweep(house.bench)
    await sweep(house.bench)
    assert await house.bench.queue.depth() == 1
    assert house.outside.sends() == []
