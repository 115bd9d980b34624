"""Each alarm begins, is told once, and ends; on both databases."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from tests import rows
from tests.admin.actors import SUPPORT, VIEWER
from tracker.admin import alarms, audit
from tracker.admin.alarms import Disk, Kind, digest_of
from tracker.admin.models import Alarm, Staff
from tracker.admin.roles import Forbidden, Role
from tracker.alerts.models import Alert
from tracker.alerts.owing import owe
from tracker.billing.models import Checkout, LedgerEntry, Payment, PaymentState, Provider
from tracker.catalog import stores
from tracker.catalog.models import CheckTally, MissedPromise, StoreState
from tracker.catalog.move import Check
from tracker.catalog.move import Kind as Ended
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.inbox import service as inbox
from tracker.inbox.models import WebhookEvent
from tracker.notices.models import Notice
from tracker.vitals import Gone, Readings, Worker
from tracker.watches import service as watches

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
OWNERS = frozenset({1001})
GIGABYTE = 1024**3
WELL, ROOMY = (
    Readings(milliseconds=1, workers=(Worker("one", "1", NOW),)),
    Disk("here", 50 * GIGABYTE, 100 * GIGABYTE),
)


async def look(database: Database, readings: Readings = WELL, disk: Disk = ROOMY) -> list[str]:
    """Look once, and return what is told of it, each to one person."""
    async with database.transaction() as session:
        before = set(await session.scalars(select(Notice.id)))
        await alarms.watch(session, readings, disk, OWNERS)
    async with database.transaction() as session:
        fresh = [notice for notice in await session.scalars(select(Notice)) if notice.id not in before]
    assert {notice.chat_id for notice in fresh} <= {1001, 1002}
    return [f"{notice.kind} {notice.details['alarm']['kind']}" for notice in fresh if notice.chat_id == 1001]


async def with_staff(database: Database) -> None:
    async with database.transaction() as session:
        session.add(Staff(telegram_id=1002, role=Role.VIEWER, given_by=1001, given_at=NOW))


Step = Callable[[AsyncSession], Awaitable[object]]


async def a_held_payment(session: AsyncSession) -> None:
    session.add(
        Payment(
            provider=Provider.RAZORPAY,
            provider_id="pay_1",
            amount_minor=19900,
            currency="INR",
            state=PaymentState.CAPTURED,
            held_because="amount",
            created_at=NOW - 2 * HOUR,
        )
    )


async def an_unbalanced_posting(session: AsyncSession) -> None:
    for account, amount in (("sales", 100), ("held", -99)):
        session.add(
            LedgerEntry(posting="odd", account=account, amount_minor=amount, currency="INR", created_at=NOW)
        )


async def an_unanswered_checkout(session: AsyncSession) -> None:
    person = await rows.person(session)
    session.add(
        Checkout(
            reference="r1",
            user_id=person.id,
            chat_id=1001,
            provider=Provider.RAZORPAY,
            plan="pro",
            period="month",
            is_change=False,
            amount_minor=19900,
            currency="INR",
            quote={},
            credited=[],
            provider_id="plink_1",
            created_at=NOW - 4 * HOUR,
            expires_at=NOW - 3 * HOUR,
        )
    )


async def three_refusals(session: AsyncSession) -> None:
    for _ in range(3):
        await stores.answered(session, "shop.example", Check(NOW, "captcha", kind=Ended.BLOCKED))


async def one_answer(session: AsyncSession) -> None:
    await stores.answered(session, "shop.example", Check(NOW, "offer", kind=Ended.OFFER))
    # What people are told of it is said meanwhile.
    (await session.get_one(StoreState, "shop.example")).refused_since = None


async def many_broken_promises(session: AsyncSession) -> None:
    listing = await rows.listing(session)
    session.add(
        CheckTally(hour=NOW, store="shop.example", outcome="offer", checks=100, drops=0, milliseconds=0)
    )
    for number in range(6):
        session.add(
            MissedPromise(
                listing_id=listing.id, store="shop.example", plan="pro", promised_at=NOW - number * MINUTE
            )
        )


async def an_alert_that_nobody_takes(session: AsyncSession) -> None:
    listing = await rows.listing(session)
    person = await rows.person(session)
    await watches.watch(session, person, listing, chat_id=1001)
    move = await rows.read(session, listing, "1499")
    assert move is not None
    await owe(session, move)
    await session.execute(update(Alert).values(due_at=NOW - 6 * MINUTE))


async def an_event_that_nobody_takes(session: AsyncSession) -> None:
    await inbox.receive(session, "razorpay", "one", b"{}")
    await session.execute(update(WebhookEvent).values(received_at=NOW - 6 * MINUTE))


@pytest.mark.parametrize(
    ("kind", "begin", "end"),
    [
        (Kind.PAYMENTS, a_held_payment, lambda s: s.execute(update(Payment).values(held_because=None))),
        (Kind.LEDGER, an_unbalanced_posting, lambda s: s.execute(delete(LedgerEntry))),
        (
            Kind.WEBHOOKS,
            an_unanswered_checkout,
            lambda s: inbox.receive(s, "razorpay", "one", b"{}"),
        ),
        (Kind.STORE, three_refusals, one_answer),
        (Kind.PROMISE, many_broken_promises, lambda s: s.execute(delete(MissedPromise))),
        (Kind.QUEUE, an_alert_that_nobody_takes, lambda s: s.execute(update(Alert).values(state="sent"))),
        (
            Kind.QUEUE,
            an_event_that_nobody_takes,
            lambda s: s.execute(update(WebhookEvent).values(state="applied")),
        ),
    ],
    ids=["payments", "ledger", "webhooks", "store", "promise", "alerts", "events"],
)
async def test_an_alarm_begins_is_told_once_and_ends(
    kind: Kind, begin: Step, end: Step, database: Database
) -> None:
    await with_staff(database)
    with time_machine.travel(NOW, tick=False) as clock:
        assert await look(database) == []
        async with database.transaction() as session:
            await begin(session)
        assert await look(database) == [f"alarm_began {kind}"]
        assert await look(database) == []
        async with database.transaction() as session:
            await end(session)
        assert await look(database) == []
        clock.shift(5 * MINUTE)
        assert await look(database) == [f"alarm_ended {kind}"]
        assert await look(database) == []
    async with database.transaction() as session:
        assert len((await session.scalars(select(Notice).where(Notice.chat_id == 1002))).all()) == 2


@pytest.mark.parametrize(
    ("kind", "ill", "nearly_full"),
    [
        (Kind.WORKER, Readings(milliseconds=1, gone=(Gone("host:7", NOW - HOUR),)), ROOMY),
        (
            Kind.ERRORS,
            Readings(milliseconds=1, workers=(Worker("1", "1", NOW, recently_done=990, recently_failed=10),)),
            ROOMY,
        ),
        (Kind.DISK, WELL, Disk("here", 9 * GIGABYTE, 100 * GIGABYTE)),
        (Kind.DISK, WELL, Disk("here", GIGABYTE - 1, 2 * GIGABYTE)),
    ],
    ids=["worker", "errors", "a tenth of the disk", "a gigabyte of the disk"],
)
async def test_an_alarm_of_what_is_not_in_the_database(
    kind: Kind, ill: Readings, nearly_full: Disk, sqlite_database: Database
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        assert await look(sqlite_database, ill, nearly_full) == [f"alarm_began {kind}"]
        clock.shift(MINUTE)
        assert await look(sqlite_database, ill, nearly_full) == []
        assert await look(sqlite_database) == []
        clock.shift(6 * MINUTE)
        assert await look(sqlite_database, disk=Disk("elsewhere", 1, 1), readings=Readings()) == [
            "alarm_began disk"
        ]
        assert await look(sqlite_database) == [f"alarm_ended {kind}"]


@pytest.mark.parametrize(("failed", "done"), [(9, 0), (10, 10_000)], ids=["few", "a small part of many"])
async def test_a_few_errors_are_no_alarm(failed: int, done: int, sqlite_database: Database) -> None:
    worker = Worker("1", "1", NOW, recently_done=done, recently_failed=failed)
    assert await look(sqlite_database, Readings(milliseconds=1, workers=(worker,))) == []


async def test_what_comes_and_goes_is_one_alarm_and_what_lasts_is_told_each_day(database: Database) -> None:
    full = Disk("here", 1, GIGABYTE)
    with time_machine.travel(NOW, tick=False) as clock:
        assert await look(database, disk=full) == ["alarm_began disk"]
        for _ in range(4):
            clock.shift(3 * MINUTE)
            assert await look(database) == []
            clock.shift(3 * MINUTE)
            assert await look(database, disk=full) == []
        clock.shift(DAY)
        assert await look(database, disk=full) == ["alarm_goes_on disk"]
        assert await look(database, disk=full) == []
        assert await look(database) == []
        clock.shift(HOUR)
        assert await look(database) == ["alarm_ended disk"]
        assert await look(database, disk=full) == ["alarm_began disk"]


async def test_an_alarm_is_silenced_for_a_while_and_told_if_it_lasts_longer(database: Database) -> None:
    full = Disk("here", 1, GIGABYTE)
    with time_machine.travel(NOW, tick=False) as clock:
        await look(database, disk=full)
        async with database.transaction() as session:
            (alarm,) = await alarms.active(session, VIEWER)
            await alarms.silence(session, SUPPORT, digest_of(alarm.key), 1)
            (done,) = await audit.entries(session, action="silence_alarm")
            assert (done.subject, done.details) == ("alarm:disk:here", {"hours": 1})
        assert await look(database) == []
        clock.shift(10 * MINUTE)
        assert await look(database) == []
        async with database.transaction() as session:
            assert await alarms.active(session, VIEWER) == []
        assert await look(database, disk=full) == []
        clock.shift(HOUR)
        assert await look(database, disk=full) == ["alarm_goes_on disk"]


async def test_only_an_alarm_that_lasts_can_be_silenced_and_not_for_ever(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        session.add(Alarm(key="disk:here", since=NOW, ended_at=NOW, details={"kind": "disk"}))
        await session.flush()
        with pytest.raises(NotYours):
            await alarms.silence(session, SUPPORT, digest_of("disk:here"), 1)
        with pytest.raises(BadInput):
            await alarms.silence(session, SUPPORT, digest_of("disk:here"), 1000)
        with pytest.raises(Forbidden):
            await alarms.silence(session, VIEWER, digest_of("disk:here"), 1)
