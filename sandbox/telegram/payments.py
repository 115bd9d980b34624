"""Telegram Stars: invoices, the question before a payment, what was paid, renewed and given back.

Texts are those of tdlib/telegram-bot-api, Client.cpp, and of td's InputInvoice.cpp, or codes of the server's.
"""

import secrets
from dataclasses import dataclass, field
from typing import Any

from sandbox.telegram.entities import FormattedText
from sandbox.telegram.errors import CannotDo, bad_request
from sandbox.telegram.markup import keyboard
from sandbox.telegram.messages import chat_id, reply_to
from sandbox.telegram.parameters import Parameters
from sandbox.telegram.state import Json, Message, State, User
from sandbox.telegram.till import Charge, PreCheckout
from sandbox.telegram.updates import UpdateQueue
from tracker import clock

STARS = "XTR"
PERIOD = 2_592_000
"""Seconds. Source: Bot API, createInvoiceLink: always 30 days."""
ANSWER_WITHIN = 10.0
"""Seconds. Source: Bot API, PreCheckoutQuery."""
_MOST = 10_000
_QUERY_LIFETIME = 150


def send_invoice(state: State, parameters: Parameters) -> Json:
    """sendInvoice: one Pay button, unless the call brings its own."""
    if not parameters.text("chat_id"):
        raise bad_request("chat_id is empty")
    chat = state.open_chat(chat_id(parameters))
    invoice = _invoice(parameters)
    if parameters.number("subscription_period") is not None:
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    buttons = keyboard(parameters) or [[{"text": f"Pay ⭐{invoice['total_amount']}", "pay": True}]]
    if not buttons[0][0].get("pay"):
        raise bad_request("BUTTON_POS_INVALID")
    extra: Json = {"invoice": {name: value for name, value in invoice.items() if name not in _OURS}}
    if (reply := reply_to(chat, parameters)) is not None:
        extra["reply_to"] = reply
    message = Message(
        message_id=state.next_message_id(),
        chat_id=chat.id,
        sender=state.bot,
        date=state.timestamp(),
        body=FormattedText(""),
        keyboard=buttons,
        silent=parameters.flag("disable_notification"),
        extra=extra,
        invoice=invoice,
    )
    return state.message_api(state.add(message))


def create_invoice_link(state: State, parameters: Parameters) -> str:
    """createInvoiceLink: whoever has the address can pay, as often as they like."""
    invoice = _invoice(parameters)
    period = parameters.number("subscription_period")
    if period is not None and (period != PERIOD or invoice["total_amount"] > _MOST):
        raise bad_request("SUBSCRIPTION_PERIOD_INVALID")
    link = f"https://t.me/${secrets.token_urlsafe(12)}"
    state.till.links[link] = invoice | {"subscription_period": period}
    return link


_OURS = ("payload", "subscription_period")


def _invoice(parameters: Parameters) -> Json:
    for name in ("title", "description", "payload", "currency"):
        if not parameters.text(name):
            raise bad_request(f'parameter "{name}" is required')
    if len(parameters.text("title")) > 32:
        raise bad_request("INVOICE_TITLE_INVALID")
    if len(parameters.text("description")) > 255:
        raise bad_request("INVOICE_DESCRIPTION_INVALID")
    if len(parameters.text("payload").encode()) > 128:
        raise bad_request("INVOICE_PAYLOAD_INVALID")
    if parameters.text("currency") != STARS or parameters.text("provider_token"):
        raise bad_request("PAYMENT_PROVIDER_INVALID")
    return {
        "title": parameters.text("title"),
        "description": parameters.text("description"),
        "start_parameter": parameters.text("start_parameter"),
        "currency": STARS,
        "total_amount": _total(parameters.structure("prices", "prices")),
        "payload": parameters.text("payload"),
    }


def _total(prices: Any) -> int:
    if not isinstance(prices, list):
        raise bad_request("expected an Array of labeled prices")
    if len(prices) != 1:
        raise bad_request("STARS_INVOICE_INVALID")
    amount = prices[0].get("amount") if isinstance(prices[0], dict) else None
    if type(amount) is not int or not isinstance(prices[0].get("label"), str):
        raise bad_request("can't parse labeled price")
    if amount <= 0:
        raise bad_request("total price must be positive")
    return amount


