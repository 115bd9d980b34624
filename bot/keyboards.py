"""The list of watches and the settings: text and buttons."""

from collections.abc import Iterable, Sequence

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.telegram.callbacks import (
    ListButton,
    Place,
    SettingsAction,
    SettingsButton,
    WatchAction,
    WatchButton,
    fitting_needle,
)
from tracker.telegram.cards import Card, title_of
from tracker.texts import Language, language_name, locales
from tracker.users.models import User
from tracker.users.service import CURRENCIES
from tracker.watches.models import Watch, WatchState
from tracker.watches.service import Sort, WatchPage

_STATE_SIGNS = {WatchState.PAUSED: "⏸", WatchState.SNOOZED: "😴", WatchState.BOUGHT: "🛍"}

TIME_ZONES = (
    "Asia/Kolkata",
    "Asia/Dubai",
    "Asia/Singapore",
    "Europe/London",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "UTC",
)


def watch_list(language: Language, found: WatchPage, *, sort: Sort, needle: str) -> Card:
    """A page of watches: a line and a button each, and buttons to turn pages and to sort."""
    if not found.total:
        return Card(language("list.none_matching", words=needle) if needle else language("list.empty"))
    heading = (
        language.count("list.heading_matching", found.total, words=needle)
        if needle
        else language.count("list.heading", found.total)
    )
    lines = [heading, Markup(""), *(_line(language, watch) for watch in found.watches)]
    rows = _in_pairs(
        InlineKeyboardButton(
            text=f"#{watch.number} {title_of(watch.listing, limit=28)}",
            callback_data=WatchButton(action=WatchAction.CARD, watch_id=watch.id, place=Place.LIST).pack(),
        )
        for watch in found.watches
    )
    kept = fitting_needle(needle)
    if found.pages > 1:
        where = language.plain("button.page", page=found.page + 1, pages=found.pages)
        rows.append(
            [
                _list_button("◀", (found.page - 1) % found.pages, sort, kept),
                _list_button(where, found.page, sort, kept),
                _list_button("▶", (found.page + 1) % found.pages, sort, kept),
            ]
        )
    if found.total > 1:
        rows.append([_list_button(_sort_text(language, order, sort), 0, order, kept) for order in Sort])
    return Card(Markup("\n").join(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def choose(language: Language, question: Markup, watches: Sequence[Watch], action: WatchAction) -> Card:
    """Which one is meant? A button for each."""
    rows = [
        [
            InlineKeyboardButton(
                text=f"#{watch.number} {title_of(watch.listing, limit=40)}",
                callback_data=WatchButton(action=action, watch_id=watch.id).pack(),
            )
        ]
        for watch in watches
    ]
    return Card(question, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def settings(language: Language, user: User) -> Card:
    text = language(
        "settings.card", language=language_name(user.locale), currency=user.currency, time_zone=user.time_zone
    )
    rows = [
        [
            _settings_button(language, "button.language", SettingsAction.LANGUAGES),
            _settings_button(language, "button.currency", SettingsAction.CURRENCIES),
        ],
        [_settings_button(language, "button.time_zone", SettingsAction.TIME_ZONES)],
        [
            _settings_button(language, "button.hear_no_broadcasts", SettingsAction.HEAR_NOT)
            if user.hears_broadcasts
            else _settings_button(language, "button.hear_broadcasts", SettingsAction.HEAR)
        ],
    ]
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def languages(language: Language) -> Card:
    buttons = [_choice(language_name(locale), SettingsAction.LANGUAGE, locale) for locale in locales()]
    return _settings_choice(language, "settings.which_language", buttons)


def currencies(language: Language) -> Card:
    buttons = [_choice(currency, SettingsAction.CURRENCY, currency) for currency in CURRENCIES]
    return _settings_choice(language, "settings.which_currency", buttons)


def time_zones(language: Language) -> Card:
    buttons = [_choice(zone.replace("_", " "), SettingsAction.TIME_ZONE, zone) for zone in TIME_ZONES]
    other = _settings_button(language, "button.other_time_zone", SettingsAction.OTHER_TIME_ZONE)
    return _settings_choice(language, "settings.which_time_zone", [*buttons, other])


def _line(language: Language, watch: Watch) -> Markup:
    listing = watch.listing
    price = language.money(listing.price) if listing.price else language("price.none")
    line = Markup('#{} <a href="{}">{}</a> — <b>{}</b>').format(
        watch.number, listing.url, title_of(listing, limit=60), price
    )
    start = watch.start_price
    if (
        start
        and listing.price
        and start.currency == listing.price.currency
        and start.minor != listing.price.minor
    ):
        line += Markup(" {}").format(language.change(start, listing.price))
    if watch.state in _STATE_SIGNS:
        line += Markup(" {}").format(_STATE_SIGNS[WatchState(watch.state)])
    return line


def _sort_text(language: Language, order: Sort, chosen: Sort) -> str:
    text = language.plain(f"button.sort_{order}")
    return f"• {text}" if order is chosen else text


def _list_button(text: str, page: int, sort: Sort, needle: str) -> InlineKeyboardButton:
    data = ListButton(page=page, sort=sort, needle=needle)
    return InlineKeyboardButton(text=text, callback_data=data.pack())


def _settings_choice(language: Language, key: str, buttons: list[InlineKeyboardButton]) -> Card:
    rows = _in_pairs(buttons)
    rows.append([_settings_button(language, "button.back", SettingsAction.SHOW)])
    return Card(language(key), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _settings_button(language: Language, key: str, action: SettingsAction) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=language.plain(key), callback_data=SettingsButton(action=action).pack())


def _choice(text: str, action: SettingsAction, value: str) -> InlineKeyboardButton:
    return InlineKeyboardButton(text=text, callback_data=SettingsButton(action=action, value=value).pack())


def _in_pairs(buttons: Iterable[InlineKeyboardButton]) -> list[list[InlineKeyboardButton]]:
    all_buttons = list(buttons)
    return [all_buttons[start : start + 2] for start in range(0, len(all_buttons), 2)]
