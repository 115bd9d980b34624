"""Waiting for what no event tells: a condition of the database, or of another process."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")

_LOOK_AGAIN = 0.02  # seconds


async def eventually(condition: Callable[[], Awaitable[T]], *, within: float = 15) -> T:
    """The condition's value as soon as it is true. Raises AssertionError with the last one after `within`
    seconds.
    """
    value: T | None = None
    try:
        async with asyncio.timeout(within):
            while True:
                if value := await condition():
                    return value
                await asyncio.sleep(_LOOK_AGAIN)
    except TimeoutError:
        raise AssertionError(f"not within {within:g} s: {condition} is {value!r}") from None
