"""The door: one transaction and one person for each update, and a sentence for whatever goes wrong."""

from collections.abc import Awaitable, Callable
from typing import Any
from uuid import uuid4

import structlog
from aiogram import BaseMiddleware, Bot
from aiogram.dispatcher.event.bases import UNHANDLED
from aiogram.fsm.context import FSMContext
from aiogram.types import Chat, TelegramObject, Update
from aiogram.types import User as TelegramUser

from bot import maintenance
from bot.afterwards import Afterwards
from bot.limits import Pace, Verdict
from bot.suspension import is_open_to_the_suspended, suspended
from tracker import metrics
from tracker.admin import roles
from tracker.admin.maintenance import Lookout
from tracker.admin.roles import Door
from tracker.billing.plans import Plan
from tracker.billing.setup import Billing
from tracker.config import Settings
from tracker.database import Database
from tracker.errors import NotYours, PriceTrackerError
from tracker.jobs import JobQueue
from tracker.limits import Limiter
from tracker.telegram import billing_cards
from tracker.texts import Language, guess
from tracker.users import service as users
from tracker.users.models import UserState
from tracker.watches import service as watches

log = structlog.get_logger()

Handler = Callable[[TelegramObject, dict[str, Any]], Awaitable[Any]]


class Doorkeeper(BaseMiddleware):
    """Gives each handler `session`, `user`, `language`, `actor` and `after`; commits; then says what is to be
    said.
    """

    def __init__(self, settings: Settings, database: Database, queue: JobQueue) -> None:
        self._settings = settings
        self._database = database
        self._queue = queue
        self._billing = Billing.by(settings)
        self._maintenance = Lookout(database)
        self._limiter = Limiter(queue.redis)
        self._pace = Pace(
            queue.redis,
            owners=settings.admin_ids,
            usual=self._billing.plans.free.allowance.requests_per_minute,
        )

    async def __call__(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> Any:
        assert isinstance(event, Update)
        metrics.updates.inc()
        sender: TelegramUser | None = data.get("event_from_user")
        chat: Chat | None = data.get("event_chat")
        if _is_of_a_group(event, chat):
            return await self._of_a_group(handler, event, data)
        if sender is None or sender.is_bot:
            return UNHANDLED
        verdict = await self._pace.judge(event, sender.id)
        if verdict is not Verdict.ANSWER:
            if verdict is Verdict.ASK_FOR_PATIENCE:
                asked = self._sentence(event, sender, chat, "error.too_often", {}, data)
                await asked.carry_out(data["bot"], self._queue, None)
            return None
        after = Afterwards(callback=event.callback_query)
        try:
            put_off = await self._put_off(sender.id)
            await self._handle(handler, event, data, sender, after, put_off=put_off)
        except PriceTrackerError as error:
            if isinstance(error, NotYours):
                log.warning("update.not_theirs", telegram_id=sender.id, kind=event.event_type)
            after = self._sentence(event, sender, chat, error.text_key, error.details, data)
            if isinstance(error, NotYours) and event.message is not None:
                after.end_dialogue()  # what was asked about is gone: every answer would end here again
        except Exception:  # the bot's outermost door: the person gets a reference, the operator the traceback
            reference = uuid4().hex[:8]
            log.exception("update.failed", reference=reference, telegram_id=sender.id)
            after = self._sentence(event, sender, chat, "error.unexpected", {"reference": reference}, data)
        bot: Bot = data["bot"]
        state: FSMContext | None = data.get("state")
        await after.carry_out(bot, self._queue, state)
        if after.unreachable and _is_private(chat):
            await self._lost(sender.id)
        return None

    async def _of_a_group(self, handler: Handler, event: TelegramObject, data: dict[str, Any]) -> None:
        """What becomes of a group, whoever did it: Telegram shows an anonymous admin as a bot.

        Nobody waits for a sentence, so what fails here is raised: the inbox brings the update again.
        """
        after = Afterwards()
        async with self._database.transaction() as session:
            await handler(event, data | {"session": session, "after": after})
        await after.carry_out(data["bot"], self._queue, None)

    async def _handle(
        self,
        handler: Handler,
        event: Update,
        data: dict[str, Any],
        sender: TelegramUser,
        after: Afterwards,
        *,
        put_off: bool | None,
    ) -> None:
        """`put_off` is None unless people are asked to come back later: then, whether this one is told so."""
        async with self._database.transaction() as session:
            user = await users.arrive(
                session,
                sender.id,
                first_name=sender.first_name,
                username=sender.username,
                language_code=sender.language_code,
                plan=self._billing.plans.free.code,
                allowance=self._billing.plans.free.allowance,
            )
            if event.my_chat_member is None and _is_private(data.get("event_chat")):
                await watches.reachable(session, sender.id, UserState.ACTIVE)
            data |= {"session": session, "user": user, "language": Language.of(user), "after": after}
            data |= {"billing": self._billing, "settings": self._settings}
            data["can_mail"] = self._settings.smtp_url is not None
            data["plan_code"] = user.plan
            actor = await roles.actor_of(session, sender.id, self._settings.admin_ids, Door.CHAT)
            data |= {"actor": actor, "is_admin": actor is not None}
            self._pace.learn(sender.id, per_minute=user.requests_per_minute, is_staff=actor is not None)
            if put_off is not None and actor is None and not maintenance.is_taken_anyway(event):
                await maintenance.put_off(event, session, user, data["language"], after, is_told=put_off)
                return
            if actor is None and user.state == UserState.SUSPENDED and not is_open_to_the_suspended(event):
                if _is_private(data.get("event_chat")) or event.callback_query is not None:
                    raise suspended(user)
                return  # in a group it is nobody else's business
            await handler(event, data)

    async def _put_off(self, telegram_id: int) -> bool | None:
        if not await self._maintenance.is_on():
            return None
        return (await self._limiter.take(f"maintenance:{telegram_id}", maintenance.ONCE)).allowed

    def _sentence(
        self,
        event: Update,
        sender: TelegramUser,
        chat: Chat | None,
        text_key: str,
        details: dict[str, Any],
        data: dict[str, Any],
    ) -> Afterwards:
        """What went wrong, in the person's language: as a pop-up on their button, else as a message.

        A limit of the plan comes with a button to the one that permits more.
        """
        # Not from the person: the rollback has emptied what the session held of them.
        language: Language = data.get("language") or Language(guess(sender.language_code).locale)
        after = Afterwards(callback=event.callback_query)
        sentence, larger = language(text_key, **details), self._permitting(chat, text_key, data)
        if event.callback_query is not None:
            after.toast(sentence.striptags(), alert=True)
        elif event.pre_checkout_query is not None:
            after.say(event.pre_checkout_query.answer(ok=False, error_message=sentence.striptags()))
        elif event.message is not None and larger is None:
            after.say(event.message.answer(str(sentence)))
        if larger is not None:
            after.show(sender.id, billing_cards.upgrade(language, sentence, larger))
        return after

    def _permitting(self, chat: Chat | None, text_key: str, data: dict[str, Any]) -> Plan | None:
        """The plan that permits what a limit refused. Money is talked about in private only."""
        code: str | None = data.get("plan_code")
        if code is None or not _is_private(chat):
            return None
        return billing_cards.permitting(self._billing.plans, code, text_key)

    async def _lost(self, telegram_id: int) -> None:
        async with self._database.transaction() as session:
            await watches.reachable(session, telegram_id, UserState.BLOCKED)


def _is_private(chat: Chat | None) -> bool:
    """In a group a person says nothing about their own chat: whether it is open, or was blocked."""
    return chat is not None and chat.type == "private"


def _is_of_a_group(event: Update, chat: Chat | None) -> bool:
    """Whether an update is about the group itself: the bot came or went, or the group has another id."""
    if event.my_chat_member is not None:
        return not _is_private(chat)
    return event.message is not None and event.message.migrate_to_chat_id is not None
