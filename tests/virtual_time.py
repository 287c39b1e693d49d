"""An event loop on which minutes pass at once.

Whenever nothing is ready to run, the clock jumps to the next timer instead of waiting for it. Real sockets
and threads would never get their turn, so there are none here; when nothing at all is left to happen, the
loop says so instead of hanging.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar
from unittest.mock import patch

_Result = TypeVar("_Result")


class _JumpingSelector(selectors.DefaultSelector):
    """Waits for no socket: it moves the clock on by the time it was asked to wait."""

    now = 1000.0  # like a real clock's, not zero

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("the test is stuck: nothing is ready and no timer is set")
        # A real clock never stands still, and aiolimiter counts on that: it sets timers to a rounding
        # error from now, again and again until some time has passed.
        self.now += max(1e-9, timeout)
        return []


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """The standard loop, with a clock of its own."""

    def __init__(self) -> None:
        self._clock = _JumpingSelector()
        super().__init__(self._clock)

    def time(self) -> float:
        return self._clock.now


def run_in_virtual_time(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine as `asyncio.run` does; `time.monotonic` (tenacity's clock) follows the loop."""
    loop = VirtualTimeLoop()
    with (
        asyncio.Runner(loop_factory=lambda: loop) as runner,
        patch.object(time, "monotonic", loop.time),
        patch.object(time, "perf_counter", loop.time),
    ):
        return runner.run(main)
