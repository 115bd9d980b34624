"""What an operator may ask. Who is one is decided by the numeric id alone; names can be anybody's."""

from aiogram import F, Router
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
    router = Router(name="admin")
    for handler, command in ((status, "status"), (stores, "stores")):
        router.message.register(
            handler, Command(command), F.chat.type == "private", lambda _message, is_admin: is_admin
        )
    return router
