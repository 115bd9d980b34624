"""Listings are found, paused, checked, put right and all of it is written down, on both databases."""

import pytest
from sqlalchemy import func, select, text

from tests import rows
from tests.admin.actors import OWNER, SUPPORT, VIEWER
from tracker import clock
from tracker.admin import audit, products, stores
from tracker.admin.products import Said
from tracker.admin.roles import Forbidden
from tracker.alerts.models import Alert, AlertState
from tracker.alerts.owing import CORRECTED, owe
from tracker.catalog.models import Correction, CorrectionState, Listing, ReadingRule
from tracker.database import Database
from tracker.errors import BadInput, NotYours
from tracker.watches import service as watches

LAMP = "https://other.example/p/lamp"


async def a_kettle_and_a_lamp(database: Database) -> tuple[int, int]:
    kettle = await rows.watch(database, title="Steel Kettle 100% (1.5 l)")
    lamp = await rows.watch(database, url=LAMP, title="Desk lamp")
    return kettle.listing_id, lamp.listing_id


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("", ("lamp", "kettle")),
        ("kettle", ("kettle",)),
        ("STE ket", ("kettle",)),
        ("esk", ()),
        ("kettle & lamp | !desk:*", ()),
        ("other.example", ("lamp",)),
        (f"{LAMP}?utm_source=share", ("lamp",)),
        ("https://nowhere.example/", ()),
    ],
)
async def test_listings_are_found(words: str, found: tuple[str, ...], database: Database) -> None:
    kettle, lamp = await a_kettle_and_a_lamp(database)
    named = {kettle: "kettle", lamp: "lamp"}
    async with database.transaction() as session:
        listed = await products.search(session, VIEWER, words=words)
        assert tuple(named[listing.id] for listing in listed) == found
        before = await products.search(session, VIEWER, words=words, before=lamp)
        assert tuple(named[listing.id] for listing in before) == tuple(n for n in found if n == "kettle")
        assert [each.id for each in await products.search(session, VIEWER, words=f"#{lamp}")] == [lamp]


async def test_words_are_found_by_an_index(postgresql_database: Database) -> None:
    async with postgresql_database.transaction() as session:
        await session.execute(select(func.set_config("enable_seqscan", "off", True)))
        words = "SELECT id FROM listings WHERE {} @@ to_tsquery('simple'::regconfig, 'kettle:*')"
        asked = words.format("to_tsvector('simple'::regconfig, title::text)")
        plan = "\n".join(await session.scalars(text(f"EXPLAIN {asked}")))
    assert "ix_listings_title_words" in plan


async def test_a_paused_listing_is_not_checked_whoever_begins_to_watch_it(database: Database) -> None:
    kettle, _ = await a_kettle_and_a_lamp(database)
    async with database.transaction() as session:
        assert await products.check_now(session, SUPPORT, kettle) == Said.ASKED
        await products.pause(session, SUPPORT, kettle)
    async with database.transaction() as session:
        person = await rows.person(session, 1002)
        listing = await session.get_one(Listing, kettle)
        await watches.watch(session, person, listing, chat_id=1002)
        await session.refresh(listing)
        assert (listing.next_check_at, listing.watchers) == (None, 2)
        assert await products.check_now(session, SUPPORT, kettle) == Said.NOT_CHECKED
        await products.resume(session, SUPPORT, kettle)
        assert listing.next_check_at is not None
        await stores.rest(session, SUPPORT, listing.store, stores.DAY)
        assert await products.check_now(session, SUPPORT, kettle) == Said.RESTS
        done = await audit.entries(session, subject=f"listing:{kettle}", action="pause_listing")
        assert [entry.details for entry in done] == [{"paused": False}, {"paused": True}]


async def test_a_struck_reading_leaves_history_and_who_was_told_is_told_that_it_was_wrong(
    database: Database,
) -> None:
    watch = await rows.watch(database, OWNER.telegram_id)
    async with database.transaction() as session:
        listing = await session.get_one(Listing, watch.listing_id)
        move = await rows.read(session, listing, "1499")
        assert move is not None
        await owe(session, move)
        for alert in await session.scalars(select(Alert)):
            alert.state = AlertState.SENT
    async with database.transaction() as session:
        (wrong, right) = (await products.get(session, VIEWER, watch.listing_id)).readings
        await products.strike(session, OWNER, watch.listing_id, wrong.id)
    async with database.transaction() as session:
        found = await products.get(session, VIEWER, watch.listing_id)
        assert found.listing.price == rows.rupees("1999") == right.price
        assert [one.correction_id is None for one in found.readings] == [False, True]
        (_, excuse) = await session.scalars(select(Alert).order_by(Alert.id))
        assert excuse.reasons[0]["kind"] == CORRECTED
        with pytest.raises(NotYours):
            await products.strike(session, OWNER, watch.listing_id, wrong.id)
        assert await session.scalar(select(func.count()).select_from(Correction)) == 1


async def test_learnt_rules_are_forgotten(database: Database) -> None:
    kettle, _ = await a_kettle_and_a_lamp(database)
    async with database.transaction() as session:
        person = await rows.person(session)
        listing = await session.get_one(Listing, kettle)
        listing.etag = '"1"'
        taught = Correction(
            user_id=person.id,
            listing_id=kettle,
            chat_id=1001,
            state=CorrectionState.CHOSEN,
            offered=[],
            due_at=clock.now(),
            asked_at=clock.now(),
        )
        session.add(taught)
        await session.flush()
        for listing_id in (kettle, None):
            session.add(
                ReadingRule(
                    listing_id=listing_id,
                    store=listing.store,
                    source="visible",
                    place="div.price",
                    wrong_source="json-ld",
                    correction_id=taught.id,
                    created_at=clock.now(),
                )
            )
    async with database.transaction() as session:
        assert (await products.get(session, VIEWER, kettle)).own_rules == 1
        assert await products.reset_rules(session, SUPPORT, kettle) == 1
        assert (await session.get_one(Listing, kettle)).etag is None
        # Of the store's rule fewer people are left than it takes.
        assert (await products.get(session, VIEWER, kettle)).rules == ()
        with pytest.raises(BadInput):
            await products.reset_rules(session, SUPPORT, kettle, of_store=True)


async def test_viewers_only_look_and_what_is_not_there_is_said_so(sqlite_database: Database) -> None:
    async with sqlite_database.transaction() as session:
        for change in (products.check_now, products.pause, products.resume, products.reset_rules):
            with pytest.raises(Forbidden):
                await change(session, VIEWER, 1)
            with pytest.raises(NotYours):
                await change(session, SUPPORT, 1)
        with pytest.raises(NotYours):
            await products.get(session, VIEWER, 1)
        with pytest.raises(BadInput):
            await products.search(session, VIEWER, words="!?")
