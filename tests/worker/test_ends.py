"""A bot and webhooks that are told to end: what was taken is answered, what was not is left for the next."""

import asyncio
from functools import partial

import httpx
import pytest

from sandbox.telegram import Fault, FaultKind
from tests.services import free_port
from tests.worker.outside import ASHA, RAVI
from tests.worker.processes import STARTS_WITHIN, Running, Service
from tests.worker.waiting import eventually
from tracker.database import Database
from tracker.inbox import service as inbox

pytestmark = pytest.mark.processes


def slow_answer() -> Fault:
    return Fault(FaultKind.TOO_MANY_REQUESTS, method="sendMessage", chat=ASHA, retry_after=1)


async def is_answering(service: Service) -> None:
    """Return when the bot has tried to answer Asha, and has to wait a second to try again."""
    await service.outside.telegram.wait_for(lambda: len(service.outside.sends(ASHA)) == 1)
    assert service.outside.texts(ASHA) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_a_polling_bot_answers_what_it_took_and_leaves_the_rest_to_the_next(service: Service) -> None:
    telegram = service.outside.telegram
    first = await service.bot()
    telegram.faults.add(slow_answer())
    await telegram.say(ASHA, "/start")
    await is_answering(service)
    ending = asyncio.create_task(first.stop())
    await telegram.wait_for(lambda: not telegram.polled)
    await telegram.say(RAVI, "/start", first_name="Ravi")
    await ending
    assert [text.split("!")[0] for text in service.outside.texts(ASHA)] == ["Hello User 2001"]
    assert service.outside.texts(RAVI) == []

    second = await service.bot()
    await service.outside.hears(RAVI, "Hello Ravi")
    await second.stop()
    assert len(service.outside.texts(ASHA)) == 1


async def webhooks_at(service: Service, port: int) -> Running:
    webhooks = await service.processes.start("-m", "webhooks", WEB_PORT=str(port), **WEBHOOK_MODE)
    await webhooks.says("running on")
    return webhooks


WEBHOOK_MODE = {"TELEGRAM_WEBHOOK_SECRET": "a-long-random-word"}


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_bot_in_webhook_mode_answers_what_it_took_and_the_inbox_keeps_the_rest(
    service: Service,
) -> None:
    telegram, port = service.outside.telegram, free_port()
    mode = WEBHOOK_MODE | {"PUBLIC_URL": f"http://127.0.0.1:{port}"}
    webhooks, bot = await asyncio.gather(
        webhooks_at(service, port), service.processes.start("-m", "bot", **mode)
    )
    await telegram.wait_for(lambda: bool(telegram.api.delivery.webhook.url), STARTS_WITHIN)
    telegram.faults.add(slow_answer())
    await telegram.say(ASHA, "/start")
    await is_answering(service)
    await telegram.say(RAVI, "/start", first_name="Ravi")
    await service.outside.hears(RAVI, "Hello Ravi")
    await bot.stop()
    # One who waits does not hold up another.
    assert [call.chat for call in service.outside.sends()] == [ASHA, RAVI, ASHA]
    assert len(service.outside.texts(ASHA)) == 1
    await telegram.say(RAVI, "/help")
    await eventually(partial(waits_in_inbox, service.database))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as client:
        assert (await client.get("/healthz")).status_code == 200  # and its connection stays open
        await webhooks.stop()


async def waits_in_inbox(database: Database) -> int:
    async with database.transaction() as session:
        waiting = await inbox.waiting(session)
    return waiting.get("telegram", (0, None))[0]
