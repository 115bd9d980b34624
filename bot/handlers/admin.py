"""What an operator may ask. Who is one is decided by the numeric id alone; names can be anybody's."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import service as admin
from tracker.texts import Language


async def status(message: Message, session: AsyncSession, language: Language, after: Afterwards) -> None:
    """How the service does, in six figures."""
    now = await admin.status(session)
    after.say(
        message.answer(
            str(
                language(
                    "admin.status",
                    users=language.number(now.users),
                    watches=language.number(now.watches),
                    listings=language.number(now.listings),
                    overdue=language.number(now.overdue_checks),
                    waiting=language.number(now.waiting_alerts),
                    dead=language.number(now.dead_alerts),
                )
            )
        )
    )


def router() -> Router:
    router = Router(name="admin")
    router.message.register(
        status, Command("status"), F.chat.type == "private", lambda _message, is_admin: is_admin
    )
    return router
