"""Cards: what stands in them, and that nothing foreign breaks out of its place."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import rupees
from tests.telegram.made import LARGEST_ID, NOW, Html, alert, buttons, listing, told, watch
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.telegram import alert_cards, cards, rule_cards
from tracker.telegram.callbacks import (
    ListButton,
    Place,
    PreviewAction,
    PreviewButton,
    SettingsAction,
    SettingsButton,
    WatchAction,
    WatchButton,
    fitting_needle,
)
from tracker.texts import Language
from tracker.watches.models import WatchState
from tracker.watches.service import Sort


def test_a_preview_shows_the_list_price_only_when_it_is_higher() -> None:
    higher = cards.preview(Language(), listing(list_price_minor=249900), 7)
    lower = cards.preview(Language(), listing(list_price_minor=99900), 7)
    assert "MRP ₹2,499" in Html(higher).words
    assert "MRP" not in Html(lower).words


def test_a_preview_without_a_price_says_so() -> None:
    card = cards.preview(Language(), listing(price_minor=None, availability=Availability.OUT_OF_STOCK), 7)
    assert "no price now" in Html(card).words


def test_a_card_tells_the_change_since_the_watch_was_added_the_range_and_the_checks() -> None:
    found = listing(checked_at=NOW - timedelta(minutes=5), next_check_at=NOW + timedelta(minutes=25))
    card = cards.watch(Language(), watch(found), (rupees("1299"), rupees("2499")), NOW)
    words = Html(card).words
    assert "−₹500 (−25 %), from ₹1,999" in words
    assert "Lowest ₹1,299 · highest ₹2,499" in words
    assert "Last checked 5 minutes ago" in words
    assert "Next check in 25 minutes" in words


def test_a_card_says_since_when_the_page_could_not_be_read() -> None:
    found = listing(failures=3, read_at=NOW, checked_at=NOW)
    assert "could not be read since" in Html(cards.watch(Language(), watch(found), None, NOW)).words


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        pytest.param(WatchState.ACTIVE, "⏸ Pause", id="active"),
        pytest.param(WatchState.PAUSED, "▶ Resume", id="paused"),
        pytest.param(WatchState.STOPPED, "↩ Undo", id="stopped"),
    ],
)
def test_a_card_and_an_alert_offer_what_can_be_done_next(state: WatchState, offered: str) -> None:
    seen = watch(listing(), state=state)
    assert offered in buttons(cards.watch(Language(), seen, None, NOW))
    assert offered in buttons(alert_cards.alert(Language(), told(alert(), seen)))


FOREIGN = [
    pytest.param("<b>x</b>", "<b>x</b>", id="I01 markup"),
    pytest.param("&lt;b&gt;", "&lt;b&gt;", id="I02 entities stay literal"),
    pytest.param('"><a href="https://evil.example">x', '"><a href="https://evil.example">x', id="I03 quotes"),
    pytest.param("I <3 AT&T", "I <3 AT&T", id="I04 a lone bracket"),
    pytest.param("\u202eevil\u2066 title\u200f", "evil title", id="I05 bidi marks"),
    pytest.param(
        "t.me/scam @support /delete_all", "t.me/scam @support /delete_all", id="I06 what clients link"
    ),
]


@pytest.mark.parametrize(("title", "shown"), FOREIGN)
def test_a_foreign_title_stays_a_title(title: str, shown: str) -> None:
    found = listing(title=title, seller=title, variant=title)
    for card in (
        cards.preview(Language(), found, 1),
        cards.already_watched(Language(), watch(found), NOW),
        cards.watch(Language(), watch(found), None, NOW),
        rule_cards.rules(Language(), watch(found)),
        alert_cards.alert(Language(), told(alert(), watch(found), seller=title)),
    ):
        read = Html(card)
        assert shown in read.words
        assert read.tags <= {"a", "b", "s"}
        assert set(read.links) <= {found.url}


@given(
    title=st.text(max_size=600),
    seller=st.text(max_size=300),
    variant=st.text(max_size=300),
    minor=st.integers(min_value=1, max_value=10**15 - 1),
    currency=st.sampled_from(["INR", "JPY", "KWD", "EUR"]),
)
def test_no_card_is_longer_than_a_caption_may_be(
    title: str, seller: str, variant: str, minor: int, currency: str
) -> None:
    found = listing(
        title=title,
        seller=seller,
        variant=variant,
        price_minor=minor,
        currency=currency,
        list_price_minor=minor + 1,
    )
    price = Money(minor, currency)
    for card in (
        cards.preview(Language(), found, LARGEST_ID),
        cards.watch(Language(), watch(found), (price, price), NOW, note=Language()("watch.begun")),
        rule_cards.rules(Language(), watch(found)),
        alert_cards.alert(
            Language(), told(alert(now_minor=minor, currency=currency), watch(found), seller=seller)
        ),
    ):
        read = Html(card)
        assert len(read.words.encode("utf-16-le")) // 2 <= 1024
        assert read.tags <= {"a", "b", "s"}


@pytest.mark.parametrize(
    "image", ["javascript:alert(1)", "data:image/png;base64,x", "//shop/x.png", "", None]
)
def test_only_an_address_of_the_web_is_a_photo(image: str | None) -> None:
    assert cards.preview(Language(), listing(image=image), 1).photo is None


@pytest.mark.parametrize("action", list(WatchAction))
@pytest.mark.parametrize("place", list(Place))
def test_a_watch_button_fits_into_64_bytes(action: WatchAction, place: Place) -> None:
    assert len(WatchButton(action=action, watch_id=LARGEST_ID, place=place).pack().encode()) <= 64


@pytest.mark.parametrize("action", list(PreviewAction))
def test_a_preview_button_fits_into_64_bytes(action: PreviewAction) -> None:
    assert len(PreviewButton(action=action, preview_id=LARGEST_ID).pack().encode()) <= 64


@pytest.mark.parametrize("action", list(SettingsAction))
def test_a_settings_button_fits_into_64_bytes(action: SettingsAction) -> None:
    longest = "America/Argentina/ComodRivadavia"
    assert len(SettingsButton(action=action, value=longest).pack().encode()) <= 64


@given(st.text(max_size=200), st.sampled_from(list(Sort)))
def test_a_search_fits_into_a_list_button_and_comes_back_as_it_went(words: str, sort: Sort) -> None:
    needle = fitting_needle(words)
    packed = ListButton(page=999_999, sort=sort, needle=needle).pack()
    assert len(packed.encode()) <= 64
    assert ListButton.unpack(packed).needle == needle
