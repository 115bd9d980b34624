"""/stores: how the stores answer, and how they are asked."""

from datetime import timedelta

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from tracker import clock
from tracker.admin import stores as admin
from tracker.admin.roles import Actor
from tracker.catalog.stores import usual_manners
from tracker.config import Settings
from tracker.errors import BadInput, NotYours
from tracker.telegram import admin_store_cards as cards
from tracker.telegram.admin_callbacks import StoreAction, StoreButton
from tracker.telegram.cards import Card
from tracker.texts import Language, clean

_SET = (StoreAction.SET_GAP, StoreAction.SET_AT_ONCE, StoreAction.SET_WAY)


async def show_stores(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    """/stores, those that rest first; or /stores with the beginning of a name."""
    words = clean(command.args or "", limit=100)
    if not words:
        after.show(message.chat.id, cards.stores(language, await admin.reports(session, actor), clock.now()))
        return
    found = await admin.search(session, actor, words=words)
    if len(found) == 1:
        after.show(message.chat.id, await _card(session, actor, language, settings, found[0].code))
    elif found:
        after.show(message.chat.id, cards.stores(language, found, clock.now()))
    else:
        raise NotYours("error.no_such_store")


async def listed(
    callback: CallbackQuery, session: AsyncSession, actor: Actor, language: Language, after: Afterwards
) -> None:
    found = await admin.reports(session, actor)
    after.replace(callback.message, callback.from_user.id, cards.stores(language, found, clock.now()))


async def shown(
    callback: CallbackQuery,
    callback_data: StoreButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    code = await _code(session, actor, callback_data.store)
    card = await _card(session, actor, language, settings, code)
    after.replace(callback.message, callback.from_user.id, card)


async def rest(
    callback: CallbackQuery,
    callback_data: StoreButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    code, hours = await _code(session, actor, callback_data.store), _number(callback_data.value)
    until = await admin.rest(session, actor, code, timedelta(hours=hours or 0))
    note = language("admin.store_does_rest", until=language.time(until))
    card = await _card(session, actor, language, settings, code, note)
    after.replace(callback.message, callback.from_user.id, card)


async def release(
    callback: CallbackQuery,
    callback_data: StoreButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    code = await _code(session, actor, callback_data.store)
    await admin.release(session, actor, code)
    note = language("admin.store_released")
    card = await _card(session, actor, language, settings, code, note)
    after.replace(callback.message, callback.from_user.id, card)


async def choose(
    callback: CallbackQuery,
    callback_data: StoreButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    after: Afterwards,
) -> None:
    found = await admin.get(session, actor, await _code(session, actor, callback_data.store))
    listing_id = await admin.any_listing(session, found.code)
    card = cards.choose(language, found, callback_data.action, listing_id)
    after.replace(callback.message, callback.from_user.id, card)


async def set_manners(
    callback: CallbackQuery,
    callback_data: StoreButton,
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    after: Afterwards,
) -> None:
    """One of the three changes; the others stay."""
    found = await admin.get(session, actor, await _code(session, actor, callback_data.store))
    action, value = callback_data.action, callback_data.value
    gap = _number(value) if action is StoreAction.SET_GAP else found.gap_seconds
    at_once = _number(value) if action is StoreAction.SET_AT_ONCE else found.at_once
    await admin.set_manners(
        session,
        actor,
        found.code,
        at_once=None if at_once is None else int(at_once),
        gap_seconds=gap,
        way=(value or None) if action is StoreAction.SET_WAY else found.way,
    )
    note = language("admin.store_set")
    card = await _card(session, actor, language, settings, found.code, note)
    after.replace(callback.message, callback.from_user.id, card)


async def _card(
    session: AsyncSession,
    actor: Actor,
    language: Language,
    settings: Settings,
    code: str,
    note: Markup | None = None,
) -> Card:
    found = await admin.get(session, actor, code)
    listing_id = await admin.any_listing(session, code)
    usual = usual_manners(settings)
    return cards.store(language, found, actor, usual, clock.now(), listing_id=listing_id, note=note)


async def _code(session: AsyncSession, actor: Actor, named: str) -> str:
    """The store that a button names. Raises NotYours."""
    if not named.startswith("#"):
        return named
    digits = named[1:]
    if not (digits.isascii() and digits.isdigit() and len(digits) < 19):
        raise NotYours("error.no_such_store")
    return await admin.code_of_listing(session, actor, int(digits))


def _number(value: str) -> float | None:
    """A number of a button, which anybody can have made up; None for an empty one. Raises BadInput."""
    if not value:
        return None
    if not (value.isascii() and value.replace(".", "", 1).isdigit()):
        raise BadInput("error.bad_input")
    return float(value)


def router() -> Router:
    router = Router(name="admin_stores")
    router.message.register(show_stores, Command("stores"))
    on, action = router.callback_query.register, StoreButton.filter
    on(listed, action(F.action == StoreAction.LIST))
    on(shown, action(F.action == StoreAction.SHOW))
    on(rest, action(F.action == StoreAction.REST))
    on(release, action(F.action == StoreAction.RELEASE))
    on(choose, action(F.action.in_({StoreAction.GAP, StoreAction.AT_ONCE, StoreAction.WAY})))
    on(set_manners, action(F.action.in_(set(_SET))))
    return router
