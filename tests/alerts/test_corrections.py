"""What a corrected price means for watchers: no false alert is said any more, and those said are excused."""

from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload

from tests import rows
from tests.catalog.test_corrections import asked, choice, observe
from tests.rows import rupees
from tracker import clock
from tracker.alerts import corrections, service
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import owe
from tracker.catalog.belief import Bands
from tracker.catalog.models import Listing, PriceObservation
from tracker.catalog.move import Check
from tracker.catalog.recording import Checking, record
from tracker.database import Database
from tracker.stores.offer import Evidence
from tracker.users.models import User
from tracker.watches.models import AlertRule, Rearm, RuleKind, Watch, WatchState

BELIEVE_ALL = Checking(timedelta(hours=1), bands=Bands(hold_below=0.001, reject_below=0.0001))
"""As when a wrong reading has passed every doubt."""


async def falls(database: Database, price: str) -> None:
    """A wrong reading that is believed, with the alerts that it owes."""
    offer = replace(rows.offer(price), evidence=(Evidence("test", price), Evidence("visible", price)))
    async with database.transaction() as session:
        listing = (await session.scalars(select(Listing))).one()
        move = await record(session, listing.id, Check(clock.now(), "offer", offer), BELIEVE_ALL)
        assert move is not None
        await owe(session, move)


async def deliver(database: Database) -> None:
    async with database.transaction() as session:
        for parcel in await service.claim(session, limit=10, lease=timedelta(seconds=30)):
            await service.sent(session, parcel, 7)


async def correct(database: Database, amount: str | None, telegram_id: int = 1001) -> int:
    """A person shows the right price, or none; returns how many alerts are owed by it."""
    async with database.transaction() as session:
        user = (await session.scalars(select(User).where(User.telegram_id == telegram_id))).one()
        listing = (await session.scalars(select(Listing))).one()
        question = await asked(session, user, listing, choice(amount or "999"))
        moment = int(question.asked_at.timestamp())
        chosen = None if amount is None else 0
        done, owed = await corrections.decide(session, user, question.id, asked=moment, chosen=chosen)
        assert done.correction.id == question.id
    return owed


async def alerts_of(session: AsyncSession, watch: Watch) -> list[Alert]:
    return list(await session.scalars(select(Alert).where(Alert.watch_id == watch.id).order_by(Alert.id)))


async def now_of(session: AsyncSession, watch: Watch) -> Watch:
    found = await session.scalars(
        select(Watch).where(Watch.id == watch.id).options(selectinload(Watch.rules))
    )
    return found.one()


@pytest.fixture
async def asha(database: Database) -> Watch:
    return await rows.watch(database, 1001)


@pytest.fixture
async def ravi(database: Database, asha: Watch) -> Watch:
    return await rows.watch(database, 1002)


async def test_an_alert_that_was_not_said_yet_is_never_said(database: Database, asha: Watch) -> None:
    await falls(database, "149")
    assert await correct(database, "1999") == 0
    async with database.transaction() as session:
        [alert] = await alerts_of(session, asha)
        assert (alert.state, alert.last_error) == (AlertState.CANCELLED, "wrong reading")
        assert await service.claim(session, limit=10, lease=timedelta(seconds=30)) == []


@pytest.mark.parametrize("right", ["1999", None], ids=["right-price-known", "none-right"])
async def test_everybody_who_was_told_is_excused_once(
    right: str | None, database: Database, asha: Watch, ravi: Watch
) -> None:
    await falls(database, "159")
    await falls(database, "149")
    await deliver(database)
    await deliver(database)
    assert await correct(database, right) == 2
    async with database.transaction() as session:
        for watch in (asha, ravi):
            *false, excuse = await alerts_of(session, watch)
            assert [alert.state for alert in false] == [AlertState.SENT, AlertState.SENT]
            marked = {alert.correction_id for alert in false}
            assert (len(marked) == 1 and None not in marked) is (right is not None)
            assert excuse.reasons == [{"kind": "corrected", "wrong_minor": 14900}]
            expected = rupees("1999") if right else rupees("159")
            assert excuse.now == expected
            assert (excuse.before, excuse.state) == (None, AlertState.DUE)


async def test_who_was_not_told_is_not_excused(database: Database, asha: Watch) -> None:
    await falls(database, "149")
    await deliver(database)
    meera = await rows.watch(database, 1003)
    assert await correct(database, "1999") == 1
    async with database.transaction() as session:
        assert await alerts_of(session, meera) == []


async def test_a_paused_watch_is_excused_and_a_stopped_one_is_not(
    database: Database, asha: Watch, ravi: Watch
) -> None:
    await falls(database, "149")
    await deliver(database)
    async with database.transaction() as session:
        for watch, state in ((asha, WatchState.PAUSED), (ravi, WatchState.STOPPED)):
            await session.execute(update(Watch).where(Watch.id == watch.id).values(state=state))
    assert await correct(database, "1999") == 1
    async with database.transaction() as session:
        assert len(await alerts_of(session, asha)) == 2
        assert len(await alerts_of(session, ravi)) == 1


