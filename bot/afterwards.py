"""What a handler wants done once its transaction is committed: things said, hints sent, a dialogue begun.

Nothing is said that was not stored, and no transaction is open while Telegram or Redis answers.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import stamina
import structlog
from aiogram import Bot
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramAPIError,
    TelegramBadRequest,
    TelegramForbiddenError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
)
from aiogram.fsm.context import FSMContext
from aiogram.fsm.state import State
from aiogram.methods import (
    AnswerCallbackQuery,
    EditMessageCaption,
    EditMessageText,
    SendChatAction,
    SendMessage,
    SendPhoto,
    TelegramMethod,
)
from aiogram.types import CallbackQuery, InaccessibleMessage, InlineKeyboardMarkup, Message

from tracker.jobs import Hints, JobQueue
from tracker.telegram.cards import Card

log = structlog.get_logger()

# The person's second tap, or an old button: what they wanted is so already, or cannot be any more.
_HARMLESS = ("message is not modified", "query is too old", "query id is invalid")
_CANNOT_EDIT = (
    "message to edit not found",
    "message can't be edited",
    "there is no text in the message to edit",
)
_LONGEST_PAUSE = 30

MakeCard = Callable[[JobQueue], Awaitable[Card]]

ANSWER_SECONDS = 10
"""How long Telegram may take to take an answer; the person's next word waits meanwhile."""


