"""Who watches what, on both databases."""

import asyncio
from collections.abc import Sequence

import pytest
from sqlalchemy import func, select

from tests import rows
from tracker.catalog.models import Listing
from tracker.database import Database
from tracker.errors import NotYours, OverAllowance
from tracker.money import Money
from tracker.users.models import UserState
from tracker.watches import service as watches
from tracker.watches.models import RuleKind, Watch, WatchState

LAMP = "https://shop.example/p/lamp"


async def is_checked(database: Database, url: str = rows.URL) -> bool:
    async with database.transaction() as session:
        found = (await session.scalars(select(Listing).where(Listing.url == url))).one()
        return found.next_check_at is not None


async def set_state(database: Database, watch: Watch, state: WatchState, *, user: int = 1001) -> None:
    async with database.transaction() as session:
        await watches.set_state(session, await rows.person(session, user), watch.id, state)


async def rules_of(database: Database, watch: Watch) -> dict[str, Money | None]:
    async with database.transaction() as session:
        owned = await watches.owned(session, await rows.person(session), watch.id)
        return {rule.kind: rule.amount for rule in owned.rules}


async def named(database: Database, words: str) -> Sequence[str]:
    async with database.transaction() as session:
        found = await watches.matching(session, await rows.person(session), words)
        return [watch.listing.title for watch in found]


async def test_a_new_watch_has_the_default_rule_and_the_price_of_the_day(database: Database) -> None:
    watch = await rows.watch(database)
    assert watch.start_price == rows.rupees("1999")
    assert await rules_of(database, watch) == {RuleKind.ANY_DROP: None}
    assert await is_checked(database)


async def test_a_second_watch_on_one_thing_is_the_first(database: Database) -> None:
    first = await rows.watch(database)
    assert (await rows.watch(database)).id == first.id


async def test_two_taps_at_once_begin_one_watch(database: Database) -> None:
    async with database.transaction() as session:
        await rows.person(session)
        await rows.listing(session)

    watching = await asyncio.gather(*(rows.watch(database) for _ in range(5)))
    assert len({watch.id for watch in watching}) == 1
    async with database.transaction() as session:
        assert await session.scalar(select(func.count()).select_from(Watch)) == 1


async def test_things_added_at_once_get_numbers_of_their_own(database: Database) -> None:
    async with database.transaction() as session:
        await rows.person(session)
    urls = [f"https://shop.example/p/{number}" for number in range(6)]
    added = await asyncio.gather(*(rows.watch(database, url=url) for url in urls))
    assert sorted(watch.number for watch in added) == [1, 2, 3, 4, 5, 6]


async def test_numbers_are_a_persons_own(database: Database) -> None:
    await rows.watch(database)
    assert (await rows.watch(database, 1002, LAMP)).number == 1


async def test_a_watch_too_many_is_refused_and_loses_none(database: Database) -> None:
    await rows.allow(database, 2)
    for number in range(2):
        await rows.watch(database, url=f"https://shop.example/p/{number}")
    with pytest.raises(OverAllowance):
        await rows.watch(database)
    async with database.transaction() as session:
        assert (await watches.page(session, await rows.person(session))).total == 2


async def test_a_stopped_watch_begins_anew_under_its_number(database: Database) -> None:
    watch = await rows.watch(database)
    await set_state(database, watch, WatchState.STOPPED)
    again = await rows.watch(database)
    assert (again.id, again.number, again.state) == (watch.id, watch.number, WatchState.ACTIVE)
    assert await rules_of(database, watch) == {RuleKind.ANY_DROP: None}


async def test_a_listing_is_checked_while_somebody_reachable_actively_watches_it(database: Database) -> None:
    asha, ravi = await rows.watch(database, 1001), await rows.watch(database, 1002)
    await set_state(database, asha, WatchState.PAUSED)
    assert await is_checked(database)
    await set_state(database, ravi, WatchState.STOPPED, user=1002)
    assert not await is_checked(database)
    await set_state(database, asha, WatchState.ACTIVE)
    assert await is_checked(database)


async def test_a_block_stops_only_the_checks_that_nobody_else_wants(database: Database) -> None:
    await rows.watch(database, 1001)
    await rows.watch(database, 1001, LAMP)
    await rows.watch(database, 1002)
    async with database.transaction() as session:
        await watches.reachable(session, 1001, UserState.BLOCKED)
    assert (await is_checked(database), await is_checked(database, LAMP)) == (True, False)
    async with database.transaction() as session:
        await watches.reachable(session, 1001, UserState.ACTIVE)
    assert await is_checked(database, LAMP)


