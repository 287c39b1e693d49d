"""An event loop on which everything waits a hundred times shorter, for tests with real sockets.

Client and sandbox run on it together, so that a wait of ten seconds and a server that hangs for five keep
their proportions. Without sockets, `virtual_time` is exact and faster still.

A limit of 30 s is 0.3 s here, and a busy machine may stop a thread for longer than that. So the clock counts
time in pieces: of a piece that took longer than it should, it counts what was asked for. A thread that was
stopped, and a commit that took its time, then cost no request its answer.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

HURRY = 100

PIECE_SECONDS = 0.005
"""The most that the clock counts, in real seconds, until the loop comes round again."""

_Result = TypeVar("_Result")


class _Clock:
    def __init__(self) -> None:
        self._counted = self._came_round = time.monotonic()

    def now(self) -> float:
        return self._counted + min(time.monotonic() - self._came_round, PIECE_SECONDS)

    def come_round(self) -> None:
        self._counted = self.now()
        self._came_round = time.monotonic()


class _HurriedSelector(selectors.DefaultSelector):
    def __init__(self, clock: _Clock) -> None:
        super().__init__()
        self._clock = clock

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        end = None if timeout is None else self._clock.now() + timeout / HURRY
        while True:
            left = PIECE_SECONDS if end is None else min(end - self._clock.now(), PIECE_SECONDS)
            self._clock.come_round()
            ready = super().select(max(left, 0))
            self._clock.come_round()
            if ready or (end is not None and self._clock.now() >= end):
                return ready


class HurriedLoop(asyncio.SelectorEventLoop):
    """The standard loop; its clock runs a hundred times faster."""

    def __init__(self) -> None:
        self._clock = _Clock()
        super().__init__(_HurriedSelector(self._clock))

    def time(self) -> float:
        return self._clock.now() * HURRY


def run_hurried(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(main)
