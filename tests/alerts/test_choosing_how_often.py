"""How often a chosen rule is told, and arming it again, on both databases. Time is moved by the test."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from tests import rows
from tests.alerts.chosen import choose, reads, rearm, remove, target, the_rules
from tracker.alerts import choosing
from tracker.alerts.terms import Again, Terms
from tracker.database import Database
from tracker.errors import BadInput
from tracker.watches.models import Rearm, Reference, RuleKind


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(datetime(2026, 11, 24, 6, tzinfo=UTC), tick=False) as traveller:
        yield traveller


@pytest.mark.parametrize(
    ("again", "prices", "told"),
    [
        pytest.param(Again(Rearm.ONCE), ["1400", "1600", "1300"], ["1400"], id="once"),
        pytest.param(
            Again(Rearm.CROSSING), ["1400", "1300", "1600", "1350"], ["1400", "1350"], id="crossing"
        ),
        pytest.param(Again(Rearm.FURTHER), ["1400", "1300", "1350"], ["1400", "1300"], id="further"),
        pytest.param(
            Again(Rearm.HOURS, 6),
            ["1400", "1390", "1380", "1370", "1360", "1350", "1340"],
            ["1400", "1340"],
            id="not before six hours",
        ),
    ],
)
async def test_a_target_is_told_again_as_chosen(
    sqlite_database: Database,
    travel: time_machine.Traveller,
    again: Again,
    prices: list[str],
    told: list[str],
) -> None:
    watch = await rows.watch(sqlite_database)
    await remove(sqlite_database, watch)
    await choose(sqlite_database, watch, target("1500"))
    await rearm(sqlite_database, watch, RuleKind.TARGET, again)
    assert await reads(sqlite_database, travel, *prices) == told


async def test_a_new_price_keeps_how_a_target_is_told_again(database: Database) -> None:
    watch = await rows.watch(database)
    await choose(database, watch, target("1500"))
    await rearm(database, watch, RuleKind.TARGET, Again(Rearm.HOURS, 24))
    await choose(database, watch, target("1400"))
    rule = (await the_rules(database, watch))[RuleKind.TARGET]
    assert (rule.rearm, rule.rearm_hours) == (Rearm.HOURS, 24)


@pytest.mark.parametrize(
    ("terms", "again"),
    [
        pytest.param(Terms(RuleKind.RISE), Again(Rearm.FURTHER), id="a rise knows no further low"),
        pytest.param(Terms(RuleKind.DROP_BY, percent=9), Again(Rearm.FURTHER), id="nor what moves anyway"),
        pytest.param(Terms(RuleKind.RISE), Again(Rearm.HOURS, 2), id="hours that are not offered"),
        pytest.param(Terms(RuleKind.RISE), Again(Rearm.HOURS), id="hours without a number"),
    ],
)
async def test_a_way_of_being_told_again_that_means_nothing_is_refused(
    sqlite_database: Database, terms: Terms, again: Again
) -> None:
    watch = await rows.watch(sqlite_database)
    await choose(sqlite_database, watch, terms)
    with pytest.raises(BadInput):
        await rearm(sqlite_database, watch, terms.kind, again)
    with pytest.raises(BadInput):
        await rearm(sqlite_database, watch, RuleKind.OUT_OF_STOCK, Again(Rearm.ONCE))


async def test_every_further_low_becomes_every_time_when_the_reference_moves_by_itself(
    database: Database,
) -> None:
    watch = await rows.watch(database)
    await choose(database, watch, Terms(RuleKind.DROP_BY, percent=10, reference=Reference.ADDED))
    await rearm(database, watch, RuleKind.DROP_BY, Again(Rearm.FURTHER))
    await choose(database, watch, Terms(RuleKind.DROP_BY, reference=Reference.HIGHEST))
    assert (await the_rules(database, watch))[RuleKind.DROP_BY].rearm == Rearm.CROSSING


@pytest.mark.parametrize(
    ("again", "prices", "told"),
    [
        pytest.param(Again(Rearm.ONCE), ["1450", "1600", "1400", "1600", "1300"], ["1400"], id="once"),
        pytest.param(Again(Rearm.HOURS, 6), ["1450"], [], id="hours"),
        pytest.param(Again(Rearm.FURTHER), ["1490", "1500"], ["1490"], id="further"),
        pytest.param(Again(Rearm.CROSSING), ["1490", "1600", "1480"], ["1480"], id="crossing"),
    ],
)
async def test_what_was_said_is_not_said_again_by_choosing_how_often(
    sqlite_database: Database,
    travel: time_machine.Traveller,
    again: Again,
    prices: list[str],
    told: list[str],
) -> None:
    watch = await rows.watch(sqlite_database)
    await remove(sqlite_database, watch)
    await choose(sqlite_database, watch, target("1500"))
    assert await reads(sqlite_database, travel, "1499") == ["1499"]
    await rearm(sqlite_database, watch, RuleKind.TARGET, Again(Rearm.ONCE))
    await rearm(sqlite_database, watch, RuleKind.TARGET, again)
    assert await reads(sqlite_database, travel, *prices) == told


async def test_a_rule_that_was_said_once_is_armed_again_for_the_next_time(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    await choose(database, watch, target("1500"))
    await rearm(database, watch, RuleKind.TARGET, Again(Rearm.ONCE))
    assert await reads(database, travel, "1400", "1600", "1450") == ["1400"]
    for _ in range(2):
        async with database.transaction() as session:
            await choosing.arm_again(session, await rows.person(session), watch.id, RuleKind.TARGET)
    # It is at ₹1,450 in the moment of arming: the next time is after it was above.
    assert await reads(database, travel, "1440", "1600", "1430", "1600", "1420") == ["1430"]


async def test_arming_a_rule_again_above_its_target_waits_for_no_detour(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    await choose(database, watch, target("1500"))
    await rearm(database, watch, RuleKind.TARGET, Again(Rearm.ONCE))
    assert await reads(database, travel, "1400", "1600") == ["1400"]
    async with database.transaction() as session:
        await choosing.arm_again(session, await rows.person(session), watch.id, RuleKind.TARGET)
    assert await reads(database, travel, "1450") == ["1450"]
