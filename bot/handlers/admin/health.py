"""/health: how the service itself does, what was given up, and what is alarmed about."""

import asyncio

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards, MakeCard
from tracker import vitals
from tracker.admin import alarms, alerts, events
from tracker.admin import health as admin
from tracker.admin.roles import Actor
from tracker.config import Settings
from tracker.jobs import JobQueue
from tracker.telegram import admin_health_cards as cards
from tracker.telegram.admin_callbacks import (
    EventButton,
    FailedAlertButton,
    HealthAction,
    HealthButton,
    OutboxAction,
)
from tracker.telegram.cards import Card
from tracker.texts import Language

_LISTED = 10
_LISTS = {OutboxAction.FAILED, OutboxAction.HERE}


async def show_health(
    message: Message,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    """/health"""
    after.replace_by_made(None, message.chat.id, await _making(session, actor, language, settings))


async def refreshed(
    callback: CallbackQuery,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    make = await _making(session, actor, language, settings)
    after.replace_by_made(callback.message, callback.from_user.id, make)


async def silenced(
    callback: CallbackQuery,
    callback_data: HealthButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    """Hear nothing of an alarm for a while, whether it was told by a notice or stands on the card."""
    alarm = await alarms.silence(session, actor, callback_data.alarm, callback_data.hours)
    assert alarm.silenced_until is not None
    note = language("health.now_silenced", until=language.time(alarm.silenced_until))
    make = await _making(session, actor, language, settings, note)
    after.replace_by_made(callback.message, callback.from_user.id, make)


async def list_alerts(
    callback: CallbackQuery,
    callback_data: FailedAlertButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    found = await alerts.search(session, actor, before=callback_data.id or None, limit=_LISTED)
    card = cards.failed_alerts(language, found, limit=_LISTED)
    _put(callback, after, card, is_new=callback_data.action is OutboxAction.FAILED)


async def show_alert(
    callback: CallbackQuery,
    callback_data: FailedAlertButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await alerts.get(session, actor, callback_data.id)
    _put(callback, after, cards.failed_alert(language, entry, actor))


async def retry_alert(
    callback: CallbackQuery,
    callback_data: FailedAlertButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await alerts.retry(session, actor, callback_data.id)
    after.deliver_now()
    _put(callback, after, cards.failed_alert(language, entry, actor, note=language("failed.retried")))


async def drop_alert(
    callback: CallbackQuery,
    callback_data: FailedAlertButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await alerts.drop(session, actor, callback_data.id)
    _put(callback, after, cards.failed_alert(language, entry, actor, note=language("failed.dropped")))


async def list_events(
    callback: CallbackQuery,
    callback_data: EventButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    found = await events.search(session, actor, before=callback_data.id or None, limit=_LISTED)
    card = cards.failed_events(language, found, limit=_LISTED)
    _put(callback, after, card, is_new=callback_data.action is OutboxAction.FAILED)


async def show_event(
    callback: CallbackQuery,
    callback_data: EventButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await events.get(session, actor, callback_data.id)
    _put(callback, after, cards.failed_event(language, entry, actor))


async def replay_event(
    callback: CallbackQuery,
    callback_data: EventButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await events.replay(session, actor, callback_data.id)
    after.say_notices()
    _put(callback, after, cards.failed_event(language, entry, actor, note=language("failed.replayed")))


async def drop_event(
    callback: CallbackQuery,
    callback_data: EventButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    entry = await events.drop(session, actor, callback_data.id)
    _put(callback, after, cards.failed_event(language, entry, actor, note=language("failed.dropped")))


async def _making(
    session: AsyncSession, actor: Actor, language: Language, settings: Settings, note: Markup | None = None
) -> MakeCard:
    """What the database says now; what Redis and the disk say once the transaction is over."""
    stored = await admin.stored(session, actor)

    async def make(queue: JobQueue) -> Card:
        readings = await vitals.read(queue.redis, queue.name)
        machine = await asyncio.to_thread(admin.machine, settings)
        return cards.health(language, admin.Health(stored, readings, machine), actor, note=note)

    return make


def _put(callback: CallbackQuery, after: Afterwards, card: Card, *, is_new: bool = False) -> None:
    if is_new:
        after.show(callback.from_user.id, card)
    else:
        after.replace(callback.message, callback.from_user.id, card)


def router() -> Router:
    router = Router(name="admin_health")
    router.message.register(show_health, Command("health"))
    on = router.callback_query.register
    on(refreshed, HealthButton.filter(F.action == HealthAction.SHOW))
    on(silenced, HealthButton.filter(F.action == HealthAction.SILENCE))
    alert, event = FailedAlertButton.filter, EventButton.filter
    on(list_alerts, alert(F.action.in_(_LISTS)))
    on(show_alert, alert(F.action == OutboxAction.SHOW))
    on(retry_alert, alert(F.action == OutboxAction.RETRY))
    on(drop_alert, alert(F.action == OutboxAction.DROP))
    on(list_events, event(F.action.in_(_LISTS)))
    on(show_event, event(F.action == OutboxAction.SHOW))
    on(replay_event, event(F.action == OutboxAction.RETRY))
    on(drop_event, event(F.action == OutboxAction.DROP))
    return router
