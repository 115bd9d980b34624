"""Say a card in a chat at the pace that Telegram allows."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import datetime, timedelta

import structlog
from redis.exceptions import RedisError

from tracker import clock, metrics
from tracker.telegram import sender
from tracker.telegram.cards import Card
from worker.workbench import Workbench

log = structlog.get_logger()

_RESERVE_SECONDS = 3
"""A Redis that does not answer for so long counts as away."""


async def say(
    bench: Workbench, chat_id: int, card: Card, *, before: datetime | None = None, silent: bool = False
) -> sender.Answer:
    """Send when the chat's turn comes within a moment. `SlowDown` when it does not: nothing was tried.

    Nothing is begun after `before`, the end of a lease: whoever has it by then sends. A 429 silences every
    worker for as long as Telegram says.
    """

    async def send() -> sender.Answer:
        return await sender.send(bench.bot, chat_id, card, silent=silent)

    return await _in_turn(bench, chat_id, send, before=before)


async def _in_turn(
    bench: Workbench,
    chat_id: int,
    call: Callable[[], Awaitable[sender.Answer]],
    *,
    before: datetime | None = None,
) -> sender.Answer:
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
    if before is not None and clock.now() >= before:
        log.warning("telegram.lease_over", chat_id=chat_id)
        return sender.SlowDown(timedelta(0))
    answer = await call()
    if isinstance(answer, sender.SlowDown):
        with suppress(RedisError, OSError):
            await bench.rate_limit.pause(answer.after)
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
        answer = await _in_turn(bench, chat_id, call)
        if not isinstance(answer, sender.SlowDown):
            return answer
        wait = answer.after.total_seconds()
        if loop.time() + wait > deadline:
            return answer
        await asyncio.sleep(wait)
