"""What somebody who is suspended may still do: look at what they paid, and ask for help."""

from aiogram.types import CallbackQuery, Message, Update

from tracker.errors import PriceTrackerError
from tracker.telegram.callbacks import BillingAction, BillingButton, CheckoutAction, CheckoutButton
from tracker.texts import Language
from tracker.users.models import User

_COMMANDS = frozenset({"/billing", "/paysupport", "/terms"})
_LOOKING = (BillingAction.SHOW, BillingAction.INVOICES, BillingAction.INVOICE)


class Suspended(PriceTrackerError):
    """Their account is suspended."""

    text_key = "error.suspended"


def suspended(user: User) -> Suspended:
    """What they are told: that there is a reason, and whom to ask."""
    if user.suspended_until is None:
        return Suspended("error.suspended_for_good")
    return Suspended(until=Language.of(user).time(user.suspended_until))


def is_open_to_the_suspended(event: Update) -> bool:
    """Whether an update is answered all the same. What has been paid is always taken."""
    if event.message is not None:
        return _is_about_money(event.message)
    if event.callback_query is not None:
        return _only_looks(event.callback_query)
    return event.pre_checkout_query is None


def _is_about_money(message: Message) -> bool:
    if message.successful_payment is not None or message.refunded_payment is not None:
        return True
    words = (message.text or "").split(maxsplit=1)
    return bool(words) and words[0].partition("@")[0].lower() in _COMMANDS


def _only_looks(callback: CallbackQuery) -> bool:
    try:
        return BillingButton.unpack(callback.data or "").action in _LOOKING
    except (TypeError, ValueError):
        pass
    try:
        return CheckoutButton.unpack(callback.data or "").action is CheckoutAction.ASK
    except (TypeError, ValueError):
        return False
