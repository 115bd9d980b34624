"""Ending tasks: a cancellation that is lost on its way is repeated."""

import asyncio

from tracker.shutdown import end


async def test_a_task_that_loses_a_cancellation_is_cancelled_again() -> None:
    started = asyncio.Event()
    lost = 0

    async def loses_the_first() -> None:
        nonlocal lost
        started.set()
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            lost += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(loses_the_first())
    await started.wait()
    async with asyncio.timeout(5):
        await end(task)
    assert (lost, task.cancelled()) == (1, True)


async def test_the_error_of_an_ended_task_stays_in_it() -> None:
    async def fails() -> None:
        raise ValueError("broken")

    task = asyncio.create_task(fails())
    await asyncio.wait({task})
    await end(task)
    assert str(task.exception()) == "broken"
