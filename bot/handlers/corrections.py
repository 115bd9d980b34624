"""A person calls a price wrong and shows the right one; an admin sees it, and can take it back."""

from aiogram import F, Router
from aiogram.filters import Command
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.rules import chat_of
from tracker.admin import corrections as admin_corrections
from tracker.admin import service as admin
from tracker.admin.roles import Actor
from tracker.alerts import corrections as deciding
from tracker.catalog import corrections
from tracker.catalog.models import Listing
from tracker.telegram import correction_cards
from tracker.telegram.callbacks import CorrectionAction, CorrectionButton
from tracker.telegram.cards import Card, title_of
from tracker.texts import Language
from tracker.users.models import User
from tracker.watches import service as watches


async def ask(
    callback: CallbackQuery,
    callback_data: CorrectionButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The button under a card or an alert: the page is read again, and its other prices are shown."""
    watch = await watches.owned(session, user, callback_data.id)
    correction = await corrections.ask(session, user, watch.listing, chat_id=chat_of(callback))
    after.correct(correction.id, correction.asked_at)
    after.toast(language.plain("toast.reading_again"))


async def decide(
    callback: CallbackQuery,
    callback_data: CorrectionButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """One of the prices that were shown, or none of them."""
    chosen = callback_data.index if callback_data.action is CorrectionAction.CHOOSE else None
    done, owed = await deciding.decide(
        session, user, callback_data.id, asked=callback_data.asked, chosen=chosen
    )
    if owed:
        after.deliver_now()
    card = correction_cards.thanks(language, done.correction, done.listing, struck=len(done.struck))
    after.replace(callback.message, callback.from_user.id, card)


async def withdraw(
    callback: CallbackQuery,
    callback_data: CorrectionButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The price was right after all."""
    correction = await corrections.withdraw(session, user, callback_data.id, asked=callback_data.asked)
    listing = await session.get_one(Listing, correction.listing_id)
    card = Card(language("correction.withdrawn", title=title_of(listing, limit=80)))
    after.replace(callback.message, callback.from_user.id, card)


async def show(
    message: Message, session: AsyncSession, actor: Actor, language: Language, after: Afterwards
) -> None:
    """/corrections, for admins: the last ones whose rules stand."""
    card = correction_cards.for_admin(language, await admin_corrections.in_force(session, actor))
    after.show(message.chat.id, card)


async def undo(
    callback: CallbackQuery,
    callback_data: CorrectionButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """Take a correction back, and show what is left."""
    await admin_corrections.undo(session, actor, callback_data.id)
    after.toast(language.plain("toast.undone"))
    card = correction_cards.for_admin(language, await admin_corrections.in_force(session, actor))
    after.replace(callback.message, callback.from_user.id, card)


async def show_readings(
    message: Message, session: AsyncSession, language: Language, after: Afterwards
) -> None:
    """/readings, for admins: what was read and not believed at once."""
    after.show(message.chat.id, correction_cards.readings(language, await admin.readings(session)))


def router() -> Router:
    router = Router(name="corrections")
    router.message.filter(F.chat.type == "private", lambda _message, is_admin: is_admin)
    router.message.register(show, Command("corrections"))
    router.message.register(show_readings, Command("readings"))
    action = CorrectionButton.filter
    router.callback_query.register(ask, action(F.action == CorrectionAction.WRONG))
    router.callback_query.register(
        decide, action(F.action.in_({CorrectionAction.CHOOSE, CorrectionAction.NONE}))
    )
    router.callback_query.register(withdraw, action(F.action == CorrectionAction.RIGHT))
    router.callback_query.register(
        undo, action(F.action == CorrectionAction.UNDO), lambda _callback, is_admin: is_admin
    )
    return router
