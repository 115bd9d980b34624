"""/export: people, payments, invoices or the tax of a month as a file."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import exports
from tracker.admin.roles import Action, Actor
from tracker.texts import Language


async def export(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """The worker makes the file, and sends it when it is whole."""
    actor.must_be_let(Action.EXPORT)
    wanted = exports.read_wanted(command.args or "")
    await exports.ask(session, actor, wanted)
    after.say_text(message.chat.id, language("export.under_way", name=wanted.name))
    after.say_notices()


def router() -> Router:
    router = Router(name="admin_exports")
    router.message.register(export, Command("export"))
    return router
