"""Stars: an invoice is asked about before it is paid, and paid once; two libraries see the same."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
import telegram as ptb
from aiogram import Bot, Dispatcher, F
from aiogram.exceptions import TelegramBadRequest
from aiogram.types import (
    BotSubscriptionUpdated,
    LabeledPrice,
    Message,
    PreCheckoutQuery,
    SuccessfulPayment,
    TransactionPartnerUser,
)
from telegram.ext import ApplicationBuilder, ContextTypes, PreCheckoutQueryHandler

from sandbox.telegram import CannotDo, TelegramSandbox
from sandbox.telegram.payments import PERIOD

ASHA, RAVI = 1001, 1002
PRO: dict[str, Any] = {
    "title": "Pro, one month",
    "description": "It begins at once.",
    "payload": "pt-1",
    "provider_token": "",
    "currency": "XTR",
    "prices": [LabeledPrice(label="Pro", amount=225)],
}
REFUSAL = "That is not yours to pay."


class Heard:
    """What a bot that sells to Asha alone was told."""

    def __init__(self) -> None:
        self.paid: list[SuccessfulPayment] = []
        self.went_back: list[str] = []
        self.subscriptions: list[str] = []


@pytest.fixture
async def seller(telegram: TelegramSandbox, bot: Bot) -> AsyncIterator[Heard]:
    """An aiogram bot, polling."""
    dispatcher, heard = Dispatcher(), Heard()

    @dispatcher.pre_checkout_query()
    async def may_pay(query: PreCheckoutQuery) -> None:
        if query.from_user.id == ASHA:
            await query.answer(ok=True)
        else:
            await query.answer(ok=False, error_message=REFUSAL)

    @dispatcher.message(F.successful_payment)
    async def paid(message: Message) -> None:
        assert message.successful_payment is not None
        assert message.text is None
        heard.paid.append(message.successful_payment)
        telegram.state.changes.notify()

    @dispatcher.message(F.refunded_payment)
    async def went_back(message: Message) -> None:
        assert message.refunded_payment is not None
        heard.went_back.append(message.refunded_payment.telegram_payment_charge_id)
        telegram.state.changes.notify()

    @dispatcher.subscription()
    async def changed(event: BotSubscriptionUpdated) -> None:
        heard.subscriptions.append(f"{event.invoice_payload} {event.state}")
        telegram.state.changes.notify()

    await telegram.say(ASHA, "/start")
    await telegram.say(RAVI, "/start")
    polling = asyncio.create_task(
        dispatcher.start_polling(bot, handle_signals=False, close_bot_session=False, polling_timeout=20)
    )
    yield heard
    await dispatcher.stop_polling()
    await polling


async def test_an_invoice_is_paid_once(seller: Heard, telegram: TelegramSandbox, bot: Bot) -> None:
    sent = await bot.send_invoice(ASHA, **PRO)
    assert sent.invoice is not None
    assert (sent.invoice.title, sent.invoice.total_amount, sent.invoice.currency) == (
        "Pro, one month",
        225,
        "XTR",
    )
    assert sent.reply_markup is not None
    assert sent.reply_markup.inline_keyboard[0][0].pay is True
    outcome = await telegram.payments.pay(ASHA, sent.message_id)
    assert outcome.refusal is None
    await telegram.wait_for(lambda: bool(seller.paid))
    [payment] = seller.paid
    assert payment.telegram_payment_charge_id == outcome.charge_id
    assert len(payment.telegram_payment_charge_id) > 128
    assert (payment.invoice_payload, payment.total_amount, payment.is_recurring) == ("pt-1", 225, None)
    assert telegram.chat(ASHA)[-1]["paid"]["total_amount"] == 225
    with pytest.raises(CannotDo, match="paid already"):
        await telegram.payments.pay(ASHA, sent.message_id)
    with pytest.raises(TelegramBadRequest, match="there is no text in the message to edit"):
        await bot.edit_message_text("other", chat_id=ASHA, message_id=sent.message_id)


async def test_a_refusal_is_shown_and_nothing_is_paid(
    seller: Heard, telegram: TelegramSandbox, bot: Bot
) -> None:
    sent = await bot.send_invoice(RAVI, **PRO)
    outcome = await telegram.payments.pay(RAVI, sent.message_id)
    assert (outcome.charge_id, outcome.refusal) == (None, REFUSAL)
    assert (await bot.get_star_transactions()).transactions == []


async def test_a_bot_that_does_not_answer_in_time_is_not_paid(telegram: TelegramSandbox, bot: Bot) -> None:
    await telegram.say(ASHA, "/start")
    sent = await bot.send_invoice(ASHA, **PRO)
    outcome = await telegram.payments.pay(ASHA, sent.message_id, within=0)
    assert outcome.refusal == "the bot did not answer in time"
    *_, update = await bot.get_updates()
    assert update.pre_checkout_query is not None
    with pytest.raises(TelegramBadRequest, match="query is too old and response timeout expired"):
        await update.pre_checkout_query.answer(ok=True)


async def test_a_payment_goes_back_once_and_both_are_listed(
    seller: Heard, telegram: TelegramSandbox, bot: Bot
) -> None:
    sent = await bot.send_invoice(ASHA, **PRO)
    charge = (await telegram.payments.pay(ASHA, sent.message_id)).charge_id
    assert charge is not None
    with pytest.raises(TelegramBadRequest, match="CHARGE_NOT_FOUND"):
        await bot.refund_star_payment(RAVI, charge)
    assert await bot.refund_star_payment(ASHA, charge) is True
    await telegram.wait_for(lambda: seller.went_back == [charge])
    with pytest.raises(TelegramBadRequest, match="CHARGE_ALREADY_REFUNDED"):
        await bot.refund_star_payment(ASHA, charge)
    came, went = (await bot.get_star_transactions()).transactions
    assert came.id == went.id == charge
    assert isinstance(came.source, TransactionPartnerUser)
    assert (came.source.invoice_payload, came.source.user.id, came.amount) == ("pt-1", ASHA, 225)
    assert isinstance(went.receiver, TransactionPartnerUser)
    assert [each.id for each in (await bot.get_star_transactions(offset=1)).transactions] == [charge]


async def test_a_subscription_is_renewed_until_either_side_ends_it(
    seller: Heard, telegram: TelegramSandbox, bot: Bot
) -> None:
    link = await bot.create_invoice_link(**PRO, subscription_period=PERIOD)
    first = (await telegram.payments.pay(ASHA, link=link)).charge_id
    assert first is not None
    renewed = telegram.payments.renew(first).charge_id
    await telegram.wait_for(lambda: len(seller.paid) == 2)
    began, again = sorted(seller.paid, key=lambda payment: not payment.is_first_recurring)
    assert (began.is_recurring, began.is_first_recurring) == (True, True)
    assert (again.is_recurring, again.is_first_recurring) == (True, None)
    assert again.telegram_payment_charge_id == renewed
    assert began.subscription_expiration_date is not None
    assert again.subscription_expiration_date == began.subscription_expiration_date + PERIOD
    telegram.payments.cancel(first)
    telegram.payments.cancel(first, cancelled=False)
    await telegram.wait_for(lambda: sorted(seller.subscriptions) == ["pt-1 active", "pt-1 canceled"])
    assert await bot.edit_user_star_subscription(ASHA, first, is_canceled=True) is True
    with pytest.raises(CannotDo, match="was cancelled"):
        telegram.payments.renew(first)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        pytest.param({"title": ""}, 'parameter "title" is required', id="no-title"),
        pytest.param({"title": "x" * 33}, "INVOICE_TITLE_INVALID", id="long-title"),
        pytest.param({"description": "x" * 256}, "INVOICE_DESCRIPTION_INVALID", id="long-description"),
        pytest.param({"payload": "₹" * 43}, "INVOICE_PAYLOAD_INVALID", id="long-payload"),
        pytest.param({"currency": "INR"}, "PAYMENT_PROVIDER_INVALID", id="rupees"),
        pytest.param({"prices": PRO["prices"] * 2}, "STARS_INVOICE_INVALID", id="two-prices"),
        pytest.param(
            {"prices": [LabeledPrice(label="Pro", amount=0)]}, "total price must be positive", id="nothing"
        ),
    ],
)
async def test_an_invoice_that_telegram_would_not_take_is_refused(
    change: dict[str, Any], text: str, telegram: TelegramSandbox, bot: Bot
) -> None:
    await telegram.say(ASHA, "/start")
    with pytest.raises(TelegramBadRequest, match=text):
        await bot.send_invoice(ASHA, **PRO | change)


async def test_a_subscription_lasts_thirty_days(bot: Bot) -> None:
    with pytest.raises(TelegramBadRequest, match="SUBSCRIPTION_PERIOD_INVALID"):
        await bot.create_invoice_link(**PRO, subscription_period=60)


async def test_the_control_pays_and_says_why_not(
    seller: Heard, telegram: TelegramSandbox, bot: Bot, address: str
) -> None:
    mine, other = await bot.send_invoice(ASHA, **PRO), await bot.send_invoice(RAVI, **PRO)
    link = await bot.create_invoice_link(**PRO)
    async with httpx.AsyncClient(base_url=f"{address}/sandbox") as control:

        async def pay(**what: Any) -> dict[str, Any]:
            answer = await control.post("pay", json=what)
            told: dict[str, Any] = answer.json()
            return told

        paid = await pay(user=ASHA, message_id=mine.message_id)
        assert (paid["paid"], paid["refusal"]) == (True, None)
        refused = await pay(user=RAVI, message_id=other.message_id)
        assert (refused["paid"], refused["refusal"]) == (False, REFUSAL)
        assert (await pay(user=ASHA, link=link))["paid"] is True
        assert await pay(user=ASHA, message_id=1) == {"error": "there is no such invoice"}


@pytest.fixture
async def application(
    telegram: TelegramSandbox, address: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[ptb.Bot]:
    """A python-telegram-bot bot that lets everybody pay, polling."""
    monkeypatch.setenv("PTB_TIMEDELTA", "1")

    async def may_pay(update: ptb.Update, _context: ContextTypes.DEFAULT_TYPE) -> None:
        assert update.pre_checkout_query is not None
        await update.pre_checkout_query.answer(ok=True)

    application = (
        ApplicationBuilder().token(telegram.token).base_url(f"{address}/bot").read_timeout(1).build()
    )
    application.add_handler(PreCheckoutQueryHandler(may_pay))
    async with application:
        await application.start()
        assert application.updater is not None
        await application.updater.start_polling(poll_interval=0, timeout=20)
        yield application.bot
        await application.updater.stop()
        await application.stop()


async def test_the_other_library_sells_and_refunds_too(
    application: ptb.Bot, telegram: TelegramSandbox
) -> None:
    await telegram.say(ASHA, "/start")
    price = ptb.LabeledPrice("Pro", 225)
    sent = await application.send_invoice(ASHA, "Pro", "It begins at once.", "pt-1", "XTR", [price], "")
    assert sent.invoice is not None
    assert sent.invoice.total_amount == 225
    outcome = await telegram.payments.pay(ASHA, sent.message_id)
    assert outcome.charge_id is not None
    assert await application.refund_star_payment(ASHA, outcome.charge_id) is True
    came, went = (await application.get_star_transactions()).transactions
    assert isinstance(came.source, ptb.TransactionPartnerUser)
    assert came.source.invoice_payload == "pt-1"
    assert isinstance(went.receiver, ptb.TransactionPartnerUser)
    link = await application.create_invoice_link(
        "Pro", "It begins at once.", "pt-2", "XTR", [price], "", subscription_period=PERIOD
    )
    first = (await telegram.payments.pay(ASHA, link=link)).charge_id
    assert first is not None
    assert await application.edit_user_star_subscription(ASHA, first, is_canceled=True) is True
    with pytest.raises(ptb.error.BadRequest, match=r"(?i)charge_already_refunded"):
        await application.refund_star_payment(ASHA, outcome.charge_id)
