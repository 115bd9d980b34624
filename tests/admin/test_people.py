"""People as operators find and change them, on both databases."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests import rows
from tests.admin.actors import OWNER, SUPPORT, VIEWER
from tracker import clock
from tracker.admin import audit, people
from tracker.admin.models import AuditEntry, Staff
from tracker.admin.people import Flag
from tracker.admin.roles import Forbidden, Role
from tracker.alerts import service as outbox
from tracker.alerts.models import Alert
from tracker.alerts.owing import owe
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.notices.models import Notice
from tracker.users import service as users
from tracker.users.models import User, UserState
from tracker.watches import service as watches

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
OWNERS = frozenset({OWNER.telegram_id})


async def arrives(session: AsyncSession, telegram_id: int, name: str, username: str | None = None) -> User:
    return await users.arrive(
        session,
        telegram_id,
        first_name=name,
        username=username,
        language_code="en",
        plan=rows.GENEROUS.free.code,
        allowance=rows.GENEROUS.free.allowance,
    )


async def names(session: AsyncSession, **asked: Any) -> Sequence[str]:
    return [user.first_name for user in await people.search(session, VIEWER, **asked)]


async def suspend(session: AsyncSession, user: User, *, until: datetime | None = None) -> User:
    return await people.suspend(session, SUPPORT, user.id, because="spam", until=until, owners=OWNERS)


CALLED = {
    "": ["100% Ravi", "Meera", "Émile", "Ashok", "ASHA"],
    "ash": ["Ashok", "ASHA"],
    "émi": ["Émile"],
    "100%": ["100% Ravi"],
    "%": [],
    "_sha": [],
    "@kettle": ["Meera"],
    "@KETTLE_F": ["Meera"],
    "kettle": ["Meera"],
    "2001": ["ASHA"],
    "200": [],
    "9" * 30: [],
    "Asha@Example.com": ["ASHA"],
    "sha@example.com": [],
}


async def test_people_are_found_by_what_they_are_called(database: Database) -> None:
    async with database.transaction() as session:
        asha = await arrives(session, 2001, "ASHA")
        asha.email = "asha@example.com"
        await arrives(session, 2002, "Ashok")
        await arrives(session, 2003, "Émile")
        await arrives(session, 2004, "Meera", "Kettle_Fan")
        await arrives(session, 2005, "100% Ravi")
    async with database.transaction() as session:
        assert {words: await names(session, words=words) for words in CALLED} == CALLED


async def test_people_are_filtered_and_paged(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as travel:
        async with database.transaction() as session:
            old = await arrives(session, 2001, "Old")
            await suspend(session, old)
        travel.shift(timedelta(days=10))
        async with database.transaction() as session:
            for number in range(2002, 2006):
                await arrives(session, number, f"New {number}")
            (await arrives(session, 2005, "New 2005")).plan = "pro"
        async with database.transaction() as session:
            assert await names(session, state="suspended") == ["Old"]
            assert await names(session, plan="pro") == ["New 2005"]
            since = clock.now() - timedelta(days=7)
            assert len(await names(session, active_since=since)) == 4
            first = await people.search(session, VIEWER, words="new", limit=2)
            second = await people.search(session, VIEWER, words="new", before=first[-1].id, limit=2)
    assert [user.first_name for user in [*first, *second]] == [
        "New 2005", "New 2004", "New 2003", "New 2002"
    ]  # fmt: skip


async def test_a_suspension_stops_checks_and_alerts_until_it_is_over(database: Database) -> None:
    with time_machine.travel(NOW, tick=False) as travel:
        watch = await rows.watch(database, 2001)
        async with database.transaction() as session:
            user = await session.get_one(User, watch.user_id)
            await suspend(session, user, until=clock.now() + timedelta(days=7))
        async with database.transaction() as session:
            listing = await session.get_one(Listing, watch.listing_id)
            assert (listing.next_check_at, listing.watchers) == (None, 0)
            # Neither a word of theirs, nor a block and its end, makes them active.
            await arrives(session, 2001, "Asha")
            for state in (UserState.ACTIVE, UserState.BLOCKED, UserState.ACTIVE):
                await watches.reachable(session, 2001, state)
            assert not await people.end_a_suspension(session)
        async with database.transaction() as session:
            user = await session.get_one(User, watch.user_id)
            assert user.state == UserState.SUSPENDED
        travel.shift(timedelta(days=7))
        async with database.transaction() as session:
            assert await people.end_a_suspension(session)
        async with database.transaction() as session:
            user = await session.get_one(User, watch.user_id)
            assert (user.state, user.suspended_until, user.suspended_because) == ("active", None, None)
            assert (await session.get_one(Listing, watch.listing_id)).next_check_at is not None


async def test_what_was_owed_before_a_suspension_is_not_sent(database: Database) -> None:
    watch = await rows.watch(database, 2001)
    async with database.transaction() as session:
        listing = await session.get_one(Listing, watch.listing_id)
        move = await rows.read(session, listing, "1499")
        assert move is not None
        assert await owe(session, move) == 1
        await suspend(session, await session.get_one(User, watch.user_id))
        lower = await rows.read(session, listing, "999")
        assert lower is not None
        assert await owe(session, lower) == 0
    async with database.transaction() as session:
        [parcel] = await outbox.claim(session, limit=2, lease=timedelta(seconds=30))
        [one] = parcel.told
        assert not one.is_wanted
        await outbox.cancel(session, parcel, parcel.told)
    async with database.transaction() as session:
        alert = await session.get_one(Alert, one.alert.id)
        assert (alert.state, alert.last_error) == ("cancelled", "suspended")


async def test_a_suspension_for_good_ends_by_hand_alone(database: Database) -> None:
    async with database.transaction() as session:
        user = await arrives(session, 2001, "Asha")
        await suspend(session, user)
    with time_machine.travel(clock.now() + timedelta(days=4000)):
        async with database.transaction() as session:
            assert not await people.end_a_suspension(session)
            user = await people.activate(session, SUPPORT, user.id)
            assert user.state == UserState.ACTIVE
            with pytest.raises(BadInput, match=r"person\.not_suspended"):
                await people.activate(session, SUPPORT, user.id)


async def test_who_runs_the_service_is_not_suspended(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        owner = await arrives(session, OWNER.telegram_id, "Owner")
        viewer = await arrives(session, VIEWER.telegram_id, "Viewer")
        await people.change_role(session, OWNER, viewer.id, Role.VIEWER, owners=OWNERS)
        for user in (owner, viewer):
            with pytest.raises(BadInput, match=r"person\.has_a_role"):
                await suspend(session, user)
        await people.change_role(session, OWNER, viewer.id, None, owners=OWNERS)
        await suspend(session, viewer)
        with pytest.raises(BadInput, match=r"person\.no_role_now"):
            await people.change_role(session, OWNER, viewer.id, Role.OWNER, owners=OWNERS)


async def test_roles_are_given_by_owners_and_not_to_oneself(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        owner = await arrives(session, OWNER.telegram_id, "Owner")
        user = await arrives(session, 2001, "Asha")
        await people.change_role(session, OWNER, user.id, Role.SUPPORT, owners=OWNERS)
        assert (await session.get_one(Staff, 2001)).role == "support"
        with pytest.raises(Forbidden):
            await people.change_role(session, SUPPORT, user.id, Role.OWNER, owners=OWNERS)
        with pytest.raises(BadInput, match=r"person\.owner_by_settings"):
            await people.change_role(session, OWNER, owner.id, None, owners=OWNERS)
        with pytest.raises(BadInput, match=r"person\.own_role"):
            await people.change_role(session, OWNER, owner.id, None, owners=())


async def test_a_card_says_what_there_is(database: Database) -> None:
    watch = await rows.watch(database, 2001)
    async with database.transaction() as session:
        await people.note(session, SUPPORT, watch.user_id, "  wrote twice  ")
        await people.write_to(session, SUPPORT, watch.user_id, "Hello")
        await suspend(session, await session.get_one(User, watch.user_id))
        shown = await people.get(session, VIEWER, watch.user_id, owners=OWNERS)
        [notice] = (await session.scalars(select(Notice))).all()
    assert (shown.watches, shown.kept_watches, shown.alerts) == (1, 1, 0)
    assert (shown.role, shown.subscription, shown.paid, shown.payments) == (None, None, (), [])
    assert [note.text for note in shown.notes] == ["wrote twice"]
    assert shown.flags == (Flag.SUSPENDED,)
    assert (notice.chat_id, notice.kind, notice.details) == (2001, "from_the_team", {"text": "Hello"})


async def test_what_is_done_to_a_person_is_written_down_with_it(database: Database) -> None:
    async with database.transaction() as session:
        user = await arrives(session, 2001, "Asha")
        await suspend(session, user)
        await people.activate(session, SUPPORT, user.id)
    with pytest.raises(BadInput):
        async with database.transaction() as session:
            await people.activate(session, SUPPORT, user.id)
    async with database.transaction() as session:
        found = await audit.entries(session, subject=f"user:{user.id}")
        assert [(entry.action, entry.by, entry.role) for entry in found] == [
            ("activate_user", SUPPORT.telegram_id, "support"),
            ("suspend_user", SUPPORT.telegram_id, "support"),
        ]
        assert found[1].details == {"because": "spam", "until": None}


async def test_a_viewer_looks_and_changes_nothing(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        user = await arrives(session, 2001, "Asha")
        await people.get(session, VIEWER, user.id, owners=OWNERS)
        for change in (
            people.suspend(session, VIEWER, user.id, because="spam", until=None, owners=OWNERS),
            people.activate(session, VIEWER, user.id),
            people.note(session, VIEWER, user.id, "x"),
            people.write_to(session, VIEWER, user.id, "x"),
            people.change_role(session, VIEWER, user.id, Role.OWNER, owners=OWNERS),
        ):
            with pytest.raises(Forbidden):
                await change
        assert (await session.scalars(select(AuditEntry))).all() == []


async def test_somebody_unknown_is_nobodys(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        with pytest.raises(NotYours):
            await people.get(session, OWNER, 7, owners=OWNERS)
        with pytest.raises(NotYours):
            await people.suspend(session, OWNER, 7, because="spam", until=None, owners=OWNERS)
