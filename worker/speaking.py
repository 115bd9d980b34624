"""Say a card in a chat at the pace that Telegram allows."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError
from sqlalchemy.ext.asyncio import AsyncSession

from tracker import clock, metrics
from tracker.telegram import sender
from tracker.telegram.cards import Card
from tracker.users.models import User, UserState
from tracker.watches import chats
from tracker.watches import service as watches
from worker.workbench import Workbench

log = structlog.get_logger()

_RESERVE_SECONDS = 3
"""A Redis that does not answer for so long counts as away."""


async def take_turn(bench: Workbench, chat_id: int) -> sender.SlowDown | None:
    """Wait for the turn to speak in a chat, when it comes within a moment; `SlowDown` when it does not."""
    try:
        async with asyncio.timeout(_RESERVE_SECONDS):
            turn = await bench.rate_limit.reserve(chat_id)
    except (RedisError, OSError) as error:
        log.warning("telegram.no_rate_limit", error=type(error).__name__)
        return sender.SlowDown(timedelta(seconds=1))
    if not turn.granted:
        return sender.SlowDown(turn.wait)
    if turn.wait:
        await asyncio.sleep(turn.wait.total_seconds())
    return None


async def send_now(
    bench: Workbench, chat_id: int, card: Card, *, before: datetime, silent: bool
) -> sender.Answer:
    """Send in a turn that was taken. `SlowDown` from `before` on, when somebody else may send it.

    After a 429 no worker speaks in this chat, or in any, for as long as Telegram says: see
    `tracker.telegram.rate_limit`.
    """
    if clock.now() >= before:
        log.warning("telegram.lease_over", chat_id=chat_id)
        return sender.SlowDown(timedelta(0))
    return await _heeded(bench, chat_id, await sender.send(bench.bot, chat_id, card, silent=silent))


async def _heeded(bench: Workbench, chat_id: int, answer: sender.Answer) -> sender.Answer:
    if isinstance(answer, sender.SlowDown):
        with suppress(RedisError, OSError):
            is_for_all = await bench.rate_limit.refused(chat_id, answer.after)
            log.warning("telegram.slow_down", chat_id=chat_id, after=answer.after, is_for_all=is_for_all)
    if not isinstance(answer, sender.Delivered):
        metrics.telegram_errors.labels(kind=type(answer).__name__.lower()).inc()
    return answer


async def say_soon(bench: Workbench, chat_id: int, card: Card, *, within: timedelta) -> sender.Answer:
    """As `say`, but wait for the chat's turn while it comes within that time: somebody is looking."""

    async def send() -> sender.Answer:
        return await sender.send(bench.bot, chat_id, card)

    return await _soon(bench, chat_id, send, within=within)


async def edit_soon(
    bench: Workbench, chat_id: int, message_id: int, card: Card, *, within: timedelta
) -> sender.Answer:
    """As `say_soon`, in the place of a message."""

    async def edit() -> sender.Answer:
        return await sender.edit(bench.bot, chat_id, message_id, card)

    return await _soon(bench, chat_id, edit, within=within)


async def _soon(
    bench: Workbench, chat_id: int, call: Callable[[], Awaitable[sender.Answer]], *, within: timedelta
) -> sender.Answer:
    loop = asyncio.get_running_loop()
    deadline = loop.time() + within.total_seconds()
    while True:
        answer = await take_turn(bench, chat_id) or await _heeded(bench, chat_id, await call())
        if not isinstance(answer, sender.SlowDown):
            return answer
        wait = answer.after.total_seconds()
        if loop.time() + wait > deadline:
            return answer
        await asyncio.sleep(wait)


async def out_of_reach(session: AsyncSession, chat_id: int, user: User, answer: sender.Unreachable) -> None:
    """Note that nothing can be said in a chat. A group that is gone says nothing about a person."""
    if chat_id < 0:
        await chats.left(session, chat_id)
    else:
        state = UserState.DEACTIVATED if answer.for_good else UserState.BLOCKED
        await watches.reachable(session, user.telegram_id, state)
