"""The list, the card of one watch, and pause, resume, stop."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import keyboards
from bot.afterwards import Afterwards
from tracker import clock
from tracker.catalog import service as catalog
from tracker.telegram import alert_cards, cards
from tracker.telegram.callbacks import ListButton, Place, WatchAction, WatchButton, fitting_needle
from tracker.texts import Language, clean
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState

_STATES = {
    WatchAction.PAUSE: WatchState.PAUSED,
    WatchAction.RESUME: WatchState.ACTIVE,
    WatchAction.STOP: WatchState.STOPPED,
}
_COMMANDS = {"pause": WatchAction.PAUSE, "resume": WatchAction.RESUME, "stop": WatchAction.STOP}


async def show_list(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """/list, or /list with words to look for."""
    needle = fitting_needle(clean(command.args or ""))
    found = await watches.page(session, user, needle=needle)
    after.show(
        message.chat.id, keyboards.watch_list(language, found, sort=watches.Sort.NEWEST, needle=needle)
    )


async def turn_page(
    callback: CallbackQuery,
    callback_data: ListButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    sort, needle = callback_data.sort, clean(callback_data.needle)
    found = await watches.page(session, user, page=callback_data.page, sort=sort, needle=needle)
    card = keyboards.watch_list(language, found, sort=sort, needle=needle)
    after.replace(callback.message, callback.from_user.id, card)


async def change(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """/pause, /resume, /stop the one watch that the words mean; buttons when they mean several."""
    action = _COMMANDS[command.command.lower()]
    words = clean(command.args or "")
    if words:
        found = await watches.matching(session, user, words)
    else:
        found = await watches.to_be(session, user, _STATES[action])
    if len(found) == 1 and words:
        watch = await watches.set_state(session, user, found[0].id, _STATES[action])
        after.show(message.chat.id, await _card(session, language, watch, language(f"watch.did_{action}")))
    elif found:
        question = language("list.which", words=words) if words else language(f"list.which_{action}")
        after.show(message.chat.id, keyboards.choose(language, question, found, action))
    else:
        key = "list.none_matching" if words else "list.nothing_to_change"
        after.say_text(message.chat.id, language(key, words=clean(words, limit=60)))


async def tapped(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons of a card and of an alert."""
    action, place = callback_data.action, callback_data.place
    if action is WatchAction.CARD:
        watch = await watches.owned(session, user, callback_data.watch_id)
        card = await _card(session, language, watch, None)
        if place is Place.CARD:
            after.replace(callback.message, callback.from_user.id, card)
        else:
            after.show(callback.from_user.id, card)
        return
    watch = await watches.set_state(session, user, callback_data.watch_id, _STATES[action])
    after.toast(language.plain(f"toast.{action}"))
    if place is Place.ALERT:
        after.change_buttons(callback.message, alert_cards.alert_buttons(language, watch))
    else:
        card = await _card(session, language, watch, language(f"watch.did_{action}"))
        after.replace(callback.message, callback.from_user.id, card)


async def _card(session: AsyncSession, language: Language, watch: Watch, note: Markup | None) -> cards.Card:
    price_range = await catalog.price_range(session, watch.listing)
    return cards.watch(language, watch, price_range, clock.now(), note=note)


def router() -> Router:
    router = Router(name="watches")
    router.message.filter(F.chat.type == "private")
    router.message.register(show_list, Command("list"))
    router.message.register(change, Command(*_COMMANDS))
    router.callback_query.register(turn_page, ListButton.filter())
    router.callback_query.register(tapped, WatchButton.filter(F.action.in_({WatchAction.CARD, *_STATES})))
    return router
