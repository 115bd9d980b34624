"""Links that are owed an answer, on both databases."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tests import rows
from tracker.catalog import previews
from tracker.catalog.models import Preview, PreviewState
from tracker.database import Database
from tracker.errors import NotYours, OverAllowance

LEASE = timedelta(seconds=50)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def ask(database: Database, telegram_id: int = 1001) -> int:
    async with database.transaction() as session:
        user = await rows.person(session, telegram_id)
        return (await previews.ask(session, user, rows.URL, chat_id=telegram_id)).id


async def claim(database: Database, preview_id: int) -> Preview | None:
    async with database.transaction() as session:
        return await previews.claim(session, preview_id, lease=LEASE)


async def overdue(database: Database) -> list[int]:
    async with database.transaction() as session:
        return [preview_id for preview_id, _ in await previews.overdue(session)]


async def test_a_preview_is_answered_by_one_worker(database: Database) -> None:
    preview_id = await ask(database)
    claims = await asyncio.gather(*(claim(database, preview_id) for _ in range(4)))
    assert sum(claimed is not None for claimed in claims) == 1


async def test_a_preview_whose_hint_was_lost_is_overdue_after_a_second(
    database: Database, travel: time_machine.Traveller
) -> None:
    preview_id = await ask(database)
    assert await overdue(database) == []
    travel.shift(timedelta(seconds=1))
    assert await overdue(database) == [preview_id]


async def test_a_preview_in_somebodys_hands_is_not_overdue_until_its_lease_ends(
    database: Database, travel: time_machine.Traveller
) -> None:
    preview_id = await ask(database)
    await claim(database, preview_id)
    travel.shift(LEASE - timedelta(seconds=1))
    assert await overdue(database) == []
    travel.shift(timedelta(seconds=1))
    assert await overdue(database) == [preview_id]
    again = await claim(database, preview_id)
    assert again is not None
    assert again.attempts == 2


async def test_an_answered_preview_is_never_claimed_again(
    database: Database, travel: time_machine.Traveller
) -> None:
    preview_id = await ask(database)
    claimed = await claim(database, preview_id)
    assert claimed is not None
    async with database.transaction() as session:
        await previews.settle(session, claimed, PreviewState.FAILED)
    travel.shift(timedelta(hours=1))
    assert await claim(database, preview_id) is None
    assert await overdue(database) == []


async def test_a_preview_that_was_put_back_waits(database: Database, travel: time_machine.Traveller) -> None:
    preview_id = await ask(database)
    claimed = await claim(database, preview_id)
    assert claimed is not None
    async with database.transaction() as session:
        await previews.try_again(session, claimed, after=timedelta(seconds=10))
    travel.shift(timedelta(seconds=10))
    assert await overdue(database) == []
    travel.shift(timedelta(seconds=1))
    assert await overdue(database) == [preview_id]


async def test_whoever_lost_the_lease_settles_nothing(
    database: Database, travel: time_machine.Traveller
) -> None:
    preview_id = await ask(database)
    frozen = await claim(database, preview_id)
    assert frozen is not None
    travel.shift(LEASE)
    assert await claim(database, preview_id) is not None
    async with database.transaction() as session:
        await previews.settle(session, frozen, PreviewState.FAILED)
        assert (await session.get_one(Preview, preview_id)).state == PreviewState.ASKED


async def test_a_person_waits_for_twenty_answers_at_most_and_keeps_nobody_else_waiting(
    database: Database,
) -> None:
    for _ in range(previews.MOST_WAITING):
        await ask(database)
    with pytest.raises(OverAllowance):
        await ask(database)
    await ask(database, telegram_id=1002)


async def test_a_button_of_somebody_elses_preview_is_refused(database: Database) -> None:
    preview_id = await ask(database)
    claimed = await claim(database, preview_id)
    assert claimed is not None
    async with database.transaction() as session:
        found = await rows.listing(session)
        await previews.settle(session, claimed, PreviewState.SHOWN, listing_id=found.id)
        assert (await previews.answered(session, await rows.person(session), preview_id)).id == preview_id
        stranger = await rows.person(session, 1002, name="Ravi")
        with pytest.raises(NotYours):
            await previews.answered(session, stranger, preview_id)


async def test_a_preview_that_found_nothing_has_no_buttons_to_tap(database: Database) -> None:
    preview_id = await ask(database)
    async with database.transaction() as session:
        user = await rows.person(session)
        with pytest.raises(NotYours):
            await previews.answered(session, user, preview_id)