@dataclass
class Afterwards:
    """Collects; the door carries it out. `unreachable` is set when Telegram says that the person is gone."""

    callback: CallbackQuery | None = None
    unreachable: bool = False
    _said: list[TelegramMethod[Any]] = field(default_factory=list)
    _toast: tuple[str, bool] | None = None
    _hints: Hints = field(default_factory=Hints)
    _late_hints: Hints = field(default_factory=Hints)
    """Of jobs that change, or speak after, a message which is still to be said."""
    _to_make: list[tuple[Message | InaccessibleMessage | None, int, MakeCard]] = field(default_factory=list)
    _dialogue: tuple[State | None, dict[str, Any]] | None = None

    def say(self, method: TelegramMethod[Any]) -> None:
        """Call a method of the Bot API, as aiogram's shortcuts build it: `after.say(message.answer("…"))`."""
        self._said.append(method)

    def toast(self, text: str, *, alert: bool = False) -> None:
        """Answer the tapped button by a short pop-up of at most 200 characters."""
        self._toast = (text[:200], alert)

    def say_text(self, chat_id: int, text: str) -> None:
        """Say HTML in a chat."""
        self.say(SendMessage(chat_id=chat_id, text=str(text)))

    def show_typing(self, chat_id: int) -> None:
        """Something is being read; the answer comes from a worker."""
        self.say(SendChatAction(chat_id=chat_id, action="typing"))

    def show(self, chat_id: int, card: Card) -> None:
        """Send a card as a new message, with its photo."""
        if card.photo:
            self.say(
                SendPhoto(
                    chat_id=chat_id, photo=card.photo, caption=str(card.text), reply_markup=card.keyboard
                )
            )
        else:
            self.say(SendMessage(chat_id=chat_id, text=str(card.text), reply_markup=card.keyboard))

    def replace(self, message: Message | InaccessibleMessage | None, chat_id: int, card: Card) -> None:
        """Put a card in the place of the tapped message, or say it anew when that is not possible."""
        if not isinstance(message, Message):
            self.show(chat_id, card)
            return
        edit: TelegramMethod[Any]
        if message.photo:
            edit = EditMessageCaption(
                chat_id=message.chat.id,
                message_id=message.message_id,
                caption=str(card.text),
                reply_markup=card.keyboard,
            )
        else:
            edit = EditMessageText(
                chat_id=message.chat.id,
                message_id=message.message_id,
                text=str(card.text),
                reply_markup=card.keyboard,
            )
        self.say(edit)

    def replace_by_made(
        self, message: Message | InaccessibleMessage | None, chat_id: int, make: MakeCard
    ) -> None:
        """As `replace`, with a card that is made when the transaction is over: of what Redis or a disk says.
        Without a message it is said anew.
        """
        self._to_make.append((message, chat_id, make))

    def change_buttons(
        self, message: Message | InaccessibleMessage | None, buttons: InlineKeyboardMarkup
    ) -> None:
        """Leave the words of the tapped message and change its buttons, when it can still be changed."""
        if isinstance(message, Message):
            self.say(message.edit_reply_markup(reply_markup=buttons))

    def read_link(self, preview_id: int) -> None:
        """Let a worker read the page now."""
        self._hints.preview(preview_id)

    def look_again(self, watch_id: int, chat_id: int, message_id: int) -> None:
        """Let a worker read the page now, and say in that message what it shows."""
        self._hints.look_again(watch_id, chat_id, message_id)

    def correct(self, correction_id: int, asked_at: datetime) -> None:
        """Let a worker read the page of a price that is called wrong now."""
        self._hints.correct(correction_id, asked_at)

    def open_checkout(self, checkout_id: int) -> None:
        """Let a worker ask the provider for a payment link, and put it in the place of what is said here."""
        self._late_hints.open_checkout(checkout_id)

    def ask_about(self, checkout_id: int, chat_id: int) -> None:
        """Let a worker ask the provider whether an offer was paid, and say so."""
        self._hints.ask_about(checkout_id, chat_id)

    def send_email_code(self, user_id: int) -> None:
        """Let a worker mail a code to the address that a person told, and say when it cannot."""
        self._late_hints.send_email_code(user_id)

    def say_notices(self) -> None:
        """Let a worker say what is owed about money."""
        self._hints.payments()

    def deliver_now(self) -> None:
        """Let a worker say what has become due."""
        self._hints.deliver()

    def ask(self, state: State, **data: Any) -> None:
        """Begin a dialogue: the next message is the answer."""
        self._dialogue = (state, data)

    def end_dialogue(self) -> None:
        self._dialogue = (None, {})

    async def carry_out(self, bot: Bot, queue: JobQueue, state: FSMContext | None) -> None:
        """Do all of it, in this order: dialogue, hints, answer to the button, messages, late hints."""
        if self._dialogue is not None and state is not None:
            await state.set_state(self._dialogue[0])
            await state.set_data(self._dialogue[1])
        await self._hints.send(queue)
        if self.callback is not None:
            text, alert = self._toast or (None, None)
            await self._call(
                bot, AnswerCallbackQuery(callback_query_id=self.callback.id, text=text, show_alert=alert)
            )
        for message, chat_id, make in self._to_make:
            self.replace(message, chat_id, await make(queue))
        for method in self._said:
            await self._call(bot, method)
        await self._late_hints.send(queue)

    async def _call(self, bot: Bot, method: TelegramMethod[Any]) -> None:
        try:
            await _patiently(bot, method, request_timeout=ANSWER_SECONDS)
        except TelegramBadRequest as error:
            self._refused(method, str(error).lower())
            if isinstance(method, SendPhoto) and method.caption and method.chat_id:
                # The photo's address is the shop's: when Telegram cannot load it, the words still count.
                await self._call(
                    bot,
                    SendMessage(
                        chat_id=method.chat_id, text=method.caption, reply_markup=method.reply_markup
                    ),
                )
            elif isinstance(method, EditMessageText | EditMessageCaption) and any(
                part in str(error).lower() for part in _CANNOT_EDIT
            ):
                await self._call(bot, _anew(method))
        except TelegramForbiddenError:
            self.unreachable = True
        except (TelegramAPIError, ClientDecodeError) as error:
            log.warning("telegram.call_failed", method=type(method).__name__, error=type(error).__name__)

    def _refused(self, method: TelegramMethod[Any], error: str) -> None:
        if not any(part in error for part in _HARMLESS):
            log.warning("telegram.refused", method=type(method).__name__, error=error)


def _anew(edit: EditMessageText | EditMessageCaption) -> SendMessage:
    text = edit.text if isinstance(edit, EditMessageText) else edit.caption
    assert edit.chat_id is not None
    return SendMessage(chat_id=edit.chat_id, text=str(text), reply_markup=edit.reply_markup)


def _worth_another_try(error: Exception) -> bool | timedelta:
    """A short 429 is waited out as told. What passes is tried again with a growing pause: better twice
    than not at all.
    """
    if isinstance(error, TelegramRetryAfter):
        return timedelta(seconds=min(error.retry_after, _LONGEST_PAUSE))
    return isinstance(error, TelegramNetworkError | TelegramServerError | ClientDecodeError)


_patiently = stamina.AsyncRetryingCaller(attempts=3, timeout=90, wait_initial=0.2, wait_max=2).on(
    _worth_another_try
)
