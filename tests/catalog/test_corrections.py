"""A word about a price: asked within limits, kept by place, and struck from history for everybody."""

from datetime import timedelta
from decimal import Decimal

import pytest
import time_machine
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from tests import rows
from tests.rows import rupees
from tracker import clock
from tracker.catalog import corrections, striking
from tracker.catalog.models import (
    Correction,
    CorrectionState,
    Listing,
    PriceObservation,
    ReadingRule,
)
from tracker.catalog.striking import Struck
from tracker.database import Database
from tracker.errors import BadInput, NotYours, OverAllowance
from tracker.stores.corrections import Choice, Rule
from tracker.stores.offer import Candidate
from tracker.users.models import User

LEASE = timedelta(minutes=1)
PLACE = "selling span.price"


def choice(amount: str, where: str = "span.price", *, currency: str = "INR") -> Choice:
    text = f"Price ₹{amount}"
    return Choice(
        rupees(amount), Candidate(Decimal(amount), currency, "selling", "visible", text, where, 5.0)
    )


async def asked(session: AsyncSession, user: User, listing: Listing, *choices: Choice) -> Correction:
    """A question that a worker has answered with these choices."""
    correction = await corrections.ask(session, user, listing, chat_id=user.telegram_id)
    claimed = await corrections.claim(session, correction.id, lease=LEASE)
    assert claimed is not None
    kept = await corrections.keep_offers(session, claimed, choices, wrong_source="json-ld")
    assert kept is not None
    await corrections.settle(session, kept, CorrectionState.OFFERED)
    await session.refresh(kept)
    return kept


async def decided(
    session: AsyncSession, user: User, listing: Listing, *choices: Choice, chosen: int | None = 0
) -> Struck:
    correction = await asked(session, user, listing, *choices)
    moment = int(correction.asked_at.timestamp())
    return await striking.decide(session, user, correction.id, asked=moment, chosen=chosen)


async def observe(session: AsyncSession, listing: Listing, *prices: str | None) -> None:
    """A history of readings that were all believed."""
    for price in prices:
        money = None if price is None else rupees(price)
        minor = money.minor if money else None
        session.add(
            PriceObservation(
                listing_id=listing.id,
                price_minor=minor,
                currency="INR" if money else None,
                availability="in_stock",
                evidence="test",
                observed_at=clock.now(),
            )
        )
        listing.price_minor = minor if minor is not None else listing.price_minor
        await session.flush()


async def standing(session: AsyncSession, listing: Listing) -> list[int | None]:
    found = await session.scalars(
        select(PriceObservation.price_minor)
        .where(PriceObservation.listing_id == listing.id, PriceObservation.correction_id.is_(None))
        .order_by(PriceObservation.id)
    )
    return list(found)


