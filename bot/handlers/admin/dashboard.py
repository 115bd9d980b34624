"""/admin: the dashboard, which is looked at again in its place, and its pictures."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.methods import SendPhoto
from aiogram.types import BufferedInputFile, CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker.admin import figures
from tracker.admin.roles import Actor
from tracker.telegram import admin_dashboard_cards as cards
from tracker.telegram.dashboard_callbacks import DashboardButton, Look
from tracker.texts import Language


async def show(
    message: Message, session: AsyncSession, actor: Actor, language: Language, after: Afterwards
) -> None:
    """/admin"""
    after.show(message.chat.id, cards.dashboard(language, await figures.dashboard(session, actor)))


async def look(
    callback: CallbackQuery,
    callback_data: DashboardButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """The figures as they are now, or those by store, in the place of the card."""
    seen = await figures.dashboard(session, actor)
    card = cards.dashboard if callback_data.look is Look.CARD else cards.stores
    after.replace(callback.message, callback.from_user.id, card(language, seen))


async def draw(
    callback: CallbackQuery,
    callback_data: DashboardButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """A picture below the message of the button."""
    by = callback_data.by
    if callback_data.look is Look.REVENUE:
        picture = cards.revenue(language, await figures.revenue(session, actor, by), by)
    else:
        picture = cards.growth(language, await figures.growth(session, actor, by), by)
    card = cards.chart(language, callback_data.look, by)
    after.say(
        SendPhoto(
            chat_id=callback.from_user.id,
            photo=BufferedInputFile(picture, filename=f"{callback_data.look}-by-{by}.png"),
            caption=str(card.text),
            reply_markup=card.keyboard,
        )
    )


def router() -> Router:
    router = Router(name="admin_dashboard")
    router.message.register(show, Command("admin"))
    router.callback_query.register(look, DashboardButton.filter(F.look.in_({Look.CARD, Look.STORES})))
    router.callback_query.register(draw, DashboardButton.filter(F.look.in_({Look.REVENUE, Look.GROWTH})))
    return router