async def test_nobody_touches_a_watch_of_somebody_else(database: Database) -> None:
    watch = await rows.watch(database)
    async with database.transaction() as session:
        stranger = await rows.person(session, 1002, name="Ravi")
        with pytest.raises(NotYours):
            await watches.owned(session, stranger, watch.id)
        with pytest.raises(NotYours):
            await watches.set_state(session, stranger, watch.id, WatchState.STOPPED)
    assert await rules_of(database, watch) == {RuleKind.ANY_DROP: None}


async def test_a_watch_that_never_was_is_answered_like_one_of_somebody_else(database: Database) -> None:
    async with database.transaction() as session:
        user = await rows.person(session)
        for watch_id in (0, -1, 2**62):
            with pytest.raises(NotYours):
                await watches.owned(session, user, watch_id)


@pytest.mark.parametrize(
    ("words", "titles"),
    [
        pytest.param("2", ["Lamp 100%"], id="a number"),
        pytest.param("#1", ["Kettle"], id="a number with its sign"),
        pytest.param("KETT", ["Kettle"], id="a part of the title in any case"),
        pytest.param("shop.example", ["Kettle", "Lamp 100%"], id="the store"),
        pytest.param("100%", ["Lamp 100%"], id="a percent sign is a percent sign"),
        pytest.param("_amp", [], id="an underscore is an underscore"),
        pytest.param("99", [], id="a number that nothing has"),
    ],
)
async def test_a_commands_words_mean(database: Database, words: str, titles: list[str]) -> None:
    await rows.watch(database)
    await rows.watch(database, url=LAMP, title="Lamp 100%")
    await rows.watch(database, 1002, "https://shop.example/p/other", title="Kettle of somebody else")
    assert await named(database, words) == titles


async def test_a_list_is_turned_page_by_page_and_a_page_too_far_is_the_last(database: Database) -> None:
    for number in range(watches.PAGE_SIZE + 1):
        await rows.watch(database, url=f"https://shop.example/p/{number}", title=f"Thing {number}")
    async with database.transaction() as session:
        user = await rows.person(session)
        first = await watches.page(session, user)
        last = await watches.page(session, user, page=99)
    assert (first.total, first.pages, len(first.watches)) == (watches.PAGE_SIZE + 1, 2, watches.PAGE_SIZE)
    assert (last.page, [watch.listing.title for watch in last.watches]) == (1, ["Thing 0"])


@pytest.mark.parametrize(
    ("sort", "titles"),
    [
        pytest.param(watches.Sort.NEWEST, ["c", "B", "a"], id="newest"),
        pytest.param(watches.Sort.NAME, ["a", "B", "c"], id="name, in any case"),
        pytest.param(watches.Sort.PRICE, ["c", "a", "B"], id="price, those without one last"),
        pytest.param(watches.Sort.CHANGE, ["a", "c", "B"], id="the largest drop"),
    ],
)
async def test_a_list_is_sorted_by(database: Database, sort: watches.Sort, titles: list[str]) -> None:
    await rows.watch(database, url="https://shop.example/p/a", title="a", price="1000")
    await rows.watch(database, url="https://shop.example/p/b", title="B", price=None)
    await rows.watch(database, url="https://shop.example/p/c", title="c", price="100")
    async with database.transaction() as session:
        found = (
            await session.scalars(select(Listing).where(Listing.url == "https://shop.example/p/a"))
        ).one()
        await rows.read(session, found, "700", title="a")
    async with database.transaction() as session:
        page = await watches.page(session, await rows.person(session), sort=sort)
    assert [watch.listing.title for watch in page.watches] == titles


@pytest.mark.parametrize(
    ("state", "titles"),
    [
        pytest.param(WatchState.PAUSED, ["Lamp"], id="those that can be paused"),
        pytest.param(WatchState.ACTIVE, ["Kettle"], id="those that can go on"),
        pytest.param(WatchState.STOPPED, ["Lamp", "Kettle"], id="those that can be stopped"),
    ],
)
async def test_a_command_without_words_offers(
    database: Database, state: WatchState, titles: list[str]
) -> None:
    await set_state(database, await rows.watch(database), WatchState.PAUSED)
    await rows.watch(database, url=LAMP, title="Lamp")
    async with database.transaction() as session:
        offered = await watches.to_be(session, await rows.person(session), state)
    assert [watch.listing.title for watch in offered] == titles


async def test_an_undo_that_would_be_one_watch_too_many_is_refused(database: Database) -> None:
    await rows.allow(database, 1)
    stopped = await rows.watch(database, url=LAMP)
    await set_state(database, stopped, WatchState.STOPPED)
    await rows.watch(database)
    with pytest.raises(OverAllowance):
        await set_state(database, stopped, WatchState.ACTIVE)
    assert not await is_checked(database, LAMP)
