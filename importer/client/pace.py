"""The budgets of requests: never more in a period than allowed. Only home of aiolimiter.

Two rules together, for a limit of R requests in a period. Neither alone holds at the server:

```text
AsyncLimiter(20, 10) for 20/10s    20 at once, then one every 0.5 s: 39 of them in the first 10 s
a small bucket alone               evenly spread here; a busy network squeezes them: 21 arrive within 10 s
the second rule                    request 21 starts 10 s after request 1 has arrived: never in its window
```

The second rule costs the time of an answer, 50 ms of a second at most (docs/performance.md: rows d, 0.997 to
1.010 of the limit are used, with no excess in any window, fixed or sliding). The first keeps bursts small.

50 ms are a guess that holds while one account has the process to itself. Where threads share it, a request
may leave seconds after its turn, since others work meanwhile: there it counts as arrived once it is answered
(with 64 accounts, the guess made 100 of 484 requests one too many; waiting makes none).
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiolimiter import AsyncLimiter

from importer.client.rate import Rate
from importer.destinations.spec import LATE_SECONDS

_BURST_SECONDS = 0.05
"""The lateness that may be caught up at once (for a period of a second or more)."""

_LONGEST_SLEEP_SECONDS = 1.0

_threads_at_work: set[int] = set()


@contextmanager
def sharing_process() -> Iterator[None]:
    """Count this thread, until the block ends, among those whose accounts share the process."""
    thread = threading.get_ident()
    if thread in _threads_at_work:
        yield
        return
    _threads_at_work.add(thread)
    try:
        yield
    finally:
        _threads_at_work.discard(thread)


def _waits_for_answers() -> bool:
    return len(_threads_at_work) > 1


class Window:
    """A budget without spreading: a request waits until the R-th before it arrived a period ago."""

    def __init__(self, rate: Rate, arrivals: "Iterable[_Arrival]" = ()) -> None:
        self._period_seconds = rate.period_seconds
        self._most = rate.requests
        self.arrivals = deque(arrivals, maxlen=rate.requests)

    async def use_up(self) -> None:
        """Do nothing: earlier requests are in the window."""

    def wait_seconds(self) -> float:
        """Return how long the next request has to wait."""
        if len(self.arrivals) < self._most:
            return 0.0
        first = self.arrivals[0]
        if first.is_out and _waits_for_answers():
            return self._period_seconds
        return max(0.0, first.at + self._period_seconds - time.monotonic())

    async def acquire(self) -> "_Arrival":
        """Wait for a place in the window."""
        while seconds := self.wait_seconds():  # noqa: ASYNC110 - another task may take the place
            await asyncio.sleep(min(seconds, _LONGEST_SLEEP_SECONDS))
        arrival = _Arrival()
        arrival.leaves()
        self.arrivals.append(arrival)
        return arrival


@dataclass(slots=True)
class _Arrival:
    """The latest time at which a request has arrived."""

    at: float = 0.0
    is_out: bool = True

    def leaves(self) -> None:
        self.at = time.monotonic() + LATE_SECONDS

    def answered(self) -> None:
        now = time.monotonic()
        self.at = now if _waits_for_answers() else min(self.at, now)
        self.is_out = False


def build_pace(
    rate: Rate, before: "Pace | Window | None", *, continues: bool = False, used: int = 0
) -> "Pace | Window":
    """Build the budget of a rate, with what is left of the one `before`, and without what was `used`."""
    if rate.may_burst:
        return Window(rate, before.arrivals if isinstance(before, Window) else ())
    ends = before.ends if continues and isinstance(before, Pace) else []
    return Pace(rate, [*ends, *[time.monotonic() + rate.period_seconds] * used])


class Pace:
    """A budget that spreads its requests evenly.

    The places of requests before it are free again at `ends`, on the monotonic clock.
    """

    def __init__(self, rate: Rate, ends: Iterable[float] = ()) -> None:
        self._period_seconds = rate.period_seconds
        unit = min(1.0, rate.period_seconds)
        per_second = rate.requests / rate.period_seconds
        size = 1 + _BURST_SECONDS * unit * per_second
        self._bucket = AsyncLimiter(size, size / per_second)
        self._late_seconds = rate.late_seconds * unit
        now = time.monotonic()
        last = sorted(end for end in ends if end > now)[-rate.requests :]
        self._free = asyncio.Semaphore(rate.requests - len(last))
        self._taken: set[_Place] = set()
        for end in last:
            self._take(end, end - now)

    @property
    def ends(self) -> list[float]:
        """When the places that are taken will be free again."""
        return [place.free_at for place in self._taken]

    async def use_up(self) -> None:
        """Empty the new bucket: its content was used before."""
        await self._bucket.acquire(self._bucket.max_rate)

    def wait_seconds(self) -> float:
        """Return 0: the waits are short and even."""
        return 0.0

    async def acquire(self) -> "_Place":
        """Wait for a turn, and then for a place among the requests of one period."""
        await self._bucket.acquire()
        await self._free.acquire()
        return self._take(self.next_end(), self._period_seconds, is_out=True)

    def next_end(self, *, is_answered: bool = False) -> float:
        """When the place of a request is free again that leaves now, or has just been answered."""
        return time.monotonic() + self._period_seconds + (0 if is_answered else self._late_seconds)

    def _take(self, free_at: float, wait_seconds: float, *, is_out: bool = False) -> "_Place":
        place = _Place(self, free_at, is_out=is_out)
        self._taken.add(place)
        place.loop.call_later(wait_seconds, place.end)
        return place

    def release(self, place: "_Place") -> None:
        """Take a place back."""
        self._taken.discard(place)
        self._free.release()


class _Place:
    """A place among the requests of one period: free again a period after the request arrived."""

    __slots__ = ("_is_held", "_is_out", "_pace", "free_at", "loop")

    def __init__(self, pace: Pace, free_at: float, *, is_out: bool) -> None:
        self._pace = pace
        self.free_at = free_at
        self.loop = asyncio.get_running_loop()
        self._is_out = is_out
        self._is_held = False
        """Whether it would be free by now if the guess of its arrival were good enough."""

    def leaves(self) -> None:
        self.free_at = self._pace.next_end()

    def answered(self) -> None:
        end = self._pace.next_end(is_answered=True)
        self.free_at = end if self._is_held or _waits_for_answers() else min(self.free_at, end)
        self._is_out = False
        if self._is_held:
            self.end()

    def end(self) -> None:
        if self._is_out and _waits_for_answers():
            self._is_held = True
            return
        # Checked again: uvloop's timers fire early by as long as its loop was busy when they were set.
        left_seconds = self.free_at - time.monotonic()
        if left_seconds > 0:
            self.loop.call_later(left_seconds, self.end)
        else:
            self._pace.release(self)
