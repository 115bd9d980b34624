"""/status: how the service does, in a few figures."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import service as admin
from tracker.telegram import admin_cards
from tracker.texts import Language


async def status(message: Message, session: AsyncSession, language: Language, after: Afterwards) -> None:
    """How the service does, in a few figures."""
    after.show(message.chat.id, admin_cards.status(language, await admin.status(session)))


def router() -> Router:
    router = Router(name="admin_figures")
    router.message.register(status, Command("status"))
    return router
