"""An event loop on which everything waits a hundred times shorter, for tests with real sockets.

Client and sandbox run on it together, so that a wait of ten seconds and a server that hangs for five keep
their proportions. Without sockets, `virtual_time` is exact and faster still.
"""

import asyncio
import selectors
import time
from collections.abc import Coroutine
from typing import Any, TypeVar

HURRY = 100

_Result = TypeVar("_Result")


class _HurriedSelector(selectors.DefaultSelector):
    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout if timeout is None else timeout / HURRY)


class HurriedLoop(asyncio.SelectorEventLoop):
    """The standard loop; its clock runs a hundred times faster."""

    def __init__(self) -> None:
        super().__init__(_HurriedSelector())

    def time(self) -> float:
        return time.monotonic() * HURRY


def run_hurried(main: Coroutine[Any, Any, _Result]) -> _Result:
    """Run a coroutine as `asyncio.run` does."""
    with asyncio.Runner(loop_factory=HurriedLoop) as runner:
        return runner.run(main)
