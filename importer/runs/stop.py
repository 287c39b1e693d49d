"""How a run is asked to end in good order: by a signal, by another thread, or by a task that is cancelled."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from importer.errors import StopRunError

_Result = TypeVar("_Result")


class StopRequest:
    """Carries the wish to the stage that is under way, from any thread. A second wish is more urgent."""

    def __init__(self) -> None:
        self.error: StopRunError | None = None
        """Why the run is to end, once somebody wants that."""
        self._listener: Callable[[StopRunError], object] | None = None
        self._lock = threading.RLock()  # a signal may come while it is held

    def __call__(self, error: StopRunError) -> None:
        """Ask the run to end."""
        with self._lock:
            self.error = self.error or error
            listener = self._listener
        if listener is not None:
            listener(error)

    def check(self) -> None:
        """Raise what was asked for, if anything was."""
        if self.error is not None:
            raise self.error

    @contextmanager
    def heard_by(self, listener: Callable[[StopRunError], object]) -> Iterator[None]:
        """Have `listener` called, in the thread of whoever asks, for as long as the block runs."""
        with self._lock:
            self._listener = listener
        try:
            yield
        finally:
            with self._lock:
                self._listener = None


async def wait_in_thread(work: Callable[[], _Result], stop: StopRequest) -> _Result:
    """Do the work in a thread. Cancelled, it asks for its end and waits until that has come."""
    task = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        stop(StopRunError("cancelled"))
        await asyncio.wait([task])
        raise
