"""Stores, as those who run the service see them: how they answer, and how they are asked."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.roles import Action, Actor
from tracker.admin.stores import StoreReport
from tracker.fetching.politeness import Manners
from tracker.fetching.ways import Way
from tracker.telegram.admin_callbacks import MAX_STORE, StoreAction, StoreButton
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.telegram.store_cards import store_name
from tracker.texts import Language, clean

REST_HOURS = (1, 6, 24)
GAPS = ("0", "0.5", "1", "2", "5", "10", "30", "60")
AT_ONCE = ("1", "2", "3", "4", "8", "16")

_NAME = 40
"""Characters of a store's name: twenty lines fit into a message."""

_OUTCOMES = 8
_IN_A_ROW = 2


def stores(language: Language, found: Sequence[StoreReport], now: datetime) -> Card:
    if not found:
        return Card(language("admin.no_stores"))
    buttons = [_show(store) for store in found if _in_a_button(store.code)]
    return Card(
        joined([language("admin.stores"), *(_line(language, each, now) for each in found)]),
        keyboard=InlineKeyboardMarkup(inline_keyboard=_in_rows(buttons, _IN_A_ROW)),
    )


def store(
    language: Language,
    found: StoreReport,
    actor: Actor,
    usual: Manners,
    now: datetime,
    *,
    listing_id: int | None = None,
    note: Markup | None = None,
) -> Card:
    """One store, with what this person may do to it. `listing_id` names it where its code is too long."""
    lines = [note, Markup()] if note else []
    lines += [
        _line(language, found, now),
        language("admin.store_code", code=clean(found.code, limit=255)),
        language("admin.store_promise", kept=percent(found.promises.percent), missed=found.missed),
        language("admin.store_unsure", share=_percent(found.unsure, found.checks)),
        language("admin.store_no_reads")
        if found.mean_milliseconds is None
        else language("admin.store_mean", milliseconds=language.number(found.mean_milliseconds)),
        _circuit(language, found, now),
        language("admin.store_manners", **_manners(language, found, usual)),
    ]
    if found.outcomes:
        ended = ", ".join(
            f"{clean(outcome, limit=32)} {language.number(checks)}"
            for outcome, checks in found.outcomes[:_OUTCOMES]
        )
        lines.append(language("admin.store_outcomes", outcomes=ended))
    return Card(joined(lines), keyboard=_buttons(language, found, actor, listing_id))


def choose(
    language: Language, found: StoreReport, action: StoreAction, listing_id: int | None = None
) -> Card:
    """What the gap, the number at once, or the way of fetching of a store may be."""
    key, setting, values = {
        StoreAction.GAP: ("admin.store_gap", StoreAction.SET_GAP, GAPS),
        StoreAction.AT_ONCE: ("admin.store_at_once", StoreAction.SET_AT_ONCE, AT_ONCE),
        StoreAction.WAY: ("admin.store_way", StoreAction.SET_WAY, tuple(Way)),
    }[action]
    named = _named(found.code, listing_id)
    usual = button(language, "button.as_usual", StoreButton(action=setting, store=named))
    back = button(language, "button.back", StoreButton(action=StoreAction.SHOW, store=named))
    rows = _in_rows(
        [
            InlineKeyboardButton(
                text=value, callback_data=StoreButton(action=setting, store=named, value=value).pack()
            )
            for value in values
        ],
        4,
    )
    name = clean(store_name(found.code), limit=_NAME)
    return Card(
        language(key, store=name), keyboard=InlineKeyboardMarkup(inline_keyboard=[*rows, [usual], [back]])
    )


def percent(share: float | None) -> str:
    """A share as it stands in a text."""
    return "–" if share is None else f"{share:g} %"


def _buttons(
    language: Language, found: StoreReport, actor: Actor, listing_id: int | None
) -> InlineKeyboardMarkup | None:
    if not _in_a_button(found.code) and listing_id is None:
        return None
    named = _named(found.code, listing_id)
    rows: Rows = []
    if actor.may(Action.REST_STORE):
        rows.append(
            [
                button(
                    language,
                    "button.rest_hours",
                    StoreButton(action=StoreAction.REST, store=named, value=str(hours)),
                    hours=str(hours),
                )
                for hours in REST_HOURS
            ]
        )
    if found.is_resting and actor.may(Action.RELEASE_STORE):
        rows.append(
            [button(language, "button.release", StoreButton(action=StoreAction.RELEASE, store=named))]
        )
    if actor.may(Action.SET_STORE):
        rows.append(
            [
                button(language, key, StoreButton(action=action, store=named))
                for key, action in (
                    ("button.store_gap", StoreAction.GAP),
                    ("button.store_at_once", StoreAction.AT_ONCE),
                    ("button.store_way", StoreAction.WAY),
                )
            ]
        )
    refresh = button(language, "button.refresh", StoreButton(action=StoreAction.SHOW, store=named))
    every = button(language, "button.all_stores", StoreButton(action=StoreAction.LIST))
    return InlineKeyboardMarkup(inline_keyboard=[*rows, [refresh, every]])


def _line(language: Language, store: StoreReport, now: datetime) -> Markup:
    line = language.count("admin.store", store.listings, store=clean(store_name(store.code), limit=_NAME))
    if store.checks:
        line += Markup(" · ") + language.count(
            "admin.store_checks",
            store.checks,
            offers=_percent(store.offers, store.checks),
            refusals=_percent(store.refusals, store.checks),
        )
    if store.rests_until is not None:
        line += Markup(" · ") + language("admin.store_rests", until=language.time(store.rests_until))
    if store.sale_until is not None:
        line += Markup(" · ") + language("admin.store_sale", when=language.ahead(store.sale_until, now))
    return line


def _circuit(language: Language, store: StoreReport, now: datetime) -> Markup:
    """Whether the store may be asked, and since when it refuses."""
    if store.refused_since is None:
        return language("admin.circuit_rests" if store.is_resting else "admin.circuit_closed")
    key = "admin.circuit_open" if store.is_resting else "admin.circuit_trying"
    since = language.ago(store.refused_since, now)
    return language.count(key, store.refusals_in_a_row, since=since)


def _manners(language: Language, store: StoreReport, usual: Manners) -> dict[str, Markup]:
    def said(own: float | str | None, otherwise: float | str) -> Markup:
        value = (
            f"{otherwise if own is None else own:g}" if not isinstance(otherwise, str) else own or otherwise
        )
        return language("admin.as_usual" if own is None else "admin.own", value=value)

    return {
        "at_once": said(store.at_once, usual.at_once),
        "gap": said(store.gap_seconds, usual.gap_seconds),
        "way": said(store.way, Way.DIRECT.value),
    }


def _show(store: StoreReport) -> InlineKeyboardButton:
    data = StoreButton(action=StoreAction.SHOW, store=store.code)
    return InlineKeyboardButton(text=clean(store_name(store.code), limit=_NAME), callback_data=data.pack())


def _named(code: str, listing_id: int | None) -> str:
    return code if _in_a_button(code) else f"#{listing_id or 0}"


def _in_a_button(code: str) -> bool:
    return len(code.encode()) <= MAX_STORE and "|" not in code


def _in_rows(buttons: Sequence[InlineKeyboardButton], width: int) -> Rows:
    return [list(buttons[start : start + width]) for start in range(0, len(buttons), width)]


def _percent(part: int, whole: int) -> str:
    """Cut, so that 100 % is all of them; what is there at all is at least 1 %."""
    return str(max(100 * part // whole, 1 if part else 0)) if whole else "0"
