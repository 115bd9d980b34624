"""With PUBLIC_URL set, updates arrive through the webhooks and the inbox."""

import httpx
import pytest

from tests.bot.conftest import MakeWorld, on_both_databases
from tests.world import ASHA, Say, World
from tracker.inbox.models import EventState, WebhookEvent
from tracker.users.models import User

SECRET = "the-secret-token"


@pytest.fixture
async def world(make_world: MakeWorld) -> World:
    return await make_world(by_webhook=True, telegram_webhook_secret=SECRET)


@on_both_databases
async def test_updates_come_by_the_inbox_and_are_answered(say: Say, world: World) -> None:
    assert not world.telegram.polled
    [welcome] = await say("/start")
    assert welcome.startswith("Hello Asha!")
    kettle = world.shop.lists("kettle", price="1999.00")
    await say(kettle.url)
    [card] = await say.tap("Track it")
    assert card.startswith("✅ I watch this for you.")
    events = await world.rows(WebhookEvent)
    assert {event.state for event in events} == {EventState.APPLIED}
    assert len(events) == 3


async def test_a_chats_updates_are_answered_in_their_order(say: Say, world: World) -> None:
    await say("/start")
    for number in range(8):
        last = await world.telegram.say(ASHA, f"/stop thing-{number}")
    await world.quiet(last)
    said = [message["text"] for message in say.messages][1:]
    assert said == [
        f"You watch nothing called “thing-{number}”. Send /list to see all." for number in range(8)
    ]


async def test_t02_an_update_delivered_again_is_handled_once(say: Say, world: World) -> None:
    update_id = await world.telegram.say(ASHA, "/start")
    [pending] = [each for each in world.telegram.api.updates if each.update_id == update_id]
    await world.quiet(update_id)
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(3):
            answer = await client.post(
                world.telegram.api.delivery.webhook.url,
                json=pending.payload,
                headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
            )
            assert answer.status_code == 200
    await say("/help")
    assert say.messages[0]["text"].startswith("Hello Asha!")
    assert len(say.messages) == 2


async def test_t01_a_forged_update_reaches_nobody(say: Say, world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        update = {"update_id": 5, "message": {"text": "/start"}}
        answer = await client.post(world.telegram.api.delivery.webhook.url, json=update)
    assert answer.status_code == 403
    assert await world.count(WebhookEvent) == 0


async def test_an_update_that_is_none_is_put_aside_and_the_next_is_answered(say: Say, world: World) -> None:
    async with httpx.AsyncClient(trust_env=False) as client:
        await client.post(
            world.telegram.api.delivery.webhook.url,
            json={"update_id": 5, "message": {"text": 7}},
            headers={"X-Telegram-Bot-Api-Secret-Token": SECRET},
        )
    await say("/start")
    await world.quiet()
    assert {event.state for event in await world.rows(WebhookEvent)} == {
        EventState.IGNORED,
        EventState.APPLIED,
    }
    assert await world.count(User) == 1
