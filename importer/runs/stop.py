"""Stops a run in good order when the task that waits for it is cancelled."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from importer.errors import StopRunError
from importer.interrupts import StopRequest

_Result = TypeVar("_Result")


async def wait_in_thread(work: Callable[[], _Result], stop: StopRequest) -> _Result:
    """Do the work in a thread. If cancelled, request a stop and wait until the work has ended."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop(StopRunError("cancelled"))
        await asyncio.wait([task])
        raise
