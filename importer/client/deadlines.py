"""The longest time for a whole answer: one timer for all requests in flight.

```text
  0.0 s   request 1 is sent     pending until 600.0; the timer is set, since there was none
  0.3 s   request 2 is sent     pending until 600.3
  1.0 s   the timer             nobody's time is over; it is set again while any request is pending
601.0 s   the timer             both raise TimeoutError
```

aiohttp has such a limit (`total`), and so has asyncio (`timeout`). There each request sets and cancels a
timer, which costs 4 and 11 microseconds; the request itself takes 50.
"""

import asyncio
from types import TracebackType
from typing import Self

_TICK_SECONDS = 1.0
"""By how much a request may end late, at most."""


class Deadlines:
    """Ends requests that take too long."""

    def __init__(self) -> None:
        self.pending: set[Deadline] = set()
        self._is_ticking = False

    def within(self, seconds: float) -> "Deadline":
        """Return a context that raises TimeoutError where its block takes longer, up to a second late."""
        loop = asyncio.get_running_loop()
        if not self._is_ticking:
            self._is_ticking = True
            loop.call_later(_TICK_SECONDS, self._tick, loop)
        return Deadline(self, loop.time() + seconds)

    def _tick(self, loop: asyncio.AbstractEventLoop) -> None:
        now = loop.time()
        for deadline in [each for each in self.pending if each.at <= now]:
            deadline.end()
        self._is_ticking = bool(self.pending)
        if self._is_ticking:
            loop.call_later(_TICK_SECONDS, self._tick, loop)


class Deadline:
    """The time of one block of one task."""

    __slots__ = ("_deadlines", "_is_over", "_task", "_times_cancelled", "at")

    def __init__(self, deadlines: Deadlines, at: float) -> None:
        self._deadlines = deadlines
        self.at = at
        self._is_over = False

    def __enter__(self) -> Self:
        task = asyncio.current_task()
        assert task is not None, "a deadline outside of a task"
        self._task, self._times_cancelled = task, task.cancelling()
        self._deadlines.pending.add(self)
        return self

    def end(self) -> None:
        """Cancel the block."""
        self._is_over = True
        self._task.cancel()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._deadlines.pending.discard(self)
        # Whoever else has cancelled the task meanwhile (Ctrl-C, say) wins, as in asyncio.timeout.
        if self._is_over and self._task.uncancel() <= self._times_cancelled and kind is not None:
            raise TimeoutError from error
