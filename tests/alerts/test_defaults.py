"""The rules that new watches begin with, on both databases."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from tests import rows
from tracker import clock
from tracker.alerts import choosing, defaults
from tracker.alerts.choosing import Begun
from tracker.alerts.terms import Again, Terms
from tracker.catalog import service as catalog
from tracker.database import Database
from tracker.errors import BadInput
from tracker.money import Money
from tracker.watches import service as watches
from tracker.watches.models import Rearm, Reference, RuleKind, WatchState

LAMP = "https://shop.example/p/lamp"


async def choose(database: Database, terms: Terms) -> set[str]:
    async with database.transaction() as session:
        return {rule.kind for rule in await defaults.choose(session, await rows.person(session), terms)}


async def remove(database: Database, kind: RuleKind) -> set[str]:
    async with database.transaction() as session:
        return {rule.kind for rule in await defaults.remove(session, await rows.person(session), kind)}


async def begin(database: Database, url: str = rows.URL, *, price: str = "1999") -> Begun:
    async with database.transaction() as session:
        listing = await catalog.by_url(session, url) or await rows.listing(session, url, price=price)
        return await choosing.begin(session, await rows.person(session), listing, chat_id=1001)


def kinds(begun: Begun) -> set[str]:
    return {rule.kind for rule in begun.watch.rules}


async def test_without_rules_of_ones_own_a_watch_begins_with_any_drop(database: Database) -> None:
    begun = await begin(database)
    assert (kinds(begun), begun.is_new, list(begun.met)) == ({RuleKind.ANY_DROP}, True, [])


async def test_a_rule_that_is_added_stands_beside_any_drop(database: Database) -> None:
    assert await choose(database, Terms(RuleKind.LOWEST, days=30)) == {RuleKind.ANY_DROP, RuleKind.LOWEST}
    assert kinds(await begin(database)) == {RuleKind.ANY_DROP, RuleKind.LOWEST}


async def test_a_watch_begins_with_what_the_rules_say_and_older_ones_keep_theirs(database: Database) -> None:
    old = await begin(database)
    await choose(database, Terms(RuleKind.DROP_BY, percent=10, reference=Reference.ADDED))
    async with database.transaction() as session:
        person = await rows.person(session)
        await defaults.set_rearm(session, person, RuleKind.DROP_BY, Again(Rearm.HOURS, 24))
    assert await remove(database, RuleKind.ANY_DROP) == {RuleKind.DROP_BY}
    [rule] = (await begin(database, LAMP)).watch.rules
    assert (rule.kind, rule.percent, rule.reference) == (RuleKind.DROP_BY, 10, Reference.ADDED)
    assert (rule.rearm, rule.rearm_hours, rule.is_armed) == (Rearm.HOURS, 24, True)
    again = await begin(database)
    assert (again.is_new, kinds(again)) == (False, kinds(old))


async def test_the_last_rule_gives_way_to_any_drop_which_cannot_be_taken_away_alone(
    database: Database,
) -> None:
    with pytest.raises(BadInput):
        await remove(database, RuleKind.ANY_DROP)
    await choose(database, Terms(RuleKind.RISE))
    await remove(database, RuleKind.ANY_DROP)
    assert await remove(database, RuleKind.LOWEST) == {RuleKind.RISE}
    assert await remove(database, RuleKind.RISE) == {RuleKind.ANY_DROP}


async def test_two_taps_at_once_set_one_default(database: Database) -> None:
    async with database.transaction() as session:
        await rows.person(session)
    await asyncio.gather(*(choose(database, Terms(RuleKind.RISE)) for _ in range(4)))
    assert await choose(database, Terms(RuleKind.RISE)) == {RuleKind.ANY_DROP, RuleKind.RISE}


async def test_nothing_has_a_target_for_everything(sqlite_database: Database) -> None:
    with pytest.raises(BadInput):
        await choose(sqlite_database, Terms(RuleKind.TARGET, amount=rows.rupees("1500")))


@pytest.mark.parametrize(
    ("currency", "expected"),
    [
        pytest.param("INR", {RuleKind.DROP_BY}, id="of the page's currency"),
        pytest.param("EUR", {RuleKind.ANY_DROP}, id="of another: any drop is told rather than nothing"),
    ],
)
async def test_a_drop_by_an_amount_counts_where_the_page_has_its_currency(
    database: Database, currency: str, expected: set[str]
) -> None:
    await choose(database, Terms(RuleKind.DROP_BY, amount=Money(50000, currency)))
    await remove(database, RuleKind.ANY_DROP)
    assert kinds(await begin(database)) == expected


async def test_a_default_that_a_new_thing_meets_already_is_said_at_once(database: Database) -> None:
    terms = Terms(RuleKind.DROP_BY, percent=20, reference=Reference.MEDIAN)
    await choose(database, terms)
    with time_machine.travel(clock.now() - timedelta(days=3), tick=False) as traveller:
        async with database.transaction() as session:
            listing = await rows.listing(session)
        traveller.shift(timedelta(days=2))
        async with database.transaction() as session:
            assert await rows.read(session, listing, "1500")
    begun = await begin(database)
    [met] = begun.met
    assert (met.reason["reference_minor"], met.price) == (199900, rows.rupees("1500"))
    assert not met.rule.is_armed


async def test_a_watch_that_begins_anew_begins_with_the_rules_of_now(database: Database) -> None:
    begun = await begin(database)
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session), begun.watch.id, WatchState.STOPPED)
    await choose(database, Terms(RuleKind.RISE))
    await remove(database, RuleKind.ANY_DROP)
    assert kinds(await begin(database)) == {RuleKind.RISE}
