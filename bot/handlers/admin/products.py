"""/products: listings, and what those who run the service may do about one."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker import clock
from tracker.admin import products as admin
from tracker.admin.roles import Actor
from tracker.telegram import admin_product_cards as cards
from tracker.telegram.admin_callbacks import ProductAction, ProductButton
from tracker.telegram.cards import Card
from tracker.texts import Language

_LISTED = 10


async def search(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """/products, the newest; or /products with an address, #number, a store, or words of a title."""
    words = (command.args or "").strip()
    found = await admin.search(session, actor, words=words, limit=_LISTED)
    if len(found) == 1:
        after.show(message.chat.id, await _card(session, actor, language, found[0].id))
    else:
        after.show(message.chat.id, cards.products(language, found, limit=_LISTED, is_whole=not words))


async def older(
    callback: CallbackQuery,
    callback_data: ProductButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    found = await admin.search(session, actor, before=callback_data.other or None, limit=_LISTED)
    card = cards.products(language, found, limit=_LISTED, is_whole=True)
    after.replace(callback.message, callback.from_user.id, card)


async def shown(
    callback: CallbackQuery,
    callback_data: ProductButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    card = await _card(session, actor, language, callback_data.listing_id)
    after.replace(callback.message, callback.from_user.id, card)


async def changed(
    callback: CallbackQuery,
    callback_data: ProductButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    """Whatever a button does to a listing; its card says what came of it."""
    listing_id = callback_data.listing_id
    match callback_data.action:
        case ProductAction.CHECK:
            note = cards.check_answer(language, await admin.check_now(session, actor, listing_id))
        case ProductAction.PAUSE:
            await admin.pause(session, actor, listing_id)
            note = language("product.does_pause")
        case ProductAction.RESUME:
            await admin.resume(session, actor, listing_id)
            note = language("product.does_resume")
        case ProductAction.STRIKE:
            await admin.strike(session, actor, listing_id, callback_data.other)
            after.deliver_now()
            note = language("product.was_struck")
        case action:
            of_store = action is ProductAction.RESET_STORE
            forgotten = await admin.reset_rules(session, actor, listing_id, of_store=of_store)
            note = language.count("product.was_reset", forgotten)
    card = await _card(session, actor, language, listing_id, note)
    after.replace(callback.message, callback.from_user.id, card)


async def show_readings(
    callback: CallbackQuery,
    callback_data: ProductButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    found = await admin.get(session, actor, callback_data.listing_id)
    after.replace(callback.message, callback.from_user.id, cards.readings(language, found, actor))


async def _card(
    session: AsyncSession, actor: Actor, language: Language, listing_id: int, note: Markup | None = None
) -> Card:
    found = await admin.get(session, actor, listing_id)
    return cards.product(language, found, actor, clock.now(), note=note)


def router() -> Router:
    router = Router(name="admin_products")
    router.message.register(search, Command("products"))
    on, action = router.callback_query.register, ProductButton.filter
    on(older, action(F.action == ProductAction.LIST))
    on(shown, action(F.action == ProductAction.SHOW))
    on(show_readings, action(F.action == ProductAction.READINGS))
    on(
        changed,
        action(
            F.action.in_(
                {
                    ProductAction.CHECK,
                    ProductAction.PAUSE,
                    ProductAction.RESUME,
                    ProductAction.STRIKE,
                    ProductAction.RESET,
                    ProductAction.RESET_STORE,
                }
            )
        ),
    )
    return router
