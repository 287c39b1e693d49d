"""Stops a run in good order: on a signal, from another thread, or when its task is cancelled."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from importer.errors import StopRunError

_Result = TypeVar("_Result")


class StopRequest:
    """Passes a request to stop to the stage that is running, from any thread."""

    def __init__(self) -> None:
        self.error: StopRunError | None = None
        """Why the run must stop; None while it may go on."""
        self._listener: Callable[[StopRunError], object] | None = None
        self._lock = threading.RLock()  # a signal may arrive inside a `with` block of it

    def __call__(self, error: StopRunError) -> None:
        """Request it. A second request makes the run wait for no answer."""
        with self._lock:
            self.error = self.error or error
            listener = self._listener
        if listener is not None:
            listener(error)

    def check(self) -> None:
        """Raise the requested error, if there is one."""
        if self.error is not None:
            raise self.error

    @contextmanager
    def calling(self, listener: Callable[[StopRunError], object]) -> Iterator[None]:
        """Call `listener` at each request while the block runs, in the thread that requests it."""
        with self._lock:
            self._listener = listener
        try:
            yield
        finally:
            with self._lock:
                self._listener = None


async def wait_in_thread(work: Callable[[], _Result], stop: StopRequest) -> _Result:
    """Do the work in a thread. If cancelled, request a stop and wait until the work has ended."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop(StopRunError("cancelled"))
        await asyncio.wait([task])
        raise
