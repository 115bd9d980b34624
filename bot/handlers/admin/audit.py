"""/audit: who did what to what."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.admin import queries
from tracker.admin import audit
from tracker.admin.roles import Action, Actor
from tracker.telegram import admin_people_cards as cards
from tracker.telegram.cards import Card
from tracker.telegram.people_callbacks import AuditButton
from tracker.texts import Language

PAGE = 10


async def show(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """/audit, or /audit user:7, by:1001, action:gift_days"""
    query = " ".join((command.args or "").split())
    after.show(message.chat.id, await _page(session, actor, language, query, before=0))


async def turn_page(
    callback: CallbackQuery,
    callback_data: AuditButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    card = await _page(session, actor, language, callback_data.query, before=callback_data.before)
    after.replace(callback.message, callback.from_user.id, card)


async def _page(session: AsyncSession, actor: Actor, language: Language, query: str, *, before: int) -> Card:
    actor.must_be_let(Action.SEE_AUDIT)
    asked = queries.audit(query)
    found = await audit.entries(
        session,
        subject=asked.subject,
        by=asked.by,
        action=asked.action,
        before=before or None,
        limit=PAGE + 1,
    )
    shown = found[:PAGE]
    further = shown[-1].id if len(found) > PAGE else None
    return cards.audit(language, shown, query=query, further=further)


def router() -> Router:
    router = Router(name="admin_audit")
    router.message.register(show, Command("audit"))
    router.callback_query.register(turn_page, AuditButton.filter())
    return router