async def test_an_alert_that_is_being_said_is_not_said_twice_and_is_excused(
    database: Database, asha: Watch
) -> None:
    await falls(database, "149")
    async with database.transaction() as session:
        [parcel] = await service.claim(session, limit=10, lease=timedelta(seconds=30))
    assert await correct(database, "1999") == 1
    async with database.transaction() as session:
        await service.try_again(session, parcel, after=timedelta(0), error="timeout")
        false, excuse = await alerts_of(session, asha)
        assert (false.state, excuse.state) == (AlertState.CANCELLED, AlertState.DUE)


async def test_a_rule_that_a_wrong_reading_fired_fires_again_when_it_is_true(
    database: Database, asha: Watch
) -> None:
    async with database.transaction() as session:
        await session.execute(update(AlertRule).values(kind=RuleKind.LOWEST, rearm=Rearm.ONCE))
    await falls(database, "149")
    await deliver(database)
    async with database.transaction() as session:
        [rule] = (await now_of(session, asha)).rules
        assert rule.fired_minor == 14900
    await correct(database, "1999")
    async with database.transaction() as session:
        watch = await now_of(session, asha)
        [rule] = watch.rules
        assert (rule.is_armed, rule.fired_at, rule.fired_minor) == (True, None, None)
        assert (watch.last_alert_minor, watch.high_minor) == (199900, 199900)
    await falls(database, "1799")
    async with database.transaction() as session:
        *_, alert = await alerts_of(session, asha)
        assert [reason["kind"] for reason in alert.reasons] == ["lowest"]
        assert alert.reasons[0]["was_minor"] == 199900


async def test_a_rule_that_fired_on_a_good_reading_stays_as_it_was(database: Database, asha: Watch) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        await falls(database, "1899")
        await deliver(database)
        time.shift(timedelta(hours=1))
        async with database.transaction() as session:
            [rule] = (await now_of(session, asha)).rules
            fired_at = rule.fired_at
            assert fired_at is not None
            listing = (await session.scalars(select(Listing))).one()
            await observe(session, listing, "149")
        await correct(database, "1899")
        async with database.transaction() as session:
            watch = await now_of(session, asha)
            assert (watch.rules[0].fired_at, watch.last_alert_minor) == (fired_at, 189900)


async def test_a_watch_that_began_at_the_wrong_price_begins_at_the_right_one(
    database: Database, asha: Watch
) -> None:
    await correct(database, "2499")
    async with database.transaction() as session:
        watch = await now_of(session, asha)
        assert watch.start_price == rupees("2499")
        assert watch.high_minor == 249900


async def test_a_target_that_only_the_right_price_meets_is_told_with_it(
    database: Database, asha: Watch, ravi: Watch
) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(AlertRule)
            .where(AlertRule.watch_id == ravi.id)
            .values(kind=RuleKind.TARGET, amount_minor=150000, currency="INR")
        )
    assert await correct(database, "1499") == 1
    async with database.transaction() as session:
        assert await alerts_of(session, asha) == []
        [alert] = await alerts_of(session, ravi)
        assert [reason["kind"] for reason in alert.reasons] == ["target"]
        assert alert.now == rupees("1499")


async def test_an_excuse_and_a_target_met_are_one_message(database: Database, asha: Watch) -> None:
    async with database.transaction() as session:
        await session.execute(
            update(AlertRule).values(kind=RuleKind.TARGET, amount_minor=200000, currency="INR", is_armed=True)
        )
    await falls(database, "149")
    await deliver(database)
    assert await correct(database, "1899") == 1
    async with database.transaction() as session:
        _, alert = await alerts_of(session, asha)
        assert [reason["kind"] for reason in alert.reasons] == ["corrected", "target"]


async def test_another_listings_watchers_see_nothing_of_it(database: Database, asha: Watch) -> None:
    other = await rows.watch(database, 1002, f"{rows.URL}-2")
    async with database.transaction() as session:
        listing = await session.get_one(Listing, asha.listing_id)
        user = await session.get_one(User, asha.user_id)
        before = await now_of(session, other)
        known = (before.high_minor, before.start_minor, [rule.is_armed for rule in before.rules])
        question = await asked(session, user, listing, choice("1499"))
        moment = int(question.asked_at.timestamp())
        await corrections.decide(session, user, question.id, asked=moment, chosen=0)
    async with database.transaction() as session:
        after = await now_of(session, other)
        assert (after.high_minor, after.start_minor, [rule.is_armed for rule in after.rules]) == known
        assert await alerts_of(session, other) == []


async def test_an_undone_correction_says_of_no_alert_that_it_was_wrong(
    database: Database, asha: Watch
) -> None:
    await falls(database, "149")
    await deliver(database)
    await correct(database, "1999")
    async with database.transaction() as session:
        struck = (await session.scalars(select(PriceObservation.correction_id).distinct())).all()
        [correction_id] = [found for found in struck if found is not None]
        listing = await corrections.undo(session, correction_id)
        assert listing.price == rupees("149")
        assert [alert.correction_id for alert in await alerts_of(session, asha)] == [None, None]
