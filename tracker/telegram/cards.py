"""Cards: a preview to confirm, and a watch. Each is data in, HTML and buttons out."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiogram.filters.callback_data import CallbackData
from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.catalog.models import Doubt, Listing
from tracker.money import Money
from tracker.stores.offer import Availability
from tracker.stores.registry import store_of
from tracker.telegram.callbacks import (
    AlertsAction,
    AlertsButton,
    CorrectionAction,
    CorrectionButton,
    Place,
    PreviewAction,
    PreviewButton,
    WatchAction,
    WatchButton,
)
from tracker.telegram.rule_lines import summary
from tracker.texts import Language, clean
from tracker.watches.check_now import Answer, Said
from tracker.watches.models import Watch, WatchState

Rows = list[list[InlineKeyboardButton]]
Details = dict[str, Any]
"""What a notice tells, as its row keeps it."""


@dataclass(frozen=True, slots=True)
class Card:
    """A message to be: HTML of at most 1,024 characters once parsed with a photo, 4,096 without."""

    text: Markup
    photo: str | None = None
    keyboard: InlineKeyboardMarkup | None = None


def preview(language: Language, listing: Listing, preview_id: int) -> Card:
    """What a pasted link turned out to be, to be confirmed."""
    rows = [
        [
            button(
                language, "button.track", PreviewButton(action=PreviewAction.TRACK, preview_id=preview_id)
            ),
            button(
                language, "button.target", PreviewButton(action=PreviewAction.TARGET, preview_id=preview_id)
            ),
        ],
        [
            open_button(language, listing),
            button(
                language, "button.decline", PreviewButton(action=PreviewAction.DECLINE, preview_id=preview_id)
            ),
        ],
    ]
    lines = [*_headline(language, listing), language("preview.question")]
    return Card(joined(lines), photo_of(listing), InlineKeyboardMarkup(inline_keyboard=rows))


def already_watched(language: Language, watch: Watch, now: datetime) -> Card:
    """The answer to a link that this person watches already."""
    price = watch.listing.price
    text = language(
        "preview.already",
        title=title_of(watch.listing, limit=80),
        price=language.money(price) if price else language("price.none"),
        since=language.day(watch.created_at, now),
    )
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=_watch_rows(language, watch)))


def watch(
    language: Language,
    watch: Watch,
    price_range: tuple[Money, Money] | None,
    now: datetime,
    *,
    note: Markup | None = None,
) -> Card:
    """One watch: price, change since added, lowest and highest, last and next check, rules, buttons."""
    listing = watch.listing
    lines = [*([note, Markup("")] if note else []), *_headline(language, listing)]
    if watch.start_price and listing.price and watch.start_price.currency == listing.price.currency:
        lines.append(_since_added(language, watch.start_price, listing.price))
    if price_range:
        lines.append(
            language(
                "watch.range", lowest=language.money(price_range[0]), highest=language.money(price_range[1])
            )
        )
    if listing.checked_at:
        lines.append(language("watch.checked", when=language.ago(listing.checked_at, now)))
    if listing.read_at and listing.is_unread:
        lines.append(language("watch.not_read_since", when=language.time(listing.read_at)))
    if listing.outcome == Doubt.HELD:
        lines.append(language("watch.in_doubt"))
    if watch.state == WatchState.ACTIVE and listing.next_check_at:
        lines.append(language("watch.next_check", when=language.ahead(listing.next_check_at, now)))
    lines.append(_state_line(language, watch))
    return Card(
        joined(lines), photo_of(listing), InlineKeyboardMarkup(inline_keyboard=_watch_rows(language, watch))
    )


def check_answer(language: Language, answer: Answer, now: datetime) -> str:
    """What a tap on "Check now" is answered, in a pop-up."""
    listing = answer.watch.listing
    if answer.said is Said.RESTS and answer.until is not None:
        store, until = clean(store_of(listing.url).name, limit=40), language.time(answer.until)
        return language.plain("toast.check_rests", store=store, until=until)
    if answer.said is Said.NOT_CHECKED:
        return language.plain("toast.check_not_checked")
    if answer.said is Said.ASKED or listing.checked_at is None:
        return language.plain("toast.check_asked")
    price = language.money(listing.price) if listing.price else language.plain("price.none")
    when = language.ago(listing.checked_at, now)
    return language.plain(f"toast.check_{answer.said}", when=when, price=price)


def title_of(listing: Listing, *, limit: int = 150) -> str:
    return clean(listing.title, limit=limit) or store_of(listing.url).name


def photo_of(listing: Listing) -> str | None:
    image = listing.image
    return image if image and image.startswith(("https://", "http://")) else None


def link_to(listing: Listing, before: str = "", *, limit: int = 150) -> Markup:
    """The title in bold, as a link to its page."""
    # The title stands inside our own link: a client then makes no other link of what it may contain.
    return Markup('{}<b><a href="{}">{}</a></b>').format(before, listing.url, title_of(listing, limit=limit))


def _headline(language: Language, listing: Listing) -> list[Markup]:
    lines = [link_to(listing)]
    if listing.variant:
        lines.append(Markup("{}").format(clean(listing.variant, limit=80)))
    if listing.price is None:
        price = language("price.none")
    elif listing.list_price and listing.price < listing.list_price:
        price = language(
            "price.with_list",
            price=language.money(listing.price),
            list_price=language.money(listing.list_price),
        )
    else:
        price = language("price.now", price=language.money(listing.price))
    if listing.availability == Availability.OUT_OF_STOCK and listing.price is not None:
        price += Markup(" · ") + language("price.out_of_stock")
    lines.append(price)
    sold_by = clean(listing.seller, limit=60) if listing.seller else None
    store = store_of(listing.url).name
    lines.append(
        language("listing.store_and_seller", store=store, seller=sold_by)
        if sold_by and sold_by.lower() != store.lower()
        else language("listing.store", store=store)
    )
    return lines


def _since_added(language: Language, start: Money, now: Money) -> Markup:
    if start.minor == now.minor:
        return language("watch.unchanged", start=language.money(start))
    return language("watch.since_added", change=language.change(start, now), start=language.money(start))


def _state_line(language: Language, watch: Watch) -> Markup:
    match watch.state:
        case WatchState.PAUSED:
            line = language("watch.paused")
        case WatchState.STOPPED:
            line = language("watch.stopped")
        case WatchState.SNOOZED:
            line = _snooze_line(language, watch)
        case WatchState.BOUGHT:
            line = _bought_line(language, watch)
        case _:
            line = joined(summary(language, watch))
    return line


def _snooze_line(language: Language, watch: Watch) -> Markup:
    below = watch.listing.money(watch.snoozed_below_minor)
    if below is not None:
        return language("watch.snoozed_until_lower", below=language.money(below))
    assert watch.snoozed_until is not None
    return language("watch.snoozed_until", when=language.time(watch.snoozed_until))


def _bought_line(language: Language, watch: Watch) -> Markup:
    """What they paid, and what they saved by waiting, when they did."""
    paid = watch.listing.money(watch.bought_minor)
    if paid is None:
        return language("watch.bought")
    start = watch.start_price
    if start is None or start.currency != paid.currency or not paid < start:
        return language("watch.bought_at", price=language.money(paid))
    saved = language.money(start - paid)
    return language("watch.bought_and_saved", price=language.money(paid), saved=saved)


def _watch_rows(language: Language, watch: Watch) -> Rows:
    def action(key: str, what: WatchAction) -> InlineKeyboardButton:
        return button(language, key, WatchButton(action=what, watch_id=watch.id))

    if watch.state in (WatchState.STOPPED, WatchState.BOUGHT):
        return [[action("button.undo", WatchAction.RESUME), open_button(language, watch.listing)]]
    if watch.state == WatchState.ACTIVE:
        pause = action("button.pause", WatchAction.PAUSE)
    else:
        pause = action("button.resume", WatchAction.RESUME)
    check = [[action("button.check_now", WatchAction.CHECK)]] if watch.state == WatchState.ACTIVE else []
    history = button(language, "button.history", AlertsButton(action=AlertsAction.HISTORY, value=watch.id))
    wrong = CorrectionButton(action=CorrectionAction.WRONG, id=watch.id)
    return [
        [action("button.rules", WatchAction.RULES), pause],
        [action("button.snooze", WatchAction.SNOOZE), action("button.bought", WatchAction.BOUGHT)],
        [button(language, "button.wrong_price", wrong), action("button.stop", WatchAction.STOP)],
        *check,
        [history, open_button(language, watch.listing)],
    ]


def snooze_buttons(language: Language, watch: Watch, place: Place) -> InlineKeyboardMarkup:
    """For how long? In the place of the buttons of a card or an alert."""
    choices = {
        "button.snooze_day": WatchAction.SNOOZE_DAY,
        "button.snooze_week": WatchAction.SNOOZE_WEEK,
        "button.snooze_lower": WatchAction.SNOOZE_LOWER,
        "button.snooze_not": WatchAction.BACK,
    }
    rows = [
        [button(language, key, WatchButton(action=what, watch_id=watch.id, place=place))]
        for key, what in choices.items()
    ]
    return InlineKeyboardMarkup(inline_keyboard=rows)


def open_button(language: Language, listing: Listing) -> InlineKeyboardButton:
    store = clean(store_of(listing.url).name, limit=30)
    return InlineKeyboardButton(text=language.plain("button.open", store=store), url=listing.url)


def button(language: Language, key: str, data: CallbackData, **details: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=language.plain(key, **details), callback_data=data.pack())


def joined(lines: Sequence[Markup]) -> Markup:
    return Markup("\n").join(lines)
