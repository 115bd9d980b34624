"""The pace of delivery: as fast as Telegram allows and no faster, by one worker or by two."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from itertools import pairwise

from markupsafe import Markup
from redis.asyncio import Redis
from redis.asyncio.client import Monitor

from sandbox.telegram import Limits
from tests.conftest import MakeSettings
from tests.worker.house import House, open_house, settings_of
from tests.worker.outside import ASHA, Outside
from tests.worker.waiting import eventually, patience
from tracker.alerts.models import AlertState
from tracker.alerts.service import claim
from tracker.database import Database
from tracker.telegram.cards import Card
from tracker.telegram.sender import SlowDown
from worker.speaking import send_now

MILLISECOND = 0.001
"""Redis tells its time to the millisecond, rounded down."""

KETTLE = "https://bazaar.example/shop/kettle"


async def all_sent(house: House) -> bool:
    return set(await house.states()) == {AlertState.SENT}


async def granted(commands: Monitor, *, turns: int) -> dict[str, list[float]]:
    """The turns that were granted since, overall and by chat: the moments, in seconds of the epoch, from
    which the next one may follow. They are what we decide; a message can only be later than its turn.
    """
    free: dict[str, list[float]] = defaultdict(list)
    async with asyncio.timeout(patience(20)):
        while len(free["telegram:free"]) < turns or sum(map(len, free.values())) < 2 * turns:
            said = await commands.next_command()
            name, key, until, *_ = [*said["command"].split(), "", "", ""]
            is_ours = int(said["db"]) == commands.connection_pool.connection_kwargs["db"]
            if is_ours and name.upper() == "SET" and key.startswith("telegram:free"):
                free[key].append(float(until) / 1000)
    return free


def gaps(moments: Sequence[float]) -> list[float]:
    return [following - moment for moment, following in pairwise(moments)]


async def test_the_default_pace_never_meets_telegrams_limits(
    outside: Outside, sqlite_database: Database, redis_url: str, settings: MakeSettings
) -> None:
    outside.telegram.limits = Limits()
    chosen = settings_of(settings, outside, redis_url)
    async with (
        open_house(outside, sqlite_database, chosen) as house,
        Redis.from_url(redis_url) as observer,
        observer.monitor() as commands,
    ):
        await house.all_watch(range(3001, 3071), KETTLE)
        await house.falls(KETTLE, "1899")
        await house.watch(ASHA, "https://bazaar.example/shop/phone")
        for price in ("1899", "1799", "1699"):
            await house.falls("https://bazaar.example/shop/phone", price)
        async with house.delivering():
            await eventually(partial(all_sent, house))
        free = await granted(commands, turns=73)
    calls = outside.sends()
    assert len(calls) == 73
    assert {call.status for call in calls} == {200}
    gap, gap_of_a_chat = 1 / 25, 1.0
    overall, of_one_chat = free["telegram:free"], free[f"telegram:free:{ASHA}"]
    assert (len(overall), len(of_one_chat)) == (73, 3)
    assert min(gaps(overall)) >= gap - MILLISECOND
    assert min(gaps(of_one_chat)) >= gap_of_a_chat - MILLISECOND
    epoch = time.time() - time.monotonic()
    for call, until in zip(calls, overall, strict=True):
        assert call.at + epoch >= until - gap - MILLISECOND
    for call, until in zip(outside.sends(ASHA), of_one_chat, strict=True):
        assert call.at + epoch >= until - gap_of_a_chat - MILLISECOND
    assert all(alert.attempts == 1 for alert in await house.alerts())


async def test_two_delivery_loops_never_send_the_same_alert_twice(house: House, outside: Outside) -> None:
    await house.all_watch(range(3001, 3061), KETTLE)
    chosen = house.bench.settings
    other = Database.at(str(house.database.engine.url.render_as_string(hide_password=False)))
    async with open_house(outside, other, chosen) as second, house.delivering(), second.delivering():
        for price in ("1899", "1799"):
            await house.falls(KETTLE, price)
        house.app.deliverer.wake()
        second.app.deliverer.wake()
        await eventually(partial(all_sent, house))
    await other.close()
    for user in range(3001, 3061):
        assert [text.splitlines()[1] for text in outside.texts(user)] == [
            "₹1,899 instead of ₹1,999",
            "₹1,799 instead of ₹1,899",
        ]


async def test_what_is_in_hand_at_the_end_is_sent_and_settled(
    outside: Outside, sqlite_database: Database, redis_url: str, settings: MakeSettings
) -> None:
    chosen = settings_of(settings, outside, redis_url, telegram_messages_per_second=10)
    async with open_house(outside, sqlite_database, chosen) as house:
        await house.all_watch(range(3001, 3008), KETTLE)
        await house.falls(KETTLE, "1499")
        house.app.deliverer.start()
        await outside.telegram.wait_for(lambda: len(outside.sends()) == 1)
        assert house.app.is_answering
        await house.app.deliverer.stop()
        assert not house.app.is_answering
        assert await house.states() == [AlertState.SENT] * 7


async def test_after_the_end_of_a_lease_no_send_begins(sqlite_house: House) -> None:
    await sqlite_house.watch(ASHA, KETTLE)
    await sqlite_house.falls(KETTLE, "1499")
    async with sqlite_house.database.transaction() as session:
        (claimed,) = await claim(session, limit=1, lease=timedelta(0))
    answer = await send_now(
        sqlite_house.bench, ASHA, Card(Markup("Hello")), before=claimed.lease_until, silent=False
    )
    assert answer == SlowDown(timedelta(0))
    assert sqlite_house.outside.sends() == []
