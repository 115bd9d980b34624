"""What an operator reads about stores, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from tests import rows
from tests.admin.actors import OWNER, SUPPORT, VIEWER
from tests.telegram.made import LARGEST_ID, Html
from tracker import clock
from tracker.admin import audit
from tracker.admin import service as admin
from tracker.admin import stores as admin_stores
from tracker.admin.counts import Share
from tracker.admin.roles import Forbidden
from tracker.admin.stores import StoreReport
from tracker.catalog import stores
from tracker.catalog.models import CheckTally, MissedPromise, StoreState
from tracker.catalog.move import Check, Kind
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.fetching.politeness import Manners
from tracker.telegram import admin_cards, admin_store_cards
from tracker.texts import Language

NOW = datetime(2026, 11, 24, 6, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def tally(store: str, outcome: str, checks: int, *, hours_ago: int = 0, milliseconds: int = 0) -> CheckTally:
    hour = NOW.replace(minute=0) - hours_ago * HOUR
    return CheckTally(
        hour=hour, store=store, outcome=outcome, checks=checks, drops=0, milliseconds=milliseconds
    )


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
            found = await admin_stores.reports(session, VIEWER)
            assert await admin_stores.reports(session, VIEWER, limit=1) == found[:1]
    assert [(each.code, each.checks, each.offers, each.refusals) for each in found] == [
        ("flipkart.com", 0, 0, 0),
        ("amazon.in", 100, 90, 10),
        ("shop.example", 10, 0, 0),
        ("idle.example", 0, 0, 0),
    ]
    assert Html(admin_store_cards.stores(Language(), found, NOW)).words.splitlines() == [
        "Stores, and their checks of the last 24 hours",
        "Flipkart: 0 listings · 🚧 rests until 24 Nov, 13:00",
        "Amazon.in: 0 listings · 100 checks, 90 % read, 10 % refused"
        " · 🏷 sale, looked at more often; ends in 3 hours",
        "shop.example: 1 listing · 10 checks, 0 % read, 0 % refused",
        "idle.example: 0 listings",
    ]


async def test_a_store_is_told_with_what_was_promised_and_how_long_a_page_takes(database: Database) -> None:
    with time_machine.travel(NOW, tick=False):
        watch = await rows.watch(database)
        async with database.transaction() as session:
            session.add_all(
                [
                    tally("shop.example", "offer", 30, milliseconds=30_000),
                    tally("shop.example", "unchanged", 10, milliseconds=2000),
                    tally("shop.example", "not_sure", 6),
                    tally("shop.example", "ambiguous", 4),
                    tally("shop.example", "timeout", 50),
                    MissedPromise(
                        listing_id=watch.listing_id, store="shop.example", plan="pro", promised_at=NOW - HOUR
                    ),
                ]
            )
            await session.flush()
            found = await admin_stores.get(session, VIEWER, "shop.example")
    assert (found.checks, found.unsure, found.mean_milliseconds) == (100, 10, 800)
    assert found.promises == Share(49, 50)
    words = Html(admin_store_cards.store(Language(), found, VIEWER, Manners(), NOW)).words.splitlines()
    assert "Promise kept: 98 %, broken 1 times" in words
    assert "Not sure of the price: 10 %" in words
    assert "Asked for 2 (as usual) pages at once, 1 (as usual) s apart, by the way direct (as usual)" in words


async def test_stores_are_found_by_the_beginning_of_their_name_and_paged_by_it(database: Database) -> None:
    async with database.transaction() as session:
        for code in ("amazon.in", "amazon.com", "www.amazon.de", "shop.example", "a%"):
            await stores.begin(session, code)
        found = await admin_stores.search(session, VIEWER, words="Amazon", limit=2)
        rest = await admin_stores.search(session, VIEWER, words="amazon", after=found[-1].code)
        odd = await admin_stores.search(session, VIEWER, words="a%")
    assert [each.code for each in (*found, *rest)] == ["amazon.com", "amazon.in", "www.amazon.de"]
    assert [each.code for each in odd] == ["a%"]


async def test_a_store_rests_is_released_and_asked_otherwise_and_all_of_it_is_written_down(
    database: Database,
) -> None:
    with time_machine.travel(NOW, tick=False):
        async with database.transaction() as session:
            await stores.begin(session, "shop.example")
            assert await admin_stores.rest(session, SUPPORT, "shop.example", 6 * HOUR) == NOW + 6 * HOUR
            assert (await admin_stores.get(session, SUPPORT, "shop.example")).is_resting
            await admin_stores.release(session, SUPPORT, "shop.example")
            await admin_stores.set_manners(
                session, OWNER, "shop.example", at_once=4, gap_seconds=0.5, way="proxy"
            )
        async with database.transaction() as session:
            found = await admin_stores.get(session, SUPPORT, "shop.example")
            done = await audit.entries(session, subject="store:shop.example")
    assert (found.is_resting, found.at_once, found.gap_seconds, found.way) == (False, 4, 0.5, "proxy")
    assert [(entry.action, entry.by) for entry in done] == [
        ("set_store", OWNER.telegram_id),
        ("release_store", SUPPORT.telegram_id),
        ("rest_store", SUPPORT.telegram_id),
    ]


@pytest.mark.parametrize(
    ("manners", "key"),
    [
        ({"at_once": 0}, "error.at_once_out_of_range"),
        ({"gap_seconds": 3600.5}, "error.gap_out_of_range"),
        ({"gap_seconds": float("nan")}, "error.gap_out_of_range"),
        ({"way": "teleport"}, "error.no_such_way"),
    ],
)
async def test_manners_that_cannot_be_are_refused(
    manners: dict[str, Any], key: str, sqlite_database: Database
) -> None:
    async with sqlite_database.transaction() as session:
        await stores.begin(session, "shop.example")
        given = {"at_once": None, "gap_seconds": None, "way": None} | manners
        with pytest.raises(BadInput, match=key):
            await admin_stores.set_manners(session, OWNER, "shop.example", **given)


async def test_only_owners_say_how_a_store_is_asked_and_viewers_only_look(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        await stores.begin(session, "shop.example")
        with pytest.raises(Forbidden):
            await admin_stores.set_manners(
                session, SUPPORT, "shop.example", at_once=1, gap_seconds=None, way=None
            )
        with pytest.raises(Forbidden):
            await admin_stores.rest(session, VIEWER, "shop.example", HOUR)
        with pytest.raises(NotYours):
            await admin_stores.rest(session, SUPPORT, "elsewhere.example", HOUR)


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
    outcomes = (("offer", 10**6), ("captcha", 10**5))
    found = [StoreReport("x" * 255, listings=10**6, outcomes=outcomes, rests_until=NOW, sale_until=NOW)] * 20
    card = admin_store_cards.stores(Language(), found, NOW)
    assert len(Html(card).words) <= 4096
    named = admin_store_cards.store(Language(), found[0], OWNER, Manners(), NOW, listing_id=LARGEST_ID)
    assert named.keyboard is not None
    for row in named.keyboard.inline_keyboard:
        assert all(len((each.callback_data or "").encode()) <= 64 for each in row)


def test_no_store_is_said_to_be_none() -> None:
    assert admin_store_cards.stores(Language(), [], NOW).text == "No store is known yet."
