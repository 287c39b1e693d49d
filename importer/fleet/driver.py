"""Hands out what is due, and keeps nothing: after its death another one asks the depot.

```text
32 slots, 64 names handed out         the longest due first; twice the slots, so that no slot waits
"ada" has ended                       the depot says what became of her: no worker is believed, or asked
2 workers, then 3                     rate 300/s: each may send 135/s, then 90/s; a tenth is kept back
```

Two drivers of one depot are harmless: each account is claimed once.
"""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from importer.errors import StopRunError
from importer.fleet.bringing import Brought, Outcome
from importer.fleet.depot import Account, Depot, DepotUnreachableError, State, UnknownAccountError
from importer.fleet.pace import share_out

_Result = TypeVar("_Result")

WINDOW = 2
"""Names handed out for each account at once: the next one is there when a turn ends."""

TICK_SECONDS = 0.1
IDLE_SECONDS = 1.0
AGAIN_SECONDS = 1.0
"""When an account is handed out again that came back as it was."""
COUNT_EVERY_SECONDS = 2.0
DEPOT_PATIENCE_SECONDS = 300.0
SLOWER = 0.9
"""What is left of the rate each time a server asked the whole fleet to pause."""


class Hands(Protocol):
    """Passes names to workers: `engine.Engine`, or a substitute in tests."""

    def __len__(self) -> int: ...

    def __contains__(self, name: str) -> bool: ...

    def submit(self, name: str) -> None:
        """Hand a name out; one that is out already, once more: to another worker."""
        ...

    def done(self) -> list[str]:
        """Return the names that have ended, in whatever way, since the last question."""
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
    again_seconds: float = 30.0
    """When a name is handed to another worker that is out and due still."""
    _not_before: dict[str, float] = field(default_factory=dict)
    _handed_at: dict[str, float] = field(default_factory=dict)
    _ended: list[str] = field(default_factory=list)
    _slots: int = 0
    _counted_at: float = float("-inf")
    _listed_at: float = float("-inf")
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
        self._take_ended()
        self._patiently(self._hand_out)

    def _take_ended(self) -> None:
        self._ended += self.hands.done()
        if self._ended:
            self._patiently(self._tell_ended)

    def _tell_ended(self) -> None:
        while self._ended:
            with suppress(UnknownAccountError):  # removed meanwhile
                self._tell(_judge(self.depot.get(self._ended[-1])))
            self._handed_at.pop(self._ended.pop(), None)

    def _tell(self, brought: Brought) -> None:
        if brought.outcome is Outcome.GIVEN_BACK:
            self._not_before[brought.name] = self.clock() + AGAIN_SECONDS
        elif brought.outcome is not Outcome.REFUSED:
            self._worst = max(self._worst, brought.exit_code)
        self.told(brought)

    def _hand_out(self) -> None:
        self._share_rate()
        now = self.clock()
        self._not_before = {name: moment for name, moment in self._not_before.items() if moment > now}
        room = WINDOW * self._slots - len(self.hands)
        is_full = room < max(1, self._slots // 2) and len(self.hands)
        if is_full and now - self._listed_at < COUNT_EVERY_SECONDS:
            return  # the list is asked for in blocks
        self._listed_at = now
        # Those that are handed out and not claimed yet are due still.
        for name in self.depot.due(room + len(self.hands) + len(self._not_before)):
            if name in self.hands:
                # Due for so long: it waits in a queue, or its worker stands still and its lease has ended.
                if now - self._handed_at.get(name, now) >= self.again_seconds:
                    self._submit(name)
            elif room > 0 and name not in self._not_before:
                self._submit(name)
                room -= 1

    def _submit(self, name: str) -> None:
        self.hands.submit(name)
        self._handed_at[name] = self.clock()

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
        if len(self.hands) or self._ended or self._not_before or self._counted_at == float("-inf"):
            return False
        return not self.depot.due(1) and not self.depot.accounts([State.RUNNING], limit=1)

    def _end(self) -> None:
        self.hands.end_turns("interrupted")
        while len(self.hands):
            self._take_ended()
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


def _judge(account: Account) -> Brought:
    """Say what became of an account whose task has ended, by what the depot knows."""
    name, last = account.name, account.last
    match account.state:
        case State.RUNNING:  # another worker has it, or had it and died: it is due again once its lease ends
            return Brought(name, Outcome.REFUSED)
        case State.SET_ASIDE:
            return Brought(name, Outcome.SET_ASIDE, 1, account.note)
        case State.DUE:
            return Brought(name, Outcome.GIVEN_BACK, StopRunError.exit_code)
        case State.SIGNED_OUT | State.WAITING:
            is_out = account.state is State.SIGNED_OUT
            outcome = Outcome.SIGNED_OUT if is_out else Outcome.ENDED
            return Brought(name, outcome, last.exit_code if last else 0, last.message if last else "")
