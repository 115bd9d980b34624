"""/status and /stores: how the service does, in a few figures."""

from aiogram import Router
from aiogram.filters import Command
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker import clock
from tracker.admin import service as admin
from tracker.admin import stores as admin_stores
from tracker.telegram import admin_cards
from tracker.texts import Language


async def status(message: Message, session: AsyncSession, language: Language, after: Afterwards) -> None:
    """How the service does, in a few figures."""
    after.show(message.chat.id, admin_cards.status(language, await admin.status(session)))


async def stores(message: Message, session: AsyncSession, language: Language, after: Afterwards) -> None:
    """How the stores answer, those that rest first."""
    found = await admin_stores.reports(session)
    after.show(message.chat.id, admin_cards.stores(language, found, clock.now()))


def router() -> Router:
    router = Router(name="admin_figures")
    router.message.register(status, Command("status"))
    router.message.register(stores, Command("stores"))
    return router