async def test_asking_twice_is_one_question(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        first = await corrections.ask(session, user, listing, chat_id=1001)
        again = await corrections.ask(session, user, listing, chat_id=1001)
        assert again.id == first.id
        assert first.wrong_minor == 199900


async def test_a_question_may_be_asked_again_after_ten_minutes_in_the_same_row(database: Database) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user, listing = await rows.person(session), await rows.listing(session)
            first = await asked(session, user, listing, choice("1499"))
            time.shift(timedelta(minutes=9))
            with pytest.raises(OverAllowance):
                await corrections.ask(session, user, listing, chat_id=1001)
            time.shift(timedelta(minutes=1))
            again = await corrections.ask(session, user, listing, chat_id=1001)
            assert (again.id, again.state, again.offered) == (first.id, CorrectionState.ASKED, [])


async def test_the_sixth_listing_of_a_day_is_refused_and_the_next_day_is_another(database: Database) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user = await rows.person(session)
            listings = [await rows.listing(session, f"{rows.URL}-{number}") for number in range(6)]
            for listing in listings[:5]:
                await corrections.ask(session, user, listing, chat_id=1001)
            with pytest.raises(OverAllowance):
                await corrections.ask(session, user, listings[5], chat_id=1001)
            other = await rows.person(session, 1002)
            await corrections.ask(session, other, listings[5], chat_id=1002)
            time.shift(timedelta(days=1))
            await corrections.ask(session, user, listings[5], chat_id=1001)


async def test_a_listing_without_a_price_has_none_to_put_right(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session, price=None)
        with pytest.raises(BadInput):
            await corrections.ask(session, user, listing, chat_id=1001)


async def test_a_question_that_nobody_answers_is_found_again(database: Database) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user, listing = await rows.person(session), await rows.listing(session)
            correction = await corrections.ask(session, user, listing, chat_id=1001)
            assert await corrections.overdue(session) == []
            time.shift(timedelta(seconds=2))
            assert [found for found, _, _ in await corrections.overdue(session)] == [correction.id]
            assert await corrections.claim(session, correction.id, lease=LEASE)
            assert await corrections.claim(session, correction.id, lease=LEASE) is None
            assert await corrections.overdue(session) == []
            time.shift(LEASE)
            assert [found for found, _, _ in await corrections.overdue(session)] == [correction.id]


async def test_a_worker_frozen_past_its_lease_changes_nothing(database: Database) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user, listing = await rows.person(session), await rows.listing(session)
            correction = await corrections.ask(session, user, listing, chat_id=1001)
            frozen = await corrections.claim(session, correction.id, lease=LEASE)
            assert frozen is not None
            session.expunge(frozen)
            time.shift(LEASE)
            assert await corrections.claim(session, correction.id, lease=LEASE)
            assert await corrections.keep_offers(session, frozen, [choice("1")], wrong_source=None) is None
            await corrections.settle(session, frozen, CorrectionState.WITHDRAWN)
            state = await session.scalar(select(Correction.state).where(Correction.id == frozen.id))
            assert state == CorrectionState.ASKED


@pytest.mark.parametrize(
    ("history", "right", "left"),
    [
        pytest.param(("149",), "1999", ["1999", "1999"], id="one wrong reading"),
        pytest.param(("149", "151", "148"), "1999", ["1999", "1999"], id="a run of them"),
        pytest.param(
            ("149", None, "151"), "1999", ["1999", None, "1999"], id="a time without a price between"
        ),
        pytest.param(("149", "1899", "149"), "1999", ["1999", "149", "1899", "1999"], id="up to a good one"),
        pytest.param(("149",), "1499", ["1999", "1499"], id="another right price"),
        pytest.param(("149",), None, ["1999"], id="none is right"),
        pytest.param(("140", "149", "150"), None, ["1999", "140"], id="none is right: within 2 %"),
    ],
)
async def test_wrong_readings_are_struck_back_to_the_last_good_one(
    history: tuple[str | None, ...], right: str | None, left: list[str | None], database: Database
) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        await observe(session, listing, *history)
        chosen = None if right is None else 0
        done = await decided(session, user, listing, choice(right or "999"), chosen=chosen)
        assert await standing(session, listing) == [
            None if price is None else rupees(price).minor for price in left
        ]
        last = next(price for price in reversed(left) if price is not None)
        assert listing.price == rupees(last)
        assert done.wrong == rupees(next(price for price in reversed(history) if price is not None))


async def test_a_listing_whose_every_reading_was_wrong_has_no_price(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        done = await decided(session, user, listing, chosen=None)
        assert listing.price is None
        assert await standing(session, listing) == []
        assert done.move is None


async def test_another_listing_of_the_store_is_left_alone(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        other = await rows.listing(session, f"{rows.URL}-2")
        await decided(session, user, listing, choice("1499"))
        assert other.price == rupees("1999")
        assert await standing(session, other) == [199900]
        assert await corrections.rules_for(session, [other.url], other.store) == []


async def test_a_check_that_began_before_the_choice_is_older_than_it(database: Database) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user, listing = await rows.person(session), await rows.listing(session)
            began_at = clock.now()
            time.shift(timedelta(seconds=1))
            await decided(session, user, listing, choice("1499"))
            assert await rows.read(session, listing, "1999", began_at=began_at) is None
            assert listing.price == rupees("1499")


async def test_a_choice_is_the_listings_rule_at_once_and_the_next_one_takes_its_place(
    database: Database,
) -> None:
    with time_machine.travel(clock.now(), tick=False) as time:
        async with database.transaction() as session:
            user, listing = await rows.person(session), await rows.listing(session)
            await decided(session, user, listing, choice("1499"))
            rule = Rule("visible", PLACE, "json-ld")
            assert await corrections.rules_for(session, [listing.url], listing.store) == [rule]
            time.shift(timedelta(minutes=10))
            await decided(session, user, listing, choice("1299", "b.now"))
            rule = Rule("visible", "selling b.now", "json-ld")
            assert await corrections.rules_for(session, [listing.url], listing.store) == [rule]


async def _choose_alike(session: AsyncSession, people: list[int], listings: list[Listing]) -> None:
    for telegram_id, listing in zip(people, listings, strict=True):
        user = await rows.person(session, telegram_id)
        await decided(session, user, listing, choice("1499"))


@pytest.mark.parametrize(
    ("people", "is_of_store"),
    [
        pytest.param([1001, 1002], False, id="two people"),
        pytest.param([1001, 1001, 1001, 1001], False, id="one vote each, on however many listings"),
        pytest.param([1001, 1002, 1002], False, id="two people, three listings"),
        pytest.param([1001, 1002, 1003], True, id="three people"),
    ],
)
async def test_three_people_make_it_the_stores_rule(
    people: list[int], is_of_store: bool, database: Database
) -> None:
    async with database.transaction() as session:
        listings = [await rows.listing(session, f"{rows.URL}-{number}") for number in range(len(people))]
        await _choose_alike(session, people, listings)
        another = f"{rows.URL}-another"
        expected = [Rule("visible", PLACE, "json-ld", is_of_store=True)] if is_of_store else []
        assert await corrections.rules_for(session, [another], listings[0].store) == expected
        assert await corrections.rules_for(session, [another], "elsewhere.example") == []


async def test_three_people_who_say_none_make_no_rule_of_the_store(database: Database) -> None:
    async with database.transaction() as session:
        for telegram_id in (1001, 1002, 1003):
            user = await rows.person(session, telegram_id)
            listing = await rows.listing(session, f"{rows.URL}-{telegram_id}")
            await decided(session, user, listing, chosen=None)
        found = await session.scalars(select(ReadingRule.listing_id))
        assert None not in found.all()


async def test_an_undone_correction_was_never_made(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        await observe(session, listing, "149")
        done = await decided(session, user, listing, choice("1899"))
        assert [found.id for found, _ in await corrections.in_force(session)] == [done.correction.id]
        await striking.undo(session, done.correction.id)
        assert await standing(session, listing) == [199900, 14900]
        assert listing.price == rupees("149")
        assert done.correction.state == CorrectionState.UNDONE
        assert await corrections.rules_for(session, [listing.url], listing.store) == []
        assert await corrections.in_force(session) == []
        with pytest.raises(NotYours):
            await striking.undo(session, done.correction.id)


async def test_undoing_none_of_these_brings_no_empty_reading_into_history(database: Database) -> None:
    async with database.transaction() as session:
        user, listing = await rows.person(session), await rows.listing(session)
        done = await decided(session, user, listing, chosen=None)
        await striking.undo(session, done.correction.id)
        assert await standing(session, listing) == [199900]


@pytest.mark.parametrize("which", [0, 2], ids=["the-last", "the-first"])
async def test_undoing_one_of_three_takes_the_stores_rule_back(which: int, database: Database) -> None:
    async with database.transaction() as session:
        listings = [await rows.listing(session, f"{rows.URL}-{number}") for number in range(3)]
        await _choose_alike(session, [1001, 1002, 1003], listings)
        correction, listing = (await corrections.in_force(session))[which]
        await striking.undo(session, correction.id)
        assert await corrections.rules_for(session, ["https://shop.example/p/new"], listings[0].store) == []
        assert await corrections.rules_for(session, [listing.url], listing.store) == []
        assert await corrections.rules_for(session, [listings[1].url], listings[1].store)
