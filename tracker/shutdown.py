"""Run until told to stop."""

import asyncio
import signal
from collections.abc import Coroutine
from contextlib import suppress

_BETWEEN_CANCELLATIONS = 0.5
"""Seconds."""


async def until_stopped(*parts: Coroutine[object, object, None]) -> None:
    """Run the parts side by side until SIGINT or SIGTERM, then cancel them and wait for their ends.

    A part that raises ends the others, and its error is raised.
    """
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    tasks = [asyncio.create_task(part) for part in parts]
    stopping = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait([*tasks, stopping], return_when=asyncio.FIRST_COMPLETED)
    finally:
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.remove_signal_handler(number)
        for task in (*tasks, stopping):
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def end(task: asyncio.Task[None]) -> None:
    """Cancel a task until it has ended, and leave its error in it.

    Once is not enough: `asyncio.wait_for` of Python 3.11, through which redis-py sends, loses a cancellation
    that comes in the moment in which its work ends. The task must not need time for its own end.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=_BETWEEN_CANCELLATIONS)


async def uncut(work: Coroutine[object, object, None]) -> None:
    """Do work that must not stop half way. A cancellation that comes meanwhile is raised when it is done."""
    task = asyncio.create_task(work)
    cut: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as error:
            cut = error
    if cut is not None:
        raise cut
    task.result()
