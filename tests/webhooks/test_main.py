"""The process that an operator starts."""

import asyncio
import json
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest

from tests.webhooks.conftest import RAZORPAY_SECRET, inbox_of
from tests.webhooks.test_razorpay import BODY, deliver, sign
from tracker.database import Database

pytestmark = pytest.mark.processes


@asynccontextmanager
async def running(**environment: str) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "webhooks"),
        stdout=PIPE,
        stderr=PIPE,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    try:
        async with asyncio.timeout(60):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def address_of(process: Process) -> str:
    """Where it says that it listens: port 0 lets the system choose."""
    assert process.stdout is not None
    async for line in process.stdout:
        event = json.loads(line)["event"]
        if "running on" in event:
            return str(event.split("running on ")[1].split(" ")[0])
    raise AssertionError("it ended without serving")


async def test_it_serves_until_sigterm_and_logs_no_secret(
    sqlite_database: Database, sqlite_url: str, redis_url: str
) -> None:
    environment = {
        "DATABASE_URL": sqlite_url,
        "REDIS_URL": redis_url,
        "RAZORPAY_WEBHOOK_SECRET": RAZORPAY_SECRET,
        "WEB_PORT": "0",
    }
    async with running(**environment) as process:
        async with httpx.AsyncClient(base_url=await address_of(process), trust_env=False) as client:
            assert (await deliver(client, signature=sign(BODY))).status_code == 200
            answer = await client.get("/healthz?token=visible")
            assert answer.status_code == 200
            assert "server" not in answer.headers
        process.send_signal(signal.SIGTERM)
        output, errors = await process.communicate()
    assert process.returncode == 0
    assert errors == b""
    events = [json.loads(line)["event"] for line in output.splitlines()]
    assert "webhook.received" in events
    assert "visible" not in output.decode()
    assert RAZORPAY_SECRET not in output.decode()
    assert len(await inbox_of(sqlite_database)) == 1


async def test_without_redis_it_says_what_to_do(sqlite_url: str) -> None:
    async with running(DATABASE_URL=sqlite_url) as process:
        _output, errors = await process.communicate()
    assert process.returncode == 1
    assert "REDIS_URL is not set" in errors.decode()
