"""How a page is asked for, and what came of it: what checks, their record and answers to people share."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from tracker import clock
from tracker.catalog import stores
from tracker.catalog.models import Doubt, Listing, StoreState
from tracker.catalog.move import Check
from tracker.errors import FetchFailed
from tracker.fetching.page import Validators
from tracker.fetching.politeness import Manners
from tracker.fetching.ways import Way
from tracker.stores.offer import Reading

_WHOLE_EVERY = timedelta(days=1)
"""So long a store's word that a page is unchanged is taken for it; then the page itself is read again."""


@dataclass(frozen=True, slots=True)
class Approach:
    """How a store is asked for a page: with what manners and patience, and what we know of the page."""

    manners: Manners
    patience: float
    """Seconds that a turn is waited for."""
    way: Way = Way.DIRECT
    validators: Validators | None = None
    rests_until: datetime | None = None
    is_doubtful: bool = False
    """Whether the store refused us the last time."""
    is_sale: bool = False

    @classmethod
    def to(
        cls,
        store: StoreState | None,
        usual: Manners,
        *,
        patience: float,
        listing: Listing | None = None,
        ways: frozenset[Way] = frozenset({Way.DIRECT}),
    ) -> "Approach":
        """To a store of which we may know nothing, for a page that may be a listing's, by one of `ways`."""
        if store is None:
            return cls(usual, patience)
        now = clock.now()
        return cls(
            stores.manners_of(store, usual),
            patience,
            way=_way(store, listing, ways),
            validators=None if listing is None else _validators(listing, now),
            rests_until=store.rests_until,
            is_doubtful=store.blocks > 0,
            is_sale=store.sale_until is not None and store.sale_until > now,
        )


def _way(store: StoreState, listing: Listing | None, ways: frozenset[Way]) -> Way:
    """The store's way, or the listing's; another one, where there is one, for a price that we doubt."""
    usual = Way(store.way) if store.way in ways else Way.DIRECT
    if listing is None:
        return usual
    if listing.needs_browser and Way.BROWSER in ways:
        usual = Way.BROWSER
    others = [way for way in (Way.PROXY, Way.IMPERSONATE, Way.BROWSER) if way in ways and way is not usual]
    return others[0] if listing.outcome == Doubt.HELD and others else usual


def _validators(listing: Listing, now: datetime) -> Validators | None:
    """What the store called the page's state, while we are sure of what we read in it."""
    whole_at = listing.fetched_whole_at
    if listing.outcome != "offer" or whole_at is None or now - whole_at > _WHOLE_EVERY:
        return None
    if listing.etag is None and listing.last_modified is None:
        return None
    return Validators(listing.etag, listing.last_modified)


@dataclass(frozen=True, slots=True)
class PageRead:
    """A check, the address where it ended after redirects, and the error when no page was had."""

    check: Check
    url: str
    error: FetchFailed | None = None
    reading: Reading | None = None
    """What the page said, as people's rules have it; None when no page was had."""
    seconds: float = 0
    is_asked: bool = True
    """Whether the store was asked at all: it may rest, or be too busy for one more."""
