"""What a 429 of Telegram's own limits silences: the sandbox counts, Redis remembers."""

from datetime import timedelta

from markupsafe import Markup

from sandbox.telegram import Limits
from tests.worker.house import House
from tests.worker.outside import ASHA, MEERA, RAVI
from tracker.telegram.cards import Card
from tracker.telegram.sender import Answer, Delivered, SlowDown
from worker.speaking import say_soon

PEOPLE = (ASHA, RAVI, MEERA)


async def says(house: House, user: int) -> Answer:
    """One try, in a turn that is there at once."""
    return await say_soon(house.bench, user, Card(Markup("Hello")), within=timedelta(0))


async def test_the_limit_of_a_chat_silences_that_chat_alone(sqlite_house: House) -> None:
    for user in PEOPLE:
        sqlite_house.outside.arrives(user)
    sqlite_house.outside.telegram.limits = Limits(chat_burst=1, chat_per_second=0.1)
    assert isinstance(await says(sqlite_house, ASHA), Delivered)
    assert await says(sqlite_house, ASHA) == SlowDown(timedelta(seconds=10))
    for user in (RAVI, MEERA):
        assert isinstance(await says(sqlite_house, user), Delivered)
    still = await says(sqlite_house, ASHA)
    assert isinstance(still, SlowDown)
    assert [call.status for call in sqlite_house.outside.sends(ASHA)] == [200, 429]


async def test_the_limit_of_all_chats_silences_everybody_at_the_second_refusal(sqlite_house: House) -> None:
    for user in PEOPLE:
        sqlite_house.outside.arrives(user)
    sqlite_house.outside.telegram.limits = Limits(overall_per_second=1)
    assert isinstance(await says(sqlite_house, ASHA), Delivered)
    for user in (RAVI, MEERA):
        assert await says(sqlite_house, user) == SlowDown(timedelta(seconds=1))
    untried = await says(sqlite_house, ASHA)
    assert isinstance(untried, SlowDown)
    assert [(call.chat, call.status) for call in sqlite_house.outside.sends()] == [
        (ASHA, 200),
        (RAVI, 429),
        (MEERA, 429),
    ]
