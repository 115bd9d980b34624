"""Where invoices are mailed to: the address is typed, and proved by the code that was mailed to it."""

from aiogram import F, Router
from aiogram.types import CallbackQuery, Message
from sqlalchemy.ext.asyncio import AsyncSession

from bot.afterwards import Afterwards
from bot.handlers.billing_details import card_of
from bot.handlers.links import links_of
from bot.states import Asking
from tracker.errors import BadInput
from tracker.telegram.callbacks import BillingAction, BillingButton
from tracker.texts import Language
from tracker.users import addresses
from tracker.users.models import User


async def ask(callback: CallbackQuery, language: Language, can_mail: bool, after: Afterwards) -> None:
    if not can_mail:
        raise BadInput("email.none_here")
    after.ask(Asking.email)
    after.say_text(callback.from_user.id, language("email.ask"))


async def address_typed(
    message: Message, session: AsyncSession, user: User, language: Language, after: Afterwards
) -> None:
    """A worker mails the code. What is no address is asked again."""
    address = await addresses.begin(session, user, message.text or "")
    after.ask(Asking.email_code)
    after.say_text(message.chat.id, language("email.on_its_way", address=address))
    after.send_email_code(user.id)


async def code_typed(
    message: Message,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    """A wrong code is asked again, until it is good no more."""
    wrong = await addresses.confirm(session, user, message.text or "")
    if wrong == "email.code_wrong":
        after.say_text(message.chat.id, language(wrong))
        return
    after.end_dialogue()
    note = language(wrong) if wrong else language("email.proved", address=user.email)
    after.show(message.chat.id, await card_of(session, user, language, can_mail, note=note))


async def remove(
    callback: CallbackQuery,
    session: AsyncSession,
    user: User,
    language: Language,
    can_mail: bool,
    after: Afterwards,
) -> None:
    await addresses.remove(session, user)
    after.toast(language.plain("toast.forgotten"))
    after.replace(callback.message, callback.from_user.id, await card_of(session, user, language, can_mail))


def router() -> Router:
    router = Router(name="billing_email")
    router.message.filter(F.chat.type == "private")
    router.callback_query.filter(F.message.chat.type == "private")
    on, action = router.callback_query.register, BillingButton.filter
    on(ask, action(F.action == BillingAction.EMAIL))
    on(remove, action(F.action == BillingAction.NO_EMAIL))
    says = router.message.register
    words = (F.text, ~F.text.startswith("/"), lambda message: not links_of(message))
    says(address_typed, Asking.email, *words)
    says(address_typed, Asking.email_code, *words, F.text.contains("@"))  # they see that it was not theirs
    says(code_typed, Asking.email_code, *words)
    return router
