"""Alarms in words: what is wrong, since when, and a button to hear nothing of it for a while."""

from collections.abc import Callable
from datetime import datetime, timedelta

from aiogram.types import InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin.alarms import Kind
from tracker.telegram.admin_callbacks import HealthAction, HealthButton
from tracker.telegram.cards import Card, Details, Rows, button, joined
from tracker.telegram.store_cards import store_name
from tracker.texts import Language, clean

SILENCES = (1, 24)
"""Hours."""

_GIGABYTE = 1024**3
_NAME = 80


def began(language: Language, told: Details) -> Card:
    return _lasting(language, told, language("alarm.began"))


def goes_on(language: Language, told: Details) -> Card:
    lasts = language.duration(_moment(told["at"]) - _moment(told["since"]))
    return _lasting(language, told, language("alarm.goes_on", lasts=lasts))


def ended(language: Language, told: Details) -> Card:
    lasted = language.duration(_moment(told["at"]) - _moment(told["since"]))
    return Card(joined([language("alarm.ended", lasted=lasted), what(language, told["alarm"])]))


def what(language: Language, alarm: Details) -> Markup:
    """What is wrong, in one sentence. Raises KeyError for a kind that is unknown."""
    return _SENTENCES[Kind(alarm["kind"])](language, alarm)


def silencers(language: Language, digest: str) -> Rows:
    return [
        [
            button(
                language,
                "button.silence",
                HealthButton(action=HealthAction.SILENCE, alarm=digest, hours=hours),
                hours=str(hours),
            )
            for hours in SILENCES
        ]
    ]


def _lasting(language: Language, told: Details, first: Markup) -> Card:
    health = button(language, "button.health", HealthButton(action=HealthAction.SHOW))
    return Card(
        joined([first, what(language, told["alarm"])]),
        keyboard=InlineKeyboardMarkup(inline_keyboard=[*silencers(language, told["digest"]), [health]]),
    )


def _payments(language: Language, alarm: Details) -> Markup:
    return language.count("alarm.payments", alarm["held"], since=language.time(_moment(alarm["since"])))


def _ledger(language: Language, alarm: Details) -> Markup:
    first = clean(alarm["first"], limit=64)
    return language.count("alarm.ledger", alarm["postings"], first=first)


def _webhooks(language: Language, alarm: Details) -> Markup:
    return language.count("alarm.webhooks", alarm["checkouts"], since=language.time(_moment(alarm["since"])))


def _store(language: Language, alarm: Details) -> Markup:
    name = store_name(alarm["store"])
    if alarm["until"] is None:
        return language.count("alarm.store_asked", alarm["refusals"], store=name)
    until = language.time(_moment(alarm["until"]))
    return language.count("alarm.store", alarm["refusals"], store=name, until=until)


def _promise(language: Language, alarm: Details) -> Markup:
    return language.count("alarm.promise", alarm["missed"], kept=f"{alarm['kept']:g}")


def _queue(language: Language, alarm: Details) -> Markup:
    waits = language.duration(timedelta(seconds=alarm["seconds"]))
    return language.count("alarm.queue", alarm["waiting"], queue=clean(alarm["queue"], limit=40), waits=waits)


def _worker(language: Language, alarm: Details) -> Markup:
    seen = language.time(_moment(alarm["last_seen"]))
    return language("alarm.worker", name=clean(alarm["name"], limit=_NAME), seen=seen)


def _errors(language: Language, alarm: Details) -> Markup:
    return language.count("alarm.errors", alarm["failed"], jobs=language.number(alarm["jobs"]))


def _disk(language: Language, alarm: Details) -> Markup:
    return language(
        "alarm.disk",
        host=clean(alarm["host"], limit=_NAME),
        free=gigabytes(alarm["free"]),
        total=gigabytes(alarm["total"]),
    )


_SENTENCES: dict[Kind, Callable[[Language, Details], Markup]] = {
    Kind.PAYMENTS: _payments,
    Kind.LEDGER: _ledger,
    Kind.WEBHOOKS: _webhooks,
    Kind.STORE: _store,
    Kind.PROMISE: _promise,
    Kind.QUEUE: _queue,
    Kind.WORKER: _worker,
    Kind.ERRORS: _errors,
    Kind.DISK: _disk,
}


def gigabytes(count: int) -> str:
    return f"{count / _GIGABYTE:.1f}"


def _moment(told: str) -> datetime:
    return datetime.fromisoformat(told)
