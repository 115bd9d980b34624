"""The bot process: updates in, by long polling or from the inbox, and conversations."""

import asyncio
import math
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta
from typing import Any

import stamina
import structlog
from aiogram import Bot, Dispatcher
from aiogram.exceptions import (
    ClientDecodeError,
    TelegramNetworkError,
    TelegramRetryAfter,
    TelegramServerError,
    TelegramUnauthorizedError,
)
from aiogram.types import Update
from arq.connections import ArqRedis
from pydantic import ValidationError
from redis.exceptions import RedisError
from sqlalchemy.exc import SQLAlchemyError

from bot import commands, handlers
from bot.isolation import DialogueStorage, OneAtATime
from bot.middlewares import Doorkeeper
from tracker.config import Settings
from tracker.database import Database
from tracker.inbox import service as inbox
from tracker.inbox.models import EventState, WebhookEvent
from tracker.jobs import INBOX_CHANNEL, JobQueue
from tracker.telegram.sender import create_bot

log = structlog.get_logger()

ALLOWED_UPDATES = ["message", "callback_query", "my_chat_member", "pre_checkout_query", "subscription"]
_POLLING_SECONDS = 25
_INBOX_LEASE = timedelta(seconds=60)
_TRY_AGAIN = timedelta(seconds=5)
_AT_A_TIME = 100
_LISTEN_SECONDS = 30
_PROVIDER = "telegram"


class TokenRefused(Exception):
    """Telegram does not know the token; only the operator can mend that."""


_until_telegram_answers = stamina.AsyncRetryingCaller(
    attempts=None, timeout=None, wait_initial=1, wait_max=60
).on((TelegramNetworkError, TelegramServerError, TelegramRetryAfter, ClientDecodeError))


class Conversations(Dispatcher):
    """A dispatcher that knows how many updates it is handling."""

    in_hand = 0

    async def feed_update(self, bot: Bot, update: Update, **kwargs: Any) -> Any:
        self.in_hand += 1
        try:
            return await super().feed_update(bot, update, **kwargs)
        finally:
            self.in_hand -= 1


