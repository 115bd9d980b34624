"""People, on both databases."""

import asyncio

import pytest
from sqlalchemy import func, select

from tests import rows
from tracker.database import Database
from tracker.errors import BadInput
from tracker.users import service as users
from tracker.users.models import User, UserState


async def test_the_telegram_identity_is_the_account(database: Database) -> None:
    async with database.transaction() as session:
        first = await rows.person(session)
        again = await rows.person(session, name="Asha K")
        assert first.id == again.id
        assert again.first_name == "Asha K"
        assert (again.locale, again.currency, again.time_zone) == ("en", "INR", "Asia/Kolkata")


async def test_ids_beyond_32_bits_fit(database: Database) -> None:
    async with database.transaction() as session:
        assert (await rows.person(session, 2**52 - 1)).telegram_id == 2**52 - 1


async def test_a_person_who_writes_twice_at_once_has_one_account(database: Database) -> None:
    async def arrive() -> None:
        async with database.transaction() as session:
            await rows.person(session)

    await asyncio.gather(*(arrive() for _ in range(5)))
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(User)) == 1


async def test_what_a_person_chose_is_not_guessed_again(database: Database) -> None:
    async with database.transaction() as session:
        users.set_currency(await rows.person(session), "EUR")
    async with database.transaction() as session:
        assert (await rows.person(session)).currency == "EUR"


async def test_a_person_begins_reachable(database: Database) -> None:
    async with database.transaction() as session:
        assert (await rows.person(session)).state == UserState.ACTIVE


@pytest.mark.parametrize(
    ("words", "zone"),
    [
        pytest.param("Asia/Kolkata", "Asia/Kolkata", id="the zone's own name"),
        pytest.param("asia/kolkata", "Asia/Kolkata", id="in any case"),
        pytest.param(" kolkata ", "Asia/Kolkata", id="its city"),
        pytest.param("new york", "America/New_York", id="a city of two words"),
        pytest.param("UTC", "UTC", id="no city at all"),
    ],
)
def test_a_time_zone_is_found_by_its_name_or_its_city(words: str, zone: str) -> None:
    user = User(time_zone="Europe/Berlin")
    users.set_time_zone(user, words)
    assert user.time_zone == zone


@pytest.mark.parametrize("words", ["", "nowhere", "kolkata; drop table users", "../../etc/passwd", "a" * 500])
def test_words_that_name_no_zone_change_nothing(words: str) -> None:
    user = User(time_zone="Asia/Kolkata")
    with pytest.raises(BadInput):
        users.set_time_zone(user, words)
    assert user.time_zone == "Asia/Kolkata"


def test_only_a_language_that_exists_can_be_chosen() -> None:
    user = User(locale="en")
    with pytest.raises(BadInput):
        users.set_language(user, "tlh")
    users.set_language(user, "en")
    assert user.locale == "en"


def test_only_a_currency_on_offer_can_be_chosen() -> None:
    user = User(currency="INR")
    with pytest.raises(BadInput):
        users.set_currency(user, "DOGE")
    assert user.currency == "INR"
