"""A whole world for one test: Telegram, a shop, the bot and a worker, over real HTTP and a real Redis.

Nothing sleeps here. `World.quiet` waits until an update is handled, nobody is being answered and no preview
is owed; it is woken by whatever happens, in Telegram or in the database.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from arq.connections import ArqRedis
from pydantic import SecretStr
from sqlalchemy import event, func, select

from bot.app import BotApp
from sandbox.app import create_app
from sandbox.replay import Replay
from sandbox.shop import DemoShop
from sandbox.telegram import Limits, TelegramSandbox
from sandbox.telegram.state import Json, Message
from tests.rows import GENEROUS_PLANS
from tests.serving import run_app
from tracker import clock, jobs
from tracker.catalog import service as catalog
from tracker.catalog.models import Correction, CorrectionState, Listing, Preview, PreviewState
from tracker.config import Settings
from tracker.database import Database
from tracker.inbox.models import EventState, WebhookEvent
from tracker.stores.pool import ReaderPool
from webhooks.app import create_app as create_webhooks
from worker.app import WorkerApp

ASHA, RAVI, MEERA = 1001, 1002, 1003
PATIENCE = 15
"""Seconds after which a wait has failed. A good run never comes near it."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A product on the demo shop's shelf."""

    slug: str
    url: str

    @property
    def shared_url(self) -> str:
        """The same address as an app shares it."""
        return f"{self.url}?utm_source=share&utm_medium=app"


class Shelf:
    """The demo shop, as a test arranges it."""

    def __init__(self, shop: DemoShop) -> None:
        self._shop = shop

    def lists(self, slug: str, *, price: str, **details: Any) -> Thing:
        self._shop.lists(slug, price=price, **details)
        return Thing(slug, self._shop.url(slug))

    def set(self, thing: Thing, **changes: Any) -> None:
        self._shop.set(thing.slug, **changes)


@dataclass
class World:
    settings: Settings
    database: Database
    telegram: TelegramSandbox
    shop: Shelf
    replay: Replay
    origin: str
    bot: BotApp
    worker: WorkerApp
    _observer: Database
    steps: int = 0

    async def quiet(self, update_id: int | None = None) -> None:
        """Return once the update is handled, nobody is being answered, and no preview is owed.

        Raises TimeoutError.
        """

        def handled() -> bool:
            taken = update_id is None or self.telegram.api.updates.is_handled(update_id)
            return taken and not self.bot.is_answering and not self.telegram.api.traffic.in_flight

        async with asyncio.timeout(PATIENCE):
            while True:
                seen = self.steps
                await self.telegram.wait_for(handled, PATIENCE)
                if not await self._answers_owed():
                    return
                await self.telegram.wait_for(lambda seen=seen: self.steps != seen, PATIENCE)  # type: ignore[misc]

    async def check_everything(self) -> None:
        """Let every listing that is checked be due now, and its check be hinted."""
        async with self._observer.transaction() as session:
            for listing in await session.scalars(
                select(Listing)
                .where(Listing.next_check_at.is_not(None))
                .order_by(Listing.id)
                .with_for_update()
            ):
                # Without its lease, a check that is under way says nothing about when the next one is due.
                listing.lease_until = listing.lease_token = None
                await catalog.check_at(session, listing, clock.now())
        self.worker.checker.wake()

    async def checked(self, thing: Thing) -> None:
        """Check everything now, and return once this thing's check is recorded."""
        asked = clock.now()
        await self.check_everything()
        async with asyncio.timeout(PATIENCE):
            while True:
                seen = self.steps
                if await self.count(Listing, Listing.url == thing.url, Listing.checked_at > asked):
                    return
                await self.telegram.wait_for(lambda seen=seen: self.steps != seen, PATIENCE)  # type: ignore[misc]

    async def count(self, table: Any, *conditions: Any) -> int:
        async with self._observer.transaction() as session:
            return await session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    async def rows(self, table: type[Any], *conditions: Any) -> list[Any]:
        async with self._observer.transaction() as session:
            return list(await session.scalars(select(table).where(*conditions).order_by(table.id)))

    def happened(self, *_: object) -> None:
        """Something changed that `quiet` may be waiting for."""
        self.steps += 1
        self.telegram.state.changes.notify()

    async def _answers_owed(self) -> int:
        waiting = await self.count(WebhookEvent, WebhookEvent.state == EventState.RECEIVED)
        waiting += await self.count(Correction, Correction.state == CorrectionState.ASKED)
        return waiting + await self.count(Preview, Preview.state == PreviewState.ASKED)