class BotApp:
    """The bot. `run` until cancelled; what was taken from Telegram by then is still answered."""

    def __init__(self, settings: Settings, database: Database, connect: Callable[[], ArqRedis]) -> None:
        self._settings = settings
        self._database = database
        self._redis = connect()
        self.bot = create_bot(settings)
        self.conversations = Conversations(
            storage=DialogueStorage(self._redis), events_isolation=OneAtATime(self._redis)
        )
        self.conversations.update.outer_middleware(Doorkeeper(settings, database, JobQueue(self._redis)))
        self.conversations.include_routers(*handlers.routers())
        self._waiting = asyncio.Event()
        self._handling: set[asyncio.Task[None]] = set()
        self._is_stopping = False

    @property
    def is_answering(self) -> bool:
        return bool(self.conversations.in_hand or self._handling)

    async def run(self) -> None:
        """Answer until cancelled: from the inbox when `PUBLIC_URL` is set, by long polling when not.

        A Telegram that is away at the start is waited for. Raises TokenRefused.
        """
        try:
            await _until_telegram_answers(self._begin)
        except TelegramUnauthorizedError:
            raise TokenRefused("Telegram refuses BOT_TOKEN: take a new one from @BotFather") from None
        if self._settings.public_url:
            taking, stop = self._run_from_inbox(), self._stop_inbox
        else:
            taking, stop = self._run_by_polling(), self._stop_polling
        await self._until_cancelled(asyncio.create_task(taking), stop)

    async def close(self) -> None:
        await self.bot.session.close()
        await self._redis.aclose(close_connection_pool=True)

    async def _begin(self) -> None:
        await commands.publish(self.bot, self._settings)
        secret = self._settings.telegram_webhook_secret
        if self._settings.public_url is None or secret is None:
            await self.bot.delete_webhook()
            return
        await self.bot.set_webhook(
            f"{self._settings.public_url.rstrip('/')}/telegram/webhook",
            secret_token=secret.get_secret_value(),
            allowed_updates=ALLOWED_UPDATES,
        )

    async def _until_cancelled(self, taking: asyncio.Task[None], stop: Callable[[], Awaitable[None]]) -> None:
        """Run; when cancelled, take nothing more, but answer what was taken."""
        try:
            # Cut at any point, it would leave updates behind that nobody else knows of.
            await asyncio.shield(taking)
        finally:
            if not taking.done():
                await stop()
                _, late = await asyncio.wait({taking}, timeout=1)
                for task in late:
                    task.cancel()
            await self._finish()

    async def _stop_polling(self) -> None:
        with suppress(RuntimeError):  # it has not begun yet
            await self.conversations.stop_polling()

    async def _stop_inbox(self) -> None:
        self._is_stopping = True
        self._waiting.set()

    async def _run_by_polling(self) -> None:
        polling = asyncio.create_task(
            self.conversations.start_polling(
                self.bot,
                polling_timeout=_POLLING_SECONDS,
                allowed_updates=ALLOWED_UPDATES,
                handle_signals=False,
                close_bot_session=False,
                tasks_concurrency_limit=_AT_A_TIME,
            )
        )
        try:
            await asyncio.shield(polling)
        finally:
            # Cancelling start_polling leaves its poll running; it ends when it is told to.
            if not polling.done():
                with suppress(RuntimeError):
                    await self.conversations.stop_polling()
                await polling

    async def _run_from_inbox(self) -> None:
        listener = asyncio.create_task(self._listen())
        try:
            while not self._is_stopping:
                self._waiting.clear()
                await self._take_from_inbox()
                if not self._is_stopping:
                    await self._rest()
        finally:
            listener.cancel()
            with suppress(asyncio.CancelledError):
                await listener

    async def _take_from_inbox(self) -> None:
        """Begin to handle what waits, at most one update of a chat at a time and in order."""
        free = _AT_A_TIME - len(self._handling)
        if not free:
            return
        try:
            async with self._database.transaction() as session:
                events = await inbox.claim(session, _PROVIDER, limit=free, lease=_INBOX_LEASE)
        except Exception:  # a database that is away for a while does not end the bot
            log.exception("inbox.claim_failed")
            return
        for event in events:
            task = asyncio.create_task(self._handle_event(event))
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)

    async def _rest(self) -> None:
        """Until the inbox may hold something new: a hint came, an update was handled, or a sweep is due."""
        hinted = asyncio.create_task(self._waiting.wait())
        await asyncio.wait(
            {hinted, *self._handling},
            timeout=self._settings.sweep_seconds,
            return_when=asyncio.FIRST_COMPLETED,
        )
        hinted.cancel()

    async def _handle_event(self, event: WebhookEvent) -> None:
        try:
            await self._apply(event)
        except inbox.LeaseLost:
            log.warning("inbox.lease_lost", event_id=event.event_id)
        except Exception as failure:  # a door: the update comes back by itself, the others go on
            log.exception("inbox.event_failed", event_id=event.event_id)
            with suppress(SQLAlchemyError, OSError, inbox.LeaseLost):
                async with self._database.transaction() as session:
                    await inbox.retry_later(session, event, _TRY_AGAIN, type(failure).__name__)

    async def _apply(self, event: WebhookEvent) -> None:
        try:
            update = Update.model_validate_json(event.body, context={"bot": self.bot})
        except ValidationError as invalid:
            async with self._database.transaction() as session:
                await inbox.settle(session, event, EventState.IGNORED, error=str(invalid))
            return
        await self.conversations.feed_update(self.bot, update)
        async with self._database.transaction() as session:
            await inbox.settle(session, event, EventState.APPLIED)

    async def _listen(self) -> None:
        while True:
            try:
                async with self._redis.pubsub() as channel:
                    await channel.subscribe(INBOX_CHANNEL)
                    while True:
                        # With a time of its own: without one, a silence ends by the connection's time-out.
                        if await channel.get_message(timeout=_LISTEN_SECONDS):
                            self._waiting.set()
            except (RedisError, OSError):
                await asyncio.sleep(1)  # the sweep finds meanwhile what hints do not tell

    async def _finish(self, *, within: float = 3) -> None:
        """Let what is in hand be answered."""
        for _ in range(math.ceil(within / 0.05)):
            await asyncio.sleep(0.05)
            if not self.is_answering:
                return
        log.warning("bot.stopped_while_answering", updates=self.conversations.in_hand)
