"""What people hear about stores: a page that is gone, a store that refuses us, and its return."""

from datetime import datetime

from aiogram.types import InlineKeyboardMarkup

from tracker.stores.registry import name_of
from tracker.telegram.callbacks import WatchAction, WatchButton
from tracker.telegram.cards import Card, Details, button
from tracker.texts import Language, clean


def listing_gone(language: Language, told: Details) -> Card:
    """Its page is not there any more: let it be asked for again, or give it up."""
    text = language(
        "notice.listing_gone",
        store=store_name(told["store"]),
        url=told["url"],
        title=clean(told["title"], limit=150) or store_name(told["store"]),
    )
    buttons = [
        button(language, key, WatchButton(action=action, watch_id=told["watch_id"]))
        for key, action in (
            ("button.try_again", WatchAction.RESUME),
            ("button.stop", WatchAction.STOP),
        )
    ]
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=[buttons]))


def store_refuses(language: Language, told: Details) -> Card:
    since = language.time(datetime.fromisoformat(told["since"]))
    name = store_name(told["store"])
    return Card(language.count("notice.store_refuses", told["things"], store=name, since=since))


def store_answers_again(language: Language, told: Details) -> Card:
    away = datetime.fromisoformat(told["at"]) - datetime.fromisoformat(told["since"])
    name = store_name(told["store"])
    text = language.count(
        "notice.store_answers_again", told["things"], store=name, away=language.duration(away)
    )
    return Card(text)


def store_rests(language: Language, told: Details) -> Card:
    """For the admins."""
    text = language.count(
        "notice.store_rests",
        told["refusals"],
        store=store_name(told["store"]),
        code=told["store"],
        since=language.time(datetime.fromisoformat(told["since"])),
        until=language.time(datetime.fromisoformat(told["until"])),
    )
    return Card(text)


def store_name(code: str) -> str:
    """What people call a store, fit to stand in a text: any host can be one."""
    return clean(name_of(code), limit=60)
