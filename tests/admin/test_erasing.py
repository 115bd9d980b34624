"""A person is deleted: what names them goes, what the law wants stays, and no trial is taken twice."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from tests import rows
from tests.admin.actors import OWNER, SUPPORT
from tests.billing.money import BILLING, all_of, apply, check_books, link, paid
from tracker import clock
from tracker.admin import audit, erasing, people
from tracker.admin.models import UserNote
from tracker.admin.roles import Forbidden, Role
from tracker.alerts.models import Alert, AlertPreferences
from tracker.alerts.owing import owe
from tracker.billing import referrals, subscriptions
from tracker.billing.models import BillingDetails, Invoice, LedgerEntry, Payment, Subscription, Trial
from tracker.billing.plans import DEFAULT
from tracker.catalog import service as catalog
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.notices.models import Notice
from tracker.users.models import User, UserState
from tracker.watches.models import AlertRule, Watch

PERSON = 1001
"""Of `tests.billing.money`; the owner of these tests is another."""
OWNERS = frozenset({9001})


async def test_what_names_a_person_goes_and_what_was_paid_stays(database: Database) -> None:
    watch = await rows.watch(database, PERSON)
    async with database.transaction() as session:
        user = await session.get_one(User, watch.user_id)
        user.username, user.email, user.email_verified_at = "asha", "asha@example.com", clock.now()
        session.add(BillingDetails(user_id=user.id, name="Asha Rao", address="1 Road, Pune", state="27"))
        session.add(AlertPreferences(user_id=user.id))
        await people.note(session, SUPPORT, user.id, "a note")
        listing = await catalog.by_url(session, rows.URL)
        assert listing is not None
        move = await rows.read(session, listing, "1499")
        assert move is not None
        await owe(session, move)
        checkout = await link(session)
    await apply(database, paid(checkout))
    async with database.transaction() as session:
        shown = await erasing.effect(session, OWNER, watch.user_id, owners=OWNERS)
        assert (shown.watches, shown.payments, shown.is_paid_for) == (1, 1, True)
        await erasing.erase(session, BILLING.plans, OWNER, watch.user_id, owners=OWNERS)
    async with database.transaction() as session:
        gone = await session.get_one(User, watch.user_id)
        assert (gone.first_name, gone.name_key, gone.username, gone.email) == ("", "", None, None)
        assert (gone.state, gone.plan) == (UserState.DEACTIVATED, "free")
        assert gone.telegram_id < -(2**52)
        for table in (Watch, AlertRule, Alert, AlertPreferences, UserNote, BillingDetails, Notice):
            assert await session.scalar(select(func.count()).select_from(table)) == 0, table
        [invoice] = (await session.scalars(select(Invoice))).all()
        assert invoice.facts["buyer"] | {"state": None} == {
            "name": "", "address": None, "state": None, "gstin": None, "telegram_id": 0
        }  # fmt: skip
        [payment] = (await session.scalars(select(Payment))).all()
        assert (payment.user_id, payment.state) == (gone.id, "captured")
        [subscription] = (await session.scalars(select(Subscription))).all()
        assert (subscription.plan, subscription.state, subscription.due_at) == ("free", "lapsed", None)
        assert (await session.scalars(select(Listing.next_check_at))).all() == [None]
        [entry] = await audit.entries(session, action="delete_user")
        assert (entry.subject, entry.details) == (f"user:{gone.id}", {})
        with pytest.raises(NotYours):
            await erasing.erase(session, BILLING.plans, OWNER, gone.id, owners=OWNERS)
    assert await all_of(database, LedgerEntry)
    await check_books(database)


async def test_whoever_comes_back_is_somebody_new_who_has_had_the_trial(database: Database) -> None:
    async with database.transaction() as session:
        first = await rows.arrive(session, PERSON, plans=DEFAULT)
        await referrals.start_trial(session, DEFAULT, first)
    async with database.transaction() as session:
        await erasing.erase(session, DEFAULT, OWNER, first.id, owners=OWNERS)
    async with database.transaction() as session:
        again = await rows.arrive(session, PERSON, plans=DEFAULT)
        assert again.id != first.id
        assert again.plan == "free"
        with pytest.raises(BadInput):
            await referrals.start_trial(session, DEFAULT, again)
        assert await session.get(Trial, PERSON) is not None


async def test_nobody_is_deleted_while_their_money_is_under_way(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        checkout = await link(session)
    await apply(sqlite_database, paid(checkout, amount=100))
    async with sqlite_database.transaction() as session:
        with pytest.raises(BadInput, match=r"person\.money_under_way"):
            await erasing.erase(session, BILLING.plans, OWNER, checkout.user_id, owners=OWNERS)


async def test_only_an_owner_deletes_and_nobody_with_a_role(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        user = await rows.arrive(session, 2001, plans=DEFAULT)
        with pytest.raises(Forbidden):
            await erasing.erase(session, DEFAULT, SUPPORT, user.id, owners=OWNERS)
        with pytest.raises(Forbidden):
            await erasing.effect(session, SUPPORT, user.id, owners=OWNERS)
        await people.change_role(session, OWNER, user.id, Role.VIEWER, owners=OWNERS)
        with pytest.raises(BadInput, match=r"person\.has_a_role"):
            await erasing.erase(session, DEFAULT, OWNER, user.id, owners=OWNERS)


async def test_a_plan_that_was_over_yesterday_has_no_grace_after_it(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        checkout = await link(session)
    await apply(sqlite_database, paid(checkout))
    async with sqlite_database.transaction() as session:
        user = await subscriptions.lock(session, checkout.user_id)
        [term] = await subscriptions.terms_of(session, user)
        term.starts_at -= timedelta(days=31)
        term.ends_at -= timedelta(days=31)
        await session.flush()
        assert (await subscriptions.refresh(session, DEFAULT, user)).state == "grace"
        assert await subscriptions.end_now(session, DEFAULT, user)
        assert user.plan == "free"
        assert not await subscriptions.end_now(session, DEFAULT, user)
