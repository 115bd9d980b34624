"""A Razorpay on a free port of loopback, and the address that its webhooks go to."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from sandbox.razorpay import RazorpaySandbox
from tests.sandbox.razorpay.inbox import Inbox
from tests.serving import run_app


@pytest.fixture
def pauses() -> list[float]:
    """The seconds that the delivery would have waited between its attempts."""
    return []


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def razorpay(pauses: list[float], inbox: Inbox) -> AsyncIterator[RazorpaySandbox]:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

    sandbox = RazorpaySandbox(pause=pause)
    async with run_app(Starlette(routes=[*sandbox.routes(), Mount("/bot", inbox)])) as sandbox.origin:
        sandbox.webhook_url = f"{sandbox.origin}/bot/razorpay/webhook"
        yield sandbox
        await sandbox.close()


@pytest.fixture
async def api(razorpay: RazorpaySandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the API with the right keys."""
    keys = (razorpay.key_id, razorpay.key_secret)
    async with httpx.AsyncClient(base_url=f"{razorpay.api_base}/v1/", auth=keys, verify=False) as client:
        yield client


@pytest.fixture
async def control(razorpay: RazorpaySandbox) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the sandbox's own API."""
    async with httpx.AsyncClient(base_url=f"{razorpay.origin}/razorpay/", verify=False) as client:
        yield client
