"""The outside world of a measurement: the shops in a process of their own, Telegram in this one."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager

from starlette.applications import Starlette

from benchmarks.processes import ROOT, TOKEN
from sandbox.app import serve
from sandbox.telegram import TelegramSandbox
from sandbox.telegram.limits import Limits
from sandbox.telegram.server import Call


@contextmanager
def shops(delay_ms: tuple[float, float]) -> Iterator[str]:
    """The page server; yields its origin."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.page_server", "--delay", *map(str, delay_ms)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.wait()


@asynccontextmanager
async def telegram(limits: Limits, people: Iterable[int] = ()) -> AsyncIterator[tuple[TelegramSandbox, str]]:
    """The sandbox's Bot API with people who have started the bot; yields it and its origin."""
    sandbox = TelegramSandbox(TOKEN, limits=limits)
    for person in people:
        sandbox.add_user(person, f"Person {person}", started=True)
        sandbox.state.chat(person)
    async with serve(Starlette(routes=sandbox.routes()), closing=sandbox) as origin:
        yield sandbox, origin


def messages(sandbox: TelegramSandbox) -> list[Call]:
    """The messages that arrived and were taken, in order."""
    return [call for call in sandbox.calls if call.ok and call.method in {"sendMessage", "sendPhoto"}]
