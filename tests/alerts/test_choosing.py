"""Rules as people choose them, on both databases. Time is moved by the test."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update

from tests import rows
from tests.alerts.chosen import choose, limit, reads, remove, target, the_rules
from tracker.alerts import choosing
from tracker.alerts.models import Alert
from tracker.alerts.terms import Again, Limit, Terms
from tracker.catalog import service as catalog
from tracker.catalog.models import Correction, PriceObservation
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.watches import service as watches
from tracker.watches.models import Rearm, Reference, RuleKind, WatchState

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)


@pytest.fixture(autouse=True)
def travel() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


async def test_a_rule_is_set_changed_and_removed(database: Database) -> None:
    watch = await rows.watch(database)
    await choose(database, watch, target("1500"))
    await choose(database, watch, target("1400"))
    await choose(database, watch, Terms(RuleKind.LOWEST, days=90))
    found = await the_rules(database, watch)
    assert found.keys() == {RuleKind.ANY_DROP, RuleKind.TARGET, RuleKind.LOWEST}
    assert found[RuleKind.TARGET].amount == rows.rupees("1400")
    assert found[RuleKind.LOWEST].days == 90
    for kind in (*found, RuleKind.RISE):
        await remove(database, watch, RuleKind(kind))
    assert await the_rules(database, watch) == {}


async def test_a_drop_is_measured_against_the_highest_since_the_last_message_unless_chosen(
    database: Database,
) -> None:
    watch = await rows.watch(database)
    await choose(database, watch, Terms(RuleKind.DROP_BY, percent=10))
    assert (await the_rules(database, watch))[RuleKind.DROP_BY].reference == Reference.HIGHEST
    await choose(database, watch, Terms(RuleKind.DROP_BY, reference=Reference.MEDIAN))
    await choose(database, watch, Terms(RuleKind.DROP_BY, amount=rows.rupees("500")))
    rule = (await the_rules(database, watch))[RuleKind.DROP_BY]
    assert (rule.amount, rule.percent, rule.reference) == (rows.rupees("500"), None, Reference.MEDIAN)


async def test_a_reference_without_a_drop_is_refused_and_leaves_no_rule(database: Database) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        with pytest.raises(BadInput):
            await choosing.choose(
                session,
                await rows.person(session),
                watch.id,
                Terms(RuleKind.DROP_BY, reference=Reference.ADDED),
            )
    assert (await the_rules(database, watch)).keys() == {RuleKind.ANY_DROP}


@pytest.mark.parametrize(
    "terms",
    [
        pytest.param(Terms(RuleKind.TARGET, amount=Money(0, "INR")), id="a target of nothing"),
        pytest.param(Terms(RuleKind.TARGET, amount=Money(-1, "INR")), id="a target below nothing"),
        pytest.param(Terms(RuleKind.TARGET, amount=Money(1500, "USD")), id="a target in another currency"),
        pytest.param(Terms(RuleKind.TARGET), id="a target without a price"),
        pytest.param(Terms(RuleKind.DROP_BY, percent=0), id="no percent"),
        pytest.param(Terms(RuleKind.DROP_BY, percent=100), id="all of it"),
        pytest.param(Terms(RuleKind.DROP_BY, amount=Money(0, "INR")), id="a drop of nothing"),
        pytest.param(Terms(RuleKind.DROP_BY, amount=Money(5, "EUR")), id="a drop in another currency"),
        pytest.param(Terms(RuleKind.DROP_BY), id="a drop of no size"),
        pytest.param(Terms(RuleKind.LOWEST, days=7), id="days that are not offered"),
    ],
)
async def test_terms_that_no_rule_can_have_are_refused(sqlite_database: Database, terms: Terms) -> None:
    watch = await rows.watch(sqlite_database)
    async with sqlite_database.transaction() as session:
        with pytest.raises(BadInput):
            await choosing.choose(session, await rows.person(session), watch.id, terms)
    assert (await the_rules(sqlite_database, watch)).keys() == {RuleKind.ANY_DROP}


async def test_nobody_changes_the_rules_of_somebody_else_nor_of_a_watch_that_was_stopped(
    database: Database,
) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        owner, stranger = await rows.person(session), await rows.person(session, 1002, name="Ravi")
        lamp = await rows.listing(session, "https://shop.example/p/lamp")
        stopped, _ = await watches.watch(session, owner, lamp, chat_id=1001)
        await watches.set_state(session, owner, stopped.id, WatchState.STOPPED)
        for person, watch_id in ((stranger, watch.id), (owner, stopped.id), (owner, 2**62)):
            for call in (
                choosing.choose(session, person, watch_id, Terms(RuleKind.RISE)),
                choosing.set_rearm(session, person, watch_id, RuleKind.ANY_DROP, Again(Rearm.ONCE)),
                choosing.arm_again(session, person, watch_id, RuleKind.ANY_DROP),
                choosing.remove(session, person, watch_id, RuleKind.ANY_DROP),
                choosing.limit(session, person, watch_id, Limit.ONLY_NEW),
            ):
                with pytest.raises(NotYours):
                    await call
    rule = (await the_rules(database, watch))[RuleKind.ANY_DROP]
    assert rule.rearm == Rearm.CROSSING


async def test_two_taps_at_once_set_one_rule(database: Database) -> None:
    watch = await rows.watch(database)
    await asyncio.gather(*(choose(database, watch, Terms(RuleKind.RISE)) for _ in range(4)))
    await asyncio.gather(*(choose(database, watch, target("1500")) for _ in range(4)))
    assert (await the_rules(database, watch)).keys() == {RuleKind.ANY_DROP, RuleKind.RISE, RuleKind.TARGET}


async def test_a_rule_that_is_set_while_a_check_runs_is_told_by_one_of_them(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    for _ in range(4):
        told, chosen = await asyncio.gather(
            reads(database, travel, "1400"), choose(database, watch, target("1500"))
        )
        assert bool(told) != bool(chosen.met)
        assert not (await the_rules(database, watch))[RuleKind.TARGET].is_armed
        await remove(database, watch, RuleKind.TARGET)
        await reads(database, travel, "1900")


async def test_a_target_that_is_met_is_said_at_once_and_again_when_it_was_above(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    chosen = await choose(database, watch, target("2500"))
    assert chosen.met is not None
    assert chosen.met.price == rows.rupees("1999")
    assert chosen.met.reason["target_minor"] == 250000
    assert await reads(database, travel, "1990", "2600", "2400") == ["2400"]


async def test_a_drop_that_is_met_against_the_usual_price_is_said_at_once(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    await reads(database, travel, "1999", "1500", apart=timedelta(days=3))
    terms = Terms(RuleKind.DROP_BY, percent=20, reference=Reference.MEDIAN)
    chosen = await choose(database, watch, terms)
    assert chosen.met is not None
    assert chosen.met.reason["reference_minor"] == 199900
    assert await reads(database, travel, "1490", "1990", "1500") == ["1500"]


async def test_a_drop_that_is_met_against_a_reference_that_moves_is_measured_from_here_then(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    await reads(database, travel, "1500")
    chosen = await choose(database, watch, Terms(RuleKind.DROP_BY, percent=10))
    assert chosen.met is not None
    assert chosen.met.reason["reference_minor"] == 199900
    assert await reads(database, travel, "1400", "1350", "1340") == ["1350"]


async def test_a_rule_is_not_met_while_nothing_is_for_sale(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await remove(database, watch)
    await reads(database, travel, None)
    assert (await choose(database, watch, target("2500"))).met is None
    assert await reads(database, travel, "1999") == ["1999"]


async def test_a_rule_is_not_met_by_a_reading_that_was_struck(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    await reads(database, travel, "1500")
    async with database.transaction() as session:
        person = await rows.person(session)
        correction = Correction(
            user_id=person.id, listing_id=watch.listing_id, chat_id=1001, due_at=NOW, asked_at=NOW
        )
        session.add(correction)
        await session.flush()
        await session.execute(
            update(PriceObservation)
            .where(PriceObservation.price_minor == 150000)
            .values(correction_id=correction.id)
        )
    assert (await choose(database, watch, target("1600"))).met is None


async def test_a_rule_is_not_met_by_an_offer_that_the_person_does_not_want(database: Database) -> None:
    watch = await rows.watch(database)
    await limit(database, watch, Limit.ONLY_NEW)
    async with database.transaction() as session:
        await session.execute(update(PriceObservation).values(is_used=True))
    assert (await choose(database, watch, target("2500"))).met is None


@pytest.mark.parametrize(
    ("terms", "is_questioned"),
    [
        pytest.param(target("1"), True, id="a rupee"),
        pytest.param(target("259.99"), True, id="below a fifth of both"),
        pytest.param(target("260"), False, id="a fifth of the lowest"),
        pytest.param(target("300"), False, id="a fifth of the price, but not of the lowest"),
        pytest.param(target("3000"), False, id="above the price"),
        pytest.param(Terms(RuleKind.DROP_BY, percent=90), True, id="ninety percent"),
        pytest.param(Terms(RuleKind.DROP_BY, percent=89), False, id="less than ninety percent"),
        pytest.param(Terms(RuleKind.DROP_BY, amount=rows.rupees("1800")), True, id="nine tenths"),
        pytest.param(Terms(RuleKind.DROP_BY, amount=rows.rupees("5000")), True, id="more than it costs"),
        pytest.param(Terms(RuleKind.DROP_BY, amount=rows.rupees("1799")), False, id="less than nine tenths"),
    ],
)
async def test_a_wish_that_can_hardly_come_true_is_questioned(
    sqlite_database: Database, travel: time_machine.Traveller, terms: Terms, is_questioned: bool
) -> None:
    watch = await rows.watch(sqlite_database, price="2000")
    await reads(sqlite_database, travel, "1300", "2000")
    async with sqlite_database.transaction() as session:
        owned = await watches.owned(session, await rows.person(session), watch.id)
        assert (await choosing.unlikely(session, owned, terms) is not None) == is_questioned


async def test_what_is_chosen_of_sellers_condition_and_hurry_is_kept(database: Database) -> None:
    watch = await rows.watch(database)
    with pytest.raises(BadInput):
        await limit(database, watch, Limit.ONE_SELLER)
    async with database.transaction() as session:
        (await watches.owned(session, await rows.person(session), watch.id)).listing.seller = "Cloudtail"
    for chosen in (Limit.ONE_SELLER, Limit.ONLY_NEW, Limit.AT_ONCE, Limit.AT_ONCE):
        watch = await limit(database, watch, chosen)
    assert (watch.only_seller, watch.is_only_new, watch.is_always_at_once) == ("Cloudtail", True, True)
    for chosen in (Limit.ANY_SELLER, Limit.USED_TOO, Limit.IN_TURN):
        watch = await limit(database, watch, chosen)
    assert (watch.only_seller, watch.is_only_new, watch.is_always_at_once) == (None, False, False)


async def test_the_references_and_lows_of_now_are_known(
    database: Database, travel: time_machine.Traveller
) -> None:
    watch = await rows.watch(database)
    assert await reads(database, travel, "1500", "1700") == ["1500"]
    async with database.transaction() as session:
        owned = await watches.owned(session, await rows.person(session), watch.id)
        known = await choosing.known(session, owned)
        assert (await session.scalars(select(Alert))).one().now == rows.rupees("1500")
    assert known.references[Reference.ADDED] == rows.rupees("1999")
    assert known.references[Reference.LAST_ALERT] == rows.rupees("1500")
    assert known.references[Reference.HIGHEST] == rows.rupees("1700")
    assert known.references[Reference.MEDIAN] in (rows.rupees("1999"), rows.rupees("1500"))
    lowest = known.lowest[None]
    assert lowest is not None
    assert lowest.price == rows.rupees("1500")


async def test_a_listing_that_was_never_read_knows_nothing_and_takes_a_target(database: Database) -> None:
    async with database.transaction() as session:
        person = await rows.person(session)
        listing = await catalog.list_offer(
            session, rows.URL, rows.offer(None, availability=Availability.UNKNOWN)
        )
        begun = await choosing.begin(session, person, listing, chat_id=1001)
        known = await choosing.known(session, begun.watch)
        assert await choosing.unlikely(session, begun.watch, target("1")) is None
    assert set(known.references.values()) == {None}
    assert (await choose(database, begun.watch, target("1500"))).met is None
