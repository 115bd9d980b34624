"""How many webhooks are taken, and how soon each is acknowledged."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any
from urllib.error import URLError
from urllib.request import urlopen

from sqlalchemy import func, select

from benchmarks import ground
from benchmarks.ground import Ground
from benchmarks.processes import ROOT, Process, service_settings
from benchmarks.report import Row
from tests.services import free_port
from tracker.database import Database
from tracker.inbox.models import WebhookEvent

CONNECTIONS = 50
SECONDS = 6
STEADY_RATE = 500
STEADY_SECONDS = 60
_SECRET = "benchmark-secret"


def measure() -> Iterator[Row]:
    for place in (ground.sqlite(), ground.postgresql()):
        yield from _on(place)


def _on(place: AbstractContextManager[Ground]) -> Iterator[Row]:
    with place as here:
        port = free_port()
        settings = service_settings(here, "http://127.0.0.1:1") | {
            "WEB_PORT": port,
            "RAZORPAY_WEBHOOK_SECRET": _SECRET,
        }
        origin = f"http://127.0.0.1:{port}"
        server = Process("webhooks", folder=here.folder, settings=settings)
        try:
            _until_ready(server, f"{origin}/healthz")
            _load(origin, "--seconds", 2, "--rate", 100)  # to warm up
            busiest = _load(origin, "--seconds", SECONDS)
            before = asyncio.run(_stored(here))
            steady = _load(origin, "--seconds", STEADY_SECONDS, "--rate", STEADY_RATE)
        finally:
            server.stop()
        lost = steady["events"] - steady["failures"] - (asyncio.run(_stored(here)) - before)
    where = f"{here.database}, 1 process"
    full = f"{where}, {CONNECTIONS} connections{_failures(busiest)}"
    even = f"{where}, {STEADY_RATE} events/s for {STEADY_SECONDS} s{_failures(steady)}, {lost} lost"
    per_second = busiest["events"] / busiest["seconds"]
    yield Row("webhooks_per_second", full, per_second, "events/s", higher_is_better=True)
    yield Row("webhook_ack_ms_p99", full, busiest["p99_ms"], "ms", higher_is_better=False)
    yield Row("webhook_ack_ms_p99", even, steady["p99_ms"], "ms", higher_is_better=False)


async def _stored(here: Ground) -> int:
    database = Database.at(here.database_url)
    try:
        async with database.transaction() as session:
            return await session.scalar(select(func.count()).select_from(WebhookEvent)) or 0
    finally:
        await database.close()


def _failures(result: dict[str, Any]) -> str:
    return f", {result['failures']} not taken" if result["failures"] else ""


def _load(origin: str, *arguments: object) -> dict[str, Any]:
    url = f"{origin}/razorpay/webhook"
    done = subprocess.run(
        [
            *(sys.executable, "-m", "benchmarks.webhook_load", url, "--secret", _SECRET),
            *("--connections", str(CONNECTIONS), *map(str, arguments)),
        ],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def _until_ready(server: Process, url: str) -> None:
    while True:
        server.check()
        try:
            urlopen(url, timeout=1).close()
        except (URLError, OSError):
            time.sleep(0.05)
        else:
            return