def answer_pre_checkout_query(state: State, parameters: Parameters) -> bool:
    """answerPreCheckoutQuery: once; a refusal says why."""
    is_ok = parameters.flag("ok")
    if not is_ok and not parameters.text("error_message"):
        raise bad_request('parameter "error_message" is required')
    query = state.till.questions.get(parameters.text("pre_checkout_query_id"))
    too_old = query is not None and clock.now().timestamp() - query.asked_at > _QUERY_LIFETIME
    if query is None or query.is_over or too_old:
        raise bad_request("query is too old and response timeout expired or query ID is invalid")
    query.is_over, query.is_ok = True, is_ok
    query.refusal = "" if is_ok else parameters.text("error_message")
    state.changes.notify()
    return True


def refund_star_payment(state: State, parameters: Parameters) -> bool:
    """refundStarPayment: the whole amount, once."""
    charge = _charge(state, parameters)
    if charge.refunded:
        raise bad_request("CHARGE_ALREADY_REFUNDED")
    charge.refunded = True
    state.till.transactions.append(_transaction(state, charge, "receiver"))
    payment = {
        "currency": STARS,
        "total_amount": charge.invoice["total_amount"],
        "invoice_payload": charge.invoice["payload"],
        "telegram_payment_charge_id": charge.id,
    }
    state.till.went_back(charge.user_id, payment)
    return True


def edit_user_star_subscription(state: State, parameters: Parameters) -> bool:
    """editUserStarSubscription: by the charge that began it."""
    charge = _charge(state, parameters)
    if charge.renews_at is None:
        raise bad_request("SUBSCRIPTION_NOT_FOUND")
    charge.cancelled = parameters.flag("is_canceled")
    return True


def get_star_transactions(state: State, parameters: Parameters) -> Json:
    """getStarTransactions: from the oldest on."""
    offset = max(parameters.number("offset") or 0, 0)
    limit = parameters.number("limit")
    limit = min(max(limit, 1), 100) if limit is not None else 100
    return {"transactions": state.till.transactions[offset : offset + limit]}


def _charge(state: State, parameters: Parameters) -> Charge:
    user_id = parameters.number("user_id") or 0
    if user_id <= 0:
        raise bad_request("invalid user_id specified")
    if user_id not in state.users:
        raise bad_request("user not found")
    charge = state.till.charges.get(parameters.text("telegram_payment_charge_id"))
    if charge is None or charge.user_id != user_id:
        raise bad_request("CHARGE_NOT_FOUND")
    return charge