@dataclass
class Say:
    """A person in their private chat, or in a group: what they say and tap, and what they see then."""

    world: World
    user: int = ASHA
    group: int | None = None
    toast: str | None = None
    """The pop-up that answered the last tap."""
    _position: int = field(default=0)

    async def __call__(self, text: str = "", **how: Any) -> list[str]:
        """Say something, and return the texts of the messages and edits that followed."""
        position = self._now()
        update_id = await self.world.telegram.say(self.user, text, chat=self.group, **how)
        return await self.followed(update_id, position)

    async def tap(
        self, button: str, *, on: Json | None = None, forced: bool = False, message_id: int | None = None
    ) -> list[str]:
        """Tap the newest button whose label holds these words, or send forged data, as a changed app can."""
        position = self._now()
        query_id = await self.world.telegram.tap(
            self.user,
            *self.button(button, on=on, forced=forced, message_id=message_id),
            chat=self.group,
            forced=forced,
        )
        return await self.followed(self.world.telegram.state.queries[query_id].update_id, position)

    def button(
        self, words: str, *, on: Json | None = None, forced: bool = False, message_id: int | None = None
    ) -> tuple[int, str]:
        """The message, and the callback data, of the newest button whose label holds these words."""
        if forced:
            return message_id or self.messages[-1]["message_id"], words
        candidates: Iterable[Json] = [on] if on else reversed(self.messages)
        for message in candidates:
            for button in _buttons(message):
                if words in button["text"] and "callback_data" in button:
                    return message["message_id"], button["callback_data"]
        raise AssertionError(f"no button {words!r} among {[self.buttons(each) for each in self.messages]}")

    def buttons(self, message: Json | None = None) -> list[str]:
        """The labels under a message; the newest one's without it."""
        return [button["text"] for button in _buttons(message or self.messages[-1])]

    async def hears(self, *words: str) -> Json:
        """Check the shop now, and return the newest message that holds all the words once it is there."""

        def heard() -> Json | None:
            return next(
                (
                    message
                    for message in reversed(self.messages)
                    if all(word in message["text"] for word in words)
                ),
                None,
            )

        await self.world.check_everything()
        await self.world.telegram.wait_for(lambda: heard() is not None, PATIENCE)
        await self.world.quiet()
        found = heard()
        assert found is not None
        return found

    async def blocks(self) -> None:
        await self.world.quiet(await self.world.telegram.block(self.user))

    async def unblocks(self) -> None:
        await self.world.quiet(await self.world.telegram.unblock(self.user))

    def as_user(self, user: int, **facts: Any) -> "Say":
        if facts:
            self.world.telegram.add_user(user, facts.pop("first_name", f"User {user}"), **facts)
        return Say(self.world, user, self.group)

    def in_group(self, group: int) -> "Say":
        return Say(self.world, self.user, group)

    @property
    def chat(self) -> int:
        return self.user if self.group is None else self.group

    @property
    def messages(self) -> list[Json]:
        """What the bot said in this chat, oldest first, as it stands now."""
        return [message.view() for message in self._from_bot()]

    @property
    def last(self) -> Json:
        return self.messages[-1]

    async def followed(self, update_id: int | None, position: int) -> list[str]:
        await self.world.quiet(update_id)
        answers = [
            answer
            for answer in self.world.telegram.state.answers
            if answer.chat_id == self.chat and answer.position > position
        ]
        self.toast = answers[-1].text if answers else None
        fresh = [
            (max(message.created_at, message.edited_at), message)
            for message in self._from_bot()
            if max(message.created_at, message.edited_at) > position
        ]
        return [message.body.text for _, message in sorted(fresh, key=lambda each: each[0])]

    def _from_bot(self) -> list[Message]:
        chat = self.world.telegram.state.chat(self.chat)
        return [message for message in chat.messages.values() if message.from_bot and not message.deleted]

    def _now(self) -> int:
        return self.world.telegram.state.position


def _buttons(message: Json) -> list[Json]:
    return [button for row in message["buttons"] for button in row]


class SharedReaders(ReaderPool):
    """Reading processes that many tests use, one after the other, each in an event loop of its own."""

    def for_this_loop(self) -> ReaderPool:
        self._free = asyncio.Semaphore(self._processes)
        self._starting = asyncio.Lock()
        return self


