"""Language, currency and time zone."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, InlineKeyboardMarkup, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot import keyboards
from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.states import Asking
from tracker.alerts import preferences
from tracker.telegram.callbacks import SettingsAction, SettingsButton
from tracker.texts import Language
from tracker.users import service as users
from tracker.users.models import User


async def show(message: Message, user: User, language: Language, after: Afterwards) -> None:
    after.show(message.chat.id, keyboards.settings(language, user))


async def tapped(
    callback: CallbackQuery,
    callback_data: SettingsButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A choice is offered, or made and shown."""
    match callback_data.action:
        case SettingsAction.LANGUAGES:
            card = keyboards.languages(language)
        case SettingsAction.CURRENCIES:
            card = keyboards.currencies(language)
        case SettingsAction.TIME_ZONES:
            card = keyboards.time_zones(language)
        case SettingsAction.OTHER_TIME_ZONE:
            after.ask(Asking.time_zone)
            after.say_text(callback.from_user.id, language("settings.type_time_zone"))
            return
        case SettingsAction.NO_MORE:
            user.hears_broadcasts = False
            after.toast(language.plain("toast.no_more_broadcasts"), alert=True)
            after.change_buttons(callback.message, InlineKeyboardMarkup(inline_keyboard=[]))
            return
        case SettingsAction.HEAR | SettingsAction.HEAR_NOT as choice:
            user.hears_broadcasts = choice is SettingsAction.HEAR
            card = keyboards.settings(language, user)
        case action:
            _choose(user, action, callback_data.value)
            await preferences.judge_anew(session, user)  # another zone has other quiet hours
            card = keyboards.settings(Language.of(user), user)
    after.replace(callback.message, callback.from_user.id, card)


def _choose(user: User, action: SettingsAction, value: str) -> None:
    if action is SettingsAction.LANGUAGE:
        users.set_language(user, value)
    elif action is SettingsAction.CURRENCY:
        users.set_currency(user, value)
    elif action is SettingsAction.TIME_ZONE:
        users.set_time_zone(user, value)


async def time_zone_typed(message: Message, session: AsyncSession, user: User, after: Afterwards) -> None:
    """The answer to "which zone?"; a word that is none is asked again."""
    users.set_time_zone(user, message.text or "")
    await preferences.judge_anew(session, user)
    after.end_dialogue()
    after.show(message.chat.id, keyboards.settings(Language.of(user), user))


def router() -> Router:
    router = Router(name="settings")
    router.message.filter(F.chat.type == "private")
    router.message.register(show, Command("settings"))
    router.message.register(
        time_zone_typed,
        Asking.time_zone,
        F.text,
        ~F.text.startswith("/"),
        lambda message: not links_of(message),
    )
    router.callback_query.register(tapped, SettingsButton.filter())
    return router
