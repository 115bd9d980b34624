"""What an operator reads about stores, on both databases."""

from datetime import UTC, datetime, timedelta

import time_machine

from tests import rows
from tests.telegram.made import Html
from tracker import clock
from tracker.admin import service as admin
from tracker.admin import stores as admin_stores
from tracker.admin.stores import StoreReport
from tracker.catalog import stores
from tracker.catalog.models import CheckTally, MissedPromise, StoreState
from tracker.catalog.move import Check, Kind
from tracker.database import Database
from tracker.telegram import admin_cards
from tracker.texts import Language

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tally(store: str, outcome: str, checks: int, *, hours_ago: int = 0) -> CheckTally:
    hour = NOW.replace(minute=0) - hours_ago * HOUR
    return CheckTally(hour=hour, store=store, outcome=outcome, checks=checks, drops=0, milliseconds=0)


async def test_stores_that_rest_come_first_then_those_that_are_checked_most(database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        await rows.watch(database)
        async with database.transaction() as session:
            for code in ("flipkart.com", "amazon.in", "idle.example"):
                await stores.begin(session, code)
            await stores.rest(session, "flipkart.com", NOW + HOUR)
            await stores.rest(session, "idle.example", NOW - HOUR)
            (await session.get_one(StoreState, "amazon.in")).sale_until = NOW + 3 * HOUR
            session.add_all(
                [
                    tally("amazon.in", "offer", 60),
                    tally("amazon.in", "unchanged", 30, hours_ago=23),
                    tally("amazon.in", "bot_wall", 9),
                    tally("amazon.in", "captcha", 1),
                    tally("amazon.in", "offer", 1000, hours_ago=25),
                    tally("shop.example", "no_price", 10),
                ]
            )
            await session.flush()
            found = await admin_stores.reports(session)
            assert await admin_stores.reports(session, limit=1) == found[:1]
    assert found == [
        StoreReport("flipkart.com", 0, 0, 0, 0, NOW + HOUR, None),
        StoreReport("amazon.in", 0, 100, 90, 10, None, NOW + 3 * HOUR),
        StoreReport("shop.example", 1, 10, 0, 0, None, None),
        StoreReport("idle.example", 0, 0, 0, 0, None, None),
    ]
    assert Html(admin_cards.stores(Language(), found, NOW)).words.splitlines() == [
        "Stores, and their checks of the last 24 hours",
        "Flipkart: 0 listings · 🚧 rests until 24 Nov, 13:00",
        "Amazon.in: 0 listings · 100 checks, 90 % read, 10 % refused"
        " · 🏷 sale, looked at more often; ends in 3 hours",
        "shop.example: 1 listing · 10 checks, 0 % read, 0 % refused",
        "idle.example: 0 listings",
    ]


async def test_the_status_names_what_was_missed_and_who_refuses(database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        watch = await rows.watch(database)
        async with database.transaction() as session:
            for hours, plan in ((1, "pro"), (2, "pro"), (3, "free"), (25, "free")):
                session.add(
                    MissedPromise(
                        listing_id=watch.listing_id,
                        store="shop.example",
                        plan=plan,
                        promised_at=NOW - hours * HOUR,
                    )
                )
            for store, times in (("flipkart.com", 3), ("amazon.in", 1)):
                for _ in range(times):
                    await stores.answered(session, store, Check(clock.now(), "captcha", kind=Kind.BLOCKED))
        async with database.transaction() as session:
            now = await admin.status(session)
    assert now.missed == (("free", 1), ("pro", 2))
    assert now.refusing == ("flipkart.com",)
    assert Html(admin_cards.status(Language(), now)).words.splitlines()[-2:] == [
        "Promises missed in 24 hours: free 1, pro 2",
        "1 store refuses us: Flipkart",
    ]


def test_twenty_stores_of_the_longest_names_fit_into_a_message() -> None:
    found = [StoreReport("x" * 255, 10**6, 10**6, 10**5, 10**5, NOW, NOW)] * 20
    assert len(Html(admin_cards.stores(Language(), found, NOW)).words) <= 4096


def test_no_store_is_said_to_be_none() -> None:
    assert admin_cards.stores(Language(), [], NOW).text == "No store is known yet."
