"""A Bot API server on a free port of loopback, and the people behind it."""

from collections.abc import AsyncIterator

import pytest
from aiogram import Bot
from aiogram.client.session.aiohttp import AiohttpSession
from aiogram.client.telegram import TelegramAPIServer

from sandbox.app import create_app, serve
from sandbox.control import Patience
from sandbox.telegram import Limits, TelegramSandbox

PATIENCE = Patience(settle=0.2, bound=5)


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the webhook delivery would have waited between its attempts."""
    return []


@pytest.fixture
def telegram(pauses: list[float]) -> TelegramSandbox:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    return TelegramSandbox(limits=Limits.off(), webhook_pause=pause)


@pytest.fixture
async def address(telegram: TelegramSandbox) -> AsyncIterator[str]:
    async with serve(create_app(telegram, patience=PATIENCE), closing=telegram) as address:
        yield address


@pytest.fixture
async def bot(telegram: TelegramSandbox, address: str) -> AsyncIterator[Bot]:
    """An unpatched aiogram Bot that speaks to the sandbox."""
    session = AiohttpSession(api=TelegramAPIServer.from_base(address), timeout=2)
    async with Bot(telegram.token, session=session) as bot:
        yield bot
