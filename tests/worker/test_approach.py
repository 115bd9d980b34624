"""How a store is asked for a page: by which way, with what manners, and with what it said before."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from tracker.catalog.models import Doubt, Listing, StoreState
from tracker.fetching.page import Validators
from tracker.fetching.politeness import Manners
from tracker.fetching.ways import Way
from worker.approach import Approach

NOW = datetime(2026, 11, 24, 6, tzinfo=UTC)
USUAL = Manners()
ALL = frozenset(Way)
ONLY_DIRECT = frozenset({Way.DIRECT})


@pytest.fixture(autouse=True)
def now() -> object:
    with time_machine.travel(NOW, tick=False):
        yield


def listing(**columns: object) -> Listing:
    known = {
        "outcome": "offer",
        "fetched_whole_at": NOW - timedelta(hours=2),
        "etag": '"7"',
        "needs_browser": False,
    }
    return Listing(**(known | columns))


def store(**columns: object) -> StoreState:
    return StoreState(**({"code": "shop.example", "blocks": 0} | columns))


def to(store: StoreState | None, listing: Listing | None = None, ways: frozenset[Way] = ALL) -> Approach:
    return Approach.to(store, USUAL, patience=1, listing=listing, ways=ways)


@pytest.mark.parametrize(
    ("columns", "sent"),
    [
        pytest.param({}, Validators('"7"'), id="sure"),
        pytest.param({"last_modified": "then"}, Validators('"7"', "then"), id="both"),
        pytest.param({"etag": None}, None, id="nothing was said"),
        pytest.param({"outcome": Doubt.HELD}, None, id="in doubt"),
        pytest.param({"outcome": "captcha"}, None, id="refused"),
        pytest.param({"fetched_whole_at": None}, None, id="never whole"),
        pytest.param({"fetched_whole_at": NOW - timedelta(hours=25)}, None, id="whole a day ago"),
    ],
)
def test_a_store_is_asked_whether_a_page_changed_while_we_are_sure_of_it(
    columns: dict[str, object], sent: Validators | None
) -> None:
    assert to(store(), listing(**columns)).validators == sent


@pytest.mark.parametrize(
    ("asked", "columns", "ways", "way"),
    [
        pytest.param({}, {}, ALL, Way.DIRECT, id="usual"),
        pytest.param({"way": "proxy"}, {}, ALL, Way.PROXY, id="the store's"),
        pytest.param({"way": "proxy"}, {}, ONLY_DIRECT, Way.DIRECT, id="the store's, switched off"),
        pytest.param({"way": "proxy"}, {"needs_browser": True}, ALL, Way.BROWSER, id="the listing's"),
        pytest.param({}, {"needs_browser": True}, ONLY_DIRECT, Way.DIRECT, id="the listing's, off"),
        pytest.param({}, {"outcome": Doubt.HELD}, ALL, Way.PROXY, id="in doubt"),
        pytest.param({"way": "proxy"}, {"outcome": Doubt.HELD}, ALL, Way.IMPERSONATE, id="another"),
        pytest.param({}, {"outcome": Doubt.HELD}, ONLY_DIRECT, Way.DIRECT, id="in doubt, no other"),
    ],
)
def test_the_way_is_the_stores_or_the_listings_and_another_one_in_doubt(
    asked: dict[str, object], columns: dict[str, object], ways: frozenset[Way], way: Way
) -> None:
    assert to(store(**asked), listing(**columns), ways).way is way


def test_a_store_has_its_own_manners_where_it_was_given_some() -> None:
    assert to(store(gap_seconds=7.5)).manners == Manners(at_once=2, gap_seconds=7.5)
    assert to(store(at_once=1)).manners == Manners(at_once=1, gap_seconds=1.0)
    assert to(None).manners == USUAL


def test_a_sale_and_refusals_go_with_it() -> None:
    asked = to(store(blocks=1, sale_until=NOW + timedelta(hours=1), rests_until=NOW))
    assert (asked.is_sale, asked.is_doubtful, asked.rests_until) == (True, True, NOW)
    assert not to(store(sale_until=NOW)).is_sale
