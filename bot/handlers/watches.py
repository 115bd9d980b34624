"""The list, the card of one watch, and pause, resume, stop."""

from datetime import timedelta

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot import keyboards
from bot.afterwards import Afterwards
from tracker import clock
from tracker.catalog import service as catalog
from tracker.errors import NotYours
from tracker.telegram import alert_cards, cards
from tracker.telegram.callbacks import ListButton, Place, WatchAction, WatchButton, fitting_needle
from tracker.texts import Language, clean
from tracker.users.models import User
from tracker.watches import check_now as checking
from tracker.watches import service as watches
from tracker.watches.models import Watch, WatchState

_SNOOZES = {WatchAction.SNOOZE_DAY: timedelta(days=1), WatchAction.SNOOZE_WEEK: timedelta(days=7)}
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
    """The buttons of a card and of an alert that change how a watch goes on."""
    action, place = callback_data.action, callback_data.place
    watch = await _changed(session, user, callback_data.watch_id, action)
    after.toast(language.plain(f"toast.{action}"))
    if place is Place.ALERT:
        after.change_buttons(callback.message, alert_cards.alert_buttons(language, watch))
    else:
        card = await _card(session, language, watch, language(f"watch.did_{action}"))
        after.replace(callback.message, _chat_of(callback), card)


async def _changed(session: AsyncSession, user: User, watch_id: int, action: WatchAction) -> Watch:
    if action in _SNOOZES:
        return await watches.snooze(session, user, watch_id, until=clock.now() + _SNOOZES[action])
    if action is WatchAction.SNOOZE_LOWER:
        return await watches.snooze_until_lower(session, user, watch_id)
    if action is WatchAction.BOUGHT:
        return await watches.buy(session, user, watch_id)
    return await watches.set_state(session, user, watch_id, _STATES[action])


async def looked_at(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons that change nothing: the card of a watch, and the choice of a snooze."""
    watch = await watches.owned(session, user, callback_data.watch_id)
    place = callback_data.place
    if callback_data.action is WatchAction.SNOOZE:
        after.change_buttons(callback.message, cards.snooze_buttons(language, watch, place))
    elif callback_data.action is WatchAction.BACK and place is Place.ALERT:
        after.change_buttons(callback.message, alert_cards.alert_buttons(language, watch))
    elif place is Place.CARD:
        after.replace(callback.message, _chat_of(callback), await _card(session, language, watch, None))
    else:
        after.show(_chat_of(callback), await _card(session, language, watch, None))


async def still_this_price(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """Look at the page now; a worker says in the alert itself what it shows."""
    watch = await watches.owned(session, user, callback_data.watch_id)
    message = callback.message
    if not isinstance(message, Message):
        raise NotYours
    after.toast(language.plain("toast.looking"))
    after.look_again(watch.id, message.chat.id, message.message_id)


async def check_now(
    _callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """Let the page be checked now; what a check finds is told as always."""
    answer = await checking.check_now(session, user, callback_data.watch_id)
    after.toast(cards.check_answer(language, answer, clock.now()))


def _chat_of(callback: CallbackQuery) -> int:
    """Where the button stands: a group, or the person's own chat."""
    return callback.message.chat.id if callback.message else callback.from_user.id


async def _card(session: AsyncSession, language: Language, watch: Watch, note: Markup | None) -> cards.Card:
    price_range = await catalog.price_range(session, watch.listing)
    return cards.watch(language, watch, price_range, clock.now(), note=note)


def router() -> Router:
    router = Router(name="watches")
    router.message.filter(F.chat.type == "private")
    router.message.register(show_list, Command("list"))
    router.message.register(change, Command(*_COMMANDS))
    router.callback_query.register(turn_page, ListButton.filter())
    changes = {*_STATES, *_SNOOZES, WatchAction.SNOOZE_LOWER, WatchAction.BOUGHT}
    looks = {WatchAction.CARD, WatchAction.SNOOZE, WatchAction.BACK}
    router.callback_query.register(tapped, WatchButton.filter(F.action.in_(changes)))
    router.callback_query.register(looked_at, WatchButton.filter(F.action.in_(looks)))
    router.callback_query.register(still_this_price, WatchButton.filter(F.action == WatchAction.STILL))
    router.callback_query.register(check_now, WatchButton.filter(F.action == WatchAction.CHECK))
    return router
