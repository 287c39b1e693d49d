"""The share of the fleet's rate that one process has, for all its accounts together.

A request takes the next free moment, one each `1 / rate` seconds, and waits for it. Nobody else is asked.
"""

import asyncio
import threading
import time
from collections.abc import Callable

KEPT_BACK = 0.1
"""The part of the fleet's rate that is never given out: a process that is cut off keeps its share a while."""


class FleetPace:
    """Spaces the requests of a process. Each thread may wait in an event loop of its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._mutex = threading.Lock()
        self._rate: float | None = None
        self._next = 0.0

    def set_rate(self, requests_per_second: float | None) -> None:
        """Go at this rate from the next request on; None: as fast as the accounts' own paces allow."""
        with self._mutex:
            self._rate = requests_per_second

    def take(self) -> float:
        """Take the next moment, and return in how many seconds it is."""
        with self._mutex:
            if self._rate is None:
                return 0.0
            now = self._clock()
            moment = max(now, self._next)
            self._next = moment + 1.0 / self._rate
            return moment - now

    async def wait(self) -> bool:
        """Wait for a moment to send in; returns whether it took time."""
        if seconds := self.take():
            await asyncio.sleep(seconds)
        return bool(seconds)


def share_out(rate: float | None, workers: int) -> float | None:
    """Return what each of so many processes may send of the fleet's rate."""
    return None if rate is None else rate * (1 - KEPT_BACK) / max(1, workers)
