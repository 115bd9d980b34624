"""/maintenance: how it stands; on or off, in two steps."""

from aiogram import Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import maintenance
from tracker.admin.roles import Action, Actor
from tracker.errors import BadInput
from tracker.telegram import maintenance_cards as cards
from tracker.telegram.reach_callbacks import MaintenanceButton
from tracker.texts import Language

_WORDS = {"on": True, "off": False}


async def asked(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    words = (command.args or "").strip().casefold()
    if not words:
        after.show(message.chat.id, cards.state(language, await maintenance.state(session, actor)))
        return
    if words not in _WORDS:
        raise BadInput("maintenance.how")
    actor.must_be_let(Action.SET_MAINTENANCE)
    after.show(message.chat.id, cards.effect(language, is_on=_WORDS[words]))


async def sure(
    callback: CallbackQuery,
    callback_data: MaintenanceButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    await maintenance.turn(session, actor, is_on=callback_data.is_on)
    card = cards.state(language, await maintenance.state(session, actor))
    after.replace(callback.message, callback.from_user.id, card)


def router() -> Router:
    router = Router(name="admin_maintenance")
    router.message.register(asked, Command("maintenance"))
    router.callback_query.register(sure, MaintenanceButton.filter())
    return router
