"""When to be told: any drop, and a target price."""

from aiogram import F, Router
from aiogram.fsm.context import FSMContext
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.states import Asking
from tracker.errors import BadInput
from tracker.money import Money
from tracker.stores.price_text import read_price
from tracker.telegram import cards
from tracker.telegram.callbacks import WatchAction, WatchButton
from tracker.texts import Language, clean
from tracker.users.models import User
from tracker.watches import service as watches
from tracker.watches.models import Watch


async def tapped(
    callback: CallbackQuery,
    callback_data: WatchButton,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The buttons of the rules of a watch."""
    action, watch_id = callback_data.action, callback_data.watch_id
    if action is WatchAction.ANY_DROP:
        watch = await watches.switch_any_drop(session, user, watch_id)
    elif action is WatchAction.REMOVE_TARGET:
        watch = await watches.remove_target(session, user, watch_id)
    else:
        watch = await watches.owned(session, user, watch_id)
    if action is WatchAction.SET_TARGET:
        after.ask(Asking.target, watch_id=watch.id)
        after.say_text(callback.from_user.id, cards.ask_target(language, watch))
    else:
        after.replace(callback.message, callback.from_user.id, cards.rules(language, watch))


async def target_typed(
    message: Message,
    state: FSMContext,
    session: AsyncSession,
    user: User,
    language: Language,
    after: Afterwards,
) -> None:
    """The answer to "which price?"; whatever is no price is asked again and loses nothing."""
    watch = await watches.owned(session, user, int((await state.get_data()).get("watch_id", 0)))
    target = _typed_price(message.text or "", watch, user)
    watch = await watches.set_target(session, user, watch.id, target)
    after.end_dialogue()
    price = watch.listing.price
    key = "rule.target_met" if price is not None and price <= target else "rule.target_set"
    note = language(
        key, target=language.money(target), price=language.money(price) if price else language("price.none")
    )
    after.show(message.chat.id, cards.rules(language, watch, note=note))


def _typed_price(text: str, watch: Watch, user: User) -> Money:
    """Raises BadInput for what is no price, or is one in another currency."""
    currency = watch.listing.currency or user.currency
    read = read_price(text, currency_hint=currency)
    if read is None:
        raise BadInput("error.not_a_price", words=clean(text, limit=40))
    amount, named = read
    try:
        return Money.of(amount, named or currency)
    except ValueError:
        raise BadInput("error.not_a_price", words=clean(text, limit=40)) from None


def router() -> Router:
    router = Router(name="rules")
    router.callback_query.register(
        tapped,
        WatchButton.filter(
            F.action.in_(
                {WatchAction.RULES, WatchAction.ANY_DROP, WatchAction.SET_TARGET, WatchAction.REMOVE_TARGET}
            )
        ),
    )
    router.message.register(
        target_typed,
        Asking.target,
        F.chat.type == "private",
        F.text,
        ~F.text.startswith("/"),
        lambda message: not links_of(message),
    )
    return router
