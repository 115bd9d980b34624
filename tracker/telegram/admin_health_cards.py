"""The service's health, and what was given up, as those who run it read it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from aiogram.types import InlineKeyboardButton, InlineKeyboardMarkup
from markupsafe import Markup

from tracker.admin import health as admin
from tracker.admin.alarms import digest_of
from tracker.admin.alerts import AlertEntry
from tracker.admin.events import EventEntry
from tracker.admin.roles import Action, Actor
from tracker.alerts.models import AlertState
from tracker.inbox.models import EventState
from tracker.telegram import alarm_cards
from tracker.telegram.admin_callbacks import (
    EventButton,
    FailedAlertButton,
    HealthAction,
    HealthButton,
    OutboxAction,
)
from tracker.telegram.cards import Card, Rows, button, joined
from tracker.texts import Language, clean
from tracker.vitals import Readings, Worker

LATE = timedelta(minutes=2)
"""A job of the clock that is later than this is named."""

_WORKERS, _ALARMS = 8, 6
_ERROR = 300


def health(language: Language, found: admin.Health, actor: Actor, *, note: Markup | None = None) -> Card:
    stored, readings, machine, now = found.stored, found.readings, found.machine, found.at
    lines = [note, Markup()] if note else []
    lines += [
        language("health.well" if found.is_well else "health.ill"),
        language("health.database", kind=stored.kind, milliseconds=f"{stored.milliseconds:.1f}"),
        *_redis(language, readings, now),
        *_reached(language, readings, now),
        _disk(language, machine),
        _backup(language, machine, now),
        language(
            "health.failed", alerts=_counted(stored.failed_alerts), events=_counted(stored.failed_events)
        ),
    ]
    shown = stored.alarms[:_ALARMS]
    if shown:
        lines.append(language("health.alarms"))
    for number, alarm in enumerate(shown, 1):
        sentence = alarm_cards.what(language, alarm.details)
        line = language("health.alarm", number=number, what=sentence, since=language.time(alarm.since))
        if alarm.silenced_until is not None and alarm.silenced_until > now:
            line += Markup(" ") + language("health.silenced", until=language.time(alarm.silenced_until))
        lines.append(line)
    rows: Rows = [
        [
            button(language, "button.failed_alerts", FailedAlertButton(action=OutboxAction.FAILED)),
            button(language, "button.failed_events", EventButton(action=OutboxAction.FAILED)),
        ]
    ]
    if actor.may(Action.SILENCE_ALARM):
        rows += [
            [
                button(
                    language,
                    "button.silence_number",
                    HealthButton(action=HealthAction.SILENCE, alarm=digest_of(alarm.key), hours=hours),
                    number=str(number),
                    hours=str(hours),
                )
                for hours in alarm_cards.SILENCES
            ]
            for number, alarm in enumerate(shown, 1)
        ]
    rows.append([button(language, "button.refresh", HealthButton(action=HealthAction.SHOW))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def failed_alerts(language: Language, found: Sequence[AlertEntry], *, limit: int) -> Card:
    if not found:
        return Card(language("failed.no_alerts"))
    lines = [language("failed.alerts")]
    for entry in found:
        lines.append(
            language(
                "failed.alert",
                id=entry.alert.id,
                title=clean(entry.listing.title, limit=40) or entry.listing.store,
                person=entry.user.telegram_id,
                error=clean(entry.alert.last_error or "", limit=60),
            )
        )
    rows: Rows = _numbered(
        [
            button(
                language, "button.number", _alert(OutboxAction.SHOW, entry.alert.id), id=str(entry.alert.id)
            )
            for entry in found
        ]
    )
    if len(found) == limit:
        rows.append([button(language, "button.older", _alert(OutboxAction.HERE, found[-1].alert.id))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def failed_alert(language: Language, entry: AlertEntry, actor: Actor, *, note: Markup | None = None) -> Card:
    """One alert: why it failed, and what can be done about it."""
    alert = entry.alert
    lines = [note, Markup()] if note else []
    lines += [
        language(
            "failed.alert_card",
            id=alert.id,
            title=clean(entry.listing.title, limit=100) or entry.listing.store,
            url=entry.listing.url,
            person=entry.user.telegram_id,
            name=clean(entry.user.first_name, limit=40),
            chat=alert.chat_id,
            state=alert.state,
            seen=language.time(alert.observed_at),
        ),
        language.count("failed.attempts", alert.attempts, error=clean(alert.last_error or "–", limit=_ERROR)),
    ]
    buttons = []
    if alert.state == AlertState.DEAD:
        if actor.may(Action.RETRY_ALERT):
            buttons.append(button(language, "button.retry", _alert(OutboxAction.RETRY, alert.id)))
        if actor.may(Action.DROP_ALERT):
            buttons.append(button(language, "button.drop", _alert(OutboxAction.DROP, alert.id)))
    back = button(language, "button.back", FailedAlertButton(action=OutboxAction.HERE))
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[buttons, [back]]))


def failed_events(language: Language, found: Sequence[EventEntry], *, limit: int) -> Card:
    if not found:
        return Card(language("failed.no_events"))
    lines = [language("failed.events")]
    for entry in found:
        lines.append(
            language(
                "failed.event",
                id=entry.id,
                provider=entry.provider,
                event=clean(entry.event_id, limit=40),
                error=clean(entry.last_error or "", limit=60),
            )
        )
    rows = _numbered(
        [
            button(language, "button.number", _event(OutboxAction.SHOW, entry.id), id=str(entry.id))
            for entry in found
        ]
    )
    if len(found) == limit:
        rows.append([button(language, "button.older", _event(OutboxAction.HERE, found[-1].id))])
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=rows))


def failed_event(language: Language, entry: EventEntry, actor: Actor, *, note: Markup | None = None) -> Card:
    lines = [note, Markup()] if note else []
    lines += [
        language(
            "failed.event_card",
            id=entry.id,
            provider=entry.provider,
            event=clean(entry.event_id, limit=128),
            state=entry.state,
            received=language.time(entry.received_at),
        ),
        language.count("failed.attempts", entry.attempts, error=clean(entry.last_error or "–", limit=_ERROR)),
    ]
    buttons = []
    if entry.state in (EventState.DEAD, EventState.IGNORED) and actor.may(Action.REPLAY_EVENT):
        buttons.append(button(language, "button.replay", _event(OutboxAction.RETRY, entry.id)))
    if entry.state == EventState.DEAD and actor.may(Action.DROP_EVENT):
        buttons.append(button(language, "button.drop", _event(OutboxAction.DROP, entry.id)))
    back = button(language, "button.back", EventButton(action=OutboxAction.HERE))
    return Card(joined(lines), keyboard=InlineKeyboardMarkup(inline_keyboard=[buttons, [back]]))


def _alert(action: OutboxAction, alert_id: int) -> FailedAlertButton:
    return FailedAlertButton(action=action, id=alert_id)


def _event(action: OutboxAction, event_id: int) -> EventButton:
    return EventButton(action=action, id=event_id)


def _numbered(buttons: Sequence[InlineKeyboardButton]) -> Rows:
    return [list(buttons[start : start + 5]) for start in range(0, len(buttons), 5)]


def _redis(language: Language, readings: Readings, now: datetime) -> list[Markup]:
    if readings.milliseconds is None:
        return [language("health.no_redis")]
    lines = [
        language(
            "health.redis", milliseconds=f"{readings.milliseconds:.1f}", hints=language.number(readings.hints)
        ),
        language.count("health.workers", len(readings.workers)),
        *(_worker(language, worker, now) for worker in readings.workers[:_WORKERS]),
    ]
    lines += [
        language("health.gone", name=clean(each.name, limit=60), seen=language.time(each.last_seen))
        for each in readings.gone[:_WORKERS]
    ]
    late = [
        language("health.cron_late", job=clean(job, limit=32), late=language.duration(each.late_by(now)))
        for job, each in readings.cron.items()
        if each.late_by(now) > LATE
    ]
    return [*lines, *(late or [language.count("health.cron", len(readings.cron))])]


def _worker(language: Language, worker: Worker, now: datetime) -> Markup:
    return language(
        "health.worker",
        name=clean(worker.name, limit=60),
        version=clean(worker.version, limit=20),
        runs=language.duration(now - worker.started_at),
        done=language.number(worker.done),
        failed=language.number(worker.failed),
    )


def _reached(language: Language, readings: Readings, now: datetime) -> list[Markup]:
    """What workers came by: a service that nobody asked since Redis was emptied is not named."""
    lines = []
    for service, each in readings.reached.items():
        if each.is_away and each.failed_at is not None:
            failed = language.ago(each.failed_at, now)
            lines.append(
                language("health.away", service=service, failed=failed, error=clean(each.error or ""))
            )
        elif each.answered_at is not None:
            lines.append(
                language("health.reached", service=service, answered=language.ago(each.answered_at, now))
            )
    return lines


def _disk(language: Language, machine: admin.Machine) -> Markup:
    free, total = alarm_cards.gigabytes(machine.disk_free), alarm_cards.gigabytes(machine.disk_total)
    return language("health.disk", free=free, total=total)


def _backup(language: Language, machine: admin.Machine, now: datetime) -> Markup:
    if not machine.has_backups:
        return language("health.backup_unset")
    if machine.backup_at is None:
        return language("health.no_backup")
    return language("health.backup", age=language.ago(machine.backup_at, now))


def _counted(number: int) -> str:
    return f"{number}+" if number >= admin.MOST_COUNTED else str(number)
