"""Waiting for what no event tells: a condition of the database, or of another process."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.02  # seconds


def patience(seconds: float) -> float:
    """So many seconds on a machine that is ours alone; more while its cores are shared with other work."""
    return seconds * max(1, os.getloadavg()[0] / (os.cpu_count() or 1))


async def eventually(condition: Callable[[], Awaitable[T]], *, within: float = 20) -> T:
    """The condition's value as soon as it is true. Raises AssertionError with the last one after `within`
    seconds, with patience.
    """
    value: T | None = None
    try:
        async with asyncio.timeout(patience(within)):
            while True:
                if value := await condition():
                    return value
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {condition} is {value!r}") from None
