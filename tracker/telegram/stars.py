"""The gateway to Telegram Stars: invoices, refunds, and the end of what renews itself."""

from collections.abc import Sequence
from dataclasses import dataclass

from aiogram import Bot
from aiogram.exceptions import ClientDecodeError, TelegramAPIError
from aiogram.methods import (
    CreateInvoiceLink,
    EditUserStarSubscription,
    GetStarTransactions,
    RefundStarPayment,
    SendInvoice,
    TelegramMethod,
)
from aiogram.methods.base import TelegramType
from aiogram.types import LabeledPrice, StarTransaction, StarTransactions, TransactionPartnerUser

from tracker.billing.plans import STARS
from tracker.billing.providers.stars import RENEWS_EVERY, Bill
from tracker.billing.star_payments import StarPayment
from tracker.telegram.sender import SEND_TIMEOUT, Answer, answer_of

AT_A_TIME = 100
"""Source: Bot API, getStarTransactions."""

_REFUNDED_BEFORE = "charge_already_refunded"


@dataclass(frozen=True, slots=True)
class Done:
    """Telegram has done it, now or before."""


@dataclass(frozen=True, slots=True)
class Payer:
    """Whoever paid, by their Telegram id, and what."""

    telegram_id: int
    first_name: str
    payment: StarPayment


@dataclass(frozen=True, slots=True)
class Transactions:
    """What came and what went back, oldest first; `count` is of all, others' too."""

    count: int
    paid: Sequence[Payer]
    went_back: Sequence[str]
    """By the charge that went back."""


def invoice(chat_id: int, bill: Bill) -> SendInvoice:
    """The message by which a bill is paid, in the chat of its person."""
    return SendInvoice(
        chat_id=chat_id,
        title=bill.title,
        description=bill.description,
        payload=bill.payload,
        provider_token="",
        currency=STARS,
        prices=_prices(bill),
        # With it, a forwarded copy opens our chat: nobody pays what is another's.
        start_parameter="plans",
    )


async def create_link(bot: Bot, bill: Bill) -> str | Answer:
    """The address at which a bill is paid; it is charged again every 30 days when it renews."""
    period = int(RENEWS_EVERY.total_seconds()) if bill.renews else None
    return await _call(
        bot,
        CreateInvoiceLink(
            title=bill.title,
            description=bill.description,
            payload=bill.payload,
            provider_token="",
            currency=STARS,
            prices=_prices(bill),
            subscription_period=period,
        ),
    )


async def refund(bot: Bot, telegram_id: int, charge_id: str) -> Done | Answer:
    """Give a payment back as a whole. That it went back before is no trouble."""
    answer = await _call(bot, RefundStarPayment(user_id=telegram_id, telegram_payment_charge_id=charge_id))
    if isinstance(answer, bool) or _REFUNDED_BEFORE in _error(answer):
        return Done()
    return answer


async def cancel_subscription(bot: Bot, telegram_id: int, charge_id: str) -> Done | Answer:
    """Let a subscription end with what is paid for; `charge_id` is of its first payment."""
    answer = await _call(
        bot,
        EditUserStarSubscription(user_id=telegram_id, telegram_payment_charge_id=charge_id, is_canceled=True),
    )
    return Done() if isinstance(answer, bool) else answer


async def transactions(bot: Bot, *, offset: int) -> Transactions | Answer:
    """Up to a hundred transactions, from the one that follows the `offset` oldest on."""
    answer = await _call(bot, GetStarTransactions(offset=offset, limit=AT_A_TIME))
    if not isinstance(answer, StarTransactions):
        return answer
    told = answer.transactions
    return Transactions(
        len(told),
        [payer for each in told if (payer := _payer(each)) is not None],
        [each.id for each in told if isinstance(each.receiver, TransactionPartnerUser)],
    )


def _payer(told: StarTransaction) -> Payer | None:
    source = told.source
    if not isinstance(source, TransactionPartnerUser) or source.invoice_payload is None:
        return None
    renews_at = told.date + RENEWS_EVERY if source.subscription_period else None
    payment = StarPayment(told.id, source.invoice_payload, told.amount, STARS, told.date, renews_at)
    return Payer(source.user.id, source.user.first_name, payment)


def _prices(bill: Bill) -> list[LabeledPrice]:
    return [LabeledPrice(label=bill.label, amount=bill.amount)]


async def _call(bot: Bot, method: TelegramMethod[TelegramType]) -> TelegramType | Answer:
    try:
        return await bot(method, request_timeout=SEND_TIMEOUT)
    except (TelegramAPIError, ClientDecodeError) as error:
        return answer_of(error)


def _error(answer: Answer) -> str:
    return getattr(answer, "error", "").lower()