def _transaction(state: State, charge: Charge, side: str) -> Json:
    partner: Json = {
        "type": "user",
        "transaction_type": "invoice_payment",
        "user": state.users[charge.user_id].api(),
        "invoice_payload": charge.invoice["payload"],
    }
    if charge.renews_at is not None:
        partner["subscription_period"] = PERIOD
    amount, now = charge.invoice["total_amount"], state.timestamp()
    return {"id": charge.id, "amount": amount, "date": now, side: partner}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of pressing Pay: a charge, or why there is none."""

    charge_id: str | None
    refusal: str | None
    update_id: int
    """Of the last update that the bot got of it."""


@dataclass(slots=True)
class Payments:
    """The people who pay."""

    state: State
    updates: UpdateQueue
    _number: int = field(default=0)

    async def pay(
        self,
        user: int,
        message_id: int | None = None,
        *,
        link: str | None = None,
        within: float = ANSWER_WITHIN,
    ) -> Outcome:
        """Pay an invoice, by its message or by its address, as far as the bot permits within so many seconds.

        Raises CannotDo.
        """
        person = self._person(user)
        message, invoice = None, self.state.till.links.get(link or "")
        if message_id is not None:
            message = self.state.find(self.state.chat(user), message_id)
            invoice = message.invoice if message else None
        if invoice is None:
            raise CannotDo("there is no such invoice")
        if message is not None and "receipt" in invoice:
            raise CannotDo("this invoice is paid already")
        query = PreCheckout(str(secrets.randbits(62)), clock.now().timestamp())
        self.state.till.questions[query.id] = query
        update_id = self.updates.push("pre_checkout_query", self._question(query, person, invoice), user)
        try:
            await self.state.changes.wait_for(lambda: query.is_over or self.state.closed, within)
        except TimeoutError:
            query.is_over, query.refusal = True, "the bot did not answer in time"
        if not query.is_ok:
            return Outcome(None, query.refusal, update_id)
        charge = self._charge(person, invoice)
        update_id = self._tell(charge, message, is_first=True)
        if message is not None and message.invoice is not None:
            message.invoice["receipt"] = charge.id
            message.keyboard = None
            self.state.publish(self.state.chat(user), "message", message.view)
        return Outcome(charge.id, None, update_id)

    def renew(self, charge_id: str) -> Outcome:
        """Let the next 30 days of a subscription be paid. Raises CannotDo when it was ended."""
        first = self._subscription(charge_id)
        if first.cancelled:
            raise CannotDo("the subscription was cancelled")
        assert first.renews_at is not None
        first.renews_at += PERIOD
        charge = self._charge(self._person(first.user_id), first.invoice, renews_at=first.renews_at)
        return Outcome(charge.id, None, self._tell(charge, None, is_first=False))

    def cancel(self, charge_id: str, *, cancelled: bool = True) -> int:
        """End a subscription as its person does in Telegram's settings, or take that back."""
        first = self._subscription(charge_id)
        first.cancelled = cancelled
        told = {
            "user": self.state.user(first.user_id).api(),
            "invoice_payload": first.invoice["payload"],
            "state": "canceled" if cancelled else "active",
        }
        return self.updates.push("subscription", told, first.user_id)

    def went_back(self, user_id: int, payment: Json) -> int:
        """Tell the bot of a refund."""
        message = self._word(user_id, {"refunded_payment": payment})
        return self.updates.push("message", self.state.message_api(message), user_id)

    def _person(self, user: int) -> User:
        person = self.state.user(user)
        if person.deactivated or person.blocked:
            raise CannotDo(f"{person.first_name} has blocked the bot, or is gone")
        return person

    def _word(self, user_id: int, extra: Json) -> Message:
        """Put a word of Telegram's own, about a person, into their chat."""
        message = Message(
            message_id=self.state.next_message_id(),
            chat_id=user_id,
            sender=self.state.user(user_id).api(),
            date=self.state.timestamp(),
            body=FormattedText(""),
            extra=extra,
        )
        return self.state.add(message)

    def _subscription(self, charge_id: str) -> Charge:
        charge = self.state.till.charges.get(charge_id)
        if charge is None or charge.renews_at is None:
            raise CannotDo("there is no such subscription")
        return charge

    def _question(self, query: PreCheckout, person: User, invoice: Json) -> Json:
        return {
            "id": query.id,
            "from": person.api(),
            "currency": STARS,
            "total_amount": invoice["total_amount"],
            "invoice_payload": invoice["payload"],
        }

    def _charge(self, person: User, invoice: Json, *, renews_at: int | None = None) -> Charge:
        """Charge ids of Stars are longer than 128 characters."""
        if renews_at is None and invoice.get("subscription_period"):
            renews_at = self.state.timestamp() + PERIOD
        charge = Charge(f"stx{secrets.token_urlsafe(100)}", person.id, invoice, renews_at)
        self.state.till.charges[charge.id] = charge
        self.state.till.transactions.append(_transaction(self.state, charge, "source"))
        return charge

    def _tell(self, charge: Charge, invoice: Message | None, *, is_first: bool) -> int:
        self._number += 1
        payment: Json = {
            "currency": STARS,
            "total_amount": charge.invoice["total_amount"],
            "invoice_payload": charge.invoice["payload"],
            "telegram_payment_charge_id": charge.id,
            "provider_payment_charge_id": f"{charge.user_id}_{self._number}",
        }
        if charge.renews_at is not None:
            payment |= {"subscription_expiration_date": charge.renews_at, "is_recurring": True}
            if is_first:
                payment["is_first_recurring"] = True
        message = self._word(charge.user_id, {"successful_payment": payment})
        if invoice is not None:
            message.extra["reply_to"] = invoice.message_id
        return self.updates.push("message", self.state.message_api(message), charge.user_id)
