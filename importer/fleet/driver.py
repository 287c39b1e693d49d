"""Hands out what is due, and keeps nothing: after its death another one asks the depot.

```text
32 slots, 64 names handed out         the longest due first; twice the slots, so that no slot waits
"ada" REFUSED, ask again in 12.5 s    not handed out before that; another worker's lease ends then
2 workers, then 3                     rate 300/s: each may send 135/s, then 90/s; a tenth is kept back
```

Two drivers of one depot are harmless: each account is claimed once.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from importer.errors import StopRunError
from importer.fleet.bringing import Brought, Outcome
from importer.fleet.depot import Depot, DepotUnreachableError, State
from importer.fleet.pace import share_out

_Result = TypeVar("_Result")

WINDOW = 2
"""Names handed out for each account at once: the next one is there when a turn ends."""

TICK_SECONDS = 0.1
IDLE_SECONDS = 1.0
COUNT_EVERY_SECONDS = 2.0
DEPOT_PATIENCE_SECONDS = 300.0
SLOWER = 0.9
"""What is left of the rate each time a server asked the whole fleet to pause."""


class Hands(Protocol):
    """Passes names to workers: `engine.Engine`, or a substitute in tests."""

    def __len__(self) -> int: ...

    def __contains__(self, name: str) -> bool: ...

    def submit(self, name: str) -> None:
        """Hand a name out."""
        ...

    def done(self) -> list[Brought]:
        """Return what has an outcome since the last question."""
        ...

    def count_workers(self) -> tuple[int, int]:
        """Return how many workers there are, and how many accounts they bring at once."""
        ...

    def end_turns(self, reason: str) -> None:
        """Let all end in good order, and begin nothing more."""
        ...

    def begin_again(self) -> None:
        """Let workers begin again, for another driver."""
        ...


@dataclass(slots=True)
class Driver:
    """Brings what is due, once or for good."""

    depot: Depot
    hands: Hands
    rate: float | None = None
    """Requests a second of all workers together."""
    told: Callable[[Brought], None] = lambda _: None
    """Hears what became of each turn."""
    stop: threading.Event = field(default_factory=threading.Event)
    """Set by whoever wants it to end, from any thread."""
    sleep: Callable[[float], object] | None = None
    """Waits in place of the clock, in tests."""
    clock: Callable[[], float] = time.monotonic
    _not_before: dict[str, float] = field(default_factory=dict)
    _slots: int = 0
    _counted_at: float = float("-inf")
    _factor: float = 1.0
    _was_paused: bool = False
    _unreachable_since: float | None = None
    _worst: int = 0

    def run(self) -> int:
        """Bring all that is due, and return the worst exit code of all. Raises StopRunError.

        What stopped early in an earlier run is tried again: a person began anew.
        """
        self._patiently(self.depot.retry_stopped)
        self._worst = 0
        while not self._patiently(self._is_done):
            self._step()
            if self._wait(TICK_SECONDS):
                self._end()
                return max(self._worst, StopRunError.exit_code)
        return self._worst

    def serve(self) -> None:
        """Bring whatever becomes due, until somebody asks to stop. Raises StopRunError."""
        while True:
            self._step()
            if self._wait(TICK_SECONDS if len(self.hands) else IDLE_SECONDS):
                self._end()
                return

    def _step(self) -> None:
        for brought in self.hands.done():
            self._take(brought)
        self._patiently(self._hand_out)

    def _take(self, brought: Brought) -> None:
        if brought.wait_seconds is not None:
            self._not_before[brought.name] = self.clock() + brought.wait_seconds
        if brought.outcome not in {Outcome.REFUSED, Outcome.LOST}:  # those are brought once more
            self._worst = max(self._worst, brought.exit_code)
        self.told(brought)

    def _hand_out(self) -> None:
        self._share_rate()
        now = self.clock()
        self._not_before = {name: moment for name, moment in self._not_before.items() if moment > now}
        room = WINDOW * self._slots - len(self.hands)
        if room < max(1, self._slots // 2) and len(self.hands):
            return  # the list is asked for in blocks
        # Those that are handed out and not claimed yet are due still.
        for name in self.depot.due(room + len(self.hands) + len(self._not_before)):
            if room and name not in self.hands and name not in self._not_before:
                self.hands.submit(name)
                room -= 1

    def _share_rate(self) -> None:
        now = self.clock()
        if now - self._counted_at < COUNT_EVERY_SECONDS:
            return
        self._counted_at = now
        workers, self._slots = self.hands.count_workers()
        is_paused = self.depot.beat((), 0).pause_seconds > 0
        if is_paused and not self._was_paused:
            self._factor *= SLOWER
        self._was_paused = is_paused
        rate = None if self.rate is None else self.rate * self._factor
        self.depot.set_share(share_out(rate, workers))

    def _is_done(self) -> bool:
        """Whether nothing is handed out, due, or at work elsewhere: that may have to be taken over."""
        if len(self.hands) or self._not_before or self._counted_at == float("-inf"):
            return False
        return not self.depot.due(1) and not self.depot.accounts([State.RUNNING], limit=1)

    def _end(self) -> None:
        self.hands.end_turns("interrupted")
        while len(self.hands):
            for brought in self.hands.done():
                self._take(brought)
            (self.sleep or time.sleep)(TICK_SECONDS)
        self.hands.begin_again()

    def _wait(self, seconds: float) -> bool:
        """Wait, and say whether it is to end."""
        if self.sleep is not None:
            self.sleep(seconds)
            seconds = 0
        return self.stop.wait(seconds)

    def _patiently(self, ask: Callable[[], _Result]) -> _Result | None:
        """Ask the depot; while it does not answer, work that has begun goes on. Raises after some minutes."""
        try:
            found = ask()
        except DepotUnreachableError:
            now = self.clock()
            self._unreachable_since = self._unreachable_since or now
            if now - self._unreachable_since > DEPOT_PATIENCE_SECONDS:
                raise
            return None
        self._unreachable_since = None
        return found
