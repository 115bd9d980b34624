"""Whoever asks too often hears so once; whoever floods is not heard; everybody else notices nothing."""

from collections.abc import AsyncIterator

import pytest
import time_machine
from aiogram.types import Update
from redis.asyncio import Redis

from bot import senders
from bot.limits import FLOOD, Pace, Verdict
from tests.bot.conftest import MakeWorld
from tests.services import RedisServer
from tests.world import ASHA, MEERA, RAVI, Say, World
from tracker import clock, jobs
from tracker.telegram.callbacks import Place, WatchAction, WatchButton

LIMIT = 8
PATIENCE = "That is a lot at once. Please give me a minute: I answer again after that."


def says(text: str, *, chat: int = ASHA, **content: object) -> Update:
    kind = "private" if chat > 0 else "group"
    return Update.model_validate(
        {
            "update_id": 1,
            "message": {
                "message_id": 1,
                "date": 1,
                "chat": {"id": chat, "type": kind},
                "from": {"id": ASHA, "is_bot": False, "first_name": "Asha"},
                "text": text,
            }
            | content,
        }
    )


def taps(data: str) -> Update:
    return Update.model_validate(
        {
            "update_id": 1,
            "callback_query": {
                "id": "1",
                "from": {"id": ASHA, "is_bot": False, "first_name": "Asha"},
                "chat_instance": "1",
                "data": data,
            },
        }
    )


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = jobs.connect(redis_url)
    yield client
    await client.aclose(close_connection_pool=True)


@pytest.fixture
async def pace(redis: Redis) -> Pace:
    return Pace(redis, owners={MEERA}, usual=LIMIT)


async def verdicts(pace: Pace, update: Update, times: int, *, by: int = ASHA) -> list[Verdict]:
    return [await pace.judge(update, by) for _ in range(times)]


async def test_the_limit_is_answered_then_one_sentence_then_silence(pace: Pace) -> None:
    found = await verdicts(pace, says("/list"), LIMIT + 4)
    assert found == [Verdict.ANSWER] * LIMIT + [Verdict.ASK_FOR_PATIENCE] + [Verdict.SILENCE] * 3
    assert await pace.judge(says("/list"), RAVI) is Verdict.ANSWER


async def test_costly_things_have_a_smaller_limit_of_their_own(pace: Pace) -> None:
    check = taps(WatchButton(action=WatchAction.CHECK, watch_id=1, place=Place.CARD).pack())
    assert (await verdicts(pace, check, 3))[:2] == [Verdict.ANSWER] * 2
    assert await pace.judge(says("see https://shop.example/a"), ASHA) is not Verdict.ANSWER
    assert await pace.judge(says("/history"), ASHA) is not Verdict.ANSWER
    assert await pace.judge(says("/list"), ASHA) is Verdict.ANSWER


async def test_a_message_of_many_links_costs_as_many(pace: Pace) -> None:
    many = says(" ".join(f"https://shop.example/{number}" for number in range(9)))
    assert await pace.judge(many, ASHA) is Verdict.ANSWER
    assert await pace.judge(says("https://shop.example/x"), ASHA) is not Verdict.ANSWER


async def test_a_larger_plan_permits_more(pace: Pace) -> None:
    pace.learn(ASHA, per_minute=3 * LIMIT, is_staff=False)
    assert set(await verdicts(pace, says("/list"), 3 * LIMIT)) == {Verdict.ANSWER}


async def test_a_flood_is_muted_for_minutes(pace: Pace, redis: Redis) -> None:
    await verdicts(pace, says("/list"), LIMIT + FLOOD * LIMIT)
    await redis.delete(f"limit:bot:all:{ASHA}", f"limit:bot:told:{ASHA}")  # as after a minute
    assert await pace.judge(says("/list"), ASHA) is Verdict.SILENCE
    assert 240 < await redis.ttl(f"limit:bot:flood:{ASHA}") <= 300


@pytest.mark.parametrize(
    "update",
    [
        pytest.param(
            says(
                "",
                successful_payment={
                    "currency": "XTR",
                    "total_amount": 1,
                    "invoice_payload": "x",
                    "telegram_payment_charge_id": "c",
                    "provider_payment_charge_id": "p",
                },
            ),
            id="payment",
        ),
        pytest.param(says("talk among people", chat=-5), id="talk-in-a-group"),
    ],
)
async def test_some_things_are_always_taken(update: Update, pace: Pace) -> None:
    assert set(await verdicts(pace, update, 2 * LIMIT)) == {Verdict.ANSWER}


async def test_staff_are_not_limited_and_groups_get_no_sentence(pace: Pace) -> None:
    assert set(await verdicts(pace, says("/list"), 2 * LIMIT, by=MEERA)) == {Verdict.ANSWER}
    found = await verdicts(pace, says("/list", chat=-5), LIMIT + 1)
    assert found[-1] is Verdict.SILENCE


async def test_admins_see_who_asks_most(pace: Pace, redis: Redis) -> None:
    await verdicts(pace, says("/list"), 5)
    await verdicts(pace, says("/list"), 2, by=RAVI)
    assert await senders.top(redis) == [(ASHA, 5), (RAVI, 2)]


async def test_without_redis_everybody_is_answered(redis_server: RedisServer) -> None:
    client = jobs.connect(redis_server.url)
    redis_server.kill()
    pace = Pace(client, owners=(), usual=2)
    assert set(await verdicts(pace, says("/list"), 4)) == {Verdict.ANSWER}
    await client.aclose(close_connection_pool=True)


async def test_d11_one_persons_flood_costs_others_nothing(make_world: MakeWorld) -> None:
    world: World = await make_world(plans_file=None)
    say = Say(world)
    await say("/start")
    with time_machine.travel(clock.now(), tick=False):  # nothing is given back meanwhile
        for _ in range(30):
            last = await world.telegram.say(ASHA, "/help")
        await world.quiet(last)
    said = [message["text"] for message in say.messages]
    assert said.count(PATIENCE) == 1
    assert said[-1] == PATIENCE
    assert len(said) == 21
    [answer] = await say.as_user(RAVI)("/start")
    assert answer.startswith("Hello Ravi!")
