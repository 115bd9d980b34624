"""Pages that their store calls unchanged, and what it calls their state, on both databases."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from tests import rows
from tracker import clock
from tracker.catalog.models import Listing, PriceObservation
from tracker.catalog.move import Check, Kind
from tracker.catalog.recording import Checking, record
from tracker.database import Database

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


async def checks(database: Database, **facts: object) -> Listing:
    async with database.transaction() as session:
        listing = (await session.scalars(select(Listing))).one()
        known = {"began_at": clock.now(), "outcome": "offer"} | facts
        await record(session, listing.id, Check(**known), Checking())  # type: ignore[arg-type]  # as the test says
    return listing


async def test_a_page_that_is_what_it_was_is_read(database: Database, travel: time_machine.Traveller) -> None:
    await rows.watch(database)
    await checks(database, offer=rows.offer("1999"), etag='"1"')
    travel.shift(HOUR)
    listing = await checks(database, outcome="unchanged", kind=Kind.UNCHANGED)
    assert (listing.outcome, listing.failures, listing.price) == ("offer", 0, rows.rupees("1999"))
    assert listing.read_at == listing.checked_at == listing.kept_at == clock.now()
    assert (listing.etag, listing.fetched_whole_at) == ('"1"', clock.now() - HOUR)
    async with database.transaction() as session:
        assert len((await session.scalars(select(PriceObservation))).all()) == 1


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"outcome": "not_sure"}, id="not sure"),
        pytest.param({"offer": rows.offer("19.99")}, id="held"),
        pytest.param({"outcome": "captcha", "kind": Kind.BLOCKED}, id="refused"),
        pytest.param({"outcome": "timeout", "kind": Kind.FAILED}, id="failed"),
    ],
)
async def test_what_a_page_is_called_is_forgotten_when_we_are_not_sure_of_it(
    facts: dict[str, object], database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    assert (await checks(database, offer=rows.offer("1999"), etag='"1"', last_modified="then")).etag == '"1"'
    travel.shift(HOUR)
    listing = await checks(database, etag='"2"', **facts)
    assert (listing.etag, listing.last_modified, listing.fetched_whole_at) == (None, None, None)


async def test_a_page_of_another_state_is_called_by_that(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    await checks(database, offer=rows.offer("1999"), etag='"1"', last_modified="then")
    travel.shift(HOUR)
    listing = await checks(database, offer=rows.offer("1899"), etag='"2"')
    assert (listing.etag, listing.last_modified) == ('"2"', None)


async def test_what_only_a_browser_can_read_is_remembered_until_it_is_read_without(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    assert (await checks(database, offer=rows.offer("1999"), needs_browser=True)).needs_browser
    travel.shift(HOUR)
    assert (await checks(database, outcome="timeout", kind=Kind.FAILED)).needs_browser
    travel.shift(HOUR)
    assert not (await checks(database, offer=rows.offer("1999"))).needs_browser


async def test_a_price_that_changes_often_is_looked_at_more_often(
    database: Database, travel: time_machine.Traveller
) -> None:
    await rows.watch(database)
    waits = []
    for price in ("1999", "1998", "1997", "1996", "1995", "1994"):
        travel.shift(HOUR)
        listing = await checks(database, offer=rows.offer(price))
        assert listing.next_check_at is not None
        waits.append(listing.next_check_at - clock.now())
    assert waits[-1] < waits[0] / 1.5
    assert listing.rate.per_day > 0.5