def settings_of(origin: str, token: str, database_url: str, redis_url: str, **values: Any) -> Settings:
    given: dict[str, Any] = {
        "bot_token": SecretStr(token),
        "telegram_api_base": origin,
        "database_url": database_url,
        "redis_url": redis_url,
        "fetch_allow_private": frozenset({origin.removeprefix("http://")}),
        "fetch_store_at_once": 1000,
        "fetch_store_gap_seconds": 0,
        # A test says when the shop is looked at (`hears`, `checked`), and a hint is never lost here.
        "check_interval_seconds": 3600,
        "plans_file": GENEROUS_PLANS,
        "sweep_seconds": 5,
        "alarm_disk_percent": 0,
        "telegram_messages_per_second": 1000,
        "telegram_messages_per_second_per_chat": 1000,
    }
    return Settings(_env_file=None, **(given | values))


@asynccontextmanager
async def open_world(
    database_url: str,
    redis_url: str,
    readers: SharedReaders,
    *,
    replayed: bool = False,
    by_webhook: bool = False,
    people: Iterable[tuple[int, str]] = ((ASHA, "Asha"), (RAVI, "Ravi"), (MEERA, "Meera")),
    **values: Any,
) -> AsyncIterator[World]:
    """Open a world. `values` are settings.

    `replayed`: pages come from the replay under any address. `by_webhook`: Telegram posts its updates to the
    webhooks, which run here too.
    """
    telegram = TelegramSandbox(limits=Limits.off())
    for user_id, name in people:
        telegram.add_user(user_id, name)
    shop = DemoShop()
    replay = Replay(shop=shop)
    app = create_app(telegram, extra_routes=[*shop.routes(), *replay.routes()])
    async with AsyncExitStack() as stack:
        origin = await stack.enter_async_context(run_app(app))
        shop.origin = origin
        settings = settings_of(
            origin,
            telegram.token,
            database_url,
            redis_url,
            **({"fetch_replay_origin": origin} if replayed else {}) | values,
        )
        database, observer = Database.at(database_url), Database.at(database_url)
        connections: list[ArqRedis] = []

        def connect() -> ArqRedis:
            connections.append(jobs.connect(redis_url))
            return connections[-1]

        if by_webhook:
            door = create_webhooks(settings, database, jobs.JobQueue(connect()))
            settings.public_url = await stack.enter_async_context(run_app(door))
        world = World(
            settings,
            database,
            telegram,
            Shelf(shop),
            replay,
            origin,
            BotApp(settings, database, connect),
            WorkerApp(settings, database, connect, readers=readers.for_this_loop()),
            observer,
        )
        event.listen(database.engine.sync_engine.pool, "checkin", world.happened)
        _tell_when_handled(world)
        try:
            async with _running(world):
                yield world
        finally:
            await telegram.close()
            for bot in (world.bot.bot, world.worker.bench.bot):
                await _close_at_once(bot)
            await world.bot.close()
            await world.worker.close()
            await _let_arq_end(connections)
            await database.close()
            await observer.close()


@asynccontextmanager
async def _running(world: World) -> AsyncIterator[None]:
    parts = [asyncio.create_task(world.bot.run()), asyncio.create_task(world.worker.run())]
    try:
        ready = asyncio.create_task(
            world.telegram.wait_for(
                lambda: world.telegram.polled or bool(world.telegram.api.delivery.webhook.url), PATIENCE
            )
        )
        await asyncio.wait({ready, *parts}, return_when=asyncio.FIRST_COMPLETED)
        for part in parts:
            if part.done():
                part.result()
        await ready
        yield
    finally:
        await _let_jobs_end()
        for part in parts:
            part.cancel()
        for part in parts:
            with suppress(asyncio.CancelledError):
                await part


async def _close_at_once(bot: Bot) -> None:
    """aiogram waits a quarter of a second for TLS connections to end; here are none."""
    assert isinstance(bot.session, AiohttpSession)
    if bot.session._session is not None:
        await bot.session._session.close()


async def _let_jobs_end() -> None:
    """arq writes a job's end down after it, in tasks that it does not wait for when it is stopped."""
    late = [
        task
        for task in asyncio.all_tasks()
        if any(name in repr(task.get_coro()) for name in ("Worker.run_job", "Worker.finish"))
    ]
    if late:
        await asyncio.wait(late, timeout=2)


async def _let_arq_end(connections: Iterable[ArqRedis]) -> None:
    """What arq still wrote down may have opened a connection anew."""
    await _let_jobs_end()
    for connection in connections:
        await connection.aclose(close_connection_pool=True)


def _tell_when_handled(world: World) -> None:
    feed = world.bot.conversations.feed_update

    async def feed_and_tell(*arguments: Any, **details: Any) -> Any:
        try:
            return await feed(*arguments, **details)
        finally:
            world.happened()

    world.bot.conversations.feed_update = feed_and_tell  # type: ignore[method-assign]
