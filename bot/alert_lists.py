"""What waits to be said, and what became of each alert: in words."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.alerts.corrections import WRONG_READING
from tracker.alerts.history import Entry, HistoryPage, Pending
from tracker.alerts.models import Alert, AlertState, HeldFor
from tracker.telegram.callbacks import AlertsAction, AlertsButton
from tracker.telegram.cards import Card, joined, title_of
from tracker.texts import Language
from tracker.users.models import UserState
from tracker.watches.models import Watch, WatchState

_AT_ONCE = timedelta(minutes=5)
"""So soon after its reading an alert was sent "at once": the minute is not said again."""

_WAITS_FOR = {
    HeldFor.QUIET: "pending.quiet",
    HeldFor.HOURLY: "pending.hourly",
    HeldFor.DAILY: "pending.daily",
    HeldFor.WEEKLY: "pending.weekly",
    HeldFor.CAP: "pending.cap",
    HeldFor.ASKED: "pending.asked",
}
_KEPT_FOR = {
    HeldFor.QUIET: "history.kept_quiet",
    HeldFor.HOURLY: "history.kept_hourly",
    HeldFor.DAILY: "history.kept_daily",
    HeldFor.WEEKLY: "history.kept_weekly",
    HeldFor.CAP: "history.kept_cap",
    HeldFor.ASKED: "history.kept_asked",
}
_UNWANTED: dict[str, str] = {
    WatchState.PAUSED: "history.paused",
    WatchState.SNOOZED: "history.snoozed",
    WatchState.STOPPED: "history.stopped",
    WatchState.BOUGHT: "history.bought",
    UserState.BLOCKED: "history.blocked",
    UserState.DEACTIVATED: "history.gone",
    UserState.SUSPENDED: "history.suspended",
    WRONG_READING: "history.wrong_reading",
}
# What delivery wrote down of Telegram's final answers, in lower case.
_FAILURES = {
    "blocked by the user": "history.blocked",
    "deactivated": "history.gone",
    "chat not found": "history.gone",
    "kicked": "history.gone",
    "not a member": "history.gone",
    "was deleted": "history.gone",
    "can't initiate": "history.gone",
    "no rights": "history.gone",
    "bad request": "history.refused",
}


def pending(language: Language, found: Pending, now: datetime) -> Card:
    """What is held, by why and until when, and a button that lets it go."""
    if not found.total:
        return Card(language("pending.none"))
    lines = [language.count("pending.heading", found.total)]
    for (why, until), entries in groupby(
        found.entries, lambda each: (each.alert.held_for, each.alert.due_at)
    ):
        when = language.time(until) if until > now else language.plain("time.soon")
        lines += [Markup(""), language(_WAITS_FOR[HeldFor(why)], until=when)]
        lines += [
            language("pending.entry", title=_link(entry), price=_price(language, entry.alert))
            for entry in entries
        ]
    if found.total > len(found.entries):
        lines += [Markup(""), language.count("pending.more", found.total - len(found.entries))]
    if all(entry.alert.held_for == HeldFor.ASKED for entry in found.entries):
        return Card(joined(lines))
    send = _button(language.plain("button.send_now"), AlertsAction.SEND_NOW)
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[[send]]))


def history(language: Language, found: HistoryPage, watch: Watch | None, now: datetime) -> Card:
    """A page of alerts, of one watch or of all: when, of what, at which price, and what became of it."""
    title = title_of(watch.listing, limit=60) if watch else ""
    if not found.total and not found.older:
        return Card(language("history.none_of", title=title) if watch else language("history.none"))
    lines = [
        language.count("history.heading_of", found.total, title=title)
        if watch
        else language.count("history.heading", found.total)
    ]
    for entry in found.entries:
        when = language.time(entry.alert.observed_at)
        price = _change(language, entry.alert)
        state = Markup(", ").join(_state(language, entry.alert, now))
        lines += [
            Markup(""),
            language("history.entry", when=when, title=_link(entry), price=price, state=state),
        ]
    if found.older and found.days is not None:
        lines += [Markup(""), language.count("history.older", found.older, days=language.number(found.days))]
    return Card(joined(lines), keyboard=_turning(language, found, watch.id if watch else 0))


def choose(language: Language, question: Markup, watches: Sequence[Watch]) -> Card:
    """Whose history? A button for each watch."""
    rows = [
        [_button(f"#{watch.number} {title_of(watch.listing, limit=40)}", AlertsAction.HISTORY, watch.id)]
        for watch in watches
    ]
    return Card(question, keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def _state(language: Language, alert: Alert, now: datetime) -> Iterator[Markup]:
    if alert.held_for:
        yield language(_KEPT_FOR[HeldFor(alert.held_for)])
    match alert.state:
        case AlertState.SENT:
            yield from _sent(language, alert)
        case AlertState.HELD if alert.due_at > now:
            yield language("history.until", until=language.time(alert.due_at))
        case AlertState.DUE if alert.last_error:
            yield language("history.again", when=language.time(alert.due_at))
        case AlertState.CANCELLED:
            yield language(_UNWANTED.get(alert.last_error or "", "history.unwanted"))
        case AlertState.DEAD:
            yield language(_failure(alert.last_error or ""))
        case _:
            yield language("history.due")


def _sent(language: Language, alert: Alert) -> Iterator[Markup]:
    if alert.sent_at is None or alert.sent_at - alert.observed_at < _AT_ONCE:
        yield language("history.sent")
    else:
        yield language("history.sent_later", when=language.time(alert.sent_at))
    if alert.merged_into is not None:
        yield language("history.with_others")
    if alert.correction_id is not None:
        yield language("history.wrong")


def _failure(error: str) -> str:
    lowered = error.lower()
    return next((key for part, key in _FAILURES.items() if part in lowered), "history.unreachable")


def _turning(language: Language, found: HistoryPage, watch_id: int) -> InlineKeyboardMarkup | None:
    if found.pages < 2:
        return None
    where = language.plain("button.page", page=found.page + 1, pages=found.pages)
    turns = (
        ("◀", (found.page - 1) % found.pages),
        (where, found.page),
        ("▶", (found.page + 1) % found.pages),
    )
    row = [_button(text, AlertsAction.PAGE, watch_id, page) for text, page in turns]
    return InlineKeyboardMarkup(inline_keyboard=[row])


def _link(entry: Entry) -> Markup:
    return Markup('<a href="{}">{}</a>').format(entry.listing.url, title_of(entry.listing, limit=60))


def _price(language: Language, alert: Alert) -> str:
    return language.money(alert.now) if alert.now else language.plain("price.none")


def _change(language: Language, alert: Alert) -> str:
    if alert.before is None or alert.before == alert.now:
        return _price(language, alert)
    before = language.money(alert.before)
    return language.plain("history.change", now=_price(language, alert), before=before)


def _button(text: str, action: AlertsAction, value: int = 0, page: int = 0) -> InlineKeyboardButton:
    data = AlertsButton(action=action, value=value, page=page)
    return InlineKeyboardButton(text=text, callback_data=data.pack())
