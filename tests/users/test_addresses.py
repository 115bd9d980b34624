"""An address is somebody's once they know the code that was mailed to it."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import rows
from tracker import clock
from tracker.database import Database
from tracker.errors import BadInput
from tracker.users import addresses
from tracker.users.models import User

ASHA, RAVI = 1001, 1002
ADDRESS = "asha@home.example"


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def begin(database: Database, words: str = ADDRESS, telegram_id: int = ASHA) -> str:
    async with database.transaction() as session:
        return await addresses.begin(session, await rows.person(session, telegram_id), words)


async def new_code(database: Database, telegram_id: int = ASHA) -> str | None:
    async with database.transaction() as session:
        return await addresses.new_code(session, await rows.person(session, telegram_id))


async def told(database: Database, words: str = ADDRESS, telegram_id: int = ASHA) -> str:
    """Tell an address; the code that is mailed to it."""
    await begin(database, words, telegram_id)
    code = await new_code(database, telegram_id)
    assert code is not None
    return code


async def confirm(database: Database, code: str, telegram_id: int = ASHA) -> str | None:
    async with database.transaction() as session:
        return await addresses.confirm(session, await rows.person(session, telegram_id), code)


async def asha(database: Database) -> User:
    async with database.transaction() as session:
        return await rows.person(session, ASHA)


def another(code: str) -> str:
    return f"{(int(code) + 1) % 1_000_000:06}"


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        (" Asha.K+bills@Home.EXAMPLE\n", "Asha.K+bills@home.example"),
        ("asha@bücher.example", "asha@xn--bcher-kva.example"),
    ],
)
async def test_an_address_is_kept_with_its_domain_in_lower_case(
    database: Database, words: str, kept: str
) -> None:
    assert await begin(database, words) == kept
    found = await asha(database)
    assert (found.email, found.email_verified_at) == (kept, None)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "asha",
        "asha@",
        "@home.example",
        "asha@home",
        "asha@localhost",
        "asha@[127.0.0.1]",
        '"a b"@home.example',
        "Asha <asha@home.example>",
        "asha@home.example, ravi@home.example",
        "asha@home.example\r\nBcc: ravi@home.example",
        "आशा@home.example",
        "a" * 250 + "@home.example",
        "asha@" + "home." * 60 + "example",
    ],
)
async def test_what_is_no_address_is_refused(sqlite_database: Database, words: str) -> None:
    with pytest.raises(BadInput) as refused:
        await begin(sqlite_database, words)
    assert refused.value.text_key == "email.bad"


async def test_the_code_proves_the_address_once(database: Database) -> None:
    code = await told(database)
    assert len(code) == 6
    assert code.isdecimal()
    found = await asha(database)
    assert found.email_code_hash is not None
    assert code not in found.email_code_hash
    assert await confirm(database, f" {code[:3]} {code[3:]}\n") is None
    found = await asha(database)
    assert (found.email, found.email_verified_at) == (ADDRESS, clock.now())
    assert await confirm(database, code) == "email.code_over"


async def test_a_fifth_wrong_code_is_the_last(database: Database) -> None:
    code = await told(database)
    answers = [await confirm(database, another(code)) for _ in range(5)]
    assert answers == ["email.code_wrong"] * 4 + ["email.code_over"]
    assert await confirm(database, code) == "email.code_over"
    assert (await asha(database)).email_verified_at is None


async def test_wrong_codes_at_once_are_counted_each(database: Database) -> None:
    code = await told(database)
    await asyncio.gather(*(confirm(database, another(code)) for _ in range(5)))
    assert (await asha(database)).email_code_tries == addresses.TRIES
    assert await confirm(database, code) == "email.code_over"


@pytest.mark.parametrize("words", ["", "abc", "12345", "1234567", "٠١٢٣٤٥", "%s"])
async def test_whatever_is_no_code_is_a_wrong_one(sqlite_database: Database, words: str) -> None:
    await told(sqlite_database)
    assert await confirm(sqlite_database, words) == "email.code_wrong"


async def test_a_code_is_good_for_fifteen_minutes(database: Database, travel: time_machine.Traveller) -> None:
    code = await told(database)
    travel.shift(addresses.VALID_FOR)
    assert await confirm(database, code) == "email.code_over"
    code = await told(database)
    travel.shift(addresses.VALID_FOR - timedelta(seconds=1))
    assert await confirm(database, code) is None


async def test_there_is_one_code_a_minute_whatever_the_address(
    database: Database, travel: time_machine.Traveller
) -> None:
    await told(database)
    assert await new_code(database) is None
    with pytest.raises(BadInput) as refused:
        await begin(database, "other@home.example")
    assert refused.value.text_key == "email.wait"
    assert (await asha(database)).email == ADDRESS
    async with database.transaction() as session:
        await addresses.remove(session, await rows.person(session))
    with pytest.raises(BadInput):
        await begin(database)
    travel.shift(addresses.PAUSE)
    assert await told(database)


async def test_the_code_of_one_address_proves_no_other(
    database: Database, travel: time_machine.Traveller
) -> None:
    code = await told(database)
    travel.shift(addresses.PAUSE)
    await begin(database, "other@home.example")
    assert await confirm(database, code) == "email.code_over"
    assert (await asha(database)).email_verified_at is None


async def test_the_code_of_one_person_is_nothing_to_another(database: Database) -> None:
    code = await told(database)
    await told(database, "ravi@home.example", RAVI)
    async with database.transaction() as session:
        ravi, asha = await rows.person(session, RAVI), await rows.person(session, ASHA)
        ravi.email_code_hash = asha.email_code_hash
    assert await confirm(database, code, RAVI) == "email.code_wrong"


async def test_another_address_is_theirs_only_once_it_is_proved(
    database: Database, travel: time_machine.Traveller
) -> None:
    assert await confirm(database, await told(database)) is None
    travel.shift(addresses.PAUSE)
    code = await told(database, "other@home.example")
    assert (await asha(database)).email_verified_at is None
    assert await confirm(database, code) is None
    found = await asha(database)
    assert (found.email, found.email_verified_at) == ("other@home.example", clock.now())


async def test_a_removed_address_is_forgotten_with_its_code(
    database: Database, travel: time_machine.Traveller
) -> None:
    code = await told(database)
    async with database.transaction() as session:
        await addresses.remove(session, await rows.person(session))
    found = await asha(database)
    assert (found.email, found.email_verified_at, found.email_code_hash) == (None, None, None)
    assert await confirm(database, code) == "email.code_over"
    travel.shift(addresses.PAUSE)
    assert await new_code(database) is None


async def test_five_codes_are_enough_for_a_day(database: Database, travel: time_machine.Traveller) -> None:
    for number in range(addresses.CODES_A_DAY):
        await told(database, f"asha{number}@home.example")
        travel.shift(addresses.PAUSE)
    with pytest.raises(BadInput, match=r"email\.too_many"):
        await begin(database)
    assert await new_code(database) is None
    travel.shift(timedelta(days=1))
    await told(database)
