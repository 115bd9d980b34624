"""Whom invoices name: each part is asked for by its button, and typed."""

from aiogram import F, Router
from aiogram.fsm.state import State
from aiogram.types import CallbackQuery, Message
from markupsafe import Markup
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.links import links_of
from bot.states import Asking
from tracker.billing import gst, subscriptions
from tracker.billing.models import BillingDetails
from tracker.errors import BadInput
from tracker.telegram import account_cards
from tracker.telegram.callbacks import BillingAction, BillingButton
from tracker.telegram.cards import Card
from tracker.texts import Language, clean
from tracker.users.models import User

_NAME = 128
_ADDRESS = 300

_QUESTIONS: dict[BillingAction, tuple[State, str]] = {
    BillingAction.NAME: (Asking.invoice_name, "details.ask_name"),
    BillingAction.ADDRESS: (Asking.invoice_address, "details.ask_address"),
    BillingAction.STATE: (Asking.invoice_state, "details.ask_state"),
    BillingAction.GSTIN: (Asking.invoice_gstin, "details.ask_gstin"),
}


async def show(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    card = await card_of(session, user, language, can_mail)
    after.replace(callback.message, callback.from_user.id, card)


async def card_of(
    session: AsyncSession, user: User, language: Language, can_mail: bool, *, note: Markup | None = None
) -> Card:
    """Whom the person's invoices name, and where they go."""
    told = await session.get(BillingDetails, user.id)
    return account_cards.details(
        language,
        told,
        clean(user.first_name, limit=40),
        mailed_to=user if can_mail else None,
        note=note,
    )


async def ask(
    callback: CallbackQuery, callback_data: BillingButton, language: Language, after: Afterwards
) -> None:
    state, question = _QUESTIONS[callback_data.action]
    after.ask(state)
    after.say_text(callback.from_user.id, language(question))


async def name_typed(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    name = _fitting(message.text or "", _NAME)
    (await _own(session, user)).name = name
    await _show(message, session, user, language, can_mail, after)


async def address_typed(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    address = _fitting(message.text or "", _ADDRESS)
    (await _own(session, user)).address = address
    await _show(message, session, user, language, can_mail, after)


async def state_typed(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    """A state by its name, short form or code; a GSTIN names the state by itself, and no other fits it."""
    state = gst.state_named(message.text or "")
    if state is None:
        raise BadInput("details.unknown_state", words=clean(message.text or "", limit=40))
    told = await _own(session, user)
    if told.gstin is not None and told.gstin[:2] != state:
        raise BadInput("details.state_of_gstin", state=gst.STATES[told.gstin[:2]])
    told.state = state
    await _show(message, session, user, language, can_mail, after)


async def gstin_typed(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    """A number whose form or check digit is wrong is asked again; its first two digits are the state."""
    number = gst.gstin(message.text or "")
    told = await _own(session, user)
    told.gstin, told.state = number, number[:2]
    await _show(message, session, user, language, can_mail, after)


async def remove(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    """Forget all of it; invoices that were issued stay as they are."""
    await subscriptions.lock(session, user.id)
    told = await session.get(BillingDetails, user.id)
    if told is not None:
        await session.delete(told)
        await session.flush()
    after.toast(language.plain("toast.forgotten"))
    card = await card_of(session, user, language, can_mail)
    after.replace(callback.message, callback.from_user.id, card)


async def _own(session: AsyncSession, user: User) -> BillingDetails:
    """The person's row, made when there is none."""
    await subscriptions.lock(session, user.id)
    told = await session.get(BillingDetails, user.id)
    if told is None:
        told = BillingDetails(user_id=user.id)
        session.add(told)
    return told


async def _show(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    await session.flush()
    after.end_dialogue()
    card = await card_of(session, user, language, can_mail, note=language("details.noted"))
    after.show(message.chat.id, card)


def _fitting(text: str, limit: int) -> str:
    """Raises BadInput for nothing, and for what is longer than an invoice has room for."""
    words = clean(text, limit=limit + 1)
    if not words:
        raise BadInput
    if len(words) > limit:
        raise BadInput("details.too_long", limit=limit)
    return words


def router() -> Router:
    router = Router(name="billing_details")
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")
    on, action = router.callback_query.register, BillingButton.filter
    on(show, action(F.action == BillingAction.DETAILS))
    on(ask, action(F.action.in_(set(_QUESTIONS))))
    on(remove, action(F.action == BillingAction.REMOVE))
    for state, handler in (
        (Asking.invoice_name, name_typed),
        (Asking.invoice_address, address_typed),
        (Asking.invoice_state, state_typed),
        (Asking.invoice_gstin, gstin_typed),
    ):
        router.message.register(
            handler, state, F.text, ~F.text.startswith("/"), lambda message: not links_of(message)
        )
    return router
