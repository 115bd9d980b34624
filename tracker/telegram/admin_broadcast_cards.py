"""Broadcasts: as their readers see them, and as those who send them do."""

from collections.abc import Sequence
from datetime import datetime

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup, escape

from tracker.admin.broadcasts import Progress, Segment
from tracker.admin.models import Broadcast, BroadcastState
from tracker.telegram.callbacks import SettingsAction, SettingsButton
from tracker.telegram.cards import Card, button, joined
from tracker.telegram.reach_callbacks import BroadcastAction, BroadcastButton
from tracker.texts import Language, clean

_PREVIEW = 60

_STATES = {
    BroadcastState.DRAFT: "broadcast.state_draft",
    BroadcastState.SCHEDULED: "broadcast.state_scheduled",
    BroadcastState.SENDING: "broadcast.state_sending",
    BroadcastState.PAUSED: "broadcast.state_paused",
    BroadcastState.DONE: "broadcast.state_done",
    BroadcastState.CANCELLED: "broadcast.state_cancelled",
}


def message(language: Language, text: str) -> Card:
    """What a recipient reads: the words as they were typed, and the way to hear no more of them."""
    no_more = button(language, "button.no_more_broadcasts", SettingsButton(action=SettingsAction.NO_MORE))
    return Card(escape(text), keyboard=InlineKeyboardMarkup(inline_keyboard=[[no_more]]))


def who(language: Language) -> Card:
    """Who is it for?"""
    rows = [
        [_button(language, "button.broadcast_everybody", BroadcastAction.EVERYBODY)],
        [_button(language, "button.broadcasts", BroadcastAction.LIST)],
    ]
    return Card(language("broadcast.who"), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def preview(language: Language, broadcast: Broadcast, people: int) -> Card:
    """A draft: its text, to whom it would go, and what can be done with it."""
    lines = [
        language.count("broadcast.preview", people, segment=segment(language, broadcast)),
        Markup(""),
        escape(broadcast.text),
    ]
    rows = [
        [_button(language, "button.broadcast_test", BroadcastAction.TEST, broadcast.id)],
        [
            _button(language, "button.broadcast_now", BroadcastAction.NOW, broadcast.id),
            _button(language, "button.broadcast_later", BroadcastAction.LATER, broadcast.id),
        ],
        [_button(language, "button.broadcast_discard", BroadcastAction.CANCEL_SURE, broadcast.id)],
    ]
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def effect(language: Language, broadcast: Broadcast, people: int) -> Card:
    """What starting it does, before it does it."""
    segment_words = segment(language, broadcast)
    if broadcast.starts_at is None:
        text = language.count("broadcast.effect_now", people, segment=segment_words)
    else:
        text = language.count(
            "broadcast.effect_later", people, segment=segment_words, when=language.time(broadcast.starts_at)
        )
    rows = [
        [
            _button(
                language,
                "button.broadcast_sure",
                BroadcastAction.SURE,
                broadcast.id,
                people=language.number(people),
            )
        ],
        [_button(language, "button.broadcast_back", BroadcastAction.SHOW, broadcast.id)],
    ]
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def cancelling(language: Language, broadcast: Broadcast) -> Card:
    rows = [
        [_button(language, "button.broadcast_cancel_sure", BroadcastAction.CANCEL_SURE, broadcast.id)],
        [_button(language, "button.broadcast_back", BroadcastAction.SHOW, broadcast.id)],
    ]
    text = language("broadcast.cancelling", id=str(broadcast.id))
    return Card(text, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def progress(language: Language, now: Progress) -> Card:
    """How far it is: owed, sent, failed."""
    broadcast = now.broadcast
    lines = [
        language(
            "broadcast.progress",
            id=str(broadcast.id),
            state=_state(language, broadcast),
            segment=segment(language, broadcast),
            owed=language.number(now.owed),
            sent=language.number(now.sent),
            failed=language.number(now.failed),
        )
    ]
    if broadcast.state == BroadcastState.SCHEDULED and broadcast.starts_at is not None:
        lines.append(language("broadcast.begins", when=language.time(broadcast.starts_at)))
    lines += [Markup(""), escape(clean(broadcast.text, limit=300))]
    rows = [[_button(language, "button.broadcast_refresh", BroadcastAction.SHOW, broadcast.id)]]
    if broadcast.state in (BroadcastState.SENDING, BroadcastState.SCHEDULED):
        rows.append(
            [
                _button(language, "button.broadcast_pause", BroadcastAction.PAUSE, broadcast.id),
                _button(language, "button.broadcast_cancel", BroadcastAction.CANCEL, broadcast.id),
            ]
        )
    elif broadcast.state == BroadcastState.PAUSED:
        rows.append(
            [
                _button(language, "button.broadcast_resume", BroadcastAction.RESUME, broadcast.id),
                _button(language, "button.broadcast_cancel", BroadcastAction.CANCEL, broadcast.id),
            ]
        )
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def listed(language: Language, found: Sequence[Broadcast], now: datetime) -> Card:
    if not found:
        return Card(language("broadcast.none"))
    rows = [
        [
            InlineKeyboardButton(
                text=f"#{each.id} {language.day(each.created_at, now)} · "
                f"{_state(language, each)} · {clean(each.text, limit=_PREVIEW)}"[:64],
                callback_data=BroadcastButton(action=BroadcastAction.SHOW, id=each.id).pack(),
            )
        ]
        for each in found
    ]
    return Card(language("broadcast.list"), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def segment(language: Language, broadcast: Broadcast) -> str:
    return segment_words(language, Segment(**broadcast.segment))


def segment_words(language: Language, wanted: Segment) -> str:
    """To whom, in words: "plan pro, watching something at amazon.in"."""
    parts = []
    if wanted.plan is not None:
        parts.append(language.plain("broadcast.with_plan", plan=wanted.plan))
    if wanted.locale is not None:
        parts.append(language.plain("broadcast.with_language", language=wanted.locale))
    if wanted.store is not None:
        parts.append(language.plain("broadcast.with_store", store=clean(wanted.store, limit=60)))
    if wanted.active_days is not None:
        days = language.count("broadcast.with_activity", wanted.active_days)
        parts.append(days.striptags())
    return ", ".join(parts) or language.plain("broadcast.everybody")


def _state(language: Language, broadcast: Broadcast) -> str:
    return language.plain(_STATES[BroadcastState(broadcast.state)])


def _button(
    language: Language, key: str, action: BroadcastAction, id: int = 0, **details: str
) -> InlineKeyboardButton:
    return button(language, key, BroadcastButton(action=action, id=id), **details)
