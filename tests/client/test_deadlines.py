"""The longest time for a whole answer. Its timer: tests/hostile/test_network.py, answers that drip in."""

import asyncio

import pytest

from importer.client.deadlines import Deadline, Deadlines


async def begin(deadlines: Deadlines) -> tuple["asyncio.Task[None]", Deadline]:
    """A task that waits for ever within a deadline."""

    async def work() -> None:
        with deadlines.within(600):
            await asyncio.Event().wait()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    (deadline,) = deadlines.pending
    return task, deadline


async def test_a_block_whose_time_is_over_raises_a_timeout_and_its_task_goes_on() -> None:
    deadlines = Deadlines()

    async def work() -> int:
        with pytest.raises(TimeoutError), deadlines.within(600):
            await asyncio.Event().wait()
        await asyncio.sleep(0)  # would raise, if the task were still being cancelled
        current = asyncio.current_task()
        return current.cancelling() if current else -1

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    (deadline,) = deadlines.pending
    deadline.end()
    assert await task == 0
    assert not deadlines.pending


async def test_a_task_that_somebody_else_cancels_as_well_is_cancelled() -> None:
    task, deadline = await begin(Deadlines())
    deadline.end()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_a_task_that_only_somebody_else_cancels_is_cancelled() -> None:
    deadlines = Deadlines()
    task, _ = await begin(deadlines)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not deadlines.pending


async def test_the_error_of_a_block_stays_as_it_is() -> None:
    deadlines = Deadlines()
    with pytest.raises(ZeroDivisionError), deadlines.within(600):
        raise ZeroDivisionError
    assert not deadlines.pending
