"""The leases of one process: extended while they are worked on, and not believed longer than is sure.

```text
asked at 100.0   claim("ada", 30)   answered at 100.4    held until 122.5 by this clock: 100.0 + 3/4 of 30 s
107.5            beat               answered at 107.6    held until 130.0
115.0            beat               no answer            nothing leaves after 130.0; it ends there at 137.5
140.0            beat               "lost"               another has it: the run ends, nothing is saved
```

The depot counts from the moment when it answers, this process from the moment when it asked, and only three
quarters: so it stops first, whatever the network did in between. The clock goes on while the machine sleeps.
A lease that has run out may be extended if nobody else had it: until the depot says so, requests wait.
"""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Self

from importer.errors import ImporterError, StopRunError
from importer.fleet.crowd import Crowd
from importer.fleet.depot import Claim, Depot, Lease, LeaseLostError, Pulse, Refusal
from importer.fleet.pace import FleetPace
from importer.http import Response, read_retry_after
from importer.interrupts import StopRequest

HELD_SHARE = 0.75
BEATS_PER_LEASE = 4
PATIENCE_LEASES = 4
"""How many leases long a request waits for a depot that does not answer; then the run ends."""
_POLL_SECONDS = 0.2


def boot_seconds() -> float:
    """Return the seconds since the machine started, those it slept included where the system counts them."""
    clock = getattr(time, "CLOCK_BOOTTIME", None)
    return time.monotonic() if clock is None else time.clock_gettime(clock)


@dataclass(slots=True)
class Held:
    """A lease that this process works under, until when by its own clock, and whether it is lost."""

    lease: Lease
    until: float
    is_lost: bool = False
    stop: StopRequest = field(default_factory=StopRequest)
    """Ends the run that works under it."""


class Leases:
    """All leases of a process. A context manager, whose thread extends them every quarter of a lease."""

    def __init__(self, depot: Depot, seconds: float, clock: Callable[[], float] = boot_seconds) -> None:
        self.seconds = seconds
        self.pace = FleetPace()
        self._crowd = Crowd(clock)
        self._depot = depot
        self._clock = clock
        self._held: dict[str, Held] = {}
        self._mutex = threading.Lock()
        self._paused_until = 0.0
        self._pause_to_tell = 0.0
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._keep_beating, name="leases", daemon=True)

    def __enter__(self) -> Self:
        self.beat()
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def claim(self, name: str, holder: str = "", *, early: bool = False) -> tuple[Claim, Held] | Refusal:
        """Ask the depot for an account."""
        asked_at = self._clock()
        found = self._depot.claim(name, self.seconds, holder, early=early)
        return found if isinstance(found, Refusal) else (found, Held(found.lease, self._until(asked_at)))

    def take_over(self, lease: Lease) -> Held:
        """Go on under a lease that the process has which started this one: nothing is sent before a beat."""
        return Held(lease, self._clock())

    @contextmanager
    def working(self, held: Held) -> Iterator[None]:
        """Extend the lease while the block lasts."""
        with self._mutex:
            self._held[held.lease.name] = held
        try:
            yield
        finally:
            with self._mutex:
                self._held.pop(held.lease.name, None)

    def stop(self, reason: StopRunError) -> None:
        """Let nobody of this process send anything more: runs end in good order."""
        with self._mutex:
            working = list(self._held.values())
        for held in working:
            held.stop(reason)

    async def may_send(self, held: Held) -> None:
        """Wait until a request may leave. Raises LeaseLostError, or the error that `stop` was given."""
        await self._wait_until_allowed(held)
        if await self.pace.wait():
            await self._wait_until_allowed(held)

    async def _wait_until_allowed(self, held: Held) -> None:
        began_at = self._clock()
        while True:
            held.stop.check()
            now = self._clock()
            is_held, is_paused = now < held.until, now < self._paused_until
            if held.is_lost or (not is_held and now - began_at > PATIENCE_LEASES * self.seconds):
                raise LeaseLostError(held.lease.name)
            if is_held and not is_paused:
                return
            await asyncio.sleep(_POLL_SECONDS)

    def beat(self) -> Pulse:
        """Extend what is worked on, and hear what the depot has to say. Raises what the depot raises."""
        with self._mutex:
            working = list(self._held.values())
        asked_at = self._clock()
        pulse = self._depot.beat([held.lease for held in working], self.seconds)
        for held in working:
            if held.lease.name in pulse.lost:
                held.is_lost = True
                held.stop(LeaseLostError(held.lease.name))
            else:
                held.until = self._until(asked_at)
        self._paused_until = asked_at + pulse.pause_seconds
        self.pace.set_rate(pulse.share)
        return pulse

    def note_limit(self, name: str, asked_seconds: float | None) -> None:
        """Note that a server asked an account to slow down; if it asks many at once, the fleet pauses."""
        seconds = self._crowd.note(name, asked_seconds)
        if seconds:
            self._paused_until = max(self._paused_until, self._clock() + seconds)
            self._pause_to_tell = max(self._pause_to_tell, seconds)

    def _until(self, asked_at: float) -> float:
        return asked_at + HELD_SHARE * self.seconds

    def _keep_beating(self) -> None:
        while not self._ends.wait(self.seconds / BEATS_PER_LEASE):
            with suppress(ImporterError):  # leases run out by this clock; the next beat may reach the depot
                if self._pause_to_tell:
                    self._depot.pause_all(self._pause_to_tell)
                    self._pause_to_tell = 0.0
                self.beat()


@dataclass(frozen=True, slots=True)
class Gate:
    """What the requests of one account ask first: see `client/transport.py`."""

    leases: Leases
    held: Held

    async def may_send(self) -> None:
        """Wait until the lease is sure and nobody paused the fleet. Raises StopRunError."""
        await self.leases.may_send(self.held)

    def answered(self, response: Response) -> None:
        """Note where the server's limit was met."""
        if response.status == 429:
            self.leases.note_limit(self.held.lease.name, read_retry_after(response.headers))
