"""Ending tasks: a cancellation that is lost on its way is repeated."""

import asyncio

import pytest

from tracker.shutdown import end, uncut


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


async def test_work_that_must_not_be_cut_is_done_before_the_cancellation_comes_through() -> None:
    may_end, done = asyncio.Event(), False

    async def work() -> None:
        nonlocal done
        await may_end.wait()
        done = True

    task = asyncio.create_task(uncut(work()))
    for _ in range(2):
        await asyncio.wait({task}, timeout=0.01)
        task.cancel()
    await asyncio.wait({task}, timeout=0.01)
    assert not task.done()
    may_end.set()
    await asyncio.wait({task})
    assert (task.cancelled(), done) == (True, True)


async def test_the_error_of_work_that_must_not_be_cut_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await uncut(fails())
