"""How a person is told, what waits to be said, and what was said."""

from aiogram import F, Router
from aiogram.filters import Command, CommandObject
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot import alert_keyboards, alert_lists
from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.states import Asking
from tracker import clock
from tracker.alerts import history as histories
from tracker.alerts import preferences
from tracker.telegram.callbacks import AlertsAction, AlertsButton
from tracker.telegram.cards import Card
from tracker.texts import Language, clean
from tracker.users.models import User
from tracker.watches import service as watches

_CHOICES = {
    AlertsAction.MODES: alert_keyboards.modes,
    AlertsAction.HOURS: alert_keyboards.hours,
    AlertsAction.WEEKDAYS: alert_keyboards.weekdays,
    AlertsAction.QUIET: alert_keyboards.quiet_hours,
    AlertsAction.CAPS: alert_keyboards.caps,
}
_CHANGES = {
    *alert_keyboards.MODES,
    AlertsAction.HOUR,
    AlertsAction.WEEKDAY,
    AlertsAction.BETWEEN,
    AlertsAction.NOT_QUIET,
    AlertsAction.CAP,
    AlertsAction.SOUND,
    AlertsAction.PHOTOS,
}
# A digest is a mode and then an hour, or a day and an hour: what is asked next.
_NEXT = {
    AlertsAction.DAILY: AlertsAction.HOURS,
    AlertsAction.WEEKLY: AlertsAction.WEEKDAYS,
    AlertsAction.WEEKDAY: AlertsAction.HOURS,
}


async def show(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """/alerts"""
    after.show(message.chat.id, await _card(session, user, language))


async def looked_at(
    callback: CallbackQuery,
    callback_data: AlertsButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons that offer a choice, or lead back from one."""
    card = await _choice(session, user, language, callback_data.action)
    after.replace(callback.message, callback.from_user.id, card)


async def changed(
    callback: CallbackQuery,
    callback_data: AlertsButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """A choice is made, and what waits is judged by it."""
    action = callback_data.action
    await _change(session, user, action, callback_data.value)
    after.deliver_now()
    card = await _choice(session, user, language, _NEXT.get(action, AlertsAction.SHOW))
    after.replace(callback.message, callback.from_user.id, card)


async def _change(session: AsyncSession, user: User, action: AlertsAction, value: int) -> None:
    match action:
        case AlertsAction.HOUR:
            await preferences.set_digest_hour(session, user, value)
        case AlertsAction.WEEKDAY:
            await preferences.set_digest_weekday(session, user, value)
        case AlertsAction.BETWEEN:
            hours = divmod(value, preferences.MINUTES_A_DAY)
            await preferences.set_quiet_hours(session, user, hours)
        case AlertsAction.NOT_QUIET:
            await preferences.set_quiet_hours(session, user, None)
        case AlertsAction.CAP:
            await preferences.set_cap(session, user, value or None)
        case AlertsAction.SOUND:
            await preferences.set_silent(session, user, is_silent=not value)
        case AlertsAction.PHOTOS:
            await preferences.set_photos(session, user, has_photos=bool(value))
        case mode:
            await preferences.set_mode(session, user, alert_keyboards.MODES[mode])


async def ask_for_hours(callback: CallbackQuery, language: Language, after: Afterwards) -> None:
    after.ask(Asking.quiet_hours)
    after.say_text(callback.from_user.id, language("alerts.type_quiet_hours"))


async def hours_typed(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """The answer to "between which hours?"; what is no two times is asked again."""
    hours = preferences.read_hours(message.text or "")
    await preferences.set_quiet_hours(session, user, hours)
    after.end_dialogue()
    after.deliver_now()
    after.show(message.chat.id, await _card(session, user, language))


async def show_pending(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """/pending"""
    found = await histories.pending(session, user)
    after.show(message.chat.id, alert_lists.pending(language, found, clock.now()))


async def pending_tapped(
    callback: CallbackQuery, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    found = await histories.pending(session, user)
    after.show(callback.from_user.id, alert_lists.pending(language, found, clock.now()))


async def send_now(
    callback: CallbackQuery, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """What waits is said now, whatever quiet hours and digests say: the person asks for it."""
    released = await preferences.release(session, user)
    after.toast(language.plain("toast.sending_now" if released else "toast.nothing_waits"))
    after.deliver_now()
    found = await histories.pending(session, user)
    after.replace(callback.message, callback.from_user.id, alert_lists.pending(language, found, clock.now()))


async def show_history(
    message: Message,
    command: CommandObject,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """/history of everything, or of the one watch that the words mean; buttons when they mean several."""
    words = clean(command.args or "")
    found = await watches.matching(session, user, words) if words else []
    if len(found) > 1:
        question = language("list.which", words=words)
        after.show(message.chat.id, alert_lists.choose(language, question, found))
    elif words and not found:
        after.say_text(message.chat.id, language("list.none_matching", words=clean(words, limit=60)))
    else:
        card = await _history(session, user, language, watch_id=found[0].id if found else 0)
        after.show(message.chat.id, card)


async def history_tapped(
    callback: CallbackQuery,
    callback_data: AlertsButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The history of a watch, or of all without one, below the message of the button."""
    after.show(callback.from_user.id, await _history(session, user, language, watch_id=callback_data.value))


async def turn_page(
    callback: CallbackQuery,
    callback_data: AlertsButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    card = await _history(session, user, language, watch_id=callback_data.value, page=callback_data.page)
    after.replace(callback.message, callback.from_user.id, card)


async def _history(
    session: AsyncSession, user: User, language: Language, *, watch_id: int, page: int = 0
) -> Card:
    """Raises NotYours for a watch that is not theirs; 0 is none in particular."""
    watch = await watches.owned(session, user, watch_id) if watch_id else None
    found = await histories.page(session, user, watch_id=watch_id or None, page=page)
    return alert_lists.history(language, found, watch, clock.now())


async def _choice(session: AsyncSession, user: User, language: Language, action: AlertsAction) -> Card:
    if action is AlertsAction.SHOW:
        return await _card(session, user, language)
    return _CHOICES[action](language, await preferences.of(session, user))


async def _card(session: AsyncSession, user: User, language: Language) -> Card:
    chosen, waiting = await preferences.of(session, user), await histories.pending(session, user)
    return alert_keyboards.preferences(language, chosen, waiting.total)


def router() -> Router:
    router = Router(name="alerts")
    router.message.filter(F.chat.type == "private")
    router.message.register(show, Command("alerts"))
    router.message.register(show_pending, Command("pending"))
    router.message.register(show_history, Command("history"))
    router.message.register(
        hours_typed,
        Asking.quiet_hours,
        F.text,
        ~F.text.startswith("/"),
        lambda message: not links_of(message),
    )
    on = router.callback_query.register
    on(looked_at, AlertsButton.filter(F.action.in_({AlertsAction.SHOW, *_CHOICES})))
    on(changed, AlertsButton.filter(F.action.in_(_CHANGES)))
    on(ask_for_hours, AlertsButton.filter(F.action == AlertsAction.OTHER_HOURS))
    on(pending_tapped, AlertsButton.filter(F.action == AlertsAction.PENDING))
    on(send_now, AlertsButton.filter(F.action == AlertsAction.SEND_NOW))
    on(history_tapped, AlertsButton.filter(F.action == AlertsAction.HISTORY))
    on(turn_page, AlertsButton.filter(F.action == AlertsAction.PAGE))
    return router
